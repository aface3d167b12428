"""Every merged feed that the hub publishes, with its title and its addresses. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from hub.language import N_, Language
from hub.merged.addresses import Addresses
from hub.model import MergedFeed
from hub.publish.digest import Rhythm

if TYPE_CHECKING:
    from hub.config import Config

_DIGESTS: Mapping[Rhythm, str] = {"daily": N_("Each day’s news"), "weekly": N_("Each week’s news")}
FORMATS = ("atom", "rss", "json")


class FeedAddress(Struct, frozen=True, kw_only=True):
    """A merged feed in its three formats, all absolute, as is the `page` that shows the same list.

    `title` is the feed's own; `name` tells it from the others where all are the hub's. `ics` is the
    calendar of its events, None where it has none.
    """

    name: str
    title: str
    page: str
    atom: str
    rss: str
    json: str
    ics: str | None


class FeedGroup(Struct, frozen=True):
    """Some of the merged feeds, under a heading."""

    heading: str
    feeds: tuple[FeedAddress, ...]


class Catalogue(Struct, frozen=True):
    """The merged feeds of a configuration; `member_name` is asked for those that may have left it.

    `language` is that of the titles which feeds.yaml does not say. Some have an address besides
    `without` some members, by their slugs in order.
    """

    config: Config
    addresses: Addresses
    language: Language
    member_name: Callable[[str], str | None]

    def everything(self, without: tuple[str, ...] = ()) -> FeedAddress:
        """The merged feed of all stories, or of all that some members have not published."""
        name, page = self.language.gettext("Everything"), self.addresses.home(without=without)
        title = None if without else self.config.hub.title
        return self._feed("/feeds/all", name, page, title=title, events="/events", without=without)

    @property
    def corrections(self) -> FeedAddress:
        """The feed of what members put right or took back."""
        name = self.language.gettext("Corrections")
        return self._feed("/feeds/corrections", name, self.addresses.to("/corrections"))

    @property
    def status(self) -> FeedAddress:
        """The feed of incidents."""
        name = self.language.gettext("How members’ sites are doing")
        return self._feed("/feeds/status", name, self.addresses.to("/status"))

    def status_of(self, slug: str) -> FeedAddress:
        """The feed of incidents of one member's feeds."""
        member = self.member_name(slug) or slug
        name = self.language.gettext("How the site of %(member)s is doing", member=member)
        return self._feed(f"/feeds/status/{quote(slug, safe='')}", name, self.addresses.to("/status"))

    def digest(self, rhythm: Rhythm) -> FeedAddress:
        name = self.language.gettext(_DIGESTS[rhythm])
        return self._feed(f"/feeds/digest/{rhythm}", name, self.addresses.digest(rhythm))

    def of_tag(self, term: str, without: tuple[str, ...] = ()) -> FeedAddress:
        return self._of_tag(term, self._label(term), without)

    def of_member(self, slug: str) -> FeedAddress:
        return self._of_member(slug, self.member_name(slug) or slug)

    def merged(self, merged: MergedFeed, without: tuple[str, ...] = ()) -> FeedAddress:
        page = self.addresses.home(without=without)
        return self._with_events(f"merged/{merged.slug}", merged.title, page, without)

    def groups(self) -> tuple[FeedGroup, ...]:
        """All of them but those of searches, in the order to offer them in."""
        config, gettext = self.config, self.language.gettext
        groups = (
            FeedGroup(
                gettext("Everything"),
                (self.everything(), self.digest("daily"), self.digest("weekly"), self.corrections),
            ),
            FeedGroup(
                gettext("Chosen by the network"), tuple(self.merged(each) for each in config.merged_feeds)
            ),
            FeedGroup(gettext("By topic"), tuple(self._of_tag(*each) for each in config.labels.items())),
            FeedGroup(
                gettext("By member"), tuple(self._of_member(each.slug, each.name) for each in config.members)
            ),
            FeedGroup(gettext("For those who look after a site"), (self.status,)),
        )
        return tuple(group for group in groups if group.feeds)

    def _label(self, term: str) -> str:
        return self.config.labels.get(term, term)

    def _left_out(self, without: tuple[str, ...]) -> str:
        """What a feed is told by that has no news by some members; empty where that is none."""
        if not without:
            return ""
        members = self.language.listed([self.member_name(slug) or slug for slug in without])
        return self.language.gettext("without news by %(members)s", members=members)

    def _of_tag(self, term: str, label: str, without: tuple[str, ...] = ()) -> FeedAddress:
        page = self.addresses.home(tag=term, without=without) if without else self.addresses.tag(term)
        return self._with_events(f"tag/{quote(term, safe='')}", label, page, without)

    def _of_member(self, slug: str, name: str) -> FeedAddress:
        return self._with_events(f"member/{quote(slug, safe='')}", name, self.addresses.member(slug))

    def _with_events(self, path: str, name: str, page: str, without: tuple[str, ...] = ()) -> FeedAddress:
        return self._feed(f"/feeds/{path}", name, page, events=f"/events/{path}", without=without)

    def _feed(
        self,
        path: str,
        name: str,
        page: str,
        *,
        title: str | None = None,
        events: str | None = None,
        without: tuple[str, ...] = (),
        **query: str | None,
    ) -> FeedAddress:
        name = ", ".join(filter(None, [name, self._left_out(without)]))

        def address(format: str, path: str = path) -> str:
            return self.addresses.full(self.addresses.to(f"{path}.{format}", **query, without=without))

        return FeedAddress(
            name=name,
            title=title or f"{name} – {self.config.hub.title}",
            page=self.addresses.full(page),
            atom=address("atom"),
            rss=address("rss"),
            json=address("json"),
            ics=events and address("ics", events),
        )
