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
        page = self.addresses.search(**query) if asked.typed else self.addresses.home(**query)
        chosen = [
            asked.tag and self._label(asked.tag),
            asked.member and (self.member_name(asked.member) or asked.member),
            asked.kind and self.language.gettext(KINDS[asked.kind]),
        ]
        return self._feed("/feeds/search", ", ".join(filter(None, [asked.typed, *chosen])), page, **query)

    def with_events_of(self, asked: Asked) -> FeedAddress | None:
        """The feed whose events are those that a list has beside it; None where they have no calendar."""
        feed = self.of_list(replace(asked, kind=None if asked.kind == "event" else asked.kind))
        return feed if feed.ics else None

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
