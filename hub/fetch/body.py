"""The body of an answer while it comes."""

from __future__ import annotations

import io
from tempfile import TemporaryFile
from typing import IO

# Nearly every feed is smaller. Many that are not may come at once, and need no memory so.
_IN_MEMORY = 1024 * 1024
_BEGINNING = 100


class Body:
    """Bytes as they come: kept in memory, and of a large body in a file, as long as the disk has room.

    `beginning` has its first 100 bytes.
    """

    def __init__(self) -> None:
        self.beginning = b""
        self._memory = io.BytesIO()
        self._file: IO[bytes] | None = None
        self._has_room = True

    def write(self, chunk: bytes) -> None:
        if len(self.beginning) < _BEGINNING:
            self.beginning = (self.beginning + chunk)[:_BEGINNING]
        self._memory.write(chunk)
        if self._has_room and self._memory.tell() >= _IN_MEMORY:
            self._put_aside()

    def whole(self) -> bytes:
        """All that came."""
        if self._file is None:
            return self._memory.getvalue()
        if self._has_room:
            self._put_aside()
        self._file.seek(0)
        whole = self._file.read()
        return whole + self._memory.getvalue() if self._memory.tell() else whole

    def close(self) -> None:
        """Let go of all that came."""
        if self._file is not None:
            self._file.close()
        self._memory.close()

    def _put_aside(self) -> None:
        left = self._memory.getvalue()
        try:
            if self._file is None:
                self._file = TemporaryFile(prefix="hub-", buffering=0)  # noqa: SIM115 - `close` does
            while left:
                left = left[self._file.write(left) :]
        except OSError:
            # The disk is full; the store will say so, if it still is when it is its turn.
            self._has_room = False
        self._memory = io.BytesIO()
        self._memory.write(left)
