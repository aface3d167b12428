"""The address of a database: a file's, or that of one on a PostgreSQL server."""

from __future__ import annotations

import re
from pathlib import Path

from hub.errors import NotAnAddress

# As libpq has it: the second is another name of the first.
_SERVERS = ("postgresql://", "postgres://")
# What an address is taken to pieces by, of which none but `password` and `asked` may be or have a password.
# That goes to the last @: one that should have been percent-encoded has some itself. What looks like
# `?name=` before it is none, but asks for something, which may be a password that has an @.
_ADDRESS = re.compile(
    r"""
    (?P<scheme> [a-z][\w.+-]*:/+ )?
    (?: (?P<user> [\w.+-]* ) (?P<password> : (?: (?! [?&][^@]*= ) . )* )? @ )?
    (?P<hosts> HOST (?: ,HOST )* )
    (?P<name> (?: /[\w.%-]* )* )
    (?: \? (?P<asked> [^@]* ) )?
    """.replace("HOST", r"(?: \[[\da-f:.%]+\] | [\w.%-]* ) (?: :\d{0,5} )?"),
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
# Of what libpq may be asked for, that which may be shown.
_SHOWN = re.compile(
    r"(?:host|hostaddr|port|dbname|user|service|sslmode|sslrootcert|connect_timeout|target_session_attrs)"
    r"=[\w.%/,+-]*"
)
_PASSWORDS = re.compile(r"(?:ssl)?password=")
_LEFT_OUT = "…"


def on_server(url: str) -> bool:
    """Whether it is the address of a database on a server."""
    return url.startswith(_SERVERS)


def database_file(url: str) -> Path:
    """The file that the address of a database names that is on no server.

    `sqlite:///hub.db` is relative to the working directory,
    `sqlite:////var/lib/hub.db` absolute. Raises NotAnAddress.
    """
    scheme, _, path = url.partition(":///")
    # The last one SQLite takes for memory, which is gone with whoever has written there.
    if scheme != "sqlite" or not Path(path).name or path == ":memory:":
        raise NotAnAddress(
            f"{shown(url)!r} is not the address of a database.",
            "Write sqlite:///hub.db for a file beside you, sqlite:////var/lib/hub/hub.db for one elsewhere,"
            " postgresql://USER:PASSWORD@HOST/NAME for one on a PostgreSQL server.",
        )
    return Path(path)


def shown(url: str) -> str:
    """A database's address as it may be printed and logged: without its password.

    Nor is anything of it shown that may be one: where it cannot be told what is what, nothing is.
    """
    if url.startswith("sqlite:"):
        return url
    scheme = re.match(r"(?:[a-z][\w.+-]*:/+)?", url, re.IGNORECASE)
    assert scheme is not None
    found = _ADDRESS.fullmatch(url)
    if found is None:
        return scheme[0] + _LEFT_OUT
    user = "" if found["user"] is None else f"{found['user']}@"
    asked = "" if found["asked"] is None else "?" + "&".join(map(_asked_as_shown, found["asked"].split("&")))
    return f"{scheme[0]}{user}{found['hosts']}{found['name']}{asked}"


def is_plain(url: str) -> bool:
    """Whether nobody can take a part of the password for something else that an address says."""
    found = _ADDRESS.fullmatch(url)
    return found is not None and "password" not in (found["asked"] or "").lower()


def _asked_as_shown(asked: str) -> str:
    if _SHOWN.fullmatch(asked):
        return asked
    password = _PASSWORDS.match(asked)
    return password[0] if password else _LEFT_OUT
