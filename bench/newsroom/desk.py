"""Who publishes what and when: stories with their copies, and the look-alikes between them."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from bench.newsroom import series
from bench.newsroom.articles import (
    GENRES,
    SUBJECTS,
    Article,
    Block,
    Matter,
    length,
    matter,
    with_notes,
    written,
)
from bench.newsroom.copies import ANY_LANGUAGE, EXCERPT_WORDS, WAYS, Hand, Post
from bench.newsroom.grammar import Voice, active, settled, wording
from bench.newsroom.page import Entry, Press
from bench.newsroom.roster import Member, roster

START = dt.datetime(2025, 9, 1, tzinfo=dt.UTC)
DAYS = 365
# Kinds of assignment and how often each is given; each makes one story or more.
_ASSIGNMENTS = {
    "news": 100,
    "abroad": 10,
    "paraphrase": 4,
    "twins": 4,
    "followup": 6,
    "statement": 2,
    "translation": 2,
    "roundup": 5,
    "statistics": 2,
    "listing": 2,
    "vacancy": 3,
    "award": 2,
    "obituary": 2,
    "papers": 2,
    "hours": 1,
    "notice": 2,
    "course": 2,
    "campaign": 2,
}
# What each kind of member writes about; who is not here, about everything.
_CONCERNS = {
    "hospital": ("lungs", "youth", "ageing", "births", "germs"),
    "health": ("lungs", "youth", "ageing", "births", "germs"),
    "council": ("floods", "schools", "homes", "energy", "arts", "ageing", "youth"),
    "charity": ("youth", "ageing", "homes", "arts", "schools", "floods"),
}
_TOO_NEAR = 0.45  # share of an article's shingles that an earlier one has: it is written again
_TRIES = 8
_REMEMBERED = 24  # articles for each shingle


def entries(seed: int = 1, stories: int = 1200) -> list[Entry]:
    """That many stories, or a few more, as entries in the order a hub would first see them."""
    desk = Desk(seed)
    desk.assign(stories)
    return sorted(desk.press.entries, key=lambda entry: (entry["seen"], entry["feed"], entry["id"]))


class Desk:
    """Makes stories one assignment at a time and prints them."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(f"desk {seed}")
        self.roster = roster(seed)
        self.press = Press(self.rng)
        self.stories = 0
        # Stories carried by several, for round-ups and follow-ups: article, matter, issuer, when, story.
        self.carried: list[tuple[Article, Matter, Member, dt.datetime, str]] = []
        self._roundups: set[tuple[Block, ...]] = set()
        self._shingles: dict[str, list[int]] = {}

    def assign(self, stories: int) -> None:
        kinds, weights = list(_ASSIGNMENTS), list(_ASSIGNMENTS.values())
        while self.stories < stories:
            kind = self.rng.choices(kinds, weights)[0]
            if kind in series.TEMPLATES:
                self.template(kind)
            else:
                getattr(self, kind)()

    # ---- stories

    def story(self) -> str:
        self.stories += 1
        return f"s{self.stories:05d}"

    def news(self) -> None:
        issuer = self.roster.national if self.rng.random() < 0.3 else self.rng.choice(self.roster.home)
        self.release(issuer, self.moment(), self.matter(issuer), self.rng.choices(GENRES, (5, 4, 2, 1, 1))[0])

    def release(
        self,
        issuer: Member,
        when: dt.datetime,
        what: Matter,
        genre: str,
        group: str | None = None,
        kind: str = "news",
        quoted: str = "",
        copied: float = 0.55,
    ) -> None:
        """Print a new article and its copies."""
        story = self.story()
        article, formula = self.fresh(
            lambda: written(self.rng, what, genre, length(self.rng), quoted), group is not None
        )
        article = with_notes(self.rng, issuer, article)
        gold = _gold(story, kind, article.tag, group or formula)
        copies = min(1 + int(self.rng.expovariate(0.45 if issuer.kind == "national" else 0.8)), 10)
        others = [member for member in (*self.roster.home, self.roster.national) if member is not issuer]
        carriers = self.rng.sample(others, copies) if self.rng.random() < copied else []
        self.carry(article, what, issuer, carriers, when, gold, tuple(WAYS))
        if carriers and not group:
            self.carried.append((article, what, issuer, when, story))

    def carry(
        self,
        article: Article,
        what: Matter,
        issuer: Member,
        carriers: list[Member],
        when: dt.datetime,
        gold: dict[str, Any],
        ways: tuple[str, ...],
    ) -> None:
        page = self.press.print(issuer, Post(article), when, gold | {"variant": "original"})
        own = [issuer] if self.rng.random() < 0.03 else []
        for member in [*own, *carriers]:
            way = (
                "corrected"
                if member is issuer
                else self.rng.choices(ways, [WAYS[name][1] for name in ways])[0]
            )
            post = WAYS[way][0](Hand(self.rng, member, issuer, what), article)
            later = (
                self.rng.uniform(20, 30) if way == "corrected" else min(1 + self.rng.expovariate(1 / 22), 240)
            )
            self.press.print(
                member, post, when + dt.timedelta(hours=later), gold | {"variant": way}, issuer, page
            )

    def abroad(self) -> None:
        """A story in another language, by and for its members."""
        lang = self.rng.choice(sorted(self.roster.abroad))
        members = self.roster.abroad[lang]
        issuer = self.rng.choice(members)
        told: list[Matter] = []

        def write() -> Article:
            article, what = series.foreign(self.rng, lang, issuer, {})
            told.append(what)
            return article

        article, formula = self.fresh(write, False)
        others = [member for member in members if member is not issuer]
        carriers = self.rng.sample(others, self.rng.randint(0, len(others)) if self.rng.random() < 0.4 else 1)
        self.carry(
            article,
            told[-1],
            issuer,
            carriers,
            self.moment(),
            _gold(self.story(), "news", article.tag, formula),
            ANY_LANGUAGE,
        )

    # ---- what looks the same and is not

    def paraphrase(self) -> None:
        """Two members tell the same event, each in its own words."""
        one, other = self.rng.sample(self.roster.home, 2)
        what, when, group = self.matter(one, other.org), self.moment(), f"paraphrase:{self.stories + 1}"
        genre = self.rng.choice(["announcement", "results"])
        for member in (one, other):
            article = written(self.rng, what, genre, length(self.rng))
            gold = _gold(self.story(), "news", article.tag, group, ambiguous=True) | {"variant": "original"}
            self.press.print(member, Post(article), when + dt.timedelta(hours=self.rng.uniform(0, 30)), gold)

    def twins(self) -> None:
        """Two studies by one team in one month."""
        issuer, when = self.rng.choice(self.roster.home), self.moment()
        what, group = self.matter(issuer), f"twins:{self.stories + 1}"
        for number in range(2):
            self.release(
                issuer,
                when + dt.timedelta(days=number * self.rng.randint(4, 25)),
                what,
                "results",
                group,
                "news",
            )
            what = self.next_angle(what)

    def followup(self) -> None:
        """Weeks later, the next news of the same people, with two paragraphs of the first."""
        if not self.carried:
            return
        article, what, issuer, when, story = self.rng.choice(self.carried)
        paragraphs = [active(block.text) for block in article.blocks if block.kind == "p"]
        recalls = self.rng.choice(["We reported then:", "As we wrote at the time:", "This is how it began:"])
        quoted = f"{recalls} {' '.join(paragraphs[:2])}"
        teller = issuer if self.rng.random() < 0.6 else self.rng.choice(self.roster.home)
        later = when + dt.timedelta(days=self.rng.randint(9, 120))
        self.release(
            teller,
            later,
            self.next_angle(what),
            self.rng.choice(["announcement", "results"]),
            f"followup:{story}",
            "followup",
            quoted,
            0.3,
        )

    def statement(self) -> None:
        """Several bodies answer the same report; what they share is what they quote of it."""
        frames, when, group = wording("frames"), self.moment(), f"report:{self.stories + 1}"
        words = frames["words"]
        reporter = self.rng.choice(words["reporter"])
        report = settled(self.rng, self.rng.choice(words["report"])).format(
            reporter=reporter, paper=self.rng.choice(words["paper"])
        )
        quote = Voice(self.rng, {"reporter": reporter}).say(self.rng.choice(words["report_quote"]))
        for member in self.rng.sample((*self.roster.home, self.roster.national), self.rng.randint(3, 6)):
            what = self.matter(member)
            what.facts["report"] = report
            self.release(
                member,
                when + dt.timedelta(hours=self.rng.uniform(0, 20)),
                what,
                "response",
                group,
                "statement",
                quote,
                0.15,
            )

    def translation(self) -> None:
        """A story in English, and the same event in another language by a member there."""
        issuer, when, first = self.rng.choice(self.roster.home), self.moment(), f"s{self.stories + 1:05d}"
        what = self.matter(issuer)
        self.release(issuer, when, what, "announcement", f"translation:{first}")
        lang = self.rng.choice(sorted(self.roster.abroad))
        member = self.rng.choice(self.roster.abroad[lang])
        facts = {"spk": what.facts["spk1"], "place": what.facts["town"]}
        gold = _gold(
            self.story(),
            "news",
            wording("subjects")[what.subject]["tag"],
            f"translation:{first}",
            ambiguous=True,
        ) | {"variant": "translated"}
        self.press.print(
            member,
            Post(series.foreign(self.rng, lang, member, facts)[0]),
            when + dt.timedelta(hours=self.rng.uniform(2, 50)),
            gold,
        )

    def roundup(self) -> None:
        """A newsletter with the openings of four stories, each of which others carry too."""
        if len(self.carried) < 4:
            return
        latest = max(item[3] for item in self.rng.sample(self.carried, 4))
        told = sorted(self.carried, key=lambda item: (abs(item[3] - latest), item[4]))[:4]
        when = max(item[3] for item in told) + dt.timedelta(days=self.rng.randint(1, 5))
        member = self.rng.choice((*self.roster.home, self.roster.national))
        article = series.roundup(self.rng, member, [item[0] for item in told], when)
        # Word for word what another sent out: nobody could tell that these are two.
        again = article.blocks in self._roundups
        self._roundups.add(article.blocks)
        gold = _gold(self.story(), "newsletter", "", f"roundup:{member.slug}", ambiguous=again) | {
            "variant": "original"
        }
        self.press.print(member, Post(article), when, gold)

    def template(self, kind: str) -> None:
        """A series: one template, by one member or several, with new facts each time."""
        made = series.Series(self.rng, kind)
        count, group, when = self.rng.randint(3, 7), f"{kind}:{self.stories + 1}", self.moment()
        members = self.rng.sample(
            self.roster.home, count if kind == "campaign" else self.rng.choice([1, 2, 3])
        )
        for number in range(count):
            member = members[number % len(members)]
            turn = number // len(members) if kind != "campaign" else 0
            printed = when + dt.timedelta(days=turn * series.EVERY[kind] + self.rng.uniform(0, 1.5))
            article = made.next(member, self.matter(member), printed)
            gold = _gold(self.story(), kind, article.tag, group, ambiguous=kind == "campaign") | {
                "variant": "original"
            }
            page = self.press.print(member, Post(article), printed, gold)
            if len(members) < 4 and self.rng.random() < 0.15:
                other = self.rng.choice([other for other in self.roster.home if other not in members])
                post = WAYS["verbatim"][0](Hand(self.rng, other, member, None), article)
                self.press.print(
                    other,
                    post,
                    printed + dt.timedelta(hours=self.rng.uniform(1, 40)),
                    gold | {"variant": "verbatim"},
                    member,
                    page,
                )

    # ---- means

    def moment(self) -> dt.datetime:
        day = START + dt.timedelta(days=self.rng.randrange(DAYS))
        return day.replace(
            hour=self.rng.choice([7, 8, 9, 9, 10, 10, 11, 12, 14, 15, 16]), minute=self.rng.randrange(60)
        )

    def matter(self, member: Member, partner: str = "") -> Matter:
        others = [other.org for other in self.roster.home if other is not member]
        return matter(
            self.rng,
            member,
            partner or self.rng.choice(others),
            self.rng.choice(_CONCERNS.get(member.kind, SUBJECTS)),
            START.year,
        )

    def next_angle(self, what: Matter) -> Matter:
        return series.next_angle(self.rng, what)

    def fresh(self, write: Callable[[], Article], free: bool) -> tuple[Article, str | None]:
        """An article that shares little with every earlier one, or else the series of those by formula."""
        for _ in range(_TRIES):
            article = write()
            marks = _marks(article)
            nearest = max(self._nearest(marks), self._nearest(_opening_marks(article)))
            if free or nearest <= _TOO_NEAR:
                break
        for mark in marks | _opening_marks(article):
            owners = self._shingles.setdefault(mark, [])
            owners.append(self.stories)
            del owners[:-_REMEMBERED]
        return article, None if free or nearest <= _TOO_NEAR else f"formula:{article.lang}"

    def _nearest(self, marks: set[str]) -> float:
        """The largest share of these shingles that one earlier article has."""
        seen = Counter(owner for mark in marks for owner in self._shingles.get(mark, ()))
        return max(seen.values(), default=0) / max(1, len(marks))


def _marks(article: Article) -> set[str]:
    """Four words each, or four signs where words are not set apart."""
    text = active(" ".join(block.text for block in article.blocks)).lower()
    units = list(text) if article.lang == "zh" else text.split()
    return _shingled(units)


def _opening_marks(article: Article) -> set[str]:
    """Those of an excerpt, told from those of whole articles."""
    units = article.words()[:EXCERPT_WORDS]
    return {f"^{mark}" for mark in _shingled([unit.lower() for unit in units])}


def _shingled(units: list[str]) -> set[str]:
    return {" ".join(units[place : place + 4]) for place in range(max(1, len(units) - 3))}


def _gold(story: str, kind: str, tag: str, group: str | None, ambiguous: bool = False) -> dict[str, Any]:
    tags = [tag] if tag else []
    return {
        "story": story,
        "variant": "",
        "kind": kind,
        "series": group,
        "ambiguous": ambiguous,
        "tags": [*tags, f"type:{kind}"],
    }
