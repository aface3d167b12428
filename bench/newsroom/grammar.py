"""Sentences from templates: [this|that] is a choice, {name} a fact or a template, <<a~~b>> two moods."""

from __future__ import annotations

import random
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

Lists = dict[str, list[str]]
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{([^{}]+)\}")
_NUMBER = re.compile(r"n:(\d+)-(\d+)(@?)")
_MOODS = re.compile(r"<<(.*?)~~(.*?)>>")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiouAEIO])(?!uni|use|one\b|Uni|eu)")
_SAID = re.compile(r"\.”( (?:said|added))\b")
_START = re.compile(r"(^[“‘]?|[.?!]”? “?|: “|” “)(?!said|added)([a-z])(?=[a-z’']*[ ,?.])")
# Another word for a list that holds a fact too: one more of it, and a different one.
_MORE_OF = {"ask2": "ask", "found2": "found"}


@cache
def wording(name: str) -> dict[str, Any]:
    """The tables of one of the package's TOML files."""
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))


def settled(rng: random.Random, template: str) -> str:
    """The template with its choices made and its slots still open."""
    while "[" in template:
        template = _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), template)
    return template


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def active(text: str) -> str:
    """The text as first written."""
    return _MOODS.sub(r"\1", text)


def passive(text: str) -> str:
    """The text with its sentences turned round where they can be."""
    return _MOODS.sub(r"\2", text)


class Voice:
    """Says templates about one set of facts; no sentence of a list twice before all have been used.

    A fact beats a list. `{Name}` is `{name}` with a capital; `{n:40-900}` a figure, with `@` a year.
    `{spk}` is one of `people`, by surname alone once named, and `{role}` that person's.
    """

    def __init__(self, rng: random.Random, facts: dict[str, str], *lists: Lists) -> None:
        self.rng = rng
        self.facts = facts
        self.lists = lists
        self.people: list[tuple[str, str]] = []
        self._spent: dict[str, set[str]] = {}
        self._named: set[str] = set()
        self._role = ""

    def say(self, template: str) -> str:
        """The template filled in, as a sentence or more."""
        text = _SAID.sub(r",”\1", self.fill(settled(self.rng, template)))
        return _ARTICLE.sub(r"\1n ", _START.sub(lambda match: match[1] + match[2].upper(), text))

    def fill(self, template: str) -> str:
        return _SLOT.sub(lambda match: self._slot(match[1]), template)

    def draw(self, name: str) -> str:
        """One of a list, filled in: not one that was drawn before, as long as there are others."""
        options = next((lists[name] for lists in self.lists if name in lists), None)
        if options is None:
            raise KeyError(f"no fact and no list is called {name!r}")
        spent = self._spent.setdefault(name, set())
        left = [option for option in options if option not in spent]
        if not left:
            spent.clear()
            left = options
        chosen = self.rng.choice(left)
        spent.add(chosen)
        return self.fill(settled(self.rng, chosen))

    def keep(self, name: str, fact: str | None = None) -> str:
        """Make a fact, drawn from the list of its name if it is not given."""
        self.facts[name] = self.draw(name) if fact is None else fact
        return self.facts[name]

    def spend(self, name: str, option: str) -> None:
        """Count one of a list as said."""
        self._spent.setdefault(name, set()).add(option)

    def left(self, name: str) -> int:
        """How many of a list have not been said."""
        options = next((lists[name] for lists in self.lists if name in lists), [])
        return len(options) - len(self._spent.get(name, ()))

    def _slot(self, name: str) -> str:
        if number := _NUMBER.fullmatch(name):
            value = self.rng.randint(int(number[1]), int(number[2]))
            return str(value) if number[3] or value < 1000 else f"{value:,}"
        if name in self.facts:
            return self.facts[name]
        if name[0].isupper():
            return capital(self._slot(name[0].lower() + name[1:]))
        if name == "spk" and self.people:
            return self._somebody()
        if name == "role" and self._role:
            return self._role
        return self.draw(_MORE_OF.get(name, name))

    def _somebody(self) -> str:
        person, self._role = self.rng.choice(self.people)
        if person in self._named:
            return person.rsplit(" ", 1)[-1]
        self._named.add(person)
        return person
