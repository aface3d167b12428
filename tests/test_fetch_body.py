"""What comes of a body while it comes."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hub.fetch.body import Body

_MB = 1024 * 1024


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """A disk without room for more, as far as this process can tell."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def chunks(size: int) -> Iterator[bytes]:
    sent = bytes(range(256)) * (size // 256 + 1)
    return (sent[at : min(at + 16_000, size)] for at in range(0, size, 16_000))


@pytest.mark.parametrize("size", [0, 1, 99, 16_001, _MB - 1, _MB, 5 * _MB + 3])
def test_all_that_came_is_there_in_its_order(size: int) -> None:
    body = Body()
    for chunk in chunks(size):
        body.write(chunk)
    assert body.whole() == b"".join(chunks(size))
    assert body.whole()[:100] == body.beginning
    body.close()


def test_a_large_body_waits_in_a_file() -> None:
    body = Body()
    for chunk in chunks(5 * _MB):
        body.write(chunk)
    assert body._memory.tell() < _MB
    body.close()


@pytest.mark.parametrize("room", [0, 100, _MB + 7, 3 * _MB])
def test_where_the_disk_is_full_nothing_that_came_is_lost(room: int) -> None:
    body = Body()
    with files_of_at_most(room):
        for chunk in chunks(5 * _MB + 3):
            body.write(chunk)
    assert body.whole() == b"".join(chunks(5 * _MB + 3))
    body.close()
