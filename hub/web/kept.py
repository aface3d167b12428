"""What has been rendered, kept in memory for the next who asks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, Protocol, TypeVar

# Bytes that a value takes besides its body: its key, its place here.
_BESIDES = 4096


class Sized(Protocol):
    """Something whose weight in bytes is the length of its body."""

    @property
    def body(self) -> bytes: ...


T = TypeVar("T", bound=Sized)


class Kept(Generic[T]):
    """Values by key, the longest unasked for dropped first when together they outgrow `most` bytes.

    A value that many ask for at once is made once: the others wait for it,
    and where making it fails, all of them fail with it.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = 0
        self._values: OrderedDict[Hashable, T] = OrderedDict()
        self._making: dict[Hashable, Future[T]] = {}
        self._lock = Lock()

    @property
    def bytes(self) -> int:
        """What the values weigh together, never more than `most`."""
        return self._bytes

    def find(self, key: Hashable) -> T | None:
        """The value of a key, None where it is not kept."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of a key, made where it is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            making = self._making.get(key)
            mine = making is None
            if making is None:
                making = self._making[key] = Future()
        return self._make(key, make, making) if mine else making.result()

    def _make(self, key: Hashable, make: Callable[[], T], making: Future[T]) -> T:
        try:
            value = make()
        except BaseException as error:
            making.set_exception(error)
            with self._lock:
                del self._making[key]
            raise
        making.set_result(value)
        with self._lock:
            self._values[key] = value
            self._bytes += _weight(value)
            while self._bytes > self._most:
                _, dropped = self._values.popitem(last=False)
                self._bytes -= _weight(dropped)
            del self._making[key]
        return value


def _weight(value: Sized) -> int:
    # Half as much again for the body's compressed forms.
    return len(value.body) * 3 // 2 + _BESIDES
