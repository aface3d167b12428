"""Is it a member's site that cannot be reached, or is this machine cut off? Pure: the moment goes in."""

from __future__ import annotations

from math import inf

from hub.errors import FetchError, OfflineError

# Where so many hosts in a row cannot be reached, and nobody else either, it is not they who are away.
_HOSTS = 3
# For so many seconds after somebody was reached, whoever cannot be is away.
_NONE_AFTER = 30.0


class Outage:
    """What is known of whether anybody is reached. Moments are seconds of any clock that never goes back."""

    def __init__(self) -> None:
        self._unreached: dict[str, FetchError] = {}
        self._reached_at = -inf

    def reached(self, now: float) -> None:
        """Somebody gave an answer, whichever."""
        self._unreached.clear()
        self._reached_at = now

    def missed(self, error: FetchError, now: float) -> None:
        """A host could not be reached."""
        if now - self._reached_at > _NONE_AFTER:
            self._unreached[error.host or ""] = error

    @property
    def possible(self) -> bool:
        """Whether the last host that could not be reached may be well."""
        return bool(self._unreached)

    @property
    def likely(self) -> bool:
        """Whether this machine is cut off, unless one of those that are still being asked answers."""
        return len(self._unreached) >= _HOSTS

    def error(self) -> OfflineError:
        """What to tell an admin where it is likely."""
        *_, last = self._unreached.values()
        return OfflineError(
            f"None of {len(self._unreached)} hosts can be reached. The last one: {last}",
            "It is this machine's network or its name server (DNS), and is held against no feed.",
        )
