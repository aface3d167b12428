"""`hub feeds …`: looks at feeds before they are added, and edits feeds.yaml.

What only a look at a feed needs is imported there: checking the file is quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from hub.config import Config, check_url, load, parse, plain_feed
from hub.errors import ConfigError, FeedError, NotAFeed, ParseError, StoreError
from hub.model import Did, FeedKey, FeedState, Finding, Look, Sample
from hub.said import counted, minute

if TYPE_CHECKING:
    from hub.audit import Decision
    from hub.config.edit import Added, Removed
    from hub.fetch import Fetched, Fetcher
    from hub.polling.reading import Readers
    from hub.reader import Reading
    from hub.store import Store

# Of two slugs: `easst` is like `east`, and `west` is not.
_ALIKE = 0.8


def check(path: Path) -> str:
    """What feeds.yaml holds, in a sentence. Raises ConfigError, with all that is wrong in it."""
    config = load(path)
    parts = (
        counted(len(config.members), "member", "members"),
        counted(len(config.feeds), "feed", "feeds"),
        counted(len(config.tags), "tag", "tags"),
        counted(len(config.merged_feeds), "merged feed", "merged feeds"),
    )
    return f"{path} is sound: {', '.join(parts)}."


def preview(url: str, path: Path) -> str:
    """What the feed at a URL holds, its first entries as they would be published.

    Of what is no feed, what each other kind finds there. Raises HubError.
    """
    found = look(url, path)
    if found.problem:
        from hub.admin.preview import told

        return told(found)
    feed = found.best
    lines = [f"{feed.title or url}: {counted(feed.entries, 'entry', 'entries')}."]
    lines += [f"Remark: {remark}." for remark in feed.remarks]
    for each in feed.first:
        lines += ["", *_shown(each)]
    if feed.entries > len(feed.first):
        lines += ["", f"… and {feed.entries - len(feed.first)} more."]
    if feed.url != url:
        lines += ["", f"{url} redirects for good to {feed.url}, which is the address to add."]
    lines += ["", f"Add it with: hub feeds add {quote(feed.url)}"]
    return "\n".join(lines)


def document(url: str, path: Path) -> tuple[str, bool]:
    """What is at a URL line by line, with what is wrong in it, and whether it can be read. Raises HubError.

    Where feeds.yaml has the URL it is read as that says, else as a feed.
    """
    from hub.admin import documents

    config = _config_at(path)
    _check_url(url)
    known = (feed for feed in config.feeds if url in (feed.url, *feed.alternatives))
    feed = next(known, plain_feed(FeedKey("preview"), url, config.hub))
    seen = documents.see(FeedState(feed=feed), url, config.hub, telling=lambda _: None)
    return documents.told(seen), not seen.failed


def look(url: str, path: Path) -> Look:
    """What is at an address. Raises HubError, also where nothing can be read there."""
    from hub.admin.documents import looking
    from hub.admin.preview import SHOWN, kinds_at, sample

    config = _config_at(path)
    with looking(config.hub, config.tags) as (fetcher, readers):
        answer, reading = _look(url, config, fetcher, readers)
        if isinstance(reading, NotAFeed):
            return kinds_at(url, answer, reading, config, fetcher)
    if isinstance(reading, ParseError):
        raise reading
    feed = Finding(
        url=answer.url if answer.permanent else url,
        at=answer.url,
        kind=None,
        title=reading.info.title,
        homepage=reading.info.link,
        entries=len(reading.entries),
        dated=sum(1 for entry in reading.entries if entry.published or entry.updated),
        first=tuple(map(sample, reading.entries[:SHOWN])),
        remarks=reading.remarks,
    )
    return Look(asked=url, findings=(feed,), best=feed)


def add(path: Path, url: str, *, member: str | None, name: str | None, unseen: bool) -> tuple[str, Did]:
    """Add a feed to feeds.yaml, after a look at it unless `unseen`; what to tell, and what was done.

    Raises HubError, with the file as it was.
    """
    from hub.config import edit

    said: list[str] = []
    title = homepage = None
    config = load(path)
    if not unseen:
        from hub.admin.documents import looking

        try:
            with looking(config.hub, config.tags) as (fetcher, readers):
                answer, reading = _look(url, config, fetcher, readers)
            if isinstance(reading, ParseError):
                raise reading
        except NotAFeed as error:
            remedy = error.remedy
            if error.advertised:
                remedy = f"Add the right one of them: `hub feeds add {error.advertised[0]}`"
            raise NotAFeed(error.problem, remedy, advertised=error.advertised) from error
        except FeedError as error:
            raise type(error)(
                error.problem, f"{error.remedy} To add it all the same, say --unseen.".strip()
            ) from error
        title, homepage = reading.info.title or None, reading.info.link
        if answer.permanent and answer.url != url:
            said.append(f"{url} redirects for good to {answer.url}, which was added.")
            url = answer.url
    before = {each.slug for each in config.members}
    new = edit.add_feed(path, url, member=member, name=name, title=title, homepage=homepage)
    if new.member:
        near = get_close_matches(new.member.slug, before, 1, _ALIKE)
        said.append(f"{new.member.slug} is a new member{f', beside {near[0]}' if near else ''}.")
    said.append(f"{new.key} is in {path} now. A hub that runs takes it up within seconds.")
    return "\n".join(said), added(new)


def added(new: Added) -> Did:
    """That a feed was added. What takes that back takes out no other, which may have its name by then."""
    key = str(new.key)
    return Did(
        about=key,
        said=f"{key} was added: {new.url} A hub that runs polls it within seconds.",
        change=new.change.diff,
        undo={"action": "remove", "feed": key, "at": new.url, **({"member": "too"} if new.member else {})},
    )


def pause(path: Path, targets: Sequence[str], *, paused: bool) -> Did:
    """Have feeds, or those of members, be left alone, or be asked again. Raises ConfigError."""
    from hub.config.pausing import pause_feeds

    pausing = pause_feeds(path, targets, paused=paused)
    names = ", ".join(map(str, pausing.feeds))
    one = len(pausing.feeds) == 1
    if paused:
        said = f"{names} {'is' if one else 'are'} paused: not asked, and what was published stays."
    else:
        said = f"{names} {'is' if one else 'are'} asked again. A hub that runs does so within seconds."
    back = {"action": "resume" if paused else "pause", "feeds": " ".join(map(str, pausing.feeds))}
    return Did(about=names if one else "feeds.yaml", said=said, change=pausing.change.diff, undo=back)


def remove(path: Path, target: str, *, and_member: bool, at: str | None) -> Did:
    """Take a feed, or a member with its feeds, out of feeds.yaml. Raises HubError.

    `and_member` and `at` are those of `hub.config.edit.remove_feed`.
    """
    from hub.config import edit

    removed = edit.remove_feed(path, target, and_member=and_member, at=at)
    said = f"{removed.named}: taken out of {path}. What it published stays."
    about, change = _about(target, removed), removed.change
    return Did(about=about, said=said, change=change.diff, undo=change.undo)


def _about(target: str, removed: Removed) -> str:
    """What was named by a URL, by its name."""
    return str(removed.feeds[0].key) if "://" in target else target


def remove_with_entries(path: Path, target: str, database: str) -> Decision:
    """To take a feed or a member out of feeds.yaml, and its entries out of the database.

    What left the file before may be named, too. The decision does both, so that nothing is done
    if it is refused before it begins. Where the database refuses the entries, the feed is out
    of the file all the same, as the error says.
    """
    from hub.config import edit
    from hub.polling.rounds import sync
    from hub.store import existing_store

    config = load(path)
    named = {member.slug for member in config.members}
    named |= {name for feed in config.feeds for name in (str(feed.key), feed.url)}
    now = datetime.now(UTC)
    with closing(existing_store(database)) as store:
        sync(store, config)
        if target not in named and store.left(target):
            return lambda store: _had_left(store, path, target, now)

    def take_out(store: Store) -> Did:
        removed = edit.remove_feed(path, target)
        try:
            # A member goes with its last feed, once the database knows that it has left the file.
            sync(store, load(path))
            leaving = {*(feed.key for feed in removed.feeds), *store.left(target)}
            gone = sum(store.remove(each, now) for each in leaving)
        except StoreError as error:
            raise StoreError(
                f"{removed.named}: taken out of {path}, but not its entries out of the database:"
                f" {error.problem}",
                f"{error.remedy} Then take it out once more.",
            ) from error
        entries = counted(gone, "entry", "entries")
        said = f"{removed.named}: taken out of {path}, and {entries} out of the database."
        return Did(about=_about(target, removed), said=said, change=removed.change.diff)

    return take_out


def _had_left(store: Store, path: Path, target: str, now: datetime) -> Did:
    gone = sum(store.remove(each, now) for each in store.left(target))
    had = f"{target}: had left {path}; {counted(gone, 'entry', 'entries')} taken out of the database."
    return Did(about=target, said=had)


def moved(
    path: Path, database: str, target: str | None, *, apply: bool, now: datetime
) -> tuple[str, bool, Did | None]:
    """How feeds.yaml is to change for feeds that redirect for good; with `apply` it does.

    And whether all of it can be changed so: of feeds that lead to one address
    only the first can; and what was done, None where nothing was. Raises HubError.
    """
    from hub import moves
    from hub.config import edit, whole

    before = whole.read_text(path)
    lines: list[str] = []
    edits: list[str] = []
    refused = 0
    taken: set[str] = set()
    for state in _states(path, database, target):
        move = moves.current(state)
        if move is None:
            continue
        lines.append(f"{state.feed.key}: {move.address} redirects for good to {move.target}.")
        if moves.proposed(state, now) is None:
            lines.append(f"    {moves.why_not(move, now)}")
            continue
        lines.append(f"    {move.polls} polls in a row found it so, since {minute(move.since)}.")
        try:
            if move.target in taken:
                raise ConfigError(
                    "Another feed has that address by then.",
                    f"Take this one out: hub feeds remove {state.feed.key}",
                )
            change = edit.readdress_feed(path, state.feed.key, move.address, move.target, write=apply)
        except ConfigError as error:
            change = (f"Not changed: {error.problem}",) if apply else (error.problem, error.remedy)
            refused += 1
        else:
            edits.append(lines[-2])
            taken.add(move.target)
        lines += [f"    {line}" for line in change]
    if edits and apply:
        lines.append(f"{path} says so now. A hub that runs takes it up within seconds.")
    elif edits:
        lines.append("Nothing was written; `--apply` does it.")
    if refused and apply:
        lines.append(f"{counted(refused, 'change was', 'changes were')} not made: it is said above why.")
    did = None
    if edits and apply:
        edited = whole.Edited(before, whole.read_text(path))
        said = " ".join(["feeds.yaml was changed.", *edits])
        did = Did(about="feeds.yaml", said=said, change=edited.diff, undo=edited.undo)
    return "\n".join(lines or ["No feed redirects for good."]), not refused, did


def _states(path: Path, database: str, target: str | None) -> list[FeedState]:
    """The states of the feeds that a URL, `member/name` or a member names; of all without one."""
    from hub.config import edit
    from hub.store import existing_store

    named = edit.feeds_named(load(path), target) if target else None
    with closing(existing_store(database)) as store:
        return [state for state in store.feed_states() if named is None or state.feed.key in named]


def import_opml(path: Path, opml: bytes) -> tuple[str, Did | None]:
    """Add the feeds of an OPML document to feeds.yaml, all or none; what to tell, and what was done."""
    from hub.config import edit

    imported = edit.import_opml(path, opml)
    added = counted(len(imported.added), "feed", "feeds")
    lines = [f"{added} added to {path}, {counted(len(imported.known), 'was', 'were')} there already."]
    if imported.members:
        are_new = counted(len(imported.members), "member is", "members are")
        lines.append(f"{are_new} new: {', '.join(member.slug for member in imported.members)}.")
    left_out = [f"Left out: {sentence}" for sentence in imported.refused]
    said, change = "\n".join(lines), imported.change
    did = Did(about="feeds.yaml", said=said, change=change.diff, undo=change.undo) if change else None
    return "\n".join([said, *left_out]), did


def export_opml(path: Path) -> str:
    """The members' feeds as OPML."""
    from hub.publish.opml import members_opml

    config = load(path)
    feeds = [
        (member, [feed for feed in config.feeds if feed.key.member == member.slug])
        for member in config.members
    ]
    return members_opml(config.hub.title, feeds).decode("utf-8")


def _look(
    url: str, config: Config, fetcher: Fetcher, readers: Readers
) -> tuple[Fetched, Reading | ParseError]:
    """Fetch and read a feed as a poll would, without a database. Raises FetchError."""
    from hub.fetch import Fetched, FetchRequest, fetch
    from hub.reader import Document

    _check_url(url)
    feed = plain_feed(FeedKey("preview"), url, config.hub)
    answer = fetch(fetcher, FetchRequest(url=url, most_bytes=feed.most_bytes, in_part=True))
    # An unconditional request has no 304.
    assert isinstance(answer, Fetched)
    return answer, readers.submit(Document.of(feed, answer), done=lambda: None).result()


def _config_at(path: Path) -> Config:
    return load(path) if path.exists() else parse("members: []")


def _check_url(url: str) -> None:
    try:
        check_url(url)
    except ValueError as error:
        raise ConfigError(f"{error}.", "Nothing was asked.") from error


def _shown(entry: Sample) -> list[str]:
    lines = [entry.title, f"    {minute(entry.date)}" if entry.date else "    date not given"]
    if entry.link:
        lines.append(f"    {entry.link}")
    lines += [f"    {tag.term}: {tag.why}" for tag in entry.tags]
    return lines
