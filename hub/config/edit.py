"""Edits feeds.yaml as an admin would by hand: what is not edited stays as it is, byte for byte.

An edit that would leave a file the hub cannot read, or that has changed
anything else in it, is not written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from hub.config.document import Pairs, Scalar, read_document
from hub.config.document import Path as Place
from hub.config.kinds import kind_fields
from hub.config.lines import Edit, Fields, append_items, apply, remove_item
from hub.config.opml import Subscription, read_opml
from hub.config.reading import Config, parse, plain_feed
from hub.config.saving import OpenFile, open_file
from hub.config.values import check_slug, check_url, comparable_url, printable
from hub.config.whole import Edited
from hub.errors import ConfigError
from hub.model import Feed, FeedKey, Member, Republish, SiteKind
from hub.said import plain_letters

# An address that is no more than text, wherever it stands in YAML.
_PLAIN = re.compile(r"https?://[\w.~:/?=&%+-]*[\w/~=]", re.ASCII)
_UNTOUCHED = "Nothing was written."


class NewFeed(Struct, frozen=True, kw_only=True):
    """A feed that is to be added to a member, or with a member of its own when none of that slug is there.

    `member` is a slug, made from the title or the host without it. `title`,
    `homepage` and `republish` are a new member's: a homepage that is no web
    address is left out. Without `name` the feed is *news*, or *news-2* and so on.
    """

    url: str
    kind: SiteKind | None = None
    member: str | None = None
    name: str | None = None
    title: str | None = None
    homepage: str | None = None
    republish: Republish = "full"


class Added(Struct, frozen=True, kw_only=True):
    """A feed that was added to feeds.yaml, or is to be: its address, and the member that came with it."""

    key: FeedKey
    url: str
    member: Member | None
    change: Edited


class Removed(Struct, frozen=True, kw_only=True):
    """What was taken out of feeds.yaml: feeds and, where it went too, their member."""

    feeds: tuple[Feed, ...]
    member: Member | None
    change: Edited

    @property
    def named(self) -> str:
        return self.member.name if self.member else ", ".join(str(feed.key) for feed in self.feeds)


class Imported(Struct, frozen=True, kw_only=True):
    """What an OPML brought: new feeds and members, addresses known before, and refusals in sentences.

    `change` is None where it brought no feed.
    """

    added: tuple[FeedKey, ...]
    members: tuple[Member, ...]
    known: tuple[str, ...]
    refused: tuple[str, ...]
    change: Edited | None


def add_feed(
    path: Path,
    url: str,
    *,
    member: str | None = None,
    name: str | None = None,
    title: str | None = None,
    homepage: str | None = None,
) -> Added:
    """Add a feed, as `NewFeed` says. Raises ConfigError, with the file as it was."""
    feed = NewFeed(url=url, member=member, name=name, title=title, homepage=homepage)
    return put_feed(path, feed, write=True)


def put_feed(path: Path, feed: NewFeed, *, write: bool) -> Added:
    """Add a feed; what it is known by, and how the file changes.

    Without `write` the file stays as it is. Raises ConfigError, with the file as it was.
    """
    with open_file(path) as file:
        additions = _Additions(_parse(file, path))
        try:
            check_url(feed.url)
            for slug in (feed.member, feed.name):
                check_slug(slug or "news")
        except ValueError as error:
            raise ConfigError(str(error), _UNTOUCHED) from error
        if known := additions.find(feed.url):
            raise ConfigError(f"{feed.url} is already the feed {known}", _UNTOUCHED)
        key = additions.add(feed)
        after = _with(file, path, additions)
        if write:
            file.save(after)
        new = additions.members.get(key.member)
        return Added(key=key, url=feed.url, member=new, change=Edited(file.text, after))


def remove_feed(path: Path, target: str, *, and_member: bool = False, at: str | None = None) -> Removed:
    """Take out the feed of a URL or of `member/name`, or a member with all its feeds.

    A member that loses its last feed otherwise stays, without `and_member`.
    Raises ConfigError, with the file as it was, also where a feed is not the
    one `at` an address any more.
    """
    with open_file(path) as file:
        before = _parse(file, path)
        document = read_document(_body(file.text), name=str(path))
        member, feed = _resolve(before, target)
        if at is not None and (feed is None or feed.url != at):
            raise ConfigError(f"{target} is not the feed at {at} any more.", _UNTOUCHED)
        index, feeds = before.members.index(member), _feeds_of(before, member.slug)
        if feed is None or (and_member and feeds == (feed,)):
            edits = remove_item(document, (), "members", index)
            gone: Member | None = member
        else:
            edits = remove_item(document, ("members", index), "feeds", feeds.index(feed))
            gone, feeds = None, (feed,)
        expected = replace(
            before,
            members=tuple(each for each in before.members if each is not gone),
            feeds=tuple(each for each in before.feeds if each not in feeds),
        )
        after = _changed(file, path, edits, expected)
        file.save(after)
        return Removed(feeds=feeds, member=gone, change=Edited(file.text, after))


def readdress_feed(path: Path, feed: FeedKey, old: str, new: str, *, write: bool) -> tuple[str, ...]:
    """Put another address in the place of one of a feed's; the lines that change, with their numbers.

    Without `write` the file stays as it is. Raises ConfigError, with the file
    as it was, also where the new address stands in it already.
    """
    with open_file(path) as file:
        before = _parse(file, path)
        body = _body(file.text)
        document = read_document(body, name=str(path))
        found = next((each for each in before.feeds if each.key == feed), None)
        if found is None or old not in (found.url, *found.alternatives):
            raise ConfigError(f"{path}: the feed {feed} has no address {old} any more", _UNTOUCHED)
        member = next(number for number, each in enumerate(before.members) if each.slug == feed.member)
        place: Place = ("members", member, "feeds", _feeds_of(before, feed.member).index(found))
        place += ("url",) if found.url == old else ("else", found.alternatives.index(old))
        written = document.find(place)
        if isinstance(written, Pairs):
            written = written.values.get("url")
        assert isinstance(written, Scalar)
        text = new if _PLAIN.fullmatch(new) and not written.quoted else json.dumps(new)
        # What is written over several lines ends where the next thing begins.
        end = written.start + len(body[written.start : written.end].rstrip())
        edits = [Edit(written.start, end, text)]
        changed = replace(
            found,
            url=new if found.url == old else found.url,
            alternatives=tuple(new if each == old else each for each in found.alternatives),
            kinds={new if each == old else each: kind for each, kind in found.kinds.items()},
        )
        expected = replace(before, feeds=tuple(changed if each is found else each for each in before.feeds))
        after = _changed(file, path, edits, expected)
        if write:
            file.save(after)
    return tuple(_lines_that_change(body, _body(after)))


def _lines_that_change(before: str, after: str) -> Iterator[str]:
    """The lines that one edit changed, which stand together: an address may be written over several."""
    old, new = before.split("\n"), after.split("\n")
    first = _alike(old, new)
    last = _alike(reversed(old[first:]), reversed(new[first:]))
    for sign, lines in (("-", old), ("+", new)):
        for number, line in enumerate(lines[first : len(lines) - last], start=first + 1):
            yield f"{number}: {sign} {line.strip()}"


def _alike(some: Iterable[str], others: Iterable[str]) -> int:
    """How many of some lines are the same as the others, from the first on."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(some, others, strict=False)))


def feeds_named(config: Config, target: str) -> frozenset[FeedKey]:
    """The feed of a URL or of `member/name`, or all of a member's. Raises ConfigError."""
    member, feed = _resolve(config, target)
    return frozenset(each.key for each in ([feed] if feed else _feeds_of(config, member.slug)))


def import_opml(path: Path, opml: bytes) -> Imported:
    """Add the feeds of an OPML document that are not there yet, all or none of them.

    A feed called like its group, or `Group: name`, is that member's, as the
    hub's own lists have it; so is one whose group or title is a member's name.
    Any other brings a member of its own, with those of that title on its host:
    many organisations call theirs *News*. Raises ConfigError, with the file as
    it was.
    """
    with open_file(path) as file:
        additions = _Additions(_parse(file, path))
        added: list[FeedKey] = []
        known: list[str] = []
        refused: list[str] = []
        for subscription in read_opml(opml):
            try:
                url = check_url(subscription.url)
            except ValueError as error:
                refused.append(str(error))
                continue
            if additions.find(url):
                known.append(url)
                continue
            added.append(additions.add_subscription(subscription))
        change = None
        if added:
            change = Edited(file.text, _with(file, path, additions))
            file.save(change.after)
    return Imported(
        added=tuple(added),
        members=tuple(additions.members.values()),
        known=tuple(known),
        refused=tuple(refused),
        change=change,
    )


def free_slug(config: Config, title: str, url: str) -> str:
    """A slug for a new member, from its title or else its site."""
    return _Additions(config).free_slug(title, url)


def slugify(title: str) -> str:
    """A title as a slug; empty where it has no Latin letter or digit."""
    letters = plain_letters(title).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", letters.replace("'", ""))
    while len("-".join(words)) > 60 and len(words) > 1:
        words.pop()
    return "-".join(words)[:60]


# ---------------------------------------------------------------- what is to be added


@dataclass(eq=False)
class _Additions:
    """Feeds to add to a file: those of its members, and those that bring a member."""

    before: Config
    members: dict[str, Member] = field(default_factory=dict)
    feeds: list[Feed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._slugs = {member.slug for member in self.before.members}
        self._called = {member.name.casefold(): member.slug for member in self.before.members}
        # As the hub's own lists name those that share a name.
        self._called |= {f"{each.name} ({each.slug})".casefold(): each.slug for each in self.before.members}
        # Those that a feed's title alone has brought, by it and the feed's host.
        self._titled: dict[tuple[str, str], str] = {}
        self._names: dict[str, set[str]] = {}
        for feed in self.before.feeds:
            self._names.setdefault(feed.key.member, set()).add(feed.key.name)
        self._urls = {
            comparable_url(url): feed.key
            for feed in self.before.feeds
            for url in (feed.url, *feed.alternatives)
        }

    def find(self, url: str) -> FeedKey | None:
        """The feed that has an address."""
        return self._urls.get(comparable_url(url))

    def add_subscription(self, subscription: Subscription) -> FeedKey:
        """Add a feed of an OPML to the member it names, or to one of its own."""
        group, title = printable(subscription.group), printable(subscription.title)
        name = None
        if group and (title == group or title.startswith(f"{group}: ")):
            name, title = slugify(title.removeprefix(group)) or None, group
        titled = (title.casefold(), _host(subscription.url))
        member = self._called.get(title.casefold()) or self._called.get(group.casefold())
        member = member or self._titled.get(titled)
        if member and name:
            name = _free(name, self._names.get(member, set()))
        key = self.add(NewFeed(url=subscription.url, member=member, name=name, title=title))
        if group and title == group:
            self._called[group.casefold()] = key.member
        elif title:
            self._titled[titled] = key.member
        return key

    def add(self, feed: NewFeed) -> FeedKey:
        """Add a feed that is not there yet. Raises ConfigError for a name its member has already."""
        slug, title = feed.member or self.free_slug(feed.title or "", feed.url), printable(feed.title or "")
        if slug not in self._slugs:
            called = title or (feed.member or "").replace("-", " ").capitalize() or _host(feed.url)
            homepage = feed.homepage if _is_url(feed.homepage or "") else None
            self._slugs.add(slug)
            self.members[slug] = Member(slug=slug, name=called, homepage=homepage, republish=feed.republish)
        names = self._names.setdefault(slug, set())
        key = FeedKey(slug, feed.name or _free("news", names))
        if key.name in names:
            raise ConfigError(f"{slug} has a feed `{key.name}` already", "Give the new one another name.")
        names.add(key.name)
        self._urls[comparable_url(feed.url)] = key
        plain = plain_feed(key, feed.url, self.before.hub)
        self.feeds.append(replace(plain, kinds={feed.url: feed.kind} if feed.kind else {}))
        return key

    def free_slug(self, title: str, url: str) -> str:
        """A slug for a new member of a title, or else of a site."""
        return _free(slugify(title) or slugify(_site(url)) or "member", self._slugs)

    def expected(self) -> Config:
        """What the file should say with them."""
        members = (*self.before.members, *self.members.values())
        feeds = (*self.before.feeds, *self.feeds)
        order = {member.slug: place for place, member in enumerate(members)}
        return replace(
            self.before, members=members, feeds=tuple(sorted(feeds, key=lambda f: order[f.key.member]))
        )

    def edits(self, text: str, name: str) -> list[Edit]:
        """How the file's text comes to say so."""
        document = read_document(text, name=name)
        items: dict[str, list[Fields]] = {}
        for feed in self.feeds:
            named = {} if feed.key.name == "news" else {"name": feed.key.name}
            how = kind_fields(feed.kinds.get(feed.url))
            items.setdefault(feed.key.member, []).append({**named, "url": feed.url, **how})
        edits: list[Edit] = []
        for index, member in enumerate(self.before.members):
            if member.slug in items:
                edits += append_items(document, ("members", index), "feeds", items[member.slug])
        new = [_fields(member, items[member.slug]) for member in self.members.values()]
        return [*edits, *append_items(document, (), "members", new)] if new else edits


def _fields(member: Member, feeds: list[Fields]) -> Fields:
    homepage = {"homepage": member.homepage} if member.homepage else {}
    rights = {"republish": member.republish} if member.republish != "full" else {}
    return {"slug": member.slug, "name": member.name, **homepage, **rights, "feeds": feeds}


def _free(wanted: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted}-{number}" in taken:
        number += 1
    return f"{wanted}-{number}"


def _is_url(text: str) -> bool:
    try:
        check_url(text)
    except ValueError:
        return False
    return True


def _host(url: str) -> str:
    return (urlsplit(url).hostname or url).removeprefix("www.")


def _site(url: str) -> str:
    """What a host is called: `https://news.example.org/feed` → `example`."""
    host = _host(url)
    labels = host.split(".")
    if labels[-1].isdigit():
        return host
    if len(labels) > 2 and labels[0] in ("blog", "blogs", "feed", "feeds", "news", "rss"):
        labels = labels[1:]
    return labels[0]


# ---------------------------------------------------------------- what is to be removed


def _resolve(config: Config, target: str) -> tuple[Member, Feed | None]:
    """The member a target names, with the feed where it names one."""
    members = {member.slug: member for member in config.members}
    if "://" in target:
        wanted = comparable_url(target)
        for feed in config.feeds:
            if comparable_url(feed.url) == wanted:
                return members[feed.key.member], feed
        known = [feed.url for feed in config.feeds]
    else:
        if target in members:
            return members[target], None
        for feed in config.feeds:
            if str(feed.key) == target:
                return members[feed.key.member], feed
        known = [*members, *(str(feed.key) for feed in config.feeds)]
    near = get_close_matches(target, known, n=1)
    advice = f"Did you mean {near[0]}?" if near else "Name a feed's url, a member's slug, or member/name."
    raise ConfigError(f"no member and no feed is {target}", advice)


def _feeds_of(config: Config, slug: str) -> tuple[Feed, ...]:
    return tuple(feed for feed in config.feeds if feed.key.member == slug)


# ---------------------------------------------------------------- the file


def _body(text: str) -> str:
    return text.removeprefix("\ufeff")


def _parse(file: OpenFile, path: Path) -> Config:
    try:
        return parse(file.text, name=str(path))
    except ConfigError as error:
        raise ConfigError(error.problems, f"{_UNTOUCHED} Mend the file first. {error.remedy}") from error


def _but_for_members(config: Config) -> Config:
    """What is written in a file, without what follows from what it says of members and their feeds.

    That is which members a rule's `for` means, how much feeds are trusted, and what tags are called.
    """
    return replace(
        config,
        digest="",
        labels={},
        feeds=tuple(replace(feed, trust="usual") for feed in config.feeds),
        tags=tuple(replace(rule, members=None) for rule in config.tags),
    )


def _with(file: OpenFile, path: Path, additions: _Additions) -> str:
    return _changed(file, path, additions.edits(_body(file.text), str(path)), additions.expected())


def _changed(file: OpenFile, path: Path, edits: list[Edit], expected: Config) -> str:
    """The file's text with edits made. Raises ConfigError where it would not say what is expected."""
    mark = file.text[: len(file.text) - len(_body(file.text))]
    text = mark + apply(_body(file.text), edits)
    try:
        after = parse(text, name=str(path))
    except ConfigError as error:
        raise ConfigError(
            ("the file could not be read with this change:", *error.problems),
            f"{_UNTOUCHED} Change what is named first, or make the change by hand.",
        ) from error
    if _but_for_members(after) != _but_for_members(expected):
        raise ConfigError(
            f"{path}: the file is written in a way that this change does not fit",
            f"{_UNTOUCHED} Make the change by hand.",
        )
    return text
