"""The kinds of value feeds.yaml holds: slugs, addresses, durations and so on.

Each takes the text that was written, and has its JSON Schema beside it. Its
message says what is wrong and what to write; the place is put before it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Annotated, Any, get_args
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from hub import urls
from hub.model import FeedKind, Identifier, Kind, MemberType, Republish, TagField, Trust
from hub.phrases import read_phrase
from hub.said import as_written

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Most addresses; what it does not match is looked at closely, which takes ten times as long.
_PLAIN_URL = re.compile(
    r"https?://[a-z0-9]+(?:[.-][a-z0-9]+)*(?::(?!80/|443/)[1-9][0-9]{1,3})?/[!-\"$-~]{0,1000}"
)
# What XML 1.0 §2.2 has no place for, and the control characters it advises against.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_CONTACT = re.compile(r"[!-'*-~]+@[!-'*-~]+|https?://[!-'*-~]+")
_HOST = r"[^\s/:?#@\[\]]+"
_DURATION = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")
_DAYS = re.compile(r"([0-9]{1,9})d")
_SIZE = re.compile(r"([0-9]{1,6})(KB|MB|GB)")
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_SIZES = {"KB": 1024, "MB": 1024**2, "GB": 1024**3}
# As YAML 1.1 and 1.2 have it, and so whatever an editor's schema took for a truth value.
_TRUTHS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_TYPE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_LONGEST = timedelta(days=365)
# Calendars, digests and figures are of the last three months; and no clock goes back further than that.
_LEAST_KEPT, _LONGEST_KEPT = timedelta(days=100), timedelta(days=36500)
_MOST_WEIGHT = 10
_MOST_THRESHOLD = 100
# They are stored in one transaction, for which everybody else waits.
_MOST_ENTRIES = 50_000


def shown(value: object) -> str:
    """A value as a message quotes it: short, on one line."""
    return f"`{as_written(str(value), most=60)}`"


def did_you_mean(word: str, known: tuple[str, ...], otherwise: str) -> str:
    """`did you mean `x`?` where a known word is near, else the other advice."""
    near = get_close_matches(word, known, n=1)
    return f"did you mean `{near[0]}`?" if near else otherwise


def printable(value: str) -> str:
    """A text on one line, cut to what a text may hold, without what cannot be printed."""
    return " ".join(_UNPRINTABLE.sub(" ", value).split())[:200].rstrip()


def check_text(value: str) -> str:
    """A text on one line. Raises ValueError for what is empty, too long, or cannot be printed."""
    text = " ".join(value.split())
    if text.isascii() and text.isprintable() and 0 < len(text) <= 200:
        return text
    if not text:
        raise ValueError("is empty; write some words")
    if len(text) > 200:
        raise ValueError("is longer than 200 characters; shorten it")
    if _UNPRINTABLE.search(text):
        raise ValueError("holds a character that cannot be printed; delete it")
    return text


def check_slug(value: str) -> str:
    """The slug itself. Raises ValueError for what is none."""
    if not _SLUG.fullmatch(value) or len(value) > 80:
        raise ValueError(
            f"{shown(value)} is no short name; use small letters, digits and hyphens, such as south-west"
        )
    return value


def _host_name(value: str) -> str:
    host = urls.host(f"https://{value}/")
    if host is None or "." not in host or not re.fullmatch(_HOST, value):
        raise ValueError(
            f"{shown(value)} is no host name; write it without https:// and path, as old.example.org"
        )
    return host.removeprefix("www.")


def comparable_url(url: str) -> str:
    """An address as far as two must differ to be two (RFC 9110 §4.2.3), without its fragment."""
    if _PLAIN_URL.fullmatch(url):
        return url
    try:
        parts = urlsplit(url)
        default = {"http": 80, "https": 443}.get(parts.scheme)
        host = (parts.hostname or "") + (f":{parts.port}" if parts.port not in (None, default) else "")
    except ValueError:
        # It is told of as no address.
        return url
    return urlunsplit((parts.scheme, host, parts.path or "/", parts.query, ""))


def check_url(value: str) -> str:
    """The address itself. Raises ValueError for what is no absolute http(s) URL, or holds a password."""
    if _PLAIN_URL.fullmatch(value):
        return value
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{shown(value)} is no web address ({error})") from error
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(
            f"{shown(value)} is no web address; begin it with https:// or http:// and a host name"
        )
    if len(value) > 2_000 or " " in value or not value.isprintable():
        raise ValueError(f"{shown(value)} is no web address; it holds a space or is too long")
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "the address holds a user name or password, which the hub would publish; leave it out"
        )
    return value


def _base_url(value: str) -> str:
    parts = urlsplit(check_url(value))
    if parts.query or parts.fragment:
        raise ValueError(f"{shown(value)} goes on after its path; leave out what follows ? or #")
    # As browsers ask for it, and as it stands in what we publish.
    authority = parts.netloc
    if not authority.isascii():
        authority = (urls.host(value) or "") + (f":{parts.port}" if parts.port is not None else "")
    path = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")
    return urlunsplit(parts._replace(netloc=authority, path=path))


def _words(value: str) -> str:
    text = check_text(value)
    if not all(wording.parts for wording in read_phrase(text)):
        raise ValueError(f"{shown(value)} holds no word to look for; write a word or a phrase")
    return text


def _weighted(value: object) -> tuple[str, int]:
    """A phrase with its weight, which is 1 where none is written."""
    if isinstance(value, str):
        return _words(value), 1
    if not isinstance(value, dict) or len(value) != 1:
        advice = "write a phrase for each dash, with a weight after a colon if it has one"
        raise ValueError(f"must be a text or `a phrase: its weight`, not {kind(value)}; {advice}")
    (phrase, weight), *_ = value.items()
    if weight is None:
        raise ValueError(f"{shown(phrase)} has no weight after its colon; write one, or leave it out")
    return _words(phrase), _number(weight, 1, _MOST_WEIGHT)


def _number(value: object, least: int, most: int) -> int:
    if not (isinstance(value, str) and re.fullmatch("[0-9]{1,6}", value) and least <= int(value) <= most):
        raise ValueError(f"{_what(value)} is no number from {least} to {most}")
    return int(value)


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, str) or value.lower() not in _TRUTHS:
        raise ValueError(f"{_what(value)} is neither yes nor no")
    return _TRUTHS[value.lower()]


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, LookupError) as error:
        # An unknown zone is a LookupError, a folder of zones an OSError, a path a ValueError.
        cities = {zone.rpartition("/")[2]: zone for zone in sorted(available_timezones())}
        near = get_close_matches(value.rpartition("/")[2], cities, n=1, cutoff=0.7)
        advice = f"did you mean `{cities[near[0]]}`?" if near else "write one such as Europe/London"
        raise ValueError(f"{shown(value)} is no time zone; {advice}") from error
    return value


def _language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise ValueError(f"{shown(value)} is no language code; write one such as en, en-GB or cy")
    return value


def _contact(value: str) -> str:
    if not _CONTACT.fullmatch(value):
        raise ValueError(f"{shown(value)} is neither an e-mail address nor a web address")
    return value


def _duration(value: object) -> timedelta:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError(
            f"{_what(value)} is no duration; write a number and a unit: 500ms, 30s, 15m, 6h or 2d"
        )
    duration = int(match[1]) * _UNITS[match[2]]
    if duration > _LONGEST:
        raise ValueError(f"{shown(value)} is more than a year; write at most 365d")
    return duration


def _keep(value: object) -> timedelta:
    match = _DAYS.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError(f"{_what(value)} is no number of days; write such as 1825d, which is five years")
    keep = timedelta(days=int(match[1]))
    if not _LEAST_KEPT <= keep <= _LONGEST_KEPT:
        raise ValueError(f"{shown(value)} is not from {_LEAST_KEPT.days}d to {_LONGEST_KEPT.days}d")
    return keep


def _above_zero(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("is no time at all; write more than 0s")
    return value


def _size(value: object) -> int:
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not match or not int(match[1]):
        raise ValueError(f"{_what(value)} is no size; write a number and a unit: 500KB, 20MB or 1GB")
    return int(match[1]) * _SIZES[match[2]]


def _type_name(value: str) -> str:
    if not _TYPE_NAME.fullmatch(value) or len(value) > 80:
        raise ValueError(
            f"{shown(value)} is no type of post; write it as it stands in the API's address, such as posts"
        )
    return value


def _path_beginning(value: str) -> str:
    if not value.startswith("/") or len(value) > 1_000 or any(c.isspace() or c in "?#" for c in value):
        raise ValueError(f"{shown(value)} is no beginning of a path; write one such as /news/")
    return value


def _selector(value: str) -> str:
    # Only a file with pages of HTML in it pays for this.
    from cssselect import HTMLTranslator, SelectorError

    try:
        HTMLTranslator().css_to_xpath(value)
    except SelectorError as error:
        raise ValueError(
            f"{shown(value)} is no CSS selector ({str(error).rstrip('.')}); write one such as article.news h3"
        ) from error
    return value


def _layout(value: str) -> str:
    tried = datetime(2026, 11, 30)
    # Without a year it is not tried at all, of which Python warns.
    has_year = re.search("%[YyGcx]", value) is not None
    try:
        read = datetime.strptime(tried.strftime(value), value) if has_year else None
    except ValueError as error:
        raise ValueError(f"{shown(value)} is no layout of dates ({error}); {_LAYOUTS}") from error
    if read is None or read.date() != tried.date():
        raise ValueError(f"{shown(value)} leaves out the day, the month or the year; {_LAYOUTS}")
    return value


_LAYOUTS = "write one such as %d.%m.%y, of %d, %m (or %b, %B) and %Y (or %y)"


def _network(value: object) -> Network:
    try:
        return ipaddress.ip_network(str(value) if isinstance(value, str) else "")
    except ValueError as error:
        advice = "write one such as 10.0.0.0/8 or fd00::/8"
        if "host bits" in str(error):
            advice = f"did you mean `{ipaddress.ip_network(str(value), strict=False)}`?"
        raise ValueError(f"{_what(value)} is no range of addresses; {advice}") from error


def not_empty(value: tuple[TagField, ...]) -> tuple[TagField, ...]:
    if not value:
        raise ValueError("is empty; write at least one, or leave the key out")
    return value


def _one_of(literal: object) -> Callable[[object], object]:
    words: tuple[str, ...] = get_args(literal)
    known = f"{', '.join(words[:-1])} or {words[-1]}"

    def check(value: object) -> object:
        if value in words:
            return value
        advice = did_you_mean(value, words, f"write {known}") if isinstance(value, str) else f"write {known}"
        raise ValueError(f"{_what(value)} is not possible here; {advice}")

    return check


def _what(value: object) -> str:
    return shown(value) if isinstance(value, str) else kind(value)


def kind(value: object) -> str:
    """What a value is, in words: `a list`."""
    if value is None:
        return "nothing"
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "a text"


# YAML's guesses are not the hub's: what an editor reads as a number or a truth value is a text here.
_ANY_SCALAR = ["string", "number", "boolean"]
_TEXT = {"type": _ANY_SCALAR, "pattern": r"\S", "maxLength": 200}


def _number_schema(least: int, most: int) -> dict[str, Any]:
    # In quotes it is a number all the same.
    return {"type": ["integer", "string"], "minimum": least, "maximum": most, "pattern": "^[0-9]{1,6}$"}


Text = Annotated[str, AfterValidator(check_text), WithJsonSchema(_TEXT)]
Words = Annotated[str, AfterValidator(_words), WithJsonSchema(_TEXT)]
Weighted = Annotated[
    tuple[str, int],
    BeforeValidator(_weighted),
    WithJsonSchema(
        {
            "anyOf": [
                _TEXT,
                {
                    "type": "object",
                    "additionalProperties": _number_schema(1, _MOST_WEIGHT),
                    "minProperties": 1,
                    "maxProperties": 1,
                },
            ]
        }
    ),
]
Threshold = Annotated[
    int,
    BeforeValidator(lambda value: _number(value, 1, _MOST_THRESHOLD)),
    WithJsonSchema(_number_schema(1, _MOST_THRESHOLD)),
]
Slug = Annotated[
    str,
    AfterValidator(check_slug),
    WithJsonSchema({"type": _ANY_SCALAR, "pattern": f"^{_SLUG.pattern}$", "maxLength": 80}),
]
URL_SCHEMA = WithJsonSchema({"type": "string", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://", "maxLength": 2_000})
Url = Annotated[str, AfterValidator(check_url), URL_SCHEMA]
Host = Annotated[
    str,
    AfterValidator(_host_name),
    WithJsonSchema({"type": "string", "pattern": f"^{_HOST}$", "maxLength": 253}),
]
BaseUrl = Annotated[str, AfterValidator(_base_url), URL_SCHEMA]
Timezone = Annotated[str, AfterValidator(_timezone)]
Language = Annotated[
    str,
    AfterValidator(_language),
    WithJsonSchema({"type": _ANY_SCALAR, "pattern": f"^{_LANGUAGE.pattern}$"}),
]
Contact = Annotated[
    str,
    AfterValidator(_contact),
    WithJsonSchema({"type": "string", "pattern": f"^({_CONTACT.pattern})$"}),
]
_DURATION_SCHEMA = WithJsonSchema({"type": "string", "pattern": f"^{_DURATION.pattern}$"})
Duration = Annotated[timedelta, BeforeValidator(_duration), _DURATION_SCHEMA]
# What is no more than noughts is nothing.
_NOT_ZERO = "(?!0+[A-Za-z])"
Timeout = Annotated[
    timedelta,
    BeforeValidator(_duration),
    AfterValidator(_above_zero),
    WithJsonSchema({"type": "string", "pattern": f"^{_NOT_ZERO}{_DURATION.pattern}$"}),
]
Keep = Annotated[
    timedelta,
    BeforeValidator(_keep),
    WithJsonSchema({"type": "string", "pattern": f"^{_DAYS.pattern}$"}),
]
Size = Annotated[
    int,
    BeforeValidator(_size),
    WithJsonSchema({"type": "string", "pattern": f"^{_NOT_ZERO}{_SIZE.pattern}$"}),
]
Redirects = Annotated[
    int,
    BeforeValidator(lambda value: _number(value, 0, 50)),
    WithJsonSchema(_number_schema(0, 50)),
]
# Schemas cannot say that capitals make no difference.
_ANY_CASE = "|".join("".join(f"[{each.upper()}{each}]" for each in word) for word in _TRUTHS)
YesOrNo = Annotated[
    bool,
    BeforeValidator(_yes_or_no),
    WithJsonSchema({"type": ["boolean", "string"], "pattern": f"^({_ANY_CASE})$"}),
]
Entries = Annotated[
    int,
    BeforeValidator(lambda value: _number(value, 1, _MOST_ENTRIES)),
    WithJsonSchema(_number_schema(1, _MOST_ENTRIES)),
]
Range = Annotated[Network, BeforeValidator(_network), WithJsonSchema({"type": "string"})]
Type = Annotated[MemberType, BeforeValidator(_one_of(MemberType))]
HowMuch = Annotated[Republish, BeforeValidator(_one_of(Republish))]
HowTrusted = Annotated[Trust, BeforeValidator(_one_of(Trust))]
Where = Annotated[TagField, BeforeValidator(_one_of(TagField))]
IdentifyBy = Annotated[Identifier, BeforeValidator(_one_of(Identifier))]
EntryKind = Annotated[Kind, BeforeValidator(_one_of(Kind))]
How = Annotated[FeedKind, BeforeValidator(_one_of(FeedKind))]
TypeName = Annotated[
    str,
    AfterValidator(_type_name),
    WithJsonSchema({"type": _ANY_SCALAR, "pattern": f"^{_TYPE_NAME.pattern}$", "maxLength": 80}),
]
PathBeginning = Annotated[
    str, AfterValidator(_path_beginning), WithJsonSchema({"type": "string", "pattern": "^/"})
]
Selector = Annotated[str, AfterValidator(_selector), WithJsonSchema({"type": "string", "pattern": r"\S"})]
Layout = Annotated[str, AfterValidator(_layout), WithJsonSchema({"type": "string"})]


def duration_text(duration: timedelta) -> str:
    """A duration as feeds.yaml writes it."""
    for unit in ("d", "h", "m", "s"):
        if duration and not duration % _UNITS[unit]:
            return f"{duration // _UNITS[unit]}{unit}"
    return f"{duration // _UNITS['ms']}ms" if duration else "0s"


def in_order(shortest: timedelta, longest: timedelta) -> None:
    """Raises ValueError for bounds of which the lower is above the upper."""
    if shortest > longest:
        lower, upper = duration_text(shortest), duration_text(longest)
        raise ValueError(f"min ({lower}) is more than max ({upper}); write the shorter one as min")
