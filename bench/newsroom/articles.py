"""One article: a headline, a standfirst and blocks, in one of five genres, about one subject."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from bench.newsroom.grammar import Lists, Voice, active, capital, wording
from bench.newsroom.roster import Member

GENRES = ("announcement", "results", "feature", "response", "opinion")
SUBJECTS = tuple(wording("subjects"))
# What stands between opening and end, most often first: genre lists, subject lists, shared lists.
_MIDDLE = {
    "announcement": (
        "quote",
        "detail",
        "context",
        "effect",
        "money",
        "detail",
        "history",
        "context",
        "quote",
    ),
    "results": ("body", "body", "context", "quote", "body", "detail", "effect", "quote"),
    "feature": ("body", "body", "detail", "body", "context", "history", "body", "detail"),
    "response": ("body", "context", "quote", "body", "body", "context", "effect"),
    "opinion": ("body", "context", "body", "detail", "body", "history", "context"),
}


@dataclass(frozen=True, slots=True)
class Block:
    """`kind` is p, h (heading), list (items by newlines), caption, or note (nothing of the story)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """`blocks` begin with the opening; the standfirst is apart. Texts still have their two moods."""

    head: str
    standfirst: str
    blocks: tuple[Block, ...]
    tag: str
    lang: str = "en"

    def words(self) -> list[str]:
        return " ".join(active(block.text) for block in self.blocks).split()


@dataclass(slots=True)
class Matter:
    """What an article is about: facts that hold in every telling, people with their roles, the subject."""

    subject: str
    facts: dict[str, str]
    people: list[tuple[str, str]] = field(default_factory=list)

    def voice(self, rng: random.Random, genre: str = "announcement") -> Voice:
        """Somebody who tells it, in a genre's manner."""
        frames = wording("frames")
        extra: Lists = {"view": wording("subjects")[self.subject]["view"] + frames["shared"]["hail"]}
        voice = Voice(
            rng,
            dict(self.facts),
            extra,
            wording("subjects")[self.subject],
            frames[genre],
            frames["shared"],
            frames["words"],
        )
        voice.people = list(self.people)
        for name in ("ask", "found"):
            voice.spend(name, self.facts[f"{name}_as_listed"])
        return voice


def matter(rng: random.Random, member: Member, partner: str, subject: str, year: int) -> Matter:
    """Draw the facts of a new story of this member."""
    lists = wording("subjects")[subject]
    frames = wording("frames")
    facts = dict(member.facts) | {
        "partner": partner,
        "year": str(rng.randint(year - 7, year - 1)),
        "year2": str(year + rng.randint(1, 3)),
    }
    voice = Voice(rng, facts, lists, frames["words"])
    facts["n1"] = f"{rng.choice([rng.randint(60, 999), rng.randint(1000, 9000)]):,}"
    facts["pct"] = str(rng.randint(3, 64))
    facts["money"] = f"{rng.randint(3, 98) / 10:g}"
    facts["issuer"] = member.org
    for name in ("site", "scheme", "group", "problem", "down", "up", "case_name", "report"):
        voice.keep(name)
    facts["site2"] = voice.draw("site")
    facts["case_age"] = str(rng.randint(17, 91))
    facts["case"] = facts["case_name"]
    people = [(person(rng), role) for role in rng.sample(lists["role"], 3)]
    facts["spk1"], facts["role1"] = people[0]
    facts["sur1"] = people[0][0].rsplit(" ", 1)[-1]
    new_angle(rng, voice, subject)
    return Matter(subject, facts, people)


def new_angle(rng: random.Random, voice: Voice, subject: str) -> None:
    """What was done, studied and asked for: another one makes another story of the same people."""
    lists = wording("subjects")[subject]
    number = rng.choice(
        [index for index in range(4) if lists["study"][index] != voice.facts.get("study_as_listed")]
    )
    voice.facts["study_as_listed"], voice.facts["found_as_listed"] = (
        lists["study"][number],
        lists["found"][number],
    )
    voice.facts["ask_as_listed"] = rng.choice(lists["ask"])
    for name in ("study", "found", "ask"):
        voice.facts[name] = voice.say(voice.facts[f"{name}_as_listed"])
        voice.facts[name] = voice.facts[name][:1].lower() + voice.facts[name][1:]
    voice.facts["did"] = voice.draw("did")
    for name in ("view_head", "memoir_head"):
        heads = [text for text in lists[name[:-5]] if len(text) < 75 and "{" not in text and ". " not in text]
        voice.facts[name] = capital(rng.choice(heads).rstrip("."))


def person(rng: random.Random) -> str:
    words = wording("frames")["words"]
    return f"{rng.choice(words['title'])}{rng.choice(words['first'])} {rng.choice(words['last'])}"


def length(rng: random.Random) -> int:
    """Words that an article runs to: half under 230, one in ten over 500."""
    return min(900, max(80, int(rng.lognormvariate(5.4, 0.6))))


def written(rng: random.Random, what: Matter, genre: str, words: int, quoted: str = "") -> Article:
    """Tell it once. `quoted` is a paragraph from elsewhere, put after the opening."""
    voice = what.voice(rng, genre)
    head = voice.say(wording("frames")[genre]["head"][rng.randrange(len(wording("frames")[genre]["head"]))])
    standfirst = voice.say(voice.draw("standfirst")) if rng.random() < 0.7 else ""
    paragraphs = [Block("p", voice.say(voice.draw("lead")))]
    if quoted:
        paragraphs.append(Block("p", quoted))
    count, turn = len(paragraphs[0].text.split()) + len(quoted.split()), 0
    plan = _MIDDLE[genre]
    while count < words:
        sentences = []
        for _ in range(rng.choice([1, 1, 2, 2, 3])):
            name = plan[turn % len(plan)] if turn < len(plan) or rng.random() < 0.5 else rng.choice(plan)
            turn += 1
            if voice.left(name) < 1:
                continue
            sentences.append(voice.say(voice.draw(name)))
            if "“" in sentences[-1]:
                break
        if not sentences and turn > 60:
            break
        if sentences:
            text = " ".join(sentences)
            count += len(text.split())
            paragraphs.append(Block("p", text))
    end = voice.say(voice.draw("cta" if rng.random() < 0.6 else "next"))
    return Article(
        head,
        standfirst,
        (*_dressed(rng, voice, paragraphs), Block("p", end)),
        wording("subjects")[what.subject]["tag"],
    )


def with_notes(rng: random.Random, issuer: Member, article: Article) -> Article:
    """The article with its issuer's notes to editors; the national body adds who it is."""
    texts, national = wording("house"), issuer.kind == "national"
    if not national and not issuer.house.notes:
        return article
    facts = dict(issuer.facts) | {
        "issuer": issuer.org,
        "issuer_about": texts["national_about"],
        "scheme": "the project",
    }
    voice = Voice(rng, facts, {"note": texts["note"]})
    notes = "\n".join(voice.say(voice.draw("note")) for _ in range(rng.randint(1, 3)))
    blocks = [*article.blocks, Block("h", rng.choice(texts["notes"])), Block("list", notes)]
    if national:
        blocks.append(Block("note", texts["national_about"]))
    return replace(article, blocks=tuple(blocks))


def _dressed(rng: random.Random, voice: Voice, paragraphs: list[Block]) -> list[Block]:
    house = wording("house")
    if len(paragraphs) > 4 and rng.random() < 0.35:
        paragraphs.insert(
            rng.randint(2, len(paragraphs) - 1), Block("h", voice.say(rng.choice(house["heading"])))
        )
    if len(paragraphs) > 3 and rng.random() < 0.15 and voice.left("effect") > 3:
        items = [voice.say(voice.draw("effect")) for _ in range(3)]
        paragraphs.insert(rng.randint(2, len(paragraphs)), Block("list", "\n".join(items)))
    if rng.random() < 0.25:
        paragraphs.insert(1, Block("caption", voice.say(rng.choice(house["caption"]))))
    return paragraphs
