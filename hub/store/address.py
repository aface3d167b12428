"""The address of a database: a file's, or that of one on a PostgreSQL server."""

from __future__ import annotations

import re
from pathlib import Path

from hub.errors import StoreError

# As libpq has it: the second is another name of the first.
_SERVERS = ("postgresql://", "postgres://")
# To the last @: a password that should have been percent-encoded has some itself.
_PASSWORD = re.compile(r"^((?:\w*:/+)?+[^:@/]*):.*@", re.DOTALL)
_MORE_PASSWORDS = re.compile(r"([?&](?:ssl)?password=)[^&]*")


def on_server(url: str) -> bool:
    """Whether it is the address of a database on a server."""
    return url.startswith(_SERVERS)


def database_file(url: str) -> Path:
    """The file that the address of a database names that is on no server.

    `sqlite:///hub.db` is relative to the working directory,
    `sqlite:////var/lib/hub.db` absolute. Raises StoreError.
    """
    scheme, _, path = url.partition(":///")
    if scheme != "sqlite" or not path:
        raise StoreError(
            f"{shown(url)!r} is not the address of a database.",
            "Write sqlite:///hub.db for a file beside you, sqlite:////var/lib/hub/hub.db for one elsewhere,"
            " postgresql://USER:PASSWORD@HOST/NAME for one on a PostgreSQL server.",
        )
    return Path(path)


def shown(url: str) -> str:
    """A database's address as it may be printed and logged: without its password."""
    if url.startswith("sqlite:"):
        return url
    return _MORE_PASSWORDS.sub(r"\1", _PASSWORD.sub(r"\1@", url))
