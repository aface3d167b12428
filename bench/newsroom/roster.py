"""The members, their national body, and how each one's web team works. The seed draws names and habits."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from bench.newsroom.grammar import wording

_PLACES = (
    "Aldwick",
    "Bramhope",
    "Calverley",
    "Dunsford",
    "Ellerton",
    "Farnley",
    "Gosmere",
    "Hexworth",
    "Ilderton",
    "Kelbrook",
    "Lanchester-le-Moor",
    "Marske",
    "Netherby",
    "Oxenholme-St-John",
    "Pateley",
    "Quernmore",
    "Ribchester-on-Sea",
    "Skelby",
    "Thirlwall",
    "Ulverthorpe",
    "Wensford",
    "Yarncliffe",
    "Ashkirk",
    "Burnmouth",
    "Corrieford",
    "Dalmellon",
    "Easterhope",
    "Fettercairn-Bay",
)
_KINDS = (
    ("University of {0}", "university"),
    ("{0} Hospitals Trust", "hospital"),
    ("{0} County Council", "council"),
    ("{0} and {1} Health Board", "health"),
    ("{0} Community Foundation", "charity"),
    ("{0} City Council", "council"),
    ("{0} Metropolitan University", "university"),
    ("{0} Hospice", "charity"),
    ("{0} College", "university"),
    ("{0} and {1} Housing Association", "charity"),
    ("{0} Children's Hospital", "hospital"),
    ("{0} Voluntary Action", "charity"),
    ("{0} Borough Council", "council"),
    ("University Hospitals of {0}", "hospital"),
    ("{0} Carers' Trust", "charity"),
)
_ABROAD = {
    "cy": (
        ("Prifysgol Aberfelin", "aberfelin"),
        ("Cyngor Cwm Derwen", "cwmderwen"),
        ("Ymddiriedolaeth Gofal Heli", "heli"),
    ),
    "fr": (
        ("l'Université de Villeroc", "univ-villeroc"),
        ("le Centre hospitalier de Montelle", "ch-montelle"),
    ),
    "de": (("die Hochschule Altenbrück", "hs-altenbrueck"), ("das Klinikum Moorstedt", "klinikum-moorstedt")),
    "zh": (("临江大学", "linjiang"), ("云岭医院", "yunling")),
    "ar": (("جامعة وادي النخيل", "wadi"), ("مستشفى عين السلام", "ainsalam")),
}


@dataclass(frozen=True, slots=True)
class House:
    """A web team's habits: `mode` is full, both (excerpt and text) or excerpt; `quotes` smart or straight."""

    mode: str
    footer: str
    suffix: str
    ids: str
    path: str
    quotes: str
    nbsp: bool
    about: str
    national_line: bool
    notes: bool
    credits: bool


@dataclass(frozen=True, slots=True)
class Member:
    """It has a feed. `kind` is university, hospital, council, health, charity, national or abroad."""

    slug: str
    org: str
    name: str
    domain: str
    kind: str
    lang: str
    towns: tuple[str, str]
    house: House
    facts: tuple[tuple[str, str], ...]

    @property
    def feed(self) -> str:
        return f"https://www.{self.domain}/feed/"


@dataclass(frozen=True, slots=True)
class Roster:
    """Everyone who publishes: members in English, the national body, members by language."""

    home: tuple[Member, ...]
    national: Member
    abroad: dict[str, tuple[Member, ...]]


def roster(seed: int) -> Roster:
    """The members of this seed."""
    rng = random.Random(f"roster {seed}")
    places = rng.sample(_PLACES, len(_PLACES))
    home = []
    for number, (pattern, kind) in enumerate(_KINDS):
        towns = (places[number], places[(number + len(_KINDS)) % len(places)])
        home.append(_member(rng, pattern.format(*towns), kind, "en", towns))
    national = _member(rng, "Commonwealth of Civic Bodies", "national", "en", (places[-1], places[-2]))
    abroad = {
        lang: tuple(_member(rng, org, "abroad", lang, (org, org), slug) for org, slug in members)
        for lang, members in _ABROAD.items()
    }
    return Roster(tuple(home), national, abroad)


def _member(
    rng: random.Random, org: str, kind: str, lang: str, towns: tuple[str, str], slug: str = ""
) -> Member:
    slug = slug or re.sub(r"[^a-z]+", "", org.lower().replace(" and ", " ").replace("university of", "uni"))
    domain = f"{slug}.example"
    texts = wording("house")
    english = lang == "en"
    house = House(
        mode=rng.choice(["full", "full", "full", "both", "both", "excerpt"])
        if kind != "national"
        else "full",
        footer=rng.choice(texts["footer"]) if english else "",
        suffix=rng.choice(texts["suffix"]) if english else "",
        ids=rng.choice(["link", "post", "tag", "number"]),
        path=rng.choice(
            [
                "/news/{slug}",
                "/{year}/{month:02d}/{slug}/",
                "/about/press/{slug}.html",
                "/news-and-events/{number}-{slug}",
            ]
        ),
        quotes=rng.choice(["smart", "smart", "straight"]),
        nbsp=rng.random() < 0.3,
        about=rng.choice(texts["about"]) if english and rng.random() < 0.35 else "",
        national_line=english and rng.random() < 0.3,
        notes=english and rng.random() < 0.4,
        credits=rng.random() < 0.4,
    )
    facts = {
        "org": f"the {org}" if kind == "national" else org,
        "org_short": "CCB" if kind == "national" else org,
        "name": "CCB" if kind == "national" else towns[0],
        "town": towns[0],
        "town2": towns[1],
        "domain": domain,
        "staff": f"{rng.randint(3, 90)}00",
        "founded": str(rng.randint(1870, 1999)),
        "founded_sites": str(rng.randint(3, 40)),
    }
    return Member(slug, org, facts["name"], domain, kind, lang, towns, house, tuple(facts.items()))
