"""The rules of feeds.yaml to an entry's tags, each with its reason.

All phrases of all rules are found in one pass over the text, and only rules
of which a phrase was found are looked at: a thousand cost about what ten do.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from itertools import chain
from operator import itemgetter

from hub.model import Entry, Kind, Tag, TagField, TagRule
from hub.phrases import MOST_MENTIONS, Found, Mention, Phrases, read_phrase, words_of

_WHERE: dict[TagField, str] = {"title": "in the title", "text": "in the text", "category": "as a category"}

# By field, an entry's words, and the phrases found in them. The words of each category are a text by itself.
_Texts = Mapping[TagField, Sequence[str]]
_InFields = Mapping[TagField, Mapping[str, Found]]


class Tagger:
    """A set of tag rules, ready to be matched against many entries."""

    def __init__(self, rules: Sequence[TagRule]) -> None:
        self._rules = rules
        self._position = {rule.term: position for position, rule in enumerate(rules)}
        self._broader = {rule.term: rule.broader for rule in rules if rule.broader is not None}
        self._excepting = {position: _Excepting(rule) for position, rule in enumerate(rules) if rule.except_}
        # Most rules hold as soon as one phrase is mentioned, whatever else stands there.
        self._simple = [rule.threshold == 1 and not (rule.all or rule.not_ or rule.except_) for rule in rules]
        self._phrases = Phrases(
            chain.from_iterable((*rule.any, *rule.all, *rule.not_, *rule.except_) for rule in rules)
        )
        # A rule can only hold where one of these was found.
        self._rules_of: dict[str, list[int]] = {}
        self._by_category: dict[str, list[tuple[int, str]]] = {}
        for position, rule in enumerate(rules):
            for phrase in rule.any or rule.all[:1]:
                self._rules_of.setdefault(phrase, []).append(position)
            for category in rule.categories:
                if words := words_of(category):
                    self._by_category.setdefault(words, []).append((position, category))

    def tags(self, entry: Entry, *, given: Iterable[str] = ()) -> tuple[Tag, ...]:
        """The entry's tags: those `given` by its feed, which need no rule, then the rules' in their order."""
        found = {term: self._tag(term, "all news of this feed has it") for term in given}
        categories = [
            words for category in entry.categories for words in _of_category(category.term, category.label)
        ]
        title, text = words_of(entry.title), words_of(entry.text)
        texts: _Texts = {"title": (title,), "text": (text,), "category": categories}
        fields: _InFields = {
            "title": self._phrases.found(title),
            "text": self._phrases.found(text),
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
            why = _why(rule, fields, phrases, spoken, mapped.get(position))
            if why and rule.except_ and position not in mapped and not phrases.isdisjoint(rule.except_):
                # Looked at last: exceptions only take away.
                why = _why(rule, self._excepting[position].outside(fields, texts), phrases, spoken, None)
            if why:
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
    return tuple(words for words in (words_of(term), words_of(label or "")) if words)


def _together(found: Sequence[Mapping[str, Found]]) -> Mapping[str, Found]:
    if len(found) == 1:
        return found[0]
    every: dict[str, Found] = {}
    for of_one in found:
        for phrase, each in of_one.items():
            before = every.get(phrase)
            every[phrase] = before.more(each.times) if before else each
    return every


# ---------------------------------------------------------------- one rule


class _Excepting:
    """The phrases of a rule with its exceptions: they are found again where one stands, by their places."""

    def __init__(self, rule: TagRule) -> None:
        self._exceptions = frozenset(rule.except_)
        self._counted = frozenset((*rule.any, *rule.all))
        # Each by itself: of synonyms the one that holds another does not count, and reaches further.
        self._wordings = frozenset(each.written for phrase in rule.except_ for each in read_phrase(phrase))
        self._phrases = Phrases((*rule.any, *rule.all, *sorted(self._wordings)))

    def outside(self, fields: _InFields, texts: _Texts) -> _InFields:
        """What was found in the fields, without what stands within exceptions."""
        return {
            field: found if self._exceptions.isdisjoint(found) else self._found(texts[field], found)
            for field, found in fields.items()
        }

    def _found(self, texts: Sequence[str], found: Mapping[str, Found]) -> Mapping[str, Found]:
        others = {phrase: each for phrase, each in found.items() if phrase not in self._counted}
        return {**others, **_together([self._counting(words) for words in texts])}

    def _counting(self, words: str) -> Mapping[str, Found]:
        counting: dict[str, Found] = {}
        for phrase, wording, _, _ in self.mentions(words):
            before = counting.get(phrase)
            counting[phrase] = before.more(1) if before else Found(wording, 1)
        return counting

    def mentions(self, words: str) -> Iterator[Mention]:
        """The mentions that count, in a text's `words_of`: none within an exception."""
        mentions = list(self._phrases.mentions(words))
        exceptions = _united(
            (found.start, found.stop) for found in mentions if found.phrase in self._wordings
        )
        starts = [start for start, _ in exceptions]
        for mention in mentions:
            if mention.phrase not in self._counted:
                continue
            nearest = bisect_right(starts, mention.start) - 1
            if nearest < 0 or exceptions[nearest][1] < mention.stop:
                yield mention


def finder(rule: TagRule) -> Callable[[str], Iterator[Mention]]:
    """A function that finds the mentions which count for a rule in a text's `words_of`."""
    return _Excepting(rule).mentions


def _united(spans: Iterable[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """Places in a text in their order; those that meet or overlap are one."""
    united: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if united and start <= united[-1][1]:
            start, before = united.pop()
            stop = max(stop, before)
        united.append((start, stop))
    return united


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
