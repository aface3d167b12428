"""`hub explain`: why an entry is here, dated, tagged and placed so, or is not here; how a feed is doing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

from hub import normalise, roles, stories, urls
from hub.admin.rulings import called
from hub.config import Config, load
from hub.decide import backlog
from hub.health import Health, health
from hub.model import (
    FeedState,
    Known,
    Overruling,
    Sketch,
    StoredEntry,
    WithheldEntry,
    compared_as_of,
    is_undated,
)
from hub.model.explained import Explained, Fact, lines
from hub.publish.item import is_too_long
from hub.said import as_written, date_of, day, second
from hub.store import Store, existing_store


def run(path: Path, database: str, address: str, *, now: datetime) -> tuple[str, bool]:
    """What is known of a link or an id, in lines, and whether anything is here. Raises HubError."""
    parts, is_here = found(load(path), database, address, now=now)
    said = ("\n".join(lines(each)) for each in parts)
    return ("\n\n" if is_here else "\n").join(said), is_here


def found(
    config: Config,
    database: str,
    address: str,
    *,
    now: datetime,
    most: int | None = None,
    member: str | None = None,
) -> tuple[tuple[Explained, ...], bool]:
    """What is known of a link or an id, in facts; of entries only if they are no more than `most`.

    It is of this member's feeds and entries alone, if one is given.
    """
    with closing(existing_store(database)) as store:
        states = store.feed_states(member)
        parts = [_doing(config, store, state, now) for state in _named(states, address)]
        left = (each for each in store.left_states() if member in (None, each.feed.key.member))
        parts += [_left(state) for state in _named(left, address)]
        entries = [each for each in store.find(address) if member in (None, each.member.slug)]
        if most is None or len(entries) <= most:
            of, said = {state.feed.key: state for state in states}, store.overrulings()
            parts += [_entry(store, each, of.get(each.entry.feed), said) for each in entries]
        is_here = bool(parts or entries)
        if member and not is_here:
            return (Explained(f"No entry of {member} has {address} for a link or an id."),), False
        return tuple(parts if is_here else _not_here(config, store, address, now)), is_here


# ---------------------------------------------------------------- how a feed is doing


def _named(states: Iterable[FeedState], address: str) -> Iterator[FeedState]:
    """The feeds that a text names: by an address of theirs, their key, or their member's slug."""
    for state in states:
        key = state.feed.key
        if address in (key.member, str(key), state.feed.url, *state.feed.alternatives, state.used_url):
            yield state


def _health(config: Config, store: Store, state: FeedState, now: datetime) -> Health:
    return health(state, now, robot=config.hub.user_agent, notices=store.notices())


def _doing(config: Config, store: Store, state: FeedState, now: datetime) -> Explained:
    facts = tuple(_how_it_does(state, _health(config, store, state, now)))
    return Explained(f"{state.feed.key}, {state.feed.url}", facts)


def _how_it_does(state: FeedState, found: Health) -> Iterator[Fact]:
    yield Fact("State", f"{found.state}: {found.sentence}")
    if found.remedy:
        yield Fact("To do", found.remedy)
    if found.editor:
        yield Fact("To send", found.editor)
    if state.succeeded:
        yield Fact("Read", second(state.succeeded))
    if why := _why_so(state):
        yield Fact("Known", f"its entries, by their {state.identified_by}s{why}")
    if state.next_poll and not state.feed.paused:
        yield Fact("Next", f"{second(state.next_poll)}: {state.next_poll_why}")


def _left(state: FeedState) -> Explained:
    return Explained(f"{state.feed.key}, {state.feed.url}", tuple(_since_it_left(state)))


def _since_it_left(state: FeedState) -> Iterator[Fact]:
    yield Fact(
        "State", "left: it is not in feeds.yaml any more, so it is not polled; what it published stays"
    )
    yield Fact("To do", f"To take that away too: hub feeds remove {state.feed.key} --entries")
    if state.succeeded:
        yield Fact("Read", second(state.succeeded))


# ---------------------------------------------------------------- why it is here


def _entry(
    store: Store, stored: StoredEntry, state: FeedState | None, said: Iterable[Overruling]
) -> Explained:
    """Why an entry is here; `state` is its feed's, if that is polled, `said` all that was said of tags."""
    facts = tuple(_facts(store, stored, state, said))
    return Explained(called(stored.entry) or "(no title)", facts, stored.key)


def _facts(
    store: Store, stored: StoredEntry, state: FeedState | None, said: Iterable[Overruling]
) -> Iterator[Fact]:
    entry = stored.entry
    yield Fact("Link", entry.link or "none")
    published_as = f", published as {stored.atom_id}" if stored.atom_id != entry.id else ""
    yield Fact("Id", as_written(entry.id or "none") + published_as)
    yield Fact("From", f"{stored.member.name}, feed {entry.feed}, {stored.feed_url}")
    if state is not None:
        yield Fact("Known", f"by its {state.identified_by}{_why_so(state)}")
    withheld = store.withheld(stored.key)
    carried = _carried(stored) if withheld is None else "not published"
    yield Fact("Here", f"since {second(stored.first_seen)}, {carried}")
    yield from _changed(store, stored)
    yield Fact("Dated", f"{second(stored.date)}: {_dated(stored)}")
    if entry.kind == "event" and entry.event_date:
        yield Fact("Event", f"on {entry.event_date:%-d %B %Y}")
    yield from _tags(stored, said)
    if withheld is not None:
        yield Fact("Standing", _standing(withheld))
        return
    yield from _story(store, stored)


def _changed(store: Store, stored: StoredEntry) -> Iterator[Fact]:
    if stored.changed != stored.first_seen:
        when = second(stored.changed)
        yield Fact("Changed", f"{when}: its words were others before; `hub revisions` shows them")
    if any(each.told == "waits" for each in store.revisions(stored.key)):
        yield Fact(
            "Untold",
            "what changed last: it changes too often, and is told of when it has been still for two days",
        )


def _why_so(state: FeedState) -> str:
    if state.feed.identify_by:
        return ", as feeds.yaml says"
    if state.identity.since is None:
        return ""
    return f", since {day(state.identity.since)}: {state.identity.why}"


def _standing(withheld: WithheldEntry) -> str:
    who = roles.whoever(withheld.withheld.role, withheld.stored.member.name)
    by = f" by {who}" if withheld.by_admin else ""
    why = f": {withheld.withheld.why}" if withheld.withheld.why else ""
    too = "" if withheld.retracted is None else "; its member took it back too"
    too += f": {withheld.retracted}" if withheld.retracted else ""
    return f"{withheld.withheld.standing}{by} since {second(withheld.since)}{why}{too}"


def _carried(stored: StoredEntry) -> str:
    if stored.member.republish == "full" and is_too_long(stored.entry):
        return "republished with an excerpt, since its text is very long"
    how = {"full": "in full", "summary": "with an excerpt", "link": "by its headline alone"}
    return f"republished {how[stored.member.republish]}"


def _dated(stored: StoredEntry) -> str:
    entry = stored.entry
    given = entry.published or entry.updated
    to_come = entry.kind == "event" and entry.event_date and entry.event_date >= stored.first_seen.date()
    if to_come and stored.date == stored.first_seen:
        return "when it was first seen, as for every event that was then to come"
    if is_undated(stored):
        return "a year before it came in: it was there before, and the publisher gave no date"
    if given is None:
        by_link = normalise.dated(entry, datetime.max.replace(tzinfo=UTC)) == stored.date
        day = "the day that its link names" if by_link else "when it first came in"
        return f"the publisher gave no date, so it is {day}"
    whose = "published" if entry.published else "updated"
    if given == stored.date:
        return f"the publisher's date ({whose})"
    if given > stored.first_seen:
        return f"when it first came in; the publisher's date ({whose}), {second(given)}, was still to come"
    return f"as it was when it first came in; the publisher's date ({whose}) is {second(given)} by now"


def _tags(stored: StoredEntry, overrulings: Iterable[Overruling]) -> Iterator[Fact]:
    reasons = [f"{tag.term}: {tag.why}" for tag in stored.entry.tags]
    reasons += [
        f"not {said.term}: taken away by hand on {day(said.when)}"
        for said in overrulings
        if said.entry == stored.key and not said.tags
    ]
    for number, reason in enumerate(reasons or ["none: no rule of feeds.yaml matches"]):
        yield Fact("" if number else "Tags", reason)


def _story(store: Store, stored: StoredEntry) -> Iterator[Fact]:
    story = store.story(stored.story)
    assert not isinstance(story, int)
    others = [each for each in story.entries if each.key != stored.key] if story else []
    place = "which it leads" if stored.lead else f"a copy: {stored.why}"
    yield Fact("Story", f"{stored.story}, {place if others or not stored.lead else 'by itself'}")
    for other in others:
        why = f"; {other.why}" if other.why else "; leads it"
        yield Fact("", f"with “{other.entry.title}” by {other.member.name}{why}")
    if not store.is_told(stored.story):
        yield Fact(
            "Feeds",
            "leave it out: it is of what its feed held when it was first polled, "
            f"of which they have the newest {backlog.TOLD} that have dates",
        )
    if pin := store.pin_of(stored.key):
        until = f", up to {date_of(pin.last_day)}" if pin.last_day else ""
        yield Fact("Pinned", f"on {day(pin.made)}{until}")
    entry, known = store.compared_with(stored.key)
    yield from _rulings(stored, known)
    if entry.text and entry.sketch == Sketch() and stored.lead:
        yield Fact("Compared", "not any more: it is older than what could still be copied")
        return
    apart = list(stories.compared(entry, known, date=compared_as_of(stored), key=stored.key))
    for number, each in enumerate(apart):
        verdict = "would be a copy of" if each.sure else "is no copy of"
        label = "" if number else "Compared"
        why = each.why.replace("{}", "that one")
        yield Fact(label, f"it {verdict} “{each.of.title}” of {each.of.feed}: {why}")
    ruled_apart = any(stored.key in pair for pair in known.rulings.apart)
    if not apart and not others and not ruled_apart:
        yield Fact("Compared", "with nothing: no other feed has its link, its title or enough of its words")


def _rulings(stored: StoredEntry, known: Known) -> Iterator[Fact]:
    rulings = known.rulings
    if stored.key in rulings.together:
        yield Fact("Ruled", "by an admin: together with the others of this story")
    if stored.key in rulings.alone:
        yield Fact("Ruled", "by an admin: nobody's copy")
    if stored.key in rulings.leads:
        yield Fact("Ruled", "by an admin: leads its story")
    candidates = {each.key: each for of_story in known.stories.values() for each in of_story}
    for pair in rulings.apart:
        if stored.key in pair:
            (other,) = pair - {stored.key}
            named = candidates.get(other)
            what = f"“{named.title}” of {named.feed}" if named else "one that it was with"
            yield Fact("Ruled", f"by an admin: apart from {what}")


# ---------------------------------------------------------------- why it is not


def _not_here(config: Config, store: Store, address: str, now: datetime) -> Iterator[Explained]:
    yield Explained(f"No entry has {address} for a link or an id.")
    host = urls.host(address)
    slug, _, name = address.partition("/")
    if coming := [feed for feed in config.feeds if address in (feed.key.member, str(feed.key), feed.url)]:
        for feed in coming:
            yield _said(
                f"It is the feed {feed.key}, {feed.url}:", "which has not been polled under this name yet."
            )
        return
    if any(member.slug == slug for member in config.members):
        yield _said(
            f"Member {slug} has no feed{f' called {name}' if name else ''} in feeds.yaml.",
            f"What it published stays: see /member/{slug} of the web view.",
        )
        return
    if host is None:
        yield _said(
            "It is no web address, and no member or feed is called so.",
            "An id has to be written just as the feed has it.",
        )
        return
    states = [state for state in store.feed_states() if host in _hosts(config, state)]
    if not states:
        look = f"`hub feeds check {quote(address)}`"
        yield _said(
            f"No member's homepage or feed is on {host}, so no feed is expected to bring it.",
            f"{look} looks whether there is a feed; `hub feeds add` adds it.",
        )
        return
    for state in states:
        facts = _feed(config, store, state, now)
        yield _said(f"It would come from {state.feed.key}, {state.feed.url}:", *facts)


def _said(heading: str, *texts: str) -> Explained:
    return Explained(heading, tuple(Fact(None, text) for text in texts))


def _hosts(config: Config, state: FeedState) -> Sequence[str | None]:
    member = next((each for each in config.members if each.slug == state.feed.key.member), None)
    homepages = [member.homepage] if member else []
    former = [www + host for host in (member.former_hosts if member else ()) for www in ("", "www.")]
    addresses = (state.feed.url, *state.feed.alternatives, state.used_url, state.info.link, *homepages)
    return [*former, *(urls.host(each) for each in addresses if each)]


def _feed(config: Config, store: Store, state: FeedState, now: datetime) -> Iterator[str]:
    if state.polled is None:
        yield "which has not been polled yet."
        return
    found = _health(config, store, state, now)
    if found.state != "ok":
        yield f"{found.state}: {found.sentence}"
        if found.remedy:
            yield f"{found.remedy}"
    if state.succeeded:
        yield f"its document of {second(state.succeeded)} did not have it, nor had any before."
    for remark in state.remarks:
        yield f"Remark: {remark}."
    if state.next_poll and not state.feed.paused:
        yield f"It is polled next at {second(state.next_poll)}: {state.next_poll_why}."
