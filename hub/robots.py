"""What a site lets robots fetch (RFC 9309). The only module that knows Protego."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hub import urls
from hub.model import ROBOT_NAME

if TYPE_CHECKING:
    from protego import Protego

# RFC 9309 §2.5: at least so much of it is read.
_MOST_BYTES = 500 * 1024
_SIZE_OF_NONE = 100


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


def robots_url(url: str) -> str:
    """Where the rules for an address stand."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/robots.txt"
