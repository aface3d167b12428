"""What a site lets robots fetch (RFC 9309). The only module that knows Protego."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hub import urls
from hub.model import ROBOT_NAME

if TYPE_CHECKING:
    from protego import Protego

# RFC 9309 §2.5: at least so much of it is read.
_MOST_BYTES = 500 * 1024
_SIZE_OF_NONE = 100
# RFC 9309 §2.4: rules are asked for anew after a day at the latest; where they cannot be had
# then, those that were go on to hold, and are asked for again after this long.
_KEPT = timedelta(hours=24)
_KEPT_ON = timedelta(hours=1)
# Bytes of robots.txt whose rules are kept, which take up to fifty times as much memory: those of a
# thousand sites, or of the last that are as large as may be.
_MOST_BYTES_KEPT = 1024 * 1024


class Robots:
    """A site's rules. Without a document everything may be fetched (RFC 9309 §2.3.1.3).

    `size` is how many bytes of a document they were read of, and some for themselves.
    """

    def __init__(self, document: bytes | None = None) -> None:
        self.size = min(len(document or b""), _MOST_BYTES) + _SIZE_OF_NONE
        self._rules: Protego | None = None
        if document:
            # Only sites that are no feeds need it.
            from protego import Protego

            self._rules = Protego.parse(document[:_MOST_BYTES].decode("utf-8-sig", "replace"))

    def allows(self, url: str) -> bool:
        """Whether the hub may fetch an address of this site."""
        return self._rules is None or bool(self._rules.can_fetch(url, ROBOT_NAME))

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """The sitemaps that it names, absolute."""
        named = self._rules.sitemaps if self._rules is not None else ()
        return tuple(dict.fromkeys(link for each in named if (link := urls.resolve(None, each))))


class KnownRobots:
    """The rules of the sites that were asked for them last, by where these stand (`robots_url`)."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Robots, datetime]] = {}

    def fresh(self, rules_at: str, now: datetime) -> Robots | None:
        """A site's rules; None where they have to be asked for first."""
        rules, until = self._known.get(rules_at, (None, now))
        return rules if until > now else None

    def last(self, rules_at: str) -> Robots | None:
        """The rules that a site had when it was asked last, however long ago."""
        return self._known[rules_at][0] if rules_at in self._known else None

    def keep(self, rules_at: str, rules: Robots, now: datetime) -> None:
        """Keep rules that came just now, and let go of those that came first where there are too many."""
        self._known.pop(rules_at, None)
        self._known[rules_at] = rules, now + _KEPT
        size = sum(each.size for each, _ in self._known.values())
        while size > _MOST_BYTES_KEPT and len(self._known) > 1:
            first = next(iter(self._known))
            size -= self._known.pop(first)[0].size

    def keep_on(self, rules_at: str, now: datetime) -> None:
        """Where a site's rules cannot be had, have those that it had, if any, go on to hold for a while."""
        if rules_at in self._known:
            self._known[rules_at] = self._known[rules_at][0], now + _KEPT_ON


def robots_url(url: str) -> str:
    """Where the rules for an address stand."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/robots.txt"
