"""How values go from one process to another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any


class Sent:
    """A frozen dataclass with slots, of two fields or more, of which a reader sends many: quick to pickle.

    It is pickled as its values in their order. As the standard library does it, asking for the fields'
    names each time, both ends take up to twice as long, and one of them is the process that stores.
    """

    __slots__ = ()

    def __reduce__(self) -> tuple[Callable[..., Sent], tuple[Any, ...]]:
        values_of, _ = _WAYS[type(self)]
        return _received, (type(self), *values_of(self))


_Ways = tuple["attrgetter[tuple[Any, ...]]", list[Callable[[Any, Any], None]]]


class _WaysOfEach(dict[type[Any], _Ways]):
    """How the values of each class are read and set, remembered."""

    def __missing__(self, of: type[Any]) -> _Ways:
        names = [field.name for field in fields(of)]
        # The slots' own setters: a frozen value refuses to be set by name.
        self[of] = ways = attrgetter(*names), [getattr(of, name).__set__ for name in names]
        return ways


_WAYS = _WaysOfEach()


def _received(of: type[Any], *values: Any) -> Sent:
    value: Sent = object.__new__(of)
    for put, each in zip(_WAYS[of][1], values, strict=True):
        put(value, each)
    return value
