"""The merged feeds as pages offer them: those of searches too. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from hub.merged import catalogue
from hub.merged.catalogue import FeedAddress
from hub.web.asked import Asked
from hub.web.words import KINDS


class Catalogue(catalogue.Catalogue, frozen=True):
    """The merged feeds of a configuration, and of what a list is asked for."""

    def of_search(self, asked: Asked) -> FeedAddress:
        """The feed of what was typed and chosen; of what was chosen alone, it is simpler to ask `of_list`."""
        query = {"q": asked.typed, "tag": asked.tag, "member": asked.member, "kind": asked.kind}
        without = asked.without
        to = self.addresses.search if asked.typed else self.addresses.home
        chosen = [
            asked.tag and self._label(asked.tag),
            asked.member and (self.member_name(asked.member) or asked.member),
            asked.kind and self.language.gettext(KINDS[asked.kind]),
        ]
        name = ", ".join(filter(None, [asked.typed, *chosen]))
        return self._feed("/feeds/search", name, to(**query, without=without), without=without, **query)

    def with_events_of(self, asked: Asked) -> FeedAddress | None:
        """The feed whose events are those that a list has beside it; None where they have no calendar."""
        feed = self.of_list(replace(asked, kind=None if asked.kind == "event" else asked.kind))
        return feed if feed.ics else None

    def of_list(self, asked: Asked) -> FeedAddress:
        """The feed that holds what a list was asked for: the simplest there is."""
        match asked.typed, asked.tag, asked.member, asked.kind, asked.without:
            case "", None, None, None, without:
                return self.everything(without)
            case "", str(tag), None, None, without:
                return self.of_tag(tag, without)
            case "", None, str(member), None, ():
                return self.of_member(member)
        return self.of_search(asked)
