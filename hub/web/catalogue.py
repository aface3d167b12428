"""Every merged feed that the hub publishes, with its title and its addresses. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from hub.model import MergedFeed
from hub.publish.digest import Rhythm
from hub.web.addresses import Addresses
from hub.web.asked import Asked
from hub.web.words import KINDS

if TYPE_CHECKING:
    from hub.config import Config

_DIGESTS: Mapping[Rhythm, str] = {"daily": "Each day’s news", "weekly": "Each week’s news"}
FORMATS = ("atom", "rss", "json")


class FeedAddress(Struct, frozen=True, kw_only=True):
    """A merged feed in its three formats, all absolute, as is the `page` that shows the same list.

    `title` is the feed's own; `name` tells it from the others where all are the hub's.
    """

    name: str
    title: str
    page: str
    atom: str
    rss: str
    json: str


class FeedGroup(Struct, frozen=True):
    """Some of the merged feeds, under a heading."""

    heading: str
    feeds: tuple[FeedAddress, ...]


class Catalogue(Struct, frozen=True):
    """The merged feeds of a configuration; `member_name` is asked for those that may have left it."""

    config: Config
    addresses: Addresses
    member_name: Callable[[str], str | None]

    @property
    def everything(self) -> FeedAddress:
        return self._feed("/feeds/all", "Everything", self.addresses.home(), title=self.config.hub.title)

    @property
    def corrections(self) -> FeedAddress:
        return self._feed("/feeds/corrections", "Corrections", self.addresses.to("/corrections"))

    def digest(self, rhythm: Rhythm) -> FeedAddress:
        name = _DIGESTS[rhythm]
        return self._feed(f"/feeds/digest/{rhythm}", name, self.addresses.digest(rhythm))

    def of_tag(self, term: str) -> FeedAddress:
        return self._of_tag(term, self._label(term))

    def of_member(self, slug: str) -> FeedAddress:
        return self._of_member(slug, self.member_name(slug) or slug)

    def merged(self, merged: MergedFeed) -> FeedAddress:
        return self._feed(f"/feeds/merged/{merged.slug}", merged.title, self.addresses.home())

    def of_search(self, asked: Asked) -> FeedAddress:
        """The feed of what was typed and chosen; of what was chosen alone, it is simpler to ask `of_list`."""
        query = {"q": asked.typed, "tag": asked.tag, "member": asked.member, "kind": asked.kind}
        page = self.addresses.search(**query) if asked.typed else self.addresses.home(**query)
        chosen = [
            asked.tag and self._label(asked.tag),
            asked.member and (self.member_name(asked.member) or asked.member),
            asked.kind and KINDS[asked.kind],
        ]
        return self._feed("/feeds/search", ", ".join(filter(None, [asked.typed, *chosen])), page, **query)

    def of_list(self, asked: Asked) -> FeedAddress:
        """The feed that holds what a list was asked for: the simplest there is."""
        match asked.typed, asked.tag, asked.member, asked.kind:
            case "", None, None, None:
                return self.everything
            case "", str(tag), None, None:
                return self.of_tag(tag)
            case "", None, str(member), None:
                return self.of_member(member)
        return self.of_search(asked)

    def groups(self) -> tuple[FeedGroup, ...]:
        """All of them but those of searches, in the order to offer them in."""
        config = self.config
        groups = (
            FeedGroup(
                "Everything",
                (self.everything, self.digest("daily"), self.digest("weekly"), self.corrections),
            ),
            FeedGroup("Chosen by the network", tuple(self.merged(each) for each in config.merged_feeds)),
            FeedGroup("By topic", tuple(self._of_tag(*each) for each in config.labels.items())),
            FeedGroup("By member", tuple(self._of_member(each.slug, each.name) for each in config.members)),
        )
        return tuple(group for group in groups if group.feeds)

    def _label(self, term: str) -> str:
        return self.config.labels.get(term, term)

    def _of_tag(self, term: str, label: str) -> FeedAddress:
        return self._feed(f"/feeds/tag/{quote(term, safe='')}", label, self.addresses.tag(term))

    def _of_member(self, slug: str, name: str) -> FeedAddress:
        return self._feed(f"/feeds/member/{quote(slug, safe='')}", name, self.addresses.member(slug))

    def _feed(
        self, path: str, name: str, page: str, *, title: str | None = None, **query: str | None
    ) -> FeedAddress:
        def address(format: str) -> str:
            return self.addresses.full(self.addresses.to(f"{path}.{format}", **query))

        return FeedAddress(
            name=name,
            title=title or f"{name} – {self.config.hub.title}",
            page=self.addresses.full(page),
            atom=address("atom"),
            rss=address("rss"),
            json=address("json"),
        )
