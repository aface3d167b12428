"""The languages that readers are spoken to in besides English, each a catalogue of messages (a .po file).

`docs/translations.md` says how to mend one and how to add one.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hub.language import ENGLISH, Language

FOLDER = Path(__file__).resolve().parent


@cache
def language_of(tag: str) -> Language:
    """The language for a hub's (BCP 47), by its first part: English where there is no catalogue of it."""
    code = tag.partition("-")[0].lower()
    if code == "en":
        return Language(tag)
    catalogue = FOLDER / f"{code}.po"
    if not catalogue.is_file():
        return ENGLISH
    # A hub in English, and what tells readers nothing, load no Babel.
    from hub.translations.catalogue import Translated

    return Translated(tag, catalogue)
