"""What looks the same and is not: one template with other facts, newsletters, the next study of one team."""

from __future__ import annotations

import datetime as dt
import random

from bench.newsroom.articles import Article, Block, Matter, new_angle, person
from bench.newsroom.copies import opening
from bench.newsroom.grammar import Voice, active, capital, settled, wording
from bench.newsroom.roster import Member

# Days from one of a series to the next.
EVERY = {
    "statistics": 30,
    "listing": 7,
    "vacancy": 24,
    "award": 365,
    "obituary": 45,
    "papers": 60,
    "hours": 80,
    "notice": 20,
    "course": 28,
    "campaign": 0,
}
TEMPLATES = tuple(EVERY)


class Series:
    """A template with its choices made; `next` gives its next story."""

    def __init__(self, rng: random.Random, kind: str) -> None:
        texts = wording("lookalikes")
        self.rng = rng
        self.kind = kind
        self.head = settled(rng, rng.choice(texts[kind]["head"]))
        self.text = [settled(rng, text) for text in texts[kind]["text"]]
        words, places = texts["words"], wording("frames")["words"]
        self.kept = {name: rng.choice(words[name]) for name in words if name.startswith("kept_")}
        self.kept |= {
            "kept_weeks": str(rng.choice([2, 6, 8, 18, 26])),
            "kept_spk": person(rng),
            "kept_year": str(rng.randint(2006, 2019)),
        }
        site = settled(rng, rng.choice(places["site"]))
        self.kept["kept_site"] = Voice(rng, {}, places).fill(site)
        self.kept["holiday"] = rng.choice(words["holiday"])
        self.post = rng.choice(words["post"])
        self.edition = rng.randint(2019, 2024)

    def next(self, member: Member, what: Matter, when: dt.datetime) -> Article:
        """The series' next, by this member, printed at that time; `what` gives places and people."""
        words, frames = wording("lookalikes")["words"], wording("frames")
        voice = Voice(
            self.rng, what.facts | self.kept, words, wording("subjects")[what.subject], frames["words"]
        )
        voice.people = [(person(self.rng), role) for _, role in what.people]
        self.edition += 1
        if self.rng.random() < 0.4:
            self.post = self.rng.choice(words["post"])
        dates = [when + dt.timedelta(days=days) for days in sorted(self.rng.sample(range(3, 50), 3))]
        voice.facts |= {
            "date": day(dates[0]),
            "date2": day(dates[1]),
            "closing": day(dates[0]),
            "interview": day(dates[2]),
            "month_year": when.strftime("%B %Y"),
            "edition": str(self.edition),
            "post": self.post,
            "ref": f"{member.slug[:3].upper()}{self.rng.randint(100, 9999)}",
            "salary": f"£{self.rng.randint(22, 58)},{self.rng.randint(100, 999)} a year",
        }
        for name in ("dead", "board", "disruption", "dead_role"):
            voice.keep(name)
        voice.facts["short_name"] = voice.facts["dead"].removesuffix(" MBE").rsplit(" ", 2)[-2]
        blocks = tuple(Block("p", voice.say(text)) for text in self.text)
        return Article(voice.say(self.head), "", blocks, "")


def day(when: dt.datetime) -> str:
    """The day in words, or the Monday after a weekend."""
    when += dt.timedelta(days=7 - when.weekday() if when.weekday() > 4 else 0)
    return f"{when:%A} {when.day} {when:%B}"


def next_angle(rng: random.Random, what: Matter) -> Matter:
    """The same people and places with another study, deed and figures."""
    voice = Voice(rng, dict(what.facts), wording("subjects")[what.subject], wording("frames")["words"])
    voice.facts |= {
        "n1": f"{rng.randint(60, 9000):,}",
        "pct": str(rng.randint(3, 64)),
        "money": f"{rng.randint(3, 98) / 10:g}",
    }
    for name in ("up", "down"):
        voice.keep(name)
    new_angle(rng, voice, what.subject)
    return Matter(what.subject, voice.facts, what.people)


def roundup(rng: random.Random, member: Member, told: list[Article], when: dt.datetime) -> Article:
    """A newsletter: each story's headline and first sentence."""
    texts = wording("lookalikes")["bulletin"]
    facts = dict(member.facts) | {"date": day(when), "month_year": when.strftime("%B %Y")}
    voice = Voice(rng, facts, {"head": texts["head"], "text": texts["text"], "closing": texts["closing"]})
    blocks = [Block("p", voice.say(voice.draw("text")))]
    for article in told:
        blocks += [Block("h", active(article.head)), Block("p", opening(article))]
    return Article(
        voice.say(voice.draw("head")), "", (*blocks, Block("p", voice.say(voice.draw("closing")))), ""
    )


def foreign(rng: random.Random, lang: str, member: Member, facts: dict[str, str]) -> tuple[Article, Matter]:
    """A story in one of the other languages; `facts` may give its place and its speaker."""
    lists = wording("languages")[lang]
    voice = Voice(rng, {"org": member.org} | facts, lists)
    for name in ("place", "thing"):
        if name not in facts:
            voice.keep(name)
    voice.facts["n"] = str(rng.randint(3, 90))
    head = capital(voice.draw("head"))
    blocks = []
    for text in lists["text"]:
        voice.facts["n"] = str(rng.randint(3, 400))
        blocks.append(Block("p", capital(voice.fill(settled(rng, f"[{text}]")))))
    return Article(head, "", tuple(blocks), "", lang), Matter(lang, voice.facts)
