"""A database's server as if it stood elsewhere: what goes there and comes back is on the way for a while."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from urllib.parse import parse_qs, urlsplit

import psycopg

_ASKED = 50


@contextmanager
def away(database: str, milliseconds: float) -> Iterator[tuple[str, float]]:
    """The address of a database by such a way, for as long as the block lasts, and how long the way is.

    That is there and back, as measured: no less than the milliseconds that are asked for, and
    with what this takes of the processor.
    """
    parts = urlsplit(database)
    (folder,) = parse_qs(parts.query)["host"]
    command = [sys.executable, "-m", "bench.away", f"{folder}/.s.PGSQL.5432", str(milliseconds)]
    # It ends as what it reads from does.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.wait()
        port = int(process.stdout.readline())
        address = f"postgresql://{parts.netloc}127.0.0.1:{port}{parts.path}"
        try:
            yield address, _took(address)
        finally:
            process.stdin.close()


def _took(database: str) -> float:
    """Milliseconds from a question to its answer, the median of some."""
    took = []
    with psycopg.connect(database, autocommit=True) as connection:
        for _ in range(_ASKED):
            began = time.monotonic()
            connection.execute("SELECT 1")
            took.append((time.monotonic() - began) * 1000)
    return median(took)


async def _serve(socket: str, seconds: float) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, asks = await asyncio.open_unix_connection(socket)
        await asyncio.gather(_carry(reader, asks, seconds), _carry(answers, writer, seconds))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Hand on what comes, each part so many seconds later."""
    loop = asyncio.get_running_loop()
    part = b"begins"
    while part:
        try:
            part = await reader.read(65_536)
        except ConnectionError:
            part = b""
        loop.call_later(seconds, writer.write if part else lambda _: writer.close(), part)


if __name__ == "__main__":
    # Whoever measures a command waits for its own children, too: this is none of them.
    if os.fork():
        os._exit(0)
    asyncio.run(_serve(sys.argv[1], float(sys.argv[2]) / 2000))
