"""Events: the day each takes place on, and where it stands among the news."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from hub import events
from hub.decide import decide
from hub.model import (
    Entry,
    Feed,
    FeedKey,
    FeedState,
    FeedUpdate,
    Gathered,
    HubSettings,
    Known,
    Tag,
    TagRule,
)
from hub.reader import Document, Reader
from tests.entries import entry
from tests.known import stored

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
FEED = Feed(key=FeedKey("east"), url="https://east.example/feed")
EVENT = (Tag("events", "‘webinar’ in the title", kind="event"),)


# ---------------------------------------------------------------- the day in words


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("on Saturday 14 March 2026 at noon", date(2026, 3, 14)),
        ("March 14, 2026", date(2026, 3, 14)),
        ("Mar. 14th 2026", date(2026, 3, 14)),
        ("2026-03-14T10:00", date(2026, 3, 14)),
        ("the 14th of March, 2026", date(2026, 3, 14)),
        ("14–16 March 2026", date(2026, 3, 14)),
        ("14 and 15 March 2026", date(2026, 3, 14)),
        ("March 14-16, 2026", date(2026, 3, 14)),
        ("30 June – 2 July 2026", date(2026, 6, 30)),
        ("28 June to 30 June 2026", date(2026, 6, 28)),
        ("from 30th December to 2nd Jan. 2027", date(2026, 12, 30)),
        ("Thursday 30 June to Saturday 2 July 2026", date(2026, 6, 30)),
        ("3, 4 and 5 March 2026", date(2026, 3, 3)),
        ("Thursday 3 and Friday 4 March 2026", date(2026, 3, 3)),
        ("3rd until 5th March 2026", date(2026, 3, 3)),
        ("March 3, 10 and 17, 2026", date(2026, 3, 3)),
        ("in Room 4 March 3, 2026", date(2026, 3, 3)),
        ("31 February 2026, no: 1 Sept 2026", date(2026, 9, 1)),
        ("on 14 March", None),
        ("version 2026-03-14-2", None),
        ("2026-13-01 and 2026-00-10", None),
        ("114 March 2026 and 14 Marching 2026", None),
        ("call 0114 2026 2026", None),
    ],
)
def test_a_day_is_found_where_it_is_written_out(text: str, day: date | None) -> None:
    assert events.first_day(text, since=None) == day


def test_a_day_is_found_at_any_place_of_a_long_text() -> None:
    for before in range(65_520, 65_540):
        text = f"{'x' * before} 12345 2026 14 March 2026"
        assert events.first_day(text, since=None) == date(2026, 3, 14), before


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("an hour on Monday 7 December at noon", date(2026, 12, 7)),
        ("December 7th, then lunch", date(2026, 12, 7)),
        ("7 December 1400-1530", date(2026, 12, 7)),
        ("December 7, 0930 for 1000", date(2026, 12, 7)),
        ("7, 8 and 9 December", date(2026, 12, 7)),
        ("20 November", date(2026, 11, 20)),
        ("as on 19 November, and again on 3 March", date(2027, 3, 3)),
        ("not before 1 June", None),
        ("you may 14 times march 7 miles", None),
        ("7 December 2025", None),
        ("30 February, 1 May", date(2027, 5, 1)),
    ],
)
def test_a_day_without_its_year_is_one_of_the_next_half_year(text: str, day: date | None) -> None:
    assert events.first_day(text, since=date(2026, 11, 20)) == day


def test_a_day_of_the_calendars_last_year_is_no_fault() -> None:
    assert events.first_day("on 1 May", since=date(9999, 12, 1)) is None
    assert events.first_day("on 31 December", since=date(9999, 12, 1)) == date(9999, 12, 31)


def test_the_first_day_on_or_after_the_announcement_counts_the_title_first() -> None:
    text = "After our day of 3 May 2025 we meet again on 9 June 2026 and 1 July 2026."
    assert events.first_day("A webinar", text, since=date(2026, 1, 1)) == date(2026, 6, 9)
    assert events.first_day("A webinar, 1 July 2026", text, since=date(2026, 1, 1)) == date(2026, 7, 1)
    assert events.first_day("", text, since=date(2026, 6, 9)) == date(2026, 6, 9)
    assert events.first_day("", text, since=date(2027, 1, 1)) is None


# ---------------------------------------------------------------- the day in a feed

ITEM = """<rss version="2.0" xmlns:ev="http://purl.org/rss/1.0/modules/event/"
  xmlns:xcal="urn:ietf:params:xml:ns:xcal"><channel><title>Events</title><item>
  <guid>1</guid><title>{title}</title><pubDate>Fri, 20 Nov 2026 09:00:00 GMT</pubDate>
  <description>{text}</description>{more}</item></channel></rss>"""


def read(
    text: str = "Come.", more: str = "", *, title: str = "Webinar", zone: str = "Europe/London"
) -> Entry:
    reader = Reader((TagRule(term="events", label="Events", any=("webinar",), kind="event"),), zone)
    body = ITEM.format(title=title, text=text, more=more).encode()
    (found,) = reader.read(
        Document(feed=FEED, url=FEED.url, body=body, content_type="application/rss+xml")
    ).entries
    return found


@pytest.mark.parametrize(
    "more",
    [
        "<ev:startdate>2027-06-01T23:30:00Z</ev:startdate>",
        "<xcal:dtstart>20270601T233000Z</xcal:dtstart>",
        "<ev:startdate>2027-06-02</ev:startdate>",
    ],
)
def test_a_feed_that_names_an_events_day_is_believed_in_the_hubs_time_zone(more: str) -> None:
    assert read("Not on 5 May 2027.", more).event_date == date(2027, 6, 2)


@pytest.mark.parametrize("zone", ["America/St_Johns", "America/Los_Angeles", "Europe/London", "Asia/Tokyo"])
@pytest.mark.parametrize(
    "more",
    [
        "<ev:startdate>2027-06-02T00:00:00Z</ev:startdate>",
        "<ev:startdate>2027-06-02T00:00+00:00</ev:startdate>",
        "<xcal:dtstart>20270602T000000Z</xcal:dtstart>",
        "<ev:startdate>2027-06-02</ev:startdate>",
        "<xcal:dtstart>20270602</xcal:dtstart>",
    ],
)
def test_midnight_in_utc_is_the_day_that_begins_then_everywhere(zone: str, more: str) -> None:
    assert read("Not on 5 May 2027.", more, zone=zone).event_date == date(2027, 6, 2)


def test_an_evening_west_of_greenwich_is_on_its_own_day_though_it_is_midnight_in_utc() -> None:
    starts = "<ev:startdate>2027-06-01T17:00:00-07:00</ev:startdate>"
    assert read("Come.", starts, zone="America/Los_Angeles").event_date == date(2027, 6, 1)


def test_the_words_day_is_one_on_or_after_the_hubs_day_of_the_announcement() -> None:
    item = ITEM.replace("20 Nov 2026 09:00:00 GMT", "20 Nov 2026 20:30:00 -0500")
    body = item.format(title="Webinar", text="Tonight, 20 November, and on 7 December.", more="").encode()
    document = Document(feed=FEED, url=FEED.url, body=body, content_type="application/rss+xml")
    days = [
        Reader((), zone).read(document).entries[0].event_date
        for zone in ("America/New_York", "Europe/London")
    ]
    assert days == [date(2026, 11, 20), date(2026, 12, 7)]


def test_without_it_the_words_say_on_which_day() -> None:
    assert read("Join us on 5 May 2027.").event_date == date(2027, 5, 5)
    assert read("As on 5 May 2025.").event_date is None
    assert read("Join us.", "<ev:startdate>soon</ev:startdate>").event_date is None


@pytest.mark.parametrize(
    ("title", "day"),
    [
        ("CANCELLED: Webinar on 5 May 2027", None),
        ("Webinar on 5 May 2027 – postponed until further notice", None),
        ("Our webinar of 5 May 2027 has been called off", None),
        ("Webinar postponed to 5 May 2027", date(2027, 5, 5)),
        ("Webinar postponed until Wednesday 5 May 2027", date(2027, 5, 5)),
        ("Webinar on cancelled operations, 5 May 2027", date(2027, 5, 5)),
    ],
)
def test_an_event_that_is_called_off_is_on_no_day_whatever_its_feed_says(
    title: str, day: date | None
) -> None:
    assert read("At noon.", title=title).event_date == day
    starts = "<ev:startdate>2027-05-05</ev:startdate>"
    assert read("Come on 5 May 2027.", starts, title=title).event_date == day


@pytest.mark.parametrize(
    "dates",
    [
        "<link href='https://east.example/a'/><updated>2026-11-14T09:00:00Z</updated>",
        "<link href='https://east.example/2026/11/14/a'/>",
    ],
)
def test_a_day_without_its_year_follows_whatever_date_the_entry_has(dates: str) -> None:
    body = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>East</title><entry><id>a</id>"
        f"<title>A webinar on Saturday 12 December</title>{dates}</entry></feed>"
    )
    document = Document(feed=FEED, url=FEED.url, body=body.encode(), content_type="application/atom+xml")
    (found,) = Reader((), "Europe/London").read(document).entries
    assert found.event_date == date(2026, 12, 12)


# ---------------------------------------------------------------- where it stands


def decided(
    *entries: Entry, known: Known | None = None, first: bool = False, zone: str = "Europe/London"
) -> FeedUpdate:
    gathered = Gathered(feed=FEED, outcome="fetched", started=NOW, url=FEED.url, entries=entries)
    state = FeedState(feed=FEED, succeeded=None if first else NOW - timedelta(days=1))
    settings = HubSettings(timezone=zone)
    return decide(gathered, state, known or Known(), now=NOW, settings=settings, authority="news.example")


def event(published: datetime | None = None, day: date | None = None, text: str = "") -> Entry:
    return replace(entry("a", published=published, tags=EVENT, text=text), event_date=day)


def test_a_date_ahead_is_the_events_day_and_it_is_sorted_by_our_first_sight() -> None:
    (new,) = decided(event(datetime(2026, 12, 3, 10, 0, tzinfo=UTC))).new
    assert (new.date, new.entry.event_date) == (NOW, date(2026, 12, 3))


def test_midnight_in_the_hubs_time_zone_is_the_day_it_begins() -> None:
    (new,) = decided(event(datetime(2027, 6, 1, 23, 0, tzinfo=UTC))).new
    assert new.entry.event_date == date(2027, 6, 2)


@pytest.mark.parametrize("zone", ["America/St_Johns", "America/Los_Angeles", "Europe/London", "Asia/Tokyo"])
def test_midnight_in_utc_is_the_day_it_begins_everywhere(zone: str) -> None:
    (new,) = decided(event(datetime(2026, 12, 3, tzinfo=UTC)), zone=zone).new
    assert new.entry.event_date == date(2026, 12, 3)
    (new,) = decided(event(datetime(2026, 12, 3, 23, 0, tzinfo=UTC)), zone=zone).new
    assert new.entry.event_date == date(2026, 12, 4 if zone == "Asia/Tokyo" else 3)


def test_midnight_in_utc_is_the_evening_before_where_the_words_say_so() -> None:
    evening = event(datetime(2026, 12, 3, tzinfo=UTC), day=date(2026, 12, 2))
    (new,) = decided(evening, zone="America/New_York").new
    assert new.entry.event_date == date(2026, 12, 2)


def test_a_clock_that_is_a_little_ahead_makes_no_day_of_an_event() -> None:
    (new,) = decided(event(NOW + timedelta(minutes=5), day=date(2026, 12, 3))).new
    assert (new.date, new.entry.event_date) == (NOW, date(2026, 12, 3))


def test_an_event_to_come_is_sorted_by_our_first_sight_though_its_page_is_older() -> None:
    (new,) = decided(event(NOW - timedelta(days=9), day=date(2026, 12, 3))).new
    assert new.date == NOW


@pytest.mark.parametrize("day", [date(2026, 11, 19), None])
def test_an_event_that_is_over_or_has_no_day_keeps_its_own_date(day: date | None) -> None:
    (new,) = decided(event(NOW - timedelta(days=9), day=day)).new
    assert new.date == NOW - timedelta(days=9)


def test_a_first_polls_backlog_of_events_keeps_its_own_dates() -> None:
    (new,) = decided(event(NOW - timedelta(days=9), day=date(2026, 12, 3)), first=True).new
    assert new.date == NOW - timedelta(days=9)
    (new,) = decided(event(NOW + timedelta(days=9)), first=True).new
    assert (new.date, new.entry.event_date) == (NOW, date(2026, 11, 29))


def test_news_keeps_its_date_whatever_days_it_names() -> None:
    news = replace(event(NOW - timedelta(days=9), day=date(2026, 12, 3)), tags=())
    (new,) = decided(news).new
    assert new.date == NOW - timedelta(days=9)


def test_an_event_that_is_moved_carries_its_new_day() -> None:
    before = event(datetime(2026, 12, 3, tzinfo=UTC))
    after = event(datetime(2026, 12, 10, tzinfo=UTC), text="On the tenth now.")
    (changed,) = decided(after, known=Known(own=(stored(before),))).changed
    assert changed.entry.event_date == date(2026, 12, 10)


@pytest.mark.parametrize(
    ("title", "text", "keeps"),
    [
        ("Webinar", "Bring a pen, at noon.", True),
        ("POSTPONED: Webinar", "An hour about falls.", False),
        ("Webinar", "The webinar will be rescheduled.", False),
        ("Webinar", "A new date will be announced.", False),
        ("Webinar", "It will not go ahead.", False),
    ],
)
def test_an_event_keeps_its_day_unless_its_words_say_otherwise(title: str, text: str, keeps: bool) -> None:
    before = replace(event(NOW - timedelta(days=1), date(2026, 12, 3), "An hour."), title="Webinar")
    after = replace(event(NOW - timedelta(days=1), text=text), title=title)
    (changed,) = decided(after, known=Known(own=(stored(before),))).changed
    assert (changed.leaves_story, changed.keeps_day) == (False, keeps)


def test_an_event_that_is_called_off_is_not_on_the_day_of_its_date() -> None:
    off = replace(event(datetime(2026, 12, 3, 10, 0, tzinfo=UTC)), title="Cancelled: webinar")
    (new,) = decided(off).new
    assert new.entry.event_date is None


def test_the_calendars_last_hours_are_in_no_ones_way() -> None:
    settings = HubSettings(timezone="Pacific/Auckland")
    gathered = Gathered(
        feed=FEED,
        outcome="fetched",
        started=NOW,
        url=FEED.url,
        entries=(event(datetime(9999, 12, 31, 23, 0, tzinfo=UTC)),),
    )
    update = decide(
        gathered, FeedState(feed=FEED), Known(), now=NOW, settings=settings, authority="a.example"
    )
    assert update.new[0].entry.event_date == date(9999, 12, 31)
