"""What a member's own people are told of its feeds by mail: they may never have heard of the hub. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from msgspec import Struct

from hub.alerts.letter import Letter, heading, id_of, lasted, wrapped
from hub.config import Config
from hub.incidents import WELL_AGAIN, asks_member, ending, missed
from hub.merged.addresses import Addresses, place_of
from hub.model import Incident
from hub.said import counted, sentence

# Of more feeds a line each is enough, and of very many their number.
_IN_FULL, _LISTED = 20, 100
_THEIR = re.compile(r"\btheir(s?)\b")
_THEM = "those who look after your site"


class _Known(Struct, frozen=True):
    """What the words of a letter are made with: `name` is the member's, which may have `several` feeds.

    `of_pages` is whether all of those are pages that the hub reads, for want of a feed.
    """

    config: Config
    name: str
    several: bool
    of_pages: bool

    def lasted(self, incident: Incident) -> str:
        return lasted(incident, ZoneInfo(self.config.hub.timezone))

    def page(self, incident: Incident) -> str | None:
        """Where everybody sees how the feed is doing, None where nobody knows where readers find the hub."""
        if self.config.hub.url is None:
            return None
        addresses = Addresses(self.config.hub.url)
        return f"{addresses.full(addresses.to('/status'))}#{place_of(incident.feed)}"


def compose(slug: str, told: Sequence[Incident], config: Config) -> Letter:
    """The letter that tells a member's people of these incidents of its feeds, as they are."""
    name = next((each.name for each in config.members if each.slug == slug), slug)
    feeds = [feed for feed in config.feeds if feed.key.member == slug]
    of_pages = bool(feeds) and all(feed.url in feed.kinds for feed in feeds)
    known = _Known(config, name, several=len(feeds) > 1, of_pages=of_pages)
    asking = [each for each in told if asks_member(each)]
    done = [each for each in told if not asks_member(each)]
    return Letter(
        id=id_of(told, to=slug),
        to=config.told[slug],
        list=f"{slug}.alerts",
        reply_to=config.hub.alerts.reply_to,
        subject=_subject(asking, done, known),
        body="\n".join(_body(asking, done, known)),
    )


def _subject(asking: Sequence[Incident], done: Sequence[Incident], known: _Known) -> str:
    said = f"Please look at {_feeds(asking, known)}" if asking else ""
    if done:
        one = len(done) == 1
        if all(each.ending == WELL_AGAIN for each in done):
            now = "is well again" if one else "are well again"
        else:
            now = "needs you no more" if one else "need you no more"
        feeds = _feeds(done, known)
        said = f"{said}; {len(done):,} other {now}" if asking else f"{sentence(feeds)} {now}"
    return f"[{known.config.hub.title}] {said}"


def _feeds(of: Sequence[Incident], known: _Known) -> str:
    if len(of) > 1:
        return f"{counted(len(of), 'news feed', 'news feeds')} of {known.name}"
    return f"{'a' if known.several else 'the'} news feed of {known.name}"


def _body(asking: Sequence[Incident], done: Sequence[Incident], known: _Known) -> Iterator[str]:
    yield from _who_writes(known)
    if asking:
        yield from heading("What to look at")
        for each in asking[:_IN_FULL]:
            yield from _in_full(each, known)
        yield from _in_lines(asking[_IN_FULL:], known)
    if done:
        yield from heading("What you need not look at any more")
        yield from _in_lines(done, known)
    yield from _how_to_stop(known)


def _who_writes(known: _Known) -> Iterator[str]:
    hub = known.config.hub
    where = f", {hub.url}/," if hub.url else ""
    feed = "the list of your news that your site keeps for programs (RSS or the like)"
    if known.of_pages:
        feed = "which is what this message calls the pages of your site that have your news"
    yield from wrapped(
        f"{hub.title}{where} shows the latest news of {known.name}, among that of others. It takes"
        f" it from your news feed, {feed}. This message about it was written by a program."
    )
    yield ""


def _in_full(incident: Incident, known: _Known) -> Iterator[str]:
    headline = _to_them(incident.headline)
    yield from wrapped(f"{sentence(headline)} {known.lasted(incident)}.")
    yield f"  {incident.url}"
    yield from wrapped(f"For {_THEM}:", "  ")
    yield from wrapped(incident.editor, "  > ")
    yield from wrapped(_to_them(missed(incident)), "  ")
    if page := known.page(incident):
        yield "  How it is doing, and when it is looked at again:"
        yield f"  {page}"
    yield ""


def _in_lines(incidents: Sequence[Incident], known: _Known) -> Iterator[str]:
    for each in incidents[:_LISTED]:
        said = f"{_to_them(each.headline)} {known.lasted(each)}."
        if each.over is not None:
            said += f" {ending(each)[1]}"
        elif not asks_member(each):
            said = "there is nothing more for you to do. What is left to do is for the network’s editors."
        yield from wrapped(f"- {each.url}: {said}", "", "  ")
    if left := incidents[_LISTED:]:
        yield f"- and {len(left):,} more"
    if incidents:
        yield ""


def _to_them(words: str) -> str:
    """What is said of the member in words for readers, in those for its own people."""
    return _THEIR.sub(r"your\1", words)


def _how_to_stop(known: _Known) -> Iterator[str]:
    hub = known.config.hub
    if hub.contact is None:
        how = "answer this message"
    elif hub.alerts.reply_to:
        how = f"write to {hub.contact}, or answer this message"
    else:
        how = f"write to its editors, {hub.contact}"
    yield "-- "
    yield from wrapped(
        f"The editors of {hub.title} have your address as one to tell of the news feeds of {known.name}."
        f" To be told no more, or to have somebody else told, {how}."
    )
    yield from wrapped(f"Times are those of {hub.timezone}.")
