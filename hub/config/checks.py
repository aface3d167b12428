"""What one key of feeds.yaml alone cannot show: what stands twice, and filters that name what is not there.

Looked for in the document and not in the models, so that a file's mistakes
are told at once, whatever else is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import get_args

from msgspec import Struct

from hub import urls
from hub.config.document import Document, Items, Node, Pairs, Scalar, is_given, mappings, text_at, texts
from hub.config.kinds import check_kinds
from hub.config.messages import Problem
from hub.config.services import is_mail_address
from hub.config.values import comparable_url, did_you_mean, shown
from hub.filters import FilterError, FilterText, read_filter
from hub.model import Kind, MemberType, Term


class Filters(Struct, frozen=True):
    """The filters of a file that could be read, by their place in the list they stand in."""

    merged_feeds: dict[int, FilterText] = {}
    tags: dict[int, FilterText] = {}


# What may be asked of a member, and not of its news.
_OF_MEMBERS = ("member", "type", "region")


def check_document(document: Document) -> tuple[list[Problem], Filters]:
    """What is wrong between the keys, and the filters that could be read."""
    filters = Filters()
    problems = [*_twice(document), *_broader(document), *check_kinds(document)]
    problems += [*_former_hosts(document), *_sign_in(document), *_alerts(document)]
    problems += _filters(document, "merged_feeds", "filter", filters.merged_feeds)
    problems += _filters(document, "tags", "for", filters.tags)
    for index, scope in filters.tags.items():
        node = document.find(("tags", index, "for"))
        problems += [
            (node.start if node else 0, f"tags[{index}].for", f"column {column}: {_NOT_OF_MEMBERS}")
            for term, column in scope.terms
            if term.field not in _OF_MEMBERS
        ]
    return problems, filters


_NOT_OF_MEMBERS = "this says whose entries the rule is for; write member:, type: or region:"


def _filters(document: Document, section: str, key: str, read: dict[int, FilterText]) -> Iterator[Problem]:
    """Read the filters of a section into `read`, and tell what is wrong with them."""
    known = _known(document)
    for index, pairs in mappings(document.root.values.get(section)):
        written = text_at(pairs, key)
        if written is None:
            continue
        place = f"{section}[{index}].{key}"
        try:
            read[index] = read_filter(written.value)
        except FilterError as error:
            yield written.start, place, f"column {error.column}: {error}"
            continue
        for term, column in read[index].terms:
            if said := _unknown_name(term, known[term.field]):
                yield written.start, place, f"column {column}: {said}"


# ---------------------------------------------------------------- the tree of tags


def _broader(document: Document) -> Iterator[Problem]:
    """Broader terms that are none, and circles of them, each told once."""
    broader: dict[str, tuple[str, int, str]] = {}
    terms: dict[str, None] = {}
    for index, rule in mappings(document.root.values.get("tags")):
        term, above = text_at(rule, "term"), text_at(rule, "broader")
        if term:
            terms.setdefault(term.value)
            if above:
                broader.setdefault(term.value, (above.value, above.start, f"tags[{index}].broader"))
    told: set[str] = set()
    for narrower, (wanted, start, key) in broader.items():
        if wanted not in terms:
            advice = did_you_mean(wanted, tuple(terms), "add a rule of that term to tags")
            yield start, key, f"no rule has the term {shown(wanted)}; {advice}"
        circle = _circle(narrower, broader)
        if circle and not told.intersection(circle):
            told.update(circle)
            yield (
                start,
                key,
                f"goes round in a circle: {' → '.join(map(shown, circle))}; take one of them out",
            )


def _circle(term: str, broader: Mapping[str, tuple[str, int, str]]) -> list[str]:
    """The way up from a term back to itself; empty where it ends elsewhere."""
    way = [term]
    while way[-1] in broader:
        above = broader[way[-1]][0]
        way.append(above)
        if above == term:
            return way
        if above in way[:-1]:
            break
    return []


# ---------------------------------------------------------------- what stands twice


class _Once:
    """Finds what has been seen before, and says on which line."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._seen: dict[str, int] = {}

    def problem(self, value: str, offset: int, key: str, shown_as: str, advice: str) -> list[Problem]:
        first = self._seen.setdefault(value, offset)
        if first == offset:
            return []
        line = self._document.source.line(first)
        return [(offset, key, f"{shown(shown_as)} stands twice, first on line {line}; {advice}")]


def _twice(document: Document) -> Iterator[Problem]:
    root = document.root.values
    yield from _keys_twice(document, "members", "slug", "give each member a slug of its own")
    yield from _keys_twice(document, "tags", "term", "join the two rules")
    yield from _keys_twice(document, "merged_feeds", "slug", "give each merged feed a slug of its own")
    addresses = _Once(document)
    for index, member in mappings(root.get("members")):
        names = _Once(document)
        for number, feed in mappings(member.values.get("feeds")):
            key = f"members[{index}].feeds[{number}]"
            name = text_at(feed, "name")
            value, offset = (name.value, name.start) if name else ("news", feed.start)
            yield from names.problem(
                value,
                offset,
                f"{key}.name",
                value,
                "name the member's other feeds otherwise, such as `name: blog`",
            )
            yield from _addresses_twice(addresses, feed, key)


def _keys_twice(document: Document, section: str, key: str, advice: str) -> Iterator[Problem]:
    once = _Once(document)
    for index, pairs in mappings(document.root.values.get(section)):
        value = text_at(pairs, key)
        if value:
            yield from once.problem(
                value.value, value.start, f"{section}[{index}].{key}", value.value, advice
            )


def _addresses_twice(addresses: _Once, feed: Pairs, key: str) -> Iterator[Problem]:
    advice = "a feed is polled once, so keep one"
    url = text_at(feed, "url")
    if url:
        yield from addresses.problem(comparable_url(url.value), url.start, f"{key}.url", url.value, advice)
    others = feed.values.get("else")
    for number, other in enumerate(others.items if isinstance(others, Items) else ()):
        place = f"{key}.else[{number}]"
        address: Node | None = other
        if isinstance(other, Pairs):
            place, address = f"{place}.url", text_at(other, "url")
        if isinstance(address, Scalar) and is_given(address):
            yield from addresses.problem(
                comparable_url(address.value), address.start, place, address.value, advice
            )


# ---------------------------------------------------------------- hosts of before


def _former_hosts(document: Document) -> Iterator[Problem]:
    """Former hosts that are somebody's still, that stand twice, or that lead nowhere."""
    members = list(mappings(document.root.values.get("members")))
    homes = {urls.bare_host(homepage) for _, member in members for homepage in _scalar(member, "homepage")}
    once = _Once(document)
    for index, member in members:
        written = list(texts(member.values.get("former_hosts")))
        first = next(
            (url for _, feed in mappings(member.values.get("feeds")) for url in _scalar(feed, "url")), ""
        )
        now = next(iter(_scalar(member, "homepage")), first)
        for number, (value, offset) in enumerate(written):
            key = f"members[{index}].former_hosts[{number}]"
            former = urls.bare_host(f"https://{value}/")
            if not former:
                continue
            yield from once.problem(former, offset, key, value, "a host was one member's before")
            if not now:
                yield offset, key, "which host it is now is not said; give the member a homepage"
            elif former == urls.bare_host(now) or former in homes:
                yield (
                    offset,
                    key,
                    f"{shown(value)} is the host of a homepage or feed still; take one of them out",
                )


# ---------------------------------------------------------------- signing in


def _sign_in(document: Document) -> Iterator[Problem]:
    """The organisation's own sign-in sends browsers back to `hub.url`, with what lets them in."""
    hub = document.root.values.get("hub")
    node = hub.values.get("sign_in") if isinstance(hub, Pairs) else None
    if not isinstance(hub, Pairs) or not isinstance(node, Pairs):
        return
    url = next(iter(_scalar(hub, "url")), "")
    start, key = hub.keys["sign_in"].start, "hub.sign_in"
    if not url:
        yield start, key, "browsers come back from there to the hub's address; write hub.url too"
    elif not url.lower().startswith("https://") and not urls.on_this_machine(url):
        yield (
            start,
            key,
            "browsers come back from there to hub.url, which is not encrypted; write it with https://",
        )


# ---------------------------------------------------------------- being told


def _alerts(document: Document) -> Iterator[Problem]:
    """Mail takes a server, somebody whom it is from, and somebody to whom it goes: the office, or members."""
    hub = document.root.values.get("hub")
    node = hub.values.get("alerts") if isinstance(hub, Pairs) else None
    keys = node.values if isinstance(node, Pairs) else {}
    given = {key for key, of in keys.items() if _is_there(of)}
    members = [
        (member.keys["alerts"].start, f"members[{index}].alerts")
        for index, member in mappings(document.root.values.get("members"))
        if _is_there(member.values.get("alerts"))
    ]
    if members and "smtp" not in given:
        yield *members[0], "this takes a mail server; write `smtp` in hub.alerts, such as smtp://localhost"
    if not isinstance(hub, Pairs) or "mail" in given or not given.intersection(("smtp", "from")):
        return
    start, key = hub.keys["alerts"].start, "hub.alerts"
    if not members:
        advice = (
            "write `mail` too, a list of addresses, or `alerts` of a member; or take out `smtp` and `from`"
        )
        yield start, key, f"nobody is told by mail; {advice}"
    elif "from" not in given and not any(map(is_mail_address, _scalar(hub, "contact"))):
        advice = "write `from` too, or an e-mail address as hub.contact"
        yield start, key, f"the mail to members is from nobody; {advice}"


def _is_there(node: Node | None) -> bool:
    """Whether anything is given, be it wrong, that is no empty list."""
    return is_given(node) and not (isinstance(node, Items) and not node.items)


# ---------------------------------------------------------------- what filters may name


def _known(document: Document) -> dict[str, frozenset[str]]:
    tags: set[str] = set()
    members: set[str] = set()
    regions: set[str] = set()
    for _, rule in mappings(document.root.values.get("tags")):
        tags.update(_scalar(rule, "term"))
    for _, member in mappings(document.root.values.get("members")):
        members.update(_scalar(member, "slug"))
        regions.update(" ".join(region.split()) for region in _scalar(member, "region"))
        for _, feed in mappings(member.values.get("feeds")):
            tags.update(value for value, _ in texts(feed.values.get("tags")))
    return {
        "tag": frozenset(tags),
        "member": frozenset(members),
        "region": frozenset(regions),
        "type": frozenset(get_args(MemberType)),
        "kind": frozenset(get_args(Kind)),
    }


def _unknown_name(term: Term, known: frozenset[str]) -> str | None:
    if term.value in known:
        return None
    noun = {"tag": "tag has the term", "member": "member has the slug", "region": "member has the region"}
    where = {"tag": "add it to tags", "member": "add it to members", "region": "write a member's region"}
    advice = did_you_mean(term.value, tuple(sorted(known)), where.get(term.field, ""))
    return f"no {noun.get(term.field, term.field)} {shown(term.value)}; {advice}"


def _scalar(pairs: Pairs, key: str) -> Iterator[str]:
    written = text_at(pairs, key)
    if written:
        yield written.value
