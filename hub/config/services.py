"""The kinds of value by which feeds.yaml names other services: mail servers, and who signs people in."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, PlainValidator, WithJsonSchema

from hub import urls
from hub.config.values import URL_SCHEMA, check_text, check_url, kind, shown
from hub.model import MailServer
from hub.openid import WELL_KNOWN

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
# A dot-atom (RFC 5322 §3.2.3) at a host name.
_MAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_LONGEST_MAIL = 254
# RFC 5321 §4.5.4.2 between servers; RFC 6409 §3.1 and RFC 8314 §3.3 for those who have an account.
_MAIL_PORTS = {"smtp": 25, "smtps": 465}
_MAIL_PORTS_OF_USERS = {"smtp": 587, "smtps": 465}
# Claims that people may set for themselves in some provider or other.
_SAID_OF_ONESELF = frozenset(
    ("email", "preferred_username", "upn", "unique_name", "name", "given_name", "family_name", "nickname")
)
# Microsoft's for every organisation that there is, and for everybody besides.
_OF_ANY_TENANT = re.compile(r"https://login\.microsoftonline\.com/(common|organizations|consumers)(/|$)")


def _issuer(value: str) -> str:
    parts = urlsplit(check_url(value))
    if parts.query or parts.fragment:
        raise ValueError(f"{shown(value)} goes on after its path; leave out what follows ? or #")
    if value.endswith(WELL_KNOWN):
        raise ValueError(f"leave out {WELL_KNOWN} at its end; write {shown(value.removesuffix(WELL_KNOWN))}")
    if parts.scheme != "https" and not urls.on_this_machine(value):
        raise ValueError(f"{shown(value)} is not encrypted; begin it with https://")
    if _OF_ANY_TENANT.match(value):
        raise ValueError(
            f"{shown(value)} lets in whoever has any account there; write your tenant's number in place of"
            f" {shown(parts.path.split('/')[1])}"
        )
    return value


def _who_may_come(value: str) -> str:
    text = check_text(value)
    claim, is_claim, _ = text.partition("=")
    if claim in _SAID_OF_ONESELF:
        raise ValueError(
            f"{shown(value)} lets in whoever writes that of themselves; write an address alone, or a role"
        )
    if is_claim and re.fullmatch(r"[^\s@=]+=\S(.*\S)?", text):
        return text
    if not re.fullmatch(r"[^\s@=]*@[^\s@]+", text) or not text.isascii():
        raise ValueError(
            f"{shown(value)} is nobody; write an e-mail address, a domain such as @example.org, or a claim"
            " and its value, such as roles=hub-admin"
        )
    return text.lower()


def is_mail_address(value: str) -> bool:
    """Whether mail can be sent to and from it."""
    return bool(_MAIL.fullmatch(value)) and len(value) <= _LONGEST_MAIL


def _mail_address(value: str) -> str:
    if not is_mail_address(value):
        raise ValueError(f"{shown(value)} is no e-mail address; write one such as news@example.org")
    return value


def _mail_server(value: object) -> MailServer:
    """A mail server by its address, which mail programs write in several ways and the hub in one."""
    advice = "write one such as smtp://user@mail.example.org:587, or smtps:// where TLS comes first"
    if not isinstance(value, str):
        raise ValueError(f"{kind(value)} is no mail server; {advice}")
    # Before anything of it is quoted.
    if ":" in value.partition("//")[2].rpartition("@")[0]:
        raise ValueError(
            "the address holds a password, which belongs in no feeds.yaml; leave it out, and set"
            " HUB_SMTP_PASSWORD_FILE or HUB_SMTP_PASSWORD for the hub"
        )
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{shown(value)} is no mail server ({error}); {advice}") from error
    rest = parts.path.strip("/") or parts.query or parts.fragment
    literal = f"[{host}]" if host and ":" in host else host
    known = host and host.isascii() and urls.host(f"http://{literal}/")
    if parts.scheme not in _MAIL_PORTS or not host or not known or rest:
        raise ValueError(f"{shown(value)} is no mail server; {advice}")
    user = unquote(parts.username) if parts.username else None
    if user is not None and not (user.isascii() and user.isprintable()):
        raise ValueError(f"{shown(value)} has a user name that cannot be sent; {advice}")
    usual = _MAIL_PORTS[parts.scheme] if user is None else _MAIL_PORTS_OF_USERS[parts.scheme]
    return MailServer(host=host, port=port or usual, user=user, tls=parts.scheme == "smtps")


Issuer = Annotated[str, AfterValidator(_issuer), URL_SCHEMA]
WhoMayCome = Annotated[
    str,
    AfterValidator(_who_may_come),
    WithJsonSchema({"type": "string", "pattern": "[@=]", "maxLength": 200}),
]
MailAddress = Annotated[
    str,
    AfterValidator(_mail_address),
    WithJsonSchema({"type": "string", "pattern": f"^{_MAIL.pattern}$", "maxLength": _LONGEST_MAIL}),
]
Mailer = Annotated[
    MailServer,
    PlainValidator(_mail_server),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[Ss][Mm][Tt][Pp][Ss]?://([^/:?#@]+@)?([^/:?#]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?/?$",
        }
    ),
]
