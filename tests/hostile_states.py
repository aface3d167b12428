"""The table of hostile_states.md: of each fault of the hostile server what the hub did, and what it said.

`…` in a sentence stands for whatever differs from run to run, such as a
port, a time or a library's own words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.hostile_round import Poll
from hub.health import Health

FILE = Path(__file__).with_name("hostile_states.md")

_DIFFERS = (
    re.compile(r"https?://127\.0\.0\.\d+:\d+"),
    re.compile(r"(?<=since )\d+ \w+ \d{4}, \d\d:\d\d UTC"),
    re.compile(r"(?<=until )\d+ \w+ \d{4}, \d\d:\d\d UTC"),
    re.compile(r"(?<=since )\d+ \w+ \d{4}"),
)
_DID = {"o": "read", "x": "failed", "-": "not asked"}


@dataclass(frozen=True, slots=True)
class Told:
    """A row of the table; `states` are those it may be in, by how long its rounds take."""

    path: str
    did: str
    states: tuple[str, ...]
    sentence: str

    def __str__(self) -> str:
        return f"| `{self.path}` | {self.did} | {' or '.join(self.states)} | {self.sentence} |"

    def allows(self, other: Told) -> bool:
        """Whether a row that came of a run is as the table has it."""
        sentence = ".*".join(map(re.escape, self.sentence.split("…")))
        did = ".*".join(map(re.escape, self.did.split("…")))
        return bool(
            self.path == other.path
            and re.fullmatch(did, other.did)
            and set(other.states) <= set(self.states)
            and re.fullmatch(sentence, other.sentence, re.DOTALL)
        )


def table() -> dict[str, Told]:
    """The rows by path."""
    rows = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `/"):
            path, did, states, sentence = (cell.strip() for cell in line.strip("|").split(" | "))
            path = path.strip("` ")
            rows[path] = Told(path, did, tuple(states.split(" or ")), sentence.removesuffix(" |"))
    return rows


def told(path: str, letters: str, stored: int | None, found: Health) -> Told:
    """The row that a run makes: `letters` as in `Steps`, and the entries it left in the store."""
    did: list[str] = []
    for letter in letters:
        word = _DID[letter]
        if did and did[-1].split(" ×")[0] == word:
            times = int(did[-1].partition(" ×")[2] or 1) + 1
            did[-1] = f"{word} ×{times}"
        else:
            did.append(word)
    entries = "" if stored is None else f"; {stored} stored"
    sentence = found.sentence
    for differs in _DIFFERS:
        sentence = differs.sub("…", sentence)
    sentence = " ".join(sentence.replace("|", "…").split())
    return Told(path, ", ".join(did) + entries, (found.state,), sentence)


def letters(polls: Sequence[Poll | None]) -> str:
    """A letter for each poll: o answered, x failed, - not asked."""
    return "".join("-" if each is None else "x" if each.outcome == "failed" else "o" for each in polls)
