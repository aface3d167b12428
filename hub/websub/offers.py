"""Discovery (WebSub §4): what a feed says of where its news is pushed from. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from hub import urls
from hub.model import FeedState, Offer

# More than anyone needs for a handful of links; what is cut off counts as not there.
_LONGEST_HEADER = 16_000
LONGEST_ADDRESS = 2_000
"""Of a hub, a topic or a callback: what is longer is none."""
# RFC 8288 §3: <address>; name=value; name="quoted value".
_VALUE = r'"(?:[^"\\]|\\.)*"|[^\s;,"]*'
_PARAMETER = rf"\s*;\s*([^\s;,=]+)(?:\s*=\s*({_VALUE}))?"
_LINK = re.compile(rf"<([^<>]*)>((?:{_PARAMETER})*)")
_PARAMETERS = re.compile(_PARAMETER)


def in_header(links: str | None, *, url: str, public: bool) -> Offer:
    """What the header Link of a feed at `url` offers (RFC 8288); `public` is whether its server is."""
    hubs, topics = [], []
    for address, relations in _links(links or ""):
        hubs += [address] if "hub" in relations else []
        topics += [address] if "self" in relations else []
    return _offer(hubs, topics, url, public=public)


def in_document(hubs: Sequence[str], self_link: str | None, *, url: str) -> Offer:
    """What a feed's document at `url` offers by its own links."""
    offer = _offer(hubs, [self_link] if self_link else [], url)
    return replace(offer, itself=offer.topic)


def joined(header: Offer, document: Offer) -> Offer:
    """What both offer: the header wins (WebSub §4)."""
    return Offer(
        hub=header.hub or document.hub,
        topic=header.topic or document.topic,
        itself=document.itself,
        public=header.public,
    )


def is_of(document: Offer, state: FeedState, topic: str) -> bool:
    """Whether a document that was pushed for a topic is this feed's, as far as it says what it is.

    The address it gives for itself may be another than the topic's (WebSub
    §7), but has to be one that the feed is known by.
    """
    offer, feed = state.offer, state.feed
    own = (topic, offer.topic, offer.itself, state.used_url, feed.url, *feed.alternatives)
    return document.itself is None or _same(document.itself) in {_same(each) for each in own if each}


def _same(url: str) -> str:
    """What two spellings of an address have in common."""
    return urls.loose_id(url)


def _offer(hubs: Sequence[str], topics: Sequence[str], url: str, *, public: bool = True) -> Offer:
    there = [address for hub in hubs if (address := _absolute(url, hub))]
    # One hub will do, since each of them is told of all news; a secret is better sent encrypted.
    encrypted = (address for address in there if address.startswith("https:"))
    return Offer(
        hub=next(encrypted, there[0] if there else None),
        topic=next((address for topic in topics if (address := _absolute(url, topic))), None),
        public=public,
    )


def _absolute(base: str, link: str) -> str:
    """The address of the web that a link leads to, empty where that is none."""
    address = (urls.resolve(base, link) or "").partition("#")[0]
    return address if len(address) <= LONGEST_ADDRESS else ""


def _links(header: str) -> Iterator[tuple[str, frozenset[str]]]:
    """The links of a header with their relations, those alone that are about the document itself."""
    for link in _LINK.finditer(header[:_LONGEST_HEADER]):
        parameters: dict[str, str] = {}
        for name, value in _PARAMETERS.findall(link[2]):
            parameters.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", value.strip('"')))
        if "anchor" not in parameters:
            yield link[1], frozenset(parameters.get("rel", "").lower().split())
