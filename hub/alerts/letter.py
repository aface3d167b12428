"""A mail: what it says, to whom, and how that is written (RFC 5322). Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import blake2b
from zoneinfo import ZoneInfo

from msgspec import Struct

from hub import urls
from hub.config import Config
from hub.model import Incident
from hub.said import moment_in

_WIDTH = 76
_FALLBACK_HOST = "localhost"


class Letter(Struct, frozen=True, kw_only=True):
    """What a mail says. `id` is the same whenever the same is told, so that none has it twice.

    `subject` is a line, `body` the text. It goes `to` these addresses, as one of the mails of
    this `list`; what they answer goes to `reply_to`, None for whom the mail is from.
    """

    id: str
    to: Sequence[str]
    list: str
    reply_to: str | None = None
    subject: str
    body: str


def id_of(told: Sequence[Incident], to: str = "") -> str:
    """The id of what is told of these incidents, as they are, `to` whom other ids are than the office's."""
    numbers = ",".join(f"{each.number}.{each.revision}.{each.noticed.isoformat()}" for each in told)
    return blake2b(f"{to}{numbers}".encode(), digest_size=16).hexdigest()


def lasted(incident: Incident, zone: ZoneInfo) -> str:
    """Since when something is the matter, or from when to when it was."""
    began = moment_in(zone, incident.began)
    if incident.over is None:
        return f"since {began}"
    return f"from {began} to {moment_in(zone, incident.over)}"


def heading(words: str) -> Iterator[str]:
    """A heading in lines, with an empty one after it."""
    yield words
    yield "-" * len(words)
    yield ""


def wrapped(text: str, indent: str = "", later: str | None = None) -> list[str]:
    """A text in lines, none of which a site's words can begin: white space of any kind is a space."""
    return textwrap.wrap(
        " ".join(text.split()),
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent if later is None else later,
        break_long_words=False,
        break_on_hyphens=False,
    )


def mail(letter: Letter, config: Config, now: datetime) -> EmailMessage:
    """The letter as a mail (RFC 5322), marked as a program's, which no other program answers (RFC 3834)."""
    host = _host(config)
    written = EmailMessage(policy=SMTP)
    written["From"] = Address(config.hub.title, addr_spec=config.hub.alerts.sender)
    written["To"] = ", ".join(letter.to)
    if letter.reply_to:
        written["Reply-To"] = letter.reply_to
    written["Subject"] = letter.subject
    written["Date"] = format_datetime(now)
    written["Message-ID"] = f"<{letter.id}@{host}>"
    written["Auto-Submitted"] = "auto-generated"
    written["List-Id"] = f"<{letter.list}.{host}>"
    # What Outlook's absence notices go by.
    written["X-Auto-Response-Suppress"] = "All"
    written.set_content(letter.body, cte="quoted-printable")
    return written


def _host(config: Config) -> str:
    host = urls.host(config.hub.url) if config.hub.url else None
    # An IPv6 address has no place in a Message-ID as it is (RFC 5322 §3.6.4).
    return host if host and ":" not in host else _FALLBACK_HOST
