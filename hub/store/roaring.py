"""Sets of keys as Roaring bitmaps (Lemire et al., "Roaring Bitmaps: Implementation of an Optimized Software
Library", 2018): as small as the keys allow, put together and taken apart many at a time.

The only module that knows pyroaring.
"""

from __future__ import annotations

from collections.abc import Iterable

from pyroaring import BitMap

from hub.errors import StoreError

__all__ = ["BitMap", "unpacked"]


def unpacked(bits: Iterable[bytes]) -> BitMap:
    """The keys of any of some bitmaps that were stored (`BitMap.serialize`). Raises StoreError."""
    try:
        return BitMap().union(*map(BitMap.deserialize, bits))
    except ValueError as error:
        raise StoreError(
            "The database holds a bitmap that cannot be read.",
            "`hub check` names what is damaged; a backup has it whole.",
        ) from error
