"""feeds.yaml as one text, which somebody edits somewhere else: put in its place, compared, and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import unified_diff
from itertools import count, groupby
from pathlib import Path

from msgspec import Struct

from hub.config.reading import decode, parse, read_bytes, text_digest
from hub.config.saving import OpenFile, open_file
from hub.errors import ConfigError
from hub.model import Fields

_MARK = "\ufeff"
# Of so many lines that differ difflib would be looking for the least that can be said for minutes.
_MANY = 1_000
_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(,0)?(?:,\d+)? @@")


class Edited(Struct, frozen=True):
    """A file's text before and after it was edited."""

    before: str
    after: str

    @property
    def diff(self) -> str:
        return diff(self.before, self.after)

    @property
    def undo(self) -> Fields:
        """The fields of the form that takes it back."""
        return {"action": "restore-file", "was": text_digest(self.before), "now": text_digest(self.after)}


def read_text(path: Path) -> str:
    """What the file holds, also where it is no feeds.yaml. Raises ConfigError."""
    return decode(read_bytes(path), name=str(path))


def put_text(path: Path, text: str, *, instead_of: str) -> Edited:
    """Put a text in the place of the one with this digest.

    Raises ConfigError, with the file as it was, where it is another one by
    now, and for a text that is no feeds.yaml.
    """
    with open_file(path) as file:
        _check_unchanged(file, path, instead_of)
        parse(text)
        file.save(text)
        return Edited(file.text, text)


def take_back(path: Path, changed: str, *, was: str, now: str) -> Edited:
    """Undo a change by its diff, where the file is still what it made; both texts are known by digests."""
    with open_file(path) as file:
        _check_unchanged(file, path, now)
        before = _before(file.text, changed)
        if before is None or text_digest(before) != was:
            raise ConfigError("What the file was before is not known any more.", "Edit it by hand.")
        file.save(before)
        return Edited(file.text, before)


def _check_unchanged(file: OpenFile, path: Path, digest: str) -> None:
    if text_digest(file.text) != digest:
        raise ConfigError(f"{path} has changed since.", "Nothing was written. Look at it as it is now.")


# ---------------------------------------------------------------- how a text changed


def diff(before: str, after: str) -> str:
    """How a text changed, as a unified diff in which no byte of it is lost; empty where it did not."""
    old, new = before.split("\n"), after.split("\n")
    if len({*old}.symmetric_difference(new)) > _MANY:
        return "\n".join(["--- feeds.yaml", "+++ ", *_line_by_line(old, new)])
    return "\n".join(unified_diff(old, new, "feeds.yaml", lineterm=""))


def _line_by_line(old: list[str], new: list[str]) -> Iterator[str]:
    """The hunks of a change all over a text: each line beside the one in its place, as after a replacement.

    Where there are more or fewer by now, all from the first that differs to the last.
    """
    if len(old) == len(new):
        runs = groupby(range(len(old)), key=lambda at: old[at] != new[at])
        stretches = [(at[0], at[-1] + 1, at[-1] + 1) for differ, found in runs if differ for at in [[*found]]]
    else:
        first = next(at for at in count() if old[at : at + 1] != new[at : at + 1])
        least = min(len(old), len(new)) - first
        last = next(at for at in count() if at == least or old[-1 - at] != new[-1 - at])
        stretches = [(first, len(old) - last, len(new) - last)]
    for start, old_end, new_end in stretches:
        yield f"@@ -{_range(start, old_end)} +{_range(start, new_end)} @@"
        yield from (f"-{line}" for line in old[start:old_end])
        yield from (f"+{line}" for line in new[start:new_end])


def _range(start: int, end: int) -> str:
    """Lines as a hunk names them: one that has none by the line before it."""
    return f"{start + (end > start)},{end - start}"


def _before(after: str, changed: str) -> str | None:
    """What a text was before a change; None where the diff is none of it."""
    lines, made, at = after.split("\n"), list[str](), 0
    for line in changed.split("\n")[2:]:
        sign, rest = line[:1], line[1:]
        if found := _HUNK.fullmatch(line):
            start = int(found[1]) - (0 if found[2] else 1)
            made += lines[at:start]
            at = start
        elif sign == "-":
            made.append(rest)
        elif sign == " ":
            made.append(rest)
            at += 1
        elif sign == "+":
            at += 1
        else:
            return None
    return "\n".join([*made, *lines[at:]])


# ---------------------------------------------------------------- in a form


def for_form(text: str) -> str:
    """A file's text as a form shows it, which has line feeds alone."""
    return text.removeprefix(_MARK).replace("\r\n", "\n")


def from_form(typed: str, before: str) -> str:
    """What a form sent, with the byte order mark and the line endings of the text that was shown in it."""
    text = typed.replace("\r\n", "\n")
    if "\r\n" in before and before.count("\r\n") * 2 > before.count("\n"):
        text = text.replace("\n", "\r\n")
    return _MARK + text if before.startswith(_MARK) else text
