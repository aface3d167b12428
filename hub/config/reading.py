"""feeds.yaml → Config. The mistakes of a file that can be seen at once are told at once, with line and key.

How the keys of one mapping go together is looked at once each of them can be read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote

from msgspec import Struct
from msgspec.structs import replace
from pydantic import ValidationError

import hub
from hub.config.checks import Filters, check_document
from hub.config.document import MAX_BYTES, Items, Node, Pairs, Scalar, is_given, read_document, too_large
from hub.config.kinds import site_kind
from hub.config.messages import problem_of
from hub.config.schema import (
    AlertsKeys,
    FeedKeys,
    FileKeys,
    HubKeys,
    MemberKeys,
    SignInKeys,
    TagKeys,
    keys_at,
)
from hub.config.services import is_mail_address
from hub.errors import ConfigError
from hub.filters import FilterText, holds
from hub.model import Alerts, Feed, FeedKey, FetchPolicy, HubSettings, Member, MergedFeed, SignIn, TagRule

CHECK = "`hub feeds check` says whether the file can be read, without starting anything."


class Config(Struct, frozen=True, kw_only=True):
    """What feeds.yaml says. `feeds` are those of all members, in the file's order.

    `labels` are those of all tags by term: the rules', then the terms that
    feeds give without a rule. `told` are the e-mail addresses of members' own people who
    are told of their feeds, by the member's slug: they are private, and so are no part of a
    member that others see. `digest` differs when the file's text does.
    """

    hub: HubSettings
    members: tuple[Member, ...]
    feeds: tuple[Feed, ...]
    tags: tuple[TagRule, ...]
    labels: Mapping[str, str]
    merged_feeds: tuple[MergedFeed, ...]
    told: Mapping[str, tuple[str, ...]] = {}
    digest: str


def load(path: Path) -> Config:
    """Read a file. Raises ConfigError."""
    return parse(decode(read_bytes(path), name=str(path)), name=str(path))


def parse(text: str, *, name: str = "feeds.yaml") -> Config:
    """Read a text; `name` is what its messages call it. Raises ConfigError with the problems it has."""
    document = read_document(text.removeprefix("\ufeff"), name=name)
    problems = [(offset, "", said) for offset, said in document.problems]
    found, filters = check_document(document)
    problems += found
    keys = None
    try:
        keys = FileKeys.model_validate(_values(document.root, ()))
    except ValidationError as error:
        problems += [p for e in error.errors(include_url=False) if (p := problem_of(e, document))]
    if problems or keys is None:
        lines = (
            f"{name}:{document.source.line(offset)}: {f'{key}: ' if key else ''}{said}"
            for offset, key, said in sorted(problems, key=lambda problem: problem[0])
        )
        raise ConfigError(tuple(dict.fromkeys(lines)), CHECK)
    return _config(keys, filters, digest=text_digest(text))


def text_digest(text: str) -> str:
    """What differs when a file's text does."""
    return hashlib.sha256(text.encode()).hexdigest()


def shipped_file() -> Path:
    """The network that comes with the hub, to begin from."""
    package = Path(hub.__file__).parent
    installed = package / "feeds.yaml"
    return installed if installed.exists() else package.parent / "feeds.yaml"


def read_bytes(path: Path) -> bytes:
    """A file's bytes, no more than a feeds.yaml may have. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        begun, shipped = quote(str(path)), quote(str(shipped_file()))
        raise ConfigError(
            f"{path}: there is no such file",
            f"Name another with --config, or begin one: of nobody yet with `echo 'members: []' > {begun}`,"
            f" or with the network that comes with the hub: cp {shipped} {begun}",
        ) from error
    except IsADirectoryError as error:
        raise ConfigError(
            f"{path}: this is a folder", f"Name the file in it: {path / 'feeds.yaml'}"
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{path}: the file cannot be read ({error.strerror})", "See to its permissions and to the disk."
        ) from error
    if len(content) > MAX_BYTES:
        raise too_large(str(path))
    return content


def decode(content: bytes, *, name: str) -> str:
    """A file's text, a byte order mark included. Raises ConfigError with the line that is not UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{name}:{line}: this line is not UTF-8; save the file as UTF-8", CHECK) from error


def _values(node: Node, place: tuple[str, ...]) -> object:
    """The dicts, lists and texts of a node. A known key without a value counts as not given."""
    if isinstance(node, Scalar):
        return node.value if is_given(node) else None
    if isinstance(node, Items):
        return [_values(item, place) for item in node.items]
    if not isinstance(node, Pairs):
        return None
    values = {key: _values(value, (*place, key)) for key, value in node.values.items()}
    if None in values.values():
        return {key: value for key, value in values.items() if value is not None or key not in keys_at(place)}
    return values


# ---------------------------------------------------------------- keys → values


def _config(keys: FileKeys, filters: Filters, *, digest: str) -> Config:
    members = tuple(_member(member) for member in keys.members)
    settings = _settings(keys.hub)
    feeds = tuple(_feed(feed, member, settings) for member in keys.members for feed in member.feeds)
    tags = tuple(_rule(rule, filters.tags.get(index), members) for index, rule in enumerate(keys.tags))
    labels = {rule.term: rule.label for rule in tags}
    for feed in feeds:
        for term in feed.tags:
            labels.setdefault(term, term)
    return Config(
        hub=settings,
        members=members,
        feeds=feeds,
        labels=labels,
        tags=tags,
        merged_feeds=tuple(
            MergedFeed(slug=merged.slug, title=merged.title, filter=filters.merged_feeds[index].filter)
            for index, merged in enumerate(keys.merged_feeds)
        ),
        told={member.slug: member.alerts for member in keys.members if member.alerts},
        digest=digest,
    )


def _settings(keys: HubKeys) -> HubSettings:
    fetch = keys.fetch
    return HubSettings(
        title=keys.title,
        url=keys.url,
        timezone=keys.timezone,
        language=keys.language,
        contact=keys.contact,
        every_min=keys.every.min,
        every_max=keys.every.max,
        keep=keys.keep,
        fetch=FetchPolicy(
            allow=fetch.allow,
            host_delay=fetch.host_delay,
            connect=fetch.connect,
            first_byte=fetch.first_byte,
            whole=fetch.whole,
            redirects=fetch.redirects,
            size=fetch.size,
            entries=fetch.entries,
        ),
        websub=keys.websub,
        metrics_allow=keys.metrics.allow,
        alerts=_alerts(keys.alerts, keys.contact),
        sign_in=_sign_in(keys.sign_in) if keys.sign_in else None,
    )


def _alerts(keys: AlertsKeys, contact: str | None) -> Alerts:
    if keys.smtp is None:
        return Alerts(webhook=keys.webhook)
    reply_to = contact if contact and is_mail_address(contact) else None
    return Alerts(
        mail=keys.mail,
        sender=next(each for each in (keys.from_, reply_to, *keys.mail) if each),
        reply_to=reply_to,
        server=keys.smtp,
        webhook=keys.webhook,
    )


def _sign_in(keys: SignInKeys) -> SignIn:
    return SignIn(
        issuer=keys.issuer,
        client_id=keys.client_id,
        name=keys.name,
        allow=keys.allow,
        editors=keys.editors,
        passwords=keys.passwords,
    )


def _member(keys: MemberKeys) -> Member:
    return Member(
        slug=keys.slug,
        name=keys.name,
        type=keys.type,
        region=keys.region,
        homepage=keys.homepage,
        republish=keys.republish,
        former_hosts=keys.former_hosts,
    )


def _feed(keys: FeedKeys, member: MemberKeys, settings: HubSettings) -> Feed:
    feed = plain_feed(FeedKey(member.slug, keys.name), keys.url, settings)
    least, most = keys.every.min, keys.every.max
    # A bound that is not given gives way to one that is.
    if least is None:
        least = feed.every_min if most is None else min(feed.every_min, most)
    if most is None:
        most = max(feed.every_max, least)
    return replace(
        feed,
        alternatives=tuple(each.url for each in keys.addresses[1:]),
        tags=keys.tags,
        kinds={each.url: kind for each in keys.addresses if (kind := site_kind(each))},
        identify_by=keys.identify_by,
        trust=member.trust,
        paused=keys.paused,
        every_min=least,
        every_max=most,
        most_entries=keys.entries or feed.most_entries,
        most_bytes=keys.size or feed.most_bytes,
    )


def plain_feed(key: FeedKey, url: str, settings: HubSettings) -> Feed:
    """A feed of which the file says nothing but its address."""
    return Feed(
        key=key,
        url=url,
        every_min=settings.every_min,
        every_max=settings.every_max,
        most_entries=settings.fetch.entries,
        most_bytes=settings.fetch.size,
    )


def _rule(keys: TagKeys, scope: FilterText | None, members: Sequence[Member]) -> TagRule:
    return TagRule(
        term=keys.term,
        label=keys.label or keys.term.replace("-", " ").capitalize(),
        any=tuple(phrase for phrase, _ in keys.any),
        all=keys.all,
        not_=keys.not_,
        except_=keys.except_,
        fields=keys.in_,
        categories=keys.categories,
        weights={phrase: weight for phrase, weight in keys.any if weight > 1},
        threshold=keys.threshold,
        members=frozenset(each.slug for each in members if holds(scope.filter, each)) if scope else None,
        kind=keys.kind,
        broader=keys.broader,
    )
