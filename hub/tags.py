"""The rules of feeds.yaml to an entry's tags, each with its reason.

All phrases of all rules are found in one pass over the text (Aho-Corasick),
so that a thousand rules cost about what ten do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import ahocorasick

from hub import markup
from hub.model import Entry, Tag, TagField, TagRule

_WHERE: dict[TagField, str] = {"title": "in the title", "text": "in the text", "category": "as a category"}


class Tagger:
    """A set of tag rules, ready to be matched against many entries."""

    def __init__(self, rules: Sequence[TagRule]) -> None:
        self._rules = rules
        self._automaton = ahocorasick.Automaton()
        # A phrase of punctuation alone can never match; it keeps its rule from matching by `all`.
        self._words = {
            phrase: markup.words(phrase)
            for rule in rules
            for phrase in (*rule.any, *rule.all, *rule.not_, *rule.categories)
        }
        for words in set(self._words.values()) - {""}:
            self._automaton.add_word(f" {words} ", words)
        self._automaton.make_automaton()
        self._by_category: dict[str, list[tuple[TagRule, str]]] = {}
        for rule in rules:
            for category in rule.categories:
                self._by_category.setdefault(self._words[category], []).append((rule, category))

    def tags(self, entry: Entry, *, given: Iterable[str] = ()) -> tuple[Tag, ...]:
        """The entry's tags in the rules' order; `given` are those of its feed, which need no rule."""
        found = {term: Tag(term, "all news of this feed has it") for term in given}
        categories = [
            words for category in entry.categories for words in _of_category(category.term, category.label)
        ]
        fields: dict[TagField, set[str]] = {
            "title": self._phrases(markup.words(entry.title)),
            "text": self._phrases(markup.words(entry.text)),
            "category": {phrase for words in categories for phrase in self._phrases(words)},
        }
        mapped = {
            rule.term: category for words in categories for rule, category in self._by_category.get(words, ())
        }
        for rule in self._rules:
            if rule.term in found:
                continue
            why = self._why(rule, fields, mapped.get(rule.term))
            if why:
                found[rule.term] = Tag(rule.term, why)
        return tuple(found.values())

    def _phrases(self, words: str) -> set[str]:
        if not words or not self._automaton:
            return set()
        return {phrase for _, phrase in self._automaton.iter(f" {words} ")}

    def _why(self, rule: TagRule, fields: dict[TagField, set[str]], category: str | None) -> str | None:
        if any(self._place(phrase, rule, fields) for phrase in rule.not_):
            return None
        if category is not None:
            return f"the publisher's category ‘{category}’"
        reasons = []
        for phrase in rule.all:
            place = self._place(phrase, rule, fields)
            if place is None:
                return None
            reasons.append(f"‘{phrase}’ {_WHERE[place]}")
        if rule.any:
            first = next(
                (
                    f"‘{phrase}’ {_WHERE[place]}"
                    for phrase in rule.any
                    if (place := self._place(phrase, rule, fields))
                ),
                None,
            )
            if first is None:
                return None
            reasons.append(first)
        return " and ".join(reasons) or None

    def _place(self, phrase: str, rule: TagRule, fields: dict[TagField, set[str]]) -> TagField | None:
        words = self._words[phrase]
        return next((field for field in rule.fields if words in fields[field]), None) if words else None


def _of_category(term: str, label: str | None) -> tuple[str, ...]:
    return tuple(words for words in (markup.words(term), markup.words(label or "")) if words)
