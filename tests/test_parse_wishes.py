"""What documents ask of those who poll them, read from every place where they say it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.model import Wishes
from hub.parse.feed import parse

LONDON = ZoneInfo("Europe/London")
ITEM = "<item><title>Ward opens</title><ttl>7</ttl><description>&lt;ttl>8&lt;/ttl></description></item>"
SYNDICATION = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'


def wishes(said: str, *, after: str = "") -> Wishes:
    document = (
        f'<?xml version="1.0"?><rss version="2.0" {SYNDICATION}><channel><title>News</title>'
        f"{said}{ITEM}{ITEM}{after}</channel></rss>"
    )
    return parse(document.encode(), url="https://a.example/", content_type=None, zone=LONDON).wishes


def test_a_feed_may_ask_for_nothing() -> None:
    assert wishes("") == Wishes()


def test_ttl_is_in_minutes() -> None:
    assert wishes("<ttl> 90 </ttl>") == Wishes(ttl=timedelta(minutes=90))


def test_wishes_may_stand_behind_the_entries() -> None:
    assert wishes("", after="<ttl>60</ttl>") == Wishes(ttl=timedelta(hours=1))


def test_what_texts_comments_and_entries_say_is_no_wish() -> None:
    assert wishes("<!-- <ttl>5</ttl> --><description><![CDATA[<ttl>6</ttl>]]></description>") == Wishes()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("<ttl><![CDATA[720]]></ttl>", Wishes(ttl=timedelta(hours=12))),
        ("<ttl><!-- <b>half a day</b> -->\n<![CDATA[ 720 ]]></ttl>", Wishes(ttl=timedelta(hours=12))),
        ("<sy:updatePeriod><![CDATA[weekly]]></sy:updatePeriod>", Wishes(every=timedelta(days=7))),
        ("<skipDays><day><![CDATA[Sunday]]></day></skipDays>", Wishes(skip_days=frozenset({6}))),
    ],
)
def test_a_wish_may_stand_in_cdata(said: str, expected: Wishes) -> None:
    assert wishes(said) == expected
    assert wishes("", after=said) == expected


@pytest.mark.parametrize(
    "before",
    [
        "<!-- Each <item> is below -->",
        "<description><![CDATA[All our <item>s and <entry >s]]></description>",
        "<!-- <![CDATA[ --><description><![CDATA[<!-- <item>]]></description>",
    ],
)
def test_an_entry_that_only_a_comment_or_text_names_ends_no_wishes(before: str) -> None:
    assert wishes(f"{before}<ttl>720</ttl>") == Wishes(ttl=timedelta(hours=12))


def test_what_a_comment_or_text_says_that_is_never_closed_is_no_wish_of_what_stands_there() -> None:
    for opened in ("<!--", "<![CDATA["):
        said = wishes(f"{opened}<ttl>5</ttl>", after="<skipHours><hour>2</hour></skipHours>")
        assert said == Wishes(skip_hours=frozenset({2}))


def test_a_period_written_at_any_length_is_none() -> None:
    # By the square of its length, it would take longer than a test may.
    written = " " * 60_000 + "hourly" * 20
    assert wishes(f"<ttl>5</ttl><sy:updatePeriod>{written}").every is None


def test_every_hour_and_day_to_skip_is_read() -> None:
    said = "<skipHours><hour>0</hour><hour>23</hour></skipHours>"
    said += "<skipDays><day>Saturday</day><day>SUNDAY</day></skipDays>"
    assert wishes(said) == Wishes(skip_hours=frozenset({0, 23}), skip_days=frozenset({5, 6}))


def test_hours_and_days_to_skip_are_read_where_their_list_is_never_closed() -> None:
    assert wishes("<skipHours><hour>7</hour>").skip_hours == frozenset({7})
    assert wishes("<skipDays><day>Monday</day>").skip_days == frozenset({0})


def test_the_24th_hour_of_old_feeds_is_midnight() -> None:
    assert wishes("<skipHours><hour>24</hour><hour>25</hour></skipHours>").skip_hours == frozenset({0})


def test_the_syndication_module_says_how_often_and_from_when() -> None:
    said = "<sy:updatePeriod>\n hourly </sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>"
    assert wishes(said) == Wishes(every=timedelta(minutes=30))
    based = wishes(f"{said}<sy:updateBase>2026-01-01T12:00+00:00</sy:updateBase>")
    assert based.base == datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def test_a_frequency_alone_is_by_the_day() -> None:
    assert wishes("<sy:updateFrequency>4</sy:updateFrequency>") == Wishes(every=timedelta(hours=6))


@pytest.mark.parametrize(
    "said",
    [
        "<ttl>-5</ttl>",
        "<ttl>0</ttl>",
        "<ttl>soon</ttl>",
        "<ttl/>",
        "<sy:updatePeriod>often</sy:updatePeriod>",
        "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>",
        "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>often</sy:updateFrequency>",
        "<sy:updateBase>2026-01-01T12:00+00:00</sy:updateBase>",
        "<skipDays><day>Caturday</day></skipDays>",
    ],
)
def test_what_makes_no_sense_counts_as_not_said(said: str) -> None:
    assert wishes(said) == Wishes()


def test_broken_documents_and_other_dialects_say_it_too() -> None:
    broken = "<rss><channel><title>News & more</title><ttl>30</ttl><item><title>A</title></item></channel>"
    atom = '<feed xmlns="http://www.w3.org/2005/Atom"><sy:updatePeriod>daily</sy:updatePeriod></feed>'
    for document, expected in (
        (broken, Wishes(ttl=timedelta(minutes=30))),
        (atom, Wishes(every=timedelta(days=1))),
    ):
        read = parse(document.encode(), url="https://a.example/", content_type=None, zone=LONDON)
        assert read.wishes == expected
