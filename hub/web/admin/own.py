"""What an editor of a member may have done: to news of that member alone, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hub import roles
from hub.errors import HubError

if TYPE_CHECKING:
    from datetime import datetime

    from hub.audit import Decision
    from hub.config import Config
    from hub.errands import Errand
    from hub.model import Did, FeedKey, FeedState, HubSettings, Role, RoleName, SeenDocument, Stand, Standing
    from hub.model.explained import Explained
    from hub.store import Store
    from hub.web.admin.desk import Desk, Provider


class OwnDesk:
    """A `Desk` that is held to a role's member. What it has not is refused, raising NotAllowed."""

    def __init__(self, desk: Desk, store: Store, role: Role) -> None:
        self._desk, self._store, self._role = desk, store, role

    @property
    def provider(self) -> Provider:
        return self._desk.provider

    def __getattr__(self, _name: str) -> Any:
        raise roles.refusal(self._role, "whatever")

    def of_its_member(self, what: str, member: str | None) -> tuple[str, str | None]:
        """As `Desk` has it, of the member's own."""
        return self._desk.of_its_member(*self._own(self._store, what, member))

    def withdraw(
        self,
        what: str,
        *,
        member: str | None,
        why: str,
        role: RoleName | None,
        seen: Mapping[int, Stand] = {},
    ) -> Decision:
        """To withdraw a published entry."""

        def withdraw(store: Store) -> Did:
            own, whose = self._own(store, what, member, "published")
            return self._desk.withdraw(own, member=whose, why=why, role=role, seen=seen)(store)

        return withdraw

    def release(
        self, what: str, *, member: str | None, for_good: bool = True, seen: Mapping[int, Stand] = {}
    ) -> Decision:
        """To publish again what was withdrawn, where it stands as was `seen`."""

        def release(store: Store) -> Did:
            own, whose = self._own(store, what, member, "withdrawn")
            return self._desk.release(own, member=whose, for_good=for_good, seen=seen)(store)

        return release

    def carry_out(
        self, action: str, decision: Decision, *, who: str, now: datetime, undoes: int | None = None
    ) -> int:
        """As `Desk` has it."""
        return self._desk.carry_out(action, decision, who=who, now=now, undoes=undoes)

    def explain(
        self, what: str, config: Config, *, most: int, now: datetime
    ) -> tuple[Sequence[Explained], bool]:
        """What is known of the member's feeds and entries."""
        return self._desk.explain(what, config, most=most, now=now, member=self._role.member)

    def see_document(self, state: FeedState, address: str | None, hub: HubSettings) -> Errand[SeenDocument]:
        """As `Desk` has it, of the member's own feeds."""
        if state.feed.key.member != self._role.member:
            raise roles.refusal_of_another(self._role)
        return self._desk.see_document(state, address, hub)

    def seen_document(self, feed: FeedKey, number: int) -> Errand[SeenDocument] | None:
        """As `Desk` has it, of the member's own feeds."""
        return self._desk.seen_document(feed, number) if feed.member == self._role.member else None

    def _own(
        self, store: Store, what: str, member: str | None, standing: Standing | None = None
    ) -> tuple[str, str]:
        """How the member's own entries are meant, and no other's, nor all that waits of a feed.

        Raises NotAllowed where there are none with this link or id, and HubError where one stands otherwise.
        """
        whose = member or self._role.member
        found = [each for each in store.find(what) if whose in (each.member.slug, str(each.entry.feed))]
        if not found or _is_feed(store, what) or any(each.member.slug != self._role.member for each in found):
            raise roles.refusal_of_another(self._role)
        if standing and any(each.standing != standing for each in found):
            raise HubError(
                f"It is not {standing} any more, so nothing was done.",
                "Go back and open the page anew.",
            )
        return what, whose


def _is_feed(store: Store, what: str) -> bool:
    """Whether all that waits of a feed or a member is meant: an id may be written like its name."""
    member, _, name = what.partition("/")
    states = (*store.feed_states(), *store.left_states())
    return any(each.feed.key.member == member and name in ("", each.feed.key.name) for each in states)
