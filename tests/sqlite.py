"""Files of SQLite that have a store's tables, which to copy takes a hundredth of making them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hub.store.sqlite import SqliteStore


def new_file(file: Path) -> str:
    """The address of a database in a new file, as a store has just made it."""
    with file.open("xb") as new:
        new.write(_with_tables())
    return f"sqlite:///{file}"


@cache
def _with_tables() -> bytes:
    with TemporaryDirectory() as folder:
        made = Path(folder, "hub.db")
        SqliteStore(made).close()
        # What was beside it is in it, since nobody else had it open.
        assert list(Path(folder).iterdir()) == [made]
        return made.read_bytes()
