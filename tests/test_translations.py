"""Readers are spoken to in the hub's language: the catalogues, the pages, the feeds, the dates."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from contextlib import chdir, closing
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po, write_po
from lxml import etree
from msgspec.structs import replace

from hub import translations
from hub.config import parse
from hub.export import run as export
from hub.language import ENGLISH, Language
from hub.model import Enclosure, Tag
from hub.translations import FOLDER, language_of
from hub.web.words import Calendar, size
from tests.conftest import ROOT
from tests.web_hub import BLOG, EAST, NATIONAL, NETWORK, NOW, SAFETY, WESSEX, Hub, ago, news

LANGUAGES = ("cy", "de", "fr")
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_TAG = re.compile(r"<[^>]*>")


@cache
def messages() -> Catalog:
    """What there is to say, collected as `make messages` does."""
    with NamedTemporaryFile(suffix=".pot") as file:
        extract = ["extract", "--mapping-file", "pyproject.toml", "--output-file", file.name, "."]
        with chdir(ROOT):
            CommandLineInterface().run(["pybabel", "--quiet", *extract])  # type: ignore[no-untyped-call]
        return read_po(file)


@cache
def catalogue(language: str) -> Catalog:
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file)


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def said(catalog: Catalog) -> Mapping[tuple[str | None, str], Message]:
    return {(each.context, forms(each.id)[0]): each for each in catalog if each.id}


def at(language: str, more: str = "") -> str:
    """The network of tests in a language."""
    return NETWORK.replace("hub:\n", f"hub:\n  language: {language}\n  contact: news@example.org\n{more}")


# ---------------------------------------------------------------- catalogues


def test_there_are_the_catalogues_that_are_told_of() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.po")) == sorted(LANGUAGES)
    for code in LANGUAGES:
        assert f"`{code}`" in (ROOT / "docs" / "feeds-yaml.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_each_message_that_is_said_and_no_other(language: str) -> None:
    wanted, found = said(messages()), said(catalogue(language))
    assert len(wanted) > 300
    assert set(found) == set(wanted)
    for key, message in found.items():
        assert not message.fuzzy, key
        assert message.pluralizable == wanted[key].pluralizable, key
        assert all(each.strip() for each in forms(message.string)), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_has_its_placeholders_elements_and_plural_forms_in_each_language(language: str) -> None:
    catalog = catalogue(language)
    assert catalog.plural_forms == Catalog(locale=language).plural_forms
    for message in catalog:
        if not message.id:
            continue
        english, told = forms(message.id), forms(message.string)
        assert len(told) == (catalog.num_plurals if message.pluralizable else 1), english
        for each in told:
            # Of one alone the number need not be said.
            assert set(_PLACEHOLDER.findall(each)) in [set(_PLACEHOLDER.findall(one)) for one in english]
            assert "%" not in _PLACEHOLDER.sub("", each), each
            elements = [re.sub(r' lang="en"', "", tag) for tag in _TAG.findall(each)]
            assert sorted(elements) in [sorted(_TAG.findall(one)) for one in english], each


# ---------------------------------------------------------------- which language


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ("de", "Heute"),
        ("DE", "Heute"),
        ("de-AT", "Heute"),
        ("fr-CH", "Aujourd’hui"),
        ("cy", "Heddiw"),
        ("cy-GB", "Heddiw"),
        ("en", "Today"),
        ("en-GB", "Today"),
        ("es", "Today"),
        ("del", "Today"),
    ],
)
def test_a_language_is_found_by_its_first_part_and_is_english_where_there_is_none(
    tag: str, message: str
) -> None:
    assert language_of(tag).gettext("Today") == message


def test_a_language_without_a_catalogue_and_another_english_are_english_throughout(tmp_path: Path) -> None:
    assert language_of("es") is ENGLISH
    with closing(Hub(tmp_path, at("es"))) as hub:
        hub.publish(EAST, news("a", "Noticias"))
        tree = hub.tree("/")
        assert tree.get("lang") == "en"
        assert tree.findtext(".//h1") == "Latest news"
        # What publishers write is in theirs.
        assert tree.xpath("//article//h3/@lang") == ["es"]
        hub.configure(at("en-GB"))
        assert hub.tree("/").get("lang") == "en-GB"


def test_a_language_that_the_cldr_does_not_have_has_the_dates_of_its_first_part() -> None:
    assert language_of("de-1996").day(date(2026, 3, 1)) == "1. März"


# ---------------------------------------------------------------- dates and numbers

DATES = {
    "en": ("Friday 20 November", "Friday 20 November 2026", "23 November, 14:05", "3 December 2025"),
    "cy": (
        "Dydd Gwener, 20 Tachwedd",
        "Dydd Gwener, 20 Tachwedd 2026",
        "23 Tachwedd, 14:05",
        "3 Rhagfyr 2025",
    ),
    "de": (
        "Freitag, 20. November",
        "Freitag, 20. November 2026",
        "23. November, 14:05",
        "3. Dezember 2025",
    ),
    "fr": ("vendredi 20 novembre", "vendredi 20 novembre 2026", "23 novembre à 14:05", "3 décembre 2025"),
}


@pytest.mark.parametrize("language", DATES)
def test_dates_are_written_as_the_language_does(language: str) -> None:
    weekday, of_year, moment, day = DATES[language]
    found = language_of(language)
    calendar = Calendar(ZoneInfo("Europe/London"), NOW.date(), found)
    assert found.weekday(date(2026, 11, 20)) == weekday
    assert found.weekday_of_year(date(2026, 11, 20)) == of_year
    assert calendar.heading(date(2026, 11, 20)) == weekday[:1].upper() + weekday[1:]
    assert calendar.heading(date(2025, 11, 21)).endswith("2025")
    assert calendar.moment(datetime(2026, 11, 23, 14, 5, tzinfo=ZoneInfo("UTC"))).text == moment
    assert calendar.on(date(2025, 12, 3)).text == day


@pytest.mark.parametrize(
    ("language", "number", "length", "span"),
    [
        ("en", "12,345", "2.4 MB", "2 days"),
        ("cy", "12,345", "2.4 MB", "2 ddiwrnod"),
        ("de", "12.345", "2,4 MB", "2 Tagen"),
        ("fr", "12\u202f345", "2,4 Mo", "2 jours"),
    ],
)
def test_numbers_and_lengths_are_written_as_the_language_does(
    language: str, number: str, length: str, span: str
) -> None:
    found = language_of(language)
    assert found.number(12345) == number
    assert size(2_400_000, found) == length
    assert found.span(timedelta(days=2)) == span
    assert number in found.ngettext("%(num)s story", "%(num)s stories", 12345)


# ---------------------------------------------------------------- pages

PAGES = (
    "/",
    "/?tag=safety",
    "/?tag=stroke&member=wessex&kind=report",
    "/?member=east&kind=event",
    "/members",
    "/member/wessex",
    "/member/east",
    "/tags",
    "/tag/safety",
    "/tag/stroke",
    "/search",
    "/search?q=12",
    "/search?q=12&order=date",
    "/search?q=12+34&tag=safety",
    "/search?q=%22",
    "/subscribe",
    "/subscribe?tag=safety&q=12",
    "/subscribe?without=east",
    "/?tag=safety&without=east&without=wessex",
    "/status",
    "/corrections",
    "/about",
    "/accessibility",
    "/privacy",
    "/digest/daily",
    "/digest/weekly",
    "/digest/2026-11-23",
    "/embed/news",
    "/embed/fragment?tag=stroke",
    "/embed/fragment?member=east&without=east",
    "/feeds/tag/safety.atom?without=east",
    "/feeds/digest/daily.atom",
    "/feeds/all.rss",
)
REFUSED = {
    "/nowhere": 404,
    "/?tag=12": 404,
    "/?member=12": 404,
    "/?kind=12": 404,
    "/?without=12": 404,
    "/embed/news?" + "&".join(f"without={number}" for number in range(21)): 400,
    "/?before=12": 400,
    "/embed/news?limit=0": 400,
    "/embed/news?scheme=12": 400,
    "/feeds/search.atom": 400,
    "/websub": 405,
}


def fill(hub: Hub) -> list[str]:
    """Have news of all kinds, without a letter that could be taken for the hub's; the paths of stories."""
    hub.begin_long_ago()
    kinds = [Tag(f"{number}", "a rule", kind=kind) for number, kind in enumerate(("event", "report"))]  # type: ignore[arg-type]
    for number in range(40):
        tags = (SAFETY,) if number % 3 == 0 else ()
        told = news(
            f"w{number}", f"12{number}", at=ago(hours=7 * number), text=f"{number} 34. " * 9, tags=tags
        )
        hub.publish(WESSEX, told, at=ago(hours=7 * number))
    files = (Enclosure("https://x.example/1", "audio/mpeg", 2_400_000, None),)
    hub.publish(EAST, news("w1", "121", at=ago(hours=6), text="7"), at=ago(hours=5))
    hub.publish(
        EAST, news("e1", "56", text="7", tags=(kinds[0],), event_date=date(2026, 12, 3)), at=ago(hours=4)
    )
    hub.publish(EAST, replace(news("e2", "57", text="7"), published=None), at=ago(hours=3))
    hub.publish(NATIONAL, news("n1", "58", text="7", tags=(kinds[1],), enclosures=files), at=ago(hours=3))
    hub.publish(WESSEX, news("w2", "5959", at=ago(hours=14), text="8 9 10 11"), at=ago(hours=1))
    hub.store.withdraw(
        [each.key for each in hub.store.walk() if each.entry.title == "125"], "12", ago(hours=2)
    )
    for hours in (9, 2):
        hub.fail(BLOG, "Its server answered 500.", "http-500", at=ago(hours=hours))
    found = [f"/story/{each.id}" for each in hub.store.stories(limit=12).items]
    older = hub.tree("/").xpath("//a[@rel='next']/@href")
    assert older
    return [*found, *older]


def pages(hub: Hub) -> Iterator[tuple[str, Any]]:
    """Every page that readers see."""
    paths = dict.fromkeys((*PAGES, *fill(hub)), 200) | REFUSED
    paths |= {f"/story/{each.stored.story}": 410 for each in hub.store.withdrawn()}
    for path, status in paths.items():
        yield path, hub.tree(path, status, Sec_Fetch_Dest="document")


def own_words(tree: Any) -> Iterator[str]:
    """What stands on a page for people, but for what says that it is English, addresses and names of keys."""
    for element in tree.iter(etree.Element):
        within = [element, *element.iterancestors()]
        if any(each.tag in ("code", "kbd", "style", "iframe") for each in within):
            continue
        texts = [element.get(name) for name in ("aria-label", "placeholder", "alt")]
        texts.append(element.get("title"))
        if not any(each.get("lang") == "en" for each in within):
            texts.append(element.text)
            yield from filter(None, texts)
        parent = element.getparent()
        if parent is not None and not any(each.get("lang") == "en" for each in within[1:]):
            yield element.tail or ""


# A catalogue of no language, and a network that has no name in Latin letters.
_ELSEWHERE = str.maketrans(string.ascii_letters, "αβγδεζηθικλμνξοπρστυφχψωϊϋ" * 2)
_NAMES = ("RSS", "Atom", "JSON Feed", "JSON", "OPML", "Outlook", "Microsoft Teams")


def elsewhere(text: str) -> str:
    """A message in letters of another alphabet, but for its placeholders and elements."""
    parts = re.split(r"(%\(\w+\)s|<[^>]*>)", text)
    return "".join(part if number % 2 else part.translate(_ELSEWHERE) for number, part in enumerate(parts))


@pytest.fixture
def greek(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A language that nothing is in but what was asked of its catalogue and of the CLDR; its tag."""
    catalog = Catalog(locale="el")
    for message in messages():
        if message.id:
            told = tuple(map(elsewhere, forms(message.id)))
            catalog.add(message.id, told if message.pluralizable else told[0], context=message.context)
    with (tmp_path / "el.po").open("wb") as file:
        write_po(file, catalog)
    monkeypatch.setattr(translations, "FOLDER", tmp_path)
    return "el"


def test_no_page_says_a_word_that_is_in_no_catalogue(greek: str, tmp_path: Path) -> None:
    network = at(greek)
    names = re.findall(r"(?:title|name|label): ([A-Z][A-Za-z ]+)", network)
    for name in sorted(names, key=len, reverse=True):
        network = network.replace(f": {name}", f": {elsewhere(name)}")
    seen, left_over = 0, set()
    with closing(Hub(tmp_path, network)) as hub:
        for path, tree in pages(hub):
            assert tree.get("lang") == greek or path.startswith("/embed/fragment"), path
            for text in own_words(tree):
                left = re.sub(r"\b[\w@.-]+\.(?:example|org|atom|rss)\S*", "", text)
                for name in (*_NAMES, "South", "blog", "news"):
                    left = re.sub(rf"\b{name}\b", "", left)
                if re.search(r"[A-Za-z]", left):
                    left_over.add((path, text))
                seen += 1
        for feed in ("/feeds/all.atom", "/feeds/digest/daily.atom", "/feeds/corrections.rss", "/opml/merged"):
            document = etree.fromstring(hub.get(feed).data)
            for element in document.iter("{*}title", "{*}outline"):
                title = element.text or element.get("title") or ""
                assert not re.search(r"[A-Za-z]", title), (feed, title)
    assert not left_over
    assert seen > 5000


_ALIKE = 14  # letters of a message that nothing else is likely to have


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_page_is_in_the_language_and_none_of_it_english_unless_it_says_so(
    language: str, tmp_path: Path
) -> None:
    english: set[str] = set()
    for message in catalogue(language):
        told = " ".join(forms(message.string))
        for one in forms(message.id) if message.id else ():
            parts = [part.strip(" .,:;") for part in re.split(r"%\(\w+\)s|<[^>]*>", one)]
            english |= {part for part in parts if len(part) >= _ALIKE and part not in told}
    assert len(english) > 200
    with closing(Hub(tmp_path, at(language))) as hub:
        for path, tree in pages(hub):
            assert (tree.get("lang") or tree.find(".//div").get("lang")) == language, path
            text = "\n".join(own_words(tree))
            assert not [part for part in english if part in text], path


@pytest.mark.parametrize(
    ("language", "heading", "skip", "today", "others"),
    [
        ("cy", "Y newyddion diweddaraf", "Neidio i’r newyddion", "Heddiw", "a 1 arall"),
        ("de", "Neueste Nachrichten", "Zu den Nachrichten springen", "Heute", "und 1 weiteres"),
        ("fr", "Dernières actualités", "Aller aux actualités", "Aujourd’hui", "et 1 autre"),
    ],
)
def test_the_first_page_of_a_hub_in_its_language(
    tmp_path: Path, language: str, heading: str, skip: str, today: str, others: str
) -> None:
    with closing(Hub(tmp_path, at(language))) as hub:
        text = "The same words of a joint programme that halves missed blood pressure checks. " * 9
        hub.publish(WESSEX, news("a", "Joint programme halves missed checks", text=text))
        hub.publish(EAST, news("b", "Joint programme halves missed checks", text=text))
        tree = hub.tree("/")
        assert tree.get("lang") == language
        assert tree.findtext(".//h1") == heading
        assert tree.findtext(".//a[@class='skip']") == skip
        assert tree.xpath("//section[@class='day']/h2/text()") == [today]
        assert tree.xpath("//article//summary/text()") == [others]
        # Why it is the same is told in English.
        assert tree.xpath("//article//span[@class='why']/@lang") == ["en"]
        # Its headline is in the hub's language, unless the publisher says another.
        assert not tree.xpath("//article//h3/@lang")


def test_what_admins_and_programs_are_told_is_english(tmp_path: Path) -> None:
    from tests.admin_hub import AdminHub

    with closing(AdminHub(tmp_path, at("de"))) as hub:
        hub.enrol()
        hub.publish(EAST, news("a", "A"))
        tree = hub.tree("/admin/")
        assert tree.get("lang") == "en"
        assert "Skip to the page" in tree.text_content()
        assert "Heute" not in tree.text_content()
        assert tree.xpath("//nav[@aria-label='Main']//a/text()")[0] == "News"
        assert "There is no page" in hub.json("/api/v1/nowhere", 404)["error"]
        assert hub.tree("/").get("lang") == "de"


def test_another_language_takes_effect_with_feeds_yaml_and_nothing_is_kept_of_the_last(
    tmp_path: Path,
) -> None:
    with closing(Hub(tmp_path, at("de"))) as hub:
        hub.publish(EAST, news("a", "A"))
        german = hub.get("/")
        assert "Neueste Nachrichten" in german.text
        hub.configure(at("cy"))
        welsh = hub.get("/", If_None_Match=german.headers["ETag"])
        assert welsh.status_code == 200
        assert "Y newyddion diweddaraf" in welsh.text
        assert "Nachrichten" not in welsh.text
        assert '<option value="event">Digwyddiadau' in welsh.text


def test_what_is_said_in_a_template_of_ones_own_is_said_in_the_language(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "footer.html").write_text(
        "<p>{% trans %}Today{% endtrans %} {{ gettext('Yesterday') }} {{ parts.interface }}</p>"
    )
    with closing(Hub(tmp_path, at("de"), templates=tmp_path / "own")) as hub:
        assert "<p>Heute Gestern de</p>" in hub.html("/")


def test_what_is_put_into_a_message_is_escaped(tmp_path: Path) -> None:
    with closing(Hub(tmp_path, at("de"))) as hub:
        for path in ("/search?q=%3Cb%3E", "/subscribe?q=%3Cb%3Ea"):
            assert "<b>a" not in hub.html(path)
            assert '<strong dir="auto"><b>' not in hub.html(path)
        assert "‘<b>’" not in hub.html("/?tag=%3Cb%3E", 404)


# ---------------------------------------------------------------- feeds, files, processes


def test_feeds_are_titled_and_worded_in_the_language_under_the_ids_they_had(tmp_path: Path) -> None:
    with closing(Hub(tmp_path, at("en"))) as hub:
        fill(hub)
        paths = ("/feeds/corrections.atom", "/feeds/digest/weekly.atom", "/feeds/all.atom")
        english = [etree.fromstring(hub.get(path).data) for path in paths]
        hub.configure(at("de-AT"))
        german = [etree.fromstring(hub.get(path).data) for path in paths]
    for before, after in zip(english, german, strict=True):
        assert after.findtext("{*}id") == before.findtext("{*}id")
        assert [each.text for each in after.findall("{*}entry/{*}id")] == [
            each.text for each in before.findall("{*}entry/{*}id")
        ]
    corrections, digests, everything = german
    assert corrections.findtext("{*}title") == "Berichtigungen – Health innovation news"
    titles = [each.text or "" for each in corrections.findall("{*}entry/{*}title")]
    assert "Zurückgezogen: eine Meldung von Health Innovation Wessex" in titles
    assert "Berichtigt: 5959" in titles
    assert everything.findtext("{*}title") == "Health innovation news"
    assert "Veranstaltung" in [each.get("label") for each in everything.iter("{*}category")]
    digest = digests.find("{*}entry")
    assert digest is not None
    assert (digest.findtext("{*}title") or "").startswith(
        "Nachrichten der Woche bis Sonntag, 22. November 2026: "
    )
    assert digest.get("{http://www.w3.org/XML/1998/namespace}lang") == "de"
    assert (digest.findtext("{*}content") or "").startswith("<h3>Sonntag, 22. November 2026</h3>")


def test_a_calendar_is_called_in_the_language(tmp_path: Path) -> None:
    with closing(Hub(tmp_path, at("fr"))) as hub:
        assert "NAME:Événements : Health innovation news" in hub.get("/events.ics").text


def test_files_are_in_the_language(tmp_path: Path) -> None:
    network = at("cy", "  url: https://news.example\n")
    (tmp_path / "feeds.yaml").write_text(network, encoding="utf-8")
    with closing(Hub(tmp_path, network)) as hub:
        hub.publish(EAST, news("a", "A"))
    root = tmp_path / "site"
    export(tmp_path / "feeds.yaml", f"sqlite:///{tmp_path / 'hub.db'}", root, templates=None, now=NOW)
    home = (root / "index.html").read_text(encoding="utf-8")
    assert '<html lang="cy">' in home
    assert "Y newyddion diweddaraf" in home
    assert "Nid oes tudalen yn y cyfeiriad hwn" in (root / "404.html").read_text(encoding="utf-8")
    assert "Cywiriadau – " in (root / "feeds" / "corrections.atom").read_text(encoding="utf-8")


def test_a_hub_in_english_loads_no_babel_and_one_in_german_with_its_first_word() -> None:
    from tests.test_imports import loaded

    serves = "import hub.web, hub.web.serve, hub.web.static, hub.store.sqlite, hub.polling.sender"
    asks = "\nfrom hub.translations import language_of\nlanguage_of({!r})"
    assert "babel" not in loaded(serves + asks.format("en-GB") + asks.format("es"))
    assert "babel" in loaded(serves + asks.format("de"))


def test_a_language_has_all_that_is_said_in_english() -> None:
    """What English does with dates and numbers, every other does its own way."""
    own = {name for name, each in vars(Language).items() if callable(each) or isinstance(each, property)}
    told = {"__init__", "is_english", "gettext", "pgettext", "ngettext", "listed", "span", "minute"}
    translated = vars(type(language_of("de")))
    assert own - told == {name for name in translated if name in own} - {"__init__"}
    assert parse(at("de")).hub.language == "de"
