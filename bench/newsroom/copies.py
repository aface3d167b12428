"""How a member takes over another's story: each way makes a Post from an article, and has a name."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from bench.newsroom.articles import Article, Block, Matter, person
from bench.newsroom.grammar import Voice, active, capital, passive, settled, wording
from bench.newsroom.roster import Member

EXCERPT_WORDS = 55  # WordPress's own number
_SMALL = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_LONG_FORMS = {
    "do not": "don't",
    "does not": "doesn't",
    "is not": "isn't",
    "cannot": "can't",
    "it is": "it's",
    "was not": "wasn't",
    "did not": "didn't",
    "would not": "wouldn't",
    "we would": "we'd",
    "nobody": "no one",
}
_TITLES = re.compile(r"\b(Professor|Dr|Councillor|Sister|Mr|Ms) (?=[A-Z])")
_FIGURE = re.compile(r"(?<![\d,.£-])\d{2,3}(?![\d,-])")


@dataclass(frozen=True, slots=True)
class Post:
    """What goes into an entry. `only` is "" for all of it, else standfirst, excerpt or headline.

    `link` is "" for the member's own page, else issuer or tracked (the
    issuer's, with campaign parameters). `layout` asks for other HTML.
    """

    article: Article
    only: str = ""
    link: str = ""
    layout: bool = False


@dataclass(frozen=True, slots=True)
class Hand:
    """The copying member at work: its dice, itself, whose story it is, and what it is about."""

    rng: random.Random
    member: Member
    issuer: Member
    matter: Matter | None

    def voice(self, article: Article) -> Voice:
        """The member's own, which says nothing that the article quotes."""
        assert self.matter is not None
        facts = self.matter.facts | dict(self.member.facts)
        voice = Matter(self.matter.subject, facts, []).voice(self.rng)
        roles = wording("lookalikes")["words"]["any_role"]
        voice.people = [(person(self.rng), self.rng.choice(roles))]
        text = " ".join(block.text for block in article.blocks)
        for view in wording("subjects")[self.matter.subject]["view"]:
            if view.rstrip(".") in text:
                voice.spend("view", view)
        return voice


def verbatim(_hand: Hand, article: Article) -> Post:
    return Post(article)


def headline(hand: Hand, article: Article) -> Post:
    """The same words under another headline."""
    assert hand.matter is not None
    if article.lang == "en":
        voice = hand.matter.voice(hand.rng, hand.rng.choice(["announcement", "results"]))
    else:
        voice = Voice(hand.rng, dict(hand.matter.facts), wording("languages")[article.lang])
    heads = [
        head for head in (capital(voice.say(voice.draw("head"))) for _ in range(4)) if head != article.head
    ]
    return Post(replace(article, head=heads[0]))


def introduced(hand: Hand, article: Article) -> Post:
    """One to three paragraphs of its own, then the whole text."""
    if article.lang != "en":
        lists = wording("languages")[article.lang]
        voice = Voice(hand.rng, dict(hand.member.facts), lists)
        return Post(
            replace(
                article, standfirst="", blocks=(Block("p", capital(voice.draw("intro"))), *article.blocks)
            )
        )
    voice = hand.voice(article)
    voice.facts["issuer"] = f"the {hand.issuer.org}" if hand.issuer.kind == "national" else hand.issuer.org
    own = [
        Block("p", voice.say(" ".join(voice.draw("intro") for _ in range(hand.rng.choice([1, 2])))))
        for _ in range(hand.rng.randint(1, 3))
    ]
    standfirst = (Block("p", article.standfirst),) if article.standfirst else ()
    return Post(replace(article, standfirst="", blocks=(*own, *standfirst, *article.blocks)))


def quote_inserted(hand: Hand, article: Article) -> Post:
    voice = hand.voice(article)
    middle = len(article.blocks) // 2
    quote = Block("p", voice.say(voice.draw("own_quote")))
    return Post(replace(article, blocks=(*article.blocks[:middle], quote, *article.blocks[middle:])))


def truncated(hand: Hand, article: Article) -> Post:
    return Post(article, only="excerpt", link=hand.rng.choice(["", "issuer"]))


def standfirst(hand: Hand, article: Article) -> Post:
    return Post(article, only="standfirst", link=hand.rng.choice(["", "issuer"]))


def headline_only(hand: Hand, article: Article) -> Post:
    return Post(article, only="headline", link=hand.rng.choice(["issuer", "issuer", "tracked"]))


def tracked(_hand: Hand, article: Article) -> Post:
    return Post(article, link="tracked")


def reset(_hand: Hand, article: Article) -> Post:
    """The same words in other HTML."""
    return Post(article, layout=True)


def relabelled(hand: Hand, article: Article) -> Post:
    """The headline in Title Case, after a label, before the member's name, or all of these."""
    head = article.head
    if hand.rng.random() < 0.5:
        head = " ".join(
            word if word in ("a", "of", "in", "the", "and", "for", "to") else capital(word)
            for word in head.split()
        )
    if hand.rng.random() < 0.7 or head == article.head:
        head = hand.rng.choice(wording("house")["label"]) + head
    if hand.rng.random() < 0.3:
        head += f" ({hand.member.name})"
    return Post(replace(article, head=head))


def sub_edited(hand: Hand, article: Article) -> Post:
    """House style: figures, per cent, contractions, titles, moods; paragraphs joined, sentences cut."""
    rng = hand.rng
    edits: list[Callable[[str], str]] = [
        lambda text: re.sub(r"\b([2-9]|1[0-2])(?= [a-z])", lambda match: _SMALL[int(match[1])], text),
        lambda text: (
            text.replace(" per cent", "%") if " per cent" in text else text.replace("%", " per cent")
        ),
        lambda text: _TITLES.sub("", text),
        passive,
        _contracted,
        lambda text: re.sub(r"\bsaid\b", "says", text),
    ]
    chosen = rng.sample(edits, rng.randint(2, len(edits)))

    def edited(text: str) -> str:
        for edit in chosen:
            text = edit(text)
        return text

    blocks = [
        Block(block.kind, edited(block.text))
        for block in article.blocks
        if block.kind != "caption" or rng.random() < 0.5
    ]
    for _ in range(rng.choice([0, 1, 1, 2])):
        place = rng.randrange(len(blocks))
        sentences = re.split(r"(?<=[.!?]) (?=[A-Z])", blocks[place].text)
        if blocks[place].kind == "p" and len(sentences) > 1 and "“" not in blocks[place].text:
            del sentences[rng.randrange(1, len(sentences))]
            blocks[place] = Block("p", " ".join(sentences))
    for place in range(len(blocks) - 1, 1, -1):
        if blocks[place].kind == blocks[place - 1].kind == "p" and rng.random() < 0.25:
            blocks[place - 1 : place + 1] = [Block("p", f"{blocks[place - 1].text} {blocks[place].text}")]
    return Post(
        replace(
            article,
            head=edited(article.head) if rng.random() < 0.5 else article.head,
            standfirst=edited(article.standfirst),
            blocks=tuple(blocks),
        )
    )


def shortened(hand: Hand, article: Article) -> Post:
    """A third of it: whole paragraphs, in their order, the opening always."""
    wanted = len(article.words()) / 3
    texts = [block for block in article.blocks if block.kind == "p"]
    kept, count = {0}, len(texts[0].text.split())
    for place in hand.rng.sample(range(1, len(texts)), len(texts) - 1):
        size = len(texts[place].text.split())
        if count + size <= wanted * 1.2:
            kept.add(place)
            count += size
    return Post(replace(article, blocks=tuple(block for place, block in enumerate(texts) if place in kept)))


def corrected(hand: Hand, article: Article) -> Post:
    """Up to three figures changed a day later, wherever they stand; more often than not it says so."""
    rng = hand.rng
    found = list(
        dict.fromkeys(_FIGURE.findall(" ".join([article.head, *(block.text for block in article.blocks)])))
    )
    changes = {
        figure: str(int(figure) + rng.randint(1, 9))
        for figure in rng.sample(found, min(len(found), rng.randint(1, 3)))
    }

    def put_right(text: str) -> str:
        return _FIGURE.sub(lambda match: changes.get(match[0], match[0]), text)

    blocks = tuple(Block(block.kind, put_right(block.text)) for block in article.blocks)
    head = put_right(article.head)
    if article.lang == "en" and rng.random() < 0.6:
        day = f"{rng.randint(1, 28)} {rng.choice(wording('frames')['words']['month'])}"
        blocks += (Block("p", settled(rng, rng.choice(wording("house")["corrected"])).replace("{day}", day)),)
        head = f"Corrected: {head}" if rng.random() < 0.4 else head
    return Post(replace(article, head=head, standfirst=put_right(article.standfirst), blocks=blocks))


def _contracted(text: str) -> str:
    for long, short in _LONG_FORMS.items():
        text = re.sub(rf"\b{long}\b", short, text)
    return text


def excerpt(article: Article) -> str:
    """Its first words, as WordPress cuts them."""
    words = article.words()
    return " ".join(words) if len(words) <= EXCERPT_WORDS else " ".join(words[:EXCERPT_WORDS]) + " […]"


def opening(article: Article) -> str:
    """Its first sentence."""
    return re.split(r"(?<=[.!?]) (?=[A-Z“])", active(article.blocks[0].text))[0]


# The ways and how often each is taken.
WAYS: dict[str, tuple[Callable[[Hand, Article], Post], int]] = {
    "verbatim": (verbatim, 16),
    "headline": (headline, 8),
    "introduced": (introduced, 14),
    "quote_inserted": (quote_inserted, 8),
    "truncated": (truncated, 10),
    "standfirst": (standfirst, 5),
    "headline_only": (headline_only, 5),
    "sub_edited": (sub_edited, 12),
    "shortened": (shortened, 8),
    "corrected": (corrected, 4),
    "relabelled": (relabelled, 8),
    "tracked": (tracked, 5),
    "reset": (reset, 7),
}
# What can be done to a text without knowing its language.
ANY_LANGUAGE = (
    "verbatim",
    "headline",
    "introduced",
    "truncated",
    "standfirst",
    "headline_only",
    "corrected",
    "tracked",
    "reset",
)
