"""Is a member's site away, or is this machine cut off? Pure: the moment is an argument."""

from __future__ import annotations

from math import inf

from hub.errors import FetchError, OfflineError

# Where so many members' sites that were well cannot be reached, and no other host can either, this machine
# is cut off. Members, since one member may have given up a domain, with all its hosts.
_MEMBERS = 3
# For so many seconds after any host was reached, one that cannot be reached is away.
_NONE_AFTER = 30.0


class Outage:
    """Which sites could not be reached since any was. Moments are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._missed: dict[str, FetchError] = {}
        self._reached_at = -inf

    def reached(self, at: float) -> None:
        """Note that some host was reached, last at this moment."""
        if at > self._reached_at:
            self._reached_at = at
            self._missed.clear()

    def missed(self, member: str, error: FetchError, now: float) -> None:
        """Note that a member's site, which was well, could not be reached."""
        if now - self._reached_at > _NONE_AFTER:
            self._missed[member] = error

    @property
    def possible(self) -> bool:
        """Whether this machine may be cut off, so that sites that could not be reached may be well."""
        return bool(self._missed)

    @property
    def likely(self) -> bool:
        """Whether this machine is cut off, unless a host that is still being asked answers."""
        return len(self._missed) >= _MEMBERS

    def error(self) -> OfflineError:
        """What to tell an admin where that is `likely`."""
        *_, last = self._missed.values()
        return OfflineError(
            f"Nobody can be reached, and no site of {len(self._missed)} members that were well: {last}",
            "It looks like this machine's network or its name server (DNS), and is held against no feed.",
        )
