"""What a program that asks for a feed says of itself: for how many it asks, whether it is a robot. Pure."""

from __future__ import annotations

import re

from msgspec import Struct

# "Feedbin feed-id:1373711 - 142 subscribers", "Feedly/1.0 (…; 12 subscribers; like FeedFetcher-Google)".
_NUMBER = re.compile(r"(?<![\w.])(\d{1,7}) (?:subscribers?|readers?|users?)\b", re.IGNORECASE)
# "feed-id:1373711", "feed-id=9590656098396809912", "feedId: 5404723".
_FEED_ID = re.compile(r"\bfeed-?id[:=] ?([\w.-]{1,40})", re.IGNORECASE)
# "Mozilla/5.0 (compatible; BazQux/2.4; +https://bazqux.com/fetcher; 6 subscribers)".
_BEHIND = re.compile(r".*?\(compatible; ", re.IGNORECASE)
_NAME = re.compile(r"(?:(?!feed-?id)[A-Za-z][A-Za-z0-9.-]{0,39} ?){1,4}", re.IGNORECASE)
_LONGEST_NAME = 40
_NAMELESS = "an aggregator"
# "Googlebot/2.1", and not "Bothy Reader".
_BOT = re.compile(r"bot(?![a-z])")
_ROBOTS = (
    *("crawl", "spider", "slurp", "facebookexternalhit", "ia_archiver", "mediapartners", "inspectiontool"),
    *("validator", "preview", "lighthouse", "headless", "monitor"),
)
# Longer than any that says something.
_LONGEST = 500


class Aggregator(Struct, frozen=True):
    """An aggregator that says for how many it asks, and by which id it knows the feed, if it says."""

    name: str
    feed_id: str
    number: int


def aggregator(user_agent: str) -> Aggregator | None:
    """The aggregator that a User-Agent names, with its number; None where it gives none."""
    said = user_agent[:_LONGEST]
    number = _NUMBER.search(said)
    if number is None:
        return None
    feed_id = _FEED_ID.search(said)
    behind = _BEHIND.match(said)
    name = _NAME.match(said, behind.end() if behind else 0)
    return Aggregator(
        name[0].strip()[:_LONGEST_NAME] if name else _NAMELESS,
        feed_id[1] if feed_id else "",
        int(number[1]),
    )


def is_robot(user_agent: str) -> bool:
    """Whether a User-Agent is that of a search engine, or of what looks at a feed for no reader."""
    said = user_agent[:_LONGEST].lower()
    return any(word in said for word in _ROBOTS) or _BOT.search(said) is not None


def is_browser(user_agent: str, accept: str) -> bool:
    """Whether a browser shows somebody what it asks for, by how browsers ask for pages (HTML §4.6.9).

    Newer ones say so in Sec-Fetch-Dest, if they are asked by TLS.
    """
    return user_agent.startswith("Mozilla/") and accept.startswith("text/html")
