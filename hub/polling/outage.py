"""Is it a member's site that cannot be reached, or is this machine cut off? Pure: the moment goes in."""

from __future__ import annotations

from math import inf

from hub.errors import FetchError, OfflineError

# Where the sites of so many members that were well cannot be reached, and nobody else can either, it is
# not they who are away. Of one member it may be a domain that was given up, with all its hosts.
_MEMBERS = 3
# For so many seconds after somebody was reached, whoever cannot be is away.
_NONE_AFTER = 30.0


class Outage:
    """What is known of whether anybody is reached. Moments are seconds of any clock that never goes back."""

    def __init__(self) -> None:
        self._missed: dict[str, FetchError] = {}
        self._reached_at = -inf

    def reached(self, at: float) -> None:
        """Somebody was reached last at that moment, whoever it was."""
        if at > self._reached_at:
            self._reached_at = at
            self._missed.clear()

    def missed(self, member: str, error: FetchError, now: float) -> None:
        """A member's site that was well cannot be reached."""
        if now - self._reached_at > _NONE_AFTER:
            self._missed[member] = error

    @property
    def possible(self) -> bool:
        """Whether who cannot be reached may be well."""
        return bool(self._missed)

    @property
    def likely(self) -> bool:
        """Whether this machine is cut off, unless one of those that are still being asked answers."""
        return len(self._missed) >= _MEMBERS

    def error(self) -> OfflineError:
        """What to tell an admin where it is likely."""
        *_, last = self._missed.values()
        return OfflineError(
            f"Nobody can be reached, and no site of {len(self._missed)} members that were well: {last}",
            "It looks like this machine's network or its name server (DNS), and is held against no feed.",
        )
