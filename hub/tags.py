"""The rules of feeds.yaml to an entry's tags, each with its reason.

All phrases of all rules are found in one pass over the text, and only rules
of which a phrase was found are looked at: a thousand cost about what ten do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import lru_cache
from itertools import chain
from operator import itemgetter

from hub import markup
from hub.model import Entry, Kind, Tag, TagField, TagRule
from hub.phrases import MOST_MENTIONS, Found, Phrases, read_phrase

_WHERE: dict[TagField, str] = {"title": "in the title", "text": "in the text", "category": "as a category"}

_InFields = Mapping[TagField, Mapping[str, Found]]


class Tagger:
    """A set of tag rules, ready to be matched against many entries."""

    def __init__(self, rules: Sequence[TagRule]) -> None:
        self._rules = rules
        self._position = {rule.term: position for position, rule in enumerate(rules)}
        self._broader = {rule.term: rule.broader for rule in rules if rule.broader is not None}
        self._excepted = {position: _excepted(rule) for position, rule in enumerate(rules) if rule.except_}
        # Most rules: one mention will do, whatever else stands there.
        self._simple = [rule.threshold == 1 and not (rule.all or rule.not_ or rule.except_) for rule in rules]
        self._phrases = Phrases(
            chain(
                chain.from_iterable((*rule.any, *rule.all, *rule.not_) for rule in rules),
                chain.from_iterable(self._excepted.values()),
            )
        )
        # A rule can only hold where one of these was found.
        self._rules_of: dict[str, list[int]] = {}
        self._by_category: dict[str, list[tuple[int, str]]] = {}
        for position, rule in enumerate(rules):
            for phrase in rule.any or rule.all[:1]:
                self._rules_of.setdefault(phrase, []).append(position)
            for category in rule.categories:
                if words := markup.words(category):
                    self._by_category.setdefault(words, []).append((position, category))

    def tags(self, entry: Entry, *, given: Iterable[str] = ()) -> tuple[Tag, ...]:
        """The entry's tags: those `given` by its feed, which need no rule, then the rules' in their order."""
        found = {term: self._tag(term, "all news of this feed has it") for term in given}
        categories = [
            words for category in entry.categories for words in _of_category(category.term, category.label)
        ]
        fields: _InFields = {
            "title": self._phrases.found(markup.words(entry.title)),
            "text": self._phrases.found(markup.words(entry.text)),
            "category": _together([self._phrases.found(words) for words in categories]),
        }
        mapped = dict(chain.from_iterable(self._by_category.get(words, ()) for words in categories))
        phrases = set(chain.from_iterable(fields.values()))
        possible = self._possible(phrases, mapped)
        for position in sorted(possible):
            rule, spoken = self._rules[position], possible[position]
            if rule.term in found or not (rule.members is None or entry.feed.member in rule.members):
                continue
            if len(spoken) > 1:
                spoken.sort(key=rule.any.index)
            if self._simple[position] and position not in mapped:
                if mention := _one_mention(rule, fields, spoken):
                    found[rule.term] = _mentioned(rule.term, rule.kind, *mention)
                continue
            excepted = self._excepted.get(position)
            counted = _outside(excepted, fields) if excepted and not phrases.isdisjoint(excepted) else fields
            if why := _why(rule, counted, phrases, spoken, mapped.get(position)):
                found[rule.term] = _made(rule.term, why, rule.kind)
        return self._with_broader(found, tuple(given))

    def _possible(self, phrases: Set[str], mapped: Iterable[int]) -> dict[int, list[str]]:
        """The rules that may hold, those of `mapped` among them, each with its phrases among these."""
        found: dict[int, list[str]] = {position: [] for position in mapped}
        for phrase in phrases:
            for position in self._rules_of.get(phrase, ()):
                if position in found:
                    found[position].append(phrase)
                else:
                    found[position] = [phrase]
        return found

    def by_hand(self, term: str, why: str) -> tuple[Tag, ...]:
        """A tag that somebody gives, with the broader ones that come with it."""
        return self._with_broader({term: self._tag(term, why)}, (term,))

    def _tag(self, term: str, why: str, narrower: tuple[str, ...] = ()) -> Tag:
        position = self._position.get(term)
        return Tag(term, why, None if position is None else self._rules[position].kind, narrower)

    def _with_broader(self, found: Mapping[str, Tag], first: Sequence[str]) -> tuple[Tag, ...]:
        """The tags and all that are broader than they are: `first`, then the others in the rules' order.

        `found` has them in this order already.
        """
        owed: dict[str, list[str]] = {}
        for term in found:
            narrower = term
            while (broader := self._broader.get(narrower)) is not None and broader not in found:
                if narrower in owed.setdefault(broader, []):
                    break
                owed[broader].append(narrower)
                narrower = broader
        if not owed:
            return tuple(found.values())
        every = {**found, **{term: self._owed(term, narrower) for term, narrower in owed.items()}}
        before = {term: place - len(first) for place, term in enumerate(first)}
        return tuple(
            sorted(
                every.values(),
                key=lambda tag: before[tag.term] if tag.term in before else self._position[tag.term],
            )
        )

    def _owed(self, term: str, narrower: Sequence[str]) -> Tag:
        labels = " and ".join(f"‘{self._rules[self._position[each]].label}’" for each in narrower)
        return self._tag(term, f"part of it is {labels}, which it has", tuple(narrower))


def _of_category(term: str, label: str | None) -> tuple[str, ...]:
    return tuple(words for words in (markup.words(term), markup.words(label or "")) if words)


def _together(found: Sequence[Mapping[str, Found]]) -> Mapping[str, Found]:
    if len(found) == 1:
        return found[0]
    every: dict[str, Found] = {}
    for of_one in found:
        for phrase, each in of_one.items():
            before = every.get(phrase)
            every[phrase] = Found(before.words, before.times + each.times) if before else each
    return every


# ---------------------------------------------------------------- one rule


def _excepted(rule: TagRule) -> Mapping[str, Mapping[str, int]]:
    """How often each phrase of a rule stands in each wording within which nothing counts."""
    wordings = {each.written: each for phrase in rule.except_ for each in read_phrase(phrase)}
    exceptions, counted = Phrases(wordings), Phrases((*rule.any, *rule.all))
    within = {}
    for written, wording in wordings.items():
        # A longer one with a shorter one in it would take the same mention away twice.
        if len(exceptions.found(markup.words(written))) > 1:
            continue
        times: Counter[str] = Counter()
        for part in wording.parts:
            times.update({phrase: each.times for phrase, each in counted.found(part.words).items()})
        if times:
            within[written] = dict(times)
    return within


def _outside(excepted: Mapping[str, Mapping[str, int]], fields: _InFields) -> _InFields:
    """What was found, without what stands within one of the excepted."""
    outside = {}
    for field, found in fields.items():
        left = dict(found)
        for wording in excepted.keys() & found.keys():
            for phrase, times in excepted[wording].items():
                each = left[phrase]
                left[phrase] = Found(each.words, each.times - times * found[wording].times)
        outside[field] = {phrase: each for phrase, each in left.items() if each.times > 0}
    return outside


def _why(
    rule: TagRule, fields: _InFields, phrases: Set[str], spoken: Sequence[str], category: str | None
) -> str | None:
    """Why an entry has a rule's tag, None where it has not.

    `phrases` are all that were found in it, and `spoken` those of `any`, in the rule's order.
    """
    if category is not None:
        why: str | None = f"the publisher's category ‘{category}’"
    elif rule.all:
        why = _all_and_enough(rule, fields, phrases, spoken)
    else:
        why = _enough(rule, fields, spoken)
    if why is None or any(_places(phrase, rule, fields) for phrase in rule.not_ if phrase in phrases):
        return None
    return why


def _all_and_enough(rule: TagRule, fields: _InFields, phrases: Set[str], spoken: Sequence[str]) -> str | None:
    """Where each phrase of `all` stands, and enough of `any` where there are such."""
    reasons = []
    for phrase in rule.all:
        places = _places(phrase, rule, fields) if phrase in phrases else ()
        if not places:
            return None
        reasons.append(_mention(fields[places[0]][phrase].words, places[0], 1))
    if rule.any:
        enough = _enough(rule, fields, spoken)
        if enough is None:
            return None
        reasons.append(enough)
    return " and ".join(reasons)


def _enough(rule: TagRule, fields: _InFields, spoken: Sequence[str]) -> str | None:
    """Those of the `spoken` phrases that come to the rule's threshold; None where all together do not."""
    if rule.threshold == 1:
        mention = _one_mention(rule, fields, spoken)
        return mention and _mention(*mention, 1)
    mentions = []
    total = 0
    for phrase in spoken:
        for place in rule.fields:
            if (found := fields[place].get(phrase)) is not None:
                times = min(found.times, MOST_MENTIONS) if place == "text" else MOST_MENTIONS
                weight = rule.weights.get(phrase, 1) * times
                mentions.append((weight, found.words, place, times))
                total += weight
    if total < rule.threshold:
        return None
    mentions.sort(key=itemgetter(0), reverse=True)
    points, reasons = 0, []
    for weight, words, place, times in mentions:
        points += weight
        reasons.append(_mention(words, place, times))
        if points >= rule.threshold:
            break
    return " and ".join(reasons)


def _one_mention(rule: TagRule, fields: _InFields, spoken: Sequence[str]) -> tuple[str, TagField] | None:
    """The first of the `spoken` phrases that stands in one of the rule's fields."""
    for phrase in spoken:
        for place in rule.fields:
            if (found := fields[place].get(phrase)) is not None:
                return found.words, place
    return None


@lru_cache(maxsize=4096)
def _mentioned(term: str, kind: Kind | None, words: str, place: TagField) -> Tag:
    return Tag(term, _mention(words, place, 1), kind)


# Much news has the same tags for the same reasons.
_made = lru_cache(maxsize=4096)(Tag)


@lru_cache(maxsize=4096)
def _mention(words: str, place: TagField, times: int) -> str:
    often = f" {times} times" if place == "text" and times > 1 else ""
    return f"‘{words}’{often} {_WHERE[place]}"


def _places(phrase: str, rule: TagRule, fields: _InFields) -> Sequence[TagField]:
    """The fields of a rule that a phrase stands in, in the rule's order."""
    return [field for field in rule.fields if phrase in fields[field]]
