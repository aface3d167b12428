"""The network's events as calendars, read with a library that programs read them with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from icalendar import Calendar
from msgspec.structs import replace

from hub.markup import only_xml
from hub.model import Entry, Tag
from hub.normalise import rest
from hub.publish.ical import calendar
from hub.publish.item import Item
from tests.sample_items import bare_item, document, joint_item
from tests.web_hub import BLOG, EAST, NETWORK, NOW, SAFETY, WESSEX, Hub, a_hub, ago, hrefs, news

_DAY = date(2026, 12, 3)
_EVENTS = Tag("events", "", kind="event")


@pytest.fixture(params=["sqlite", "postgresql"])
def hub(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Hub]:
    yield from a_hub(tmp_path, request.param)


def event(name: str, day: date, *tags: Tag, **more: Any) -> Entry:
    title = f"{name} on {day.day} {day:%B %Y}"
    return news(name, title, at=ago(days=9), event_date=day, tags=(_EVENTS, *tags), **more)


def read(document: bytes) -> Any:
    (found,) = Calendar.from_ical(document, multiple=True)
    assert not found.errors
    for each in found.events:
        assert not each.errors
    return found


def events(hub: Hub, path: str = "/events.ics") -> dict[str, Any]:
    """The events of a calendar by the first words of their headlines, in its order."""
    answer = hub.get(path)
    assert answer.status_code == 200, answer.text
    return {str(each["SUMMARY"]).partition(" on ")[0]: each for each in read(answer.data).events}


def as_event(item: Item, day: date = _DAY) -> Item:
    return replace(item, kind="event", event_date=day)


# ---------------------------------------------------------------- as it is written


def test_an_event_has_its_day_its_words_its_publishers_and_its_topics() -> None:
    found = read(calendar(document(as_event(joint_item("summary")), path="/events.ics")))
    (only,) = found.events
    assert (only["DTSTART"].to_ical(), only["DTSTART"].params) == (b"20261203", {"VALUE": "DATE"})
    assert (only.start, only.end) == (_DAY, _DAY + timedelta(days=1))
    assert only["UID"] == "tag:news.example.org,2026:wessex/1"
    assert only["SUMMARY"] == "Missed checks <halved> & “counted”, says wessex"
    assert only["DESCRIPTION"].split("\n") == [
        "Excerptword: 3 < 5 & rising",
        "Health Innovation Wessex, Health Innovation East, Health Innovation North & Coast",
        "https://wessex.example/news/1?a=1&b=2",
    ]
    assert only["URL"] == "https://wessex.example/news/1?a=1&b=2"
    assert only["CATEGORIES"].cats == ["Patient safety"]
    assert only["TRANSP"] == "TRANSPARENT"
    assert only["LAST-MODIFIED"].dt == only["DTSTAMP"].dt == datetime(2026, 11, 22, 9, 30, 15, tzinfo=UTC)
    assert "ORGANIZER" not in only


def test_a_calendar_says_what_it_is_called_where_it_is_and_how_often_to_ask() -> None:
    found = read(calendar(document(as_event(joint_item()), path="/events.ics")))
    assert found["NAME"] == found["X-WR-CALNAME"] == "All the news & more"
    assert found["SOURCE"] == "https://news.example.org/events.ics"
    assert found["URL"] == "https://news.example.org/"
    assert found["REFRESH-INTERVAL"].dt == timedelta(hours=6)
    assert found["X-PUBLISHED-TTL"] == "PT6H"


def test_no_more_of_an_event_is_said_than_its_member_lets_be_carried() -> None:
    link = calendar(document(as_event(joint_item("link"))))
    assert b"Excerptword" not in link
    for republish in ("full", "summary", "link"):
        written = calendar(document(as_event(joint_item(republish))))
        assert b"Contentword" not in written
        assert b"ann@wessex.example" not in written


def test_an_event_of_which_nothing_is_known_leads_to_its_story() -> None:
    (only,) = read(calendar(document(as_event(bare_item())))).events
    assert only["SUMMARY"] == "News from Health Innovation North & Coast"
    assert only["URL"] == "https://news.example.org/story/8"
    assert "CATEGORIES" not in only


def test_an_address_in_any_letters_is_a_uri() -> None:
    item = replace(as_event(joint_item()), link="https://bücher.example/été?q=%20#ß")
    (only,) = read(calendar(document(item))).events
    assert only["URL"] == "https://b%C3%BCcher.example/%C3%A9t%C3%A9?q=%20#%C3%9F"


def test_what_is_no_event_is_in_no_calendar() -> None:
    found = read(calendar(document(joint_item())))
    assert found.events == []
    # One without any component would be no calendar.
    (zone,) = found.timezones
    assert zone.to_tz().utcoffset(NOW) == timedelta(0)


@given(st.text(), st.text(), st.text(min_size=1), st.booleans())
def test_whatever_a_publisher_writes_is_read_as_it_was_meant(
    title: str, summary: str, label: str, is_long: bool
) -> None:
    whole = as_event(joint_item())
    item = replace(
        whole,
        title=title * 90 if is_long else title,
        summary=summary,
        tags=(replace(whole.tags[0], label=label),),
        member=replace(whole.member, name=title),
    )
    written = calendar(document(item))
    assert written == calendar(document(item))
    for line in written.removesuffix(b"\r\n").split(b"\r\n"):
        assert len(line) <= 75
        assert not any(each < " " or each == "\x7f" for each in line.decode())
    (only,) = read(written).events
    # What no text may have is left out, and what breaks lines is a space.
    meant = only_xml(item.title).replace("\x7f", "").split()
    assume(meant or "\x7f" not in title)
    assert str(only["SUMMARY"]).split() == (meant or ["News", "from", item.member.slug])


@pytest.mark.parametrize(
    "words", ["a\\nb", "x;y,z", "\\", "\\\\,", "one\r\nEND:VEVENT\r\nBEGIN:VEVENT", "é" * 99]
)
def test_no_words_end_a_line_of_their_own(words: str) -> None:
    (only,) = read(calendar(document(replace(as_event(joint_item()), title=words)))).events
    assert only["SUMMARY"] == " ".join(words.split())


def test_an_id_that_programs_would_cut_off_stands_for_itself_as_a_shorter_one() -> None:
    long = [replace(as_event(joint_item()), id=f"https://wessex.example/{'x' * 300}/{n}") for n in (1, 2)]
    first, second = (each["UID"] for each in read(calendar(document(*long))).events)
    assert first.startswith("urn:uuid:")
    assert first != second
    assert read(calendar(document(long[0]))).events[0]["UID"] == first


# ---------------------------------------------------------------- as it is served


def test_a_calendar_has_the_events_to_come_and_those_of_three_months(hub: Hub) -> None:
    days = [("Next year", 400), ("Soon", 9), ("Today", 0), ("Late", -92), ("Gone", -93)]
    told = replace(news("no", "A report"), event_date=_DAY)
    hub.publish(WESSEX, told, *(event(name, NOW.date() + timedelta(days=ahead)) for name, ahead in days))
    assert [*events(hub)] == ["Late", "Today", "Soon", "Next year"]
    hub.now += timedelta(days=1)
    assert [*events(hub)] == ["Today", "Soon", "Next year"]


def test_of_very_many_events_those_to_come_are_there_and_the_last_ones(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.merged.feeds._EVENTS", 4)
    hub.publish(WESSEX, *(event(f"{n}", NOW.date() + timedelta(days=n)) for n in range(-5, 3)))
    assert [*events(hub)] == ["-1", "0", "1", "2"]
    hub.publish(EAST, *(event(f"E{n}", NOW.date() + timedelta(days=n)) for n in range(3, 9)))
    assert [*events(hub)] == ["0", "1", "2", "E3"]


def test_a_topic_a_member_and_a_selection_have_calendars_of_their_own(hub: Hub) -> None:
    hub.publish(WESSEX, event("Safe", _DAY, SAFETY), event("Other", _DAY + timedelta(days=1)))
    hub.publish(EAST, event("East", _DAY + timedelta(days=2), SAFETY))
    assert [*events(hub)] == ["Safe", "Other", "East"]
    assert [*events(hub, "/events/tag/safety.ics")] == ["Safe", "East"]
    assert [*events(hub, "/events/member/wessex.ics")] == ["Safe", "Other"]
    assert [*events(hub, "/events/merged/safe-south.ics")] == ["Safe"]
    assert [*events(hub, "/events/tag/stroke.ics")] == []
    found = read(hub.get("/events/tag/safety.ics").data)
    assert found["NAME"] == "Events: Patient safety – Health innovation news"
    assert found["SOURCE"] == "http://127.0.0.1:8000/events/tag/safety.ics"
    for nothing in ("tag/none", "member/none", "merged/none", "digest/daily", "all"):
        assert hub.get(f"/events/{nothing}.ics").status_code == 404


def test_an_event_that_several_carry_is_there_once_and_in_each_ones_calendar(hub: Hub) -> None:
    shared = event("Shared", _DAY, text="Words of the news that both of them carry, and enough of them too.")
    hub.publish(WESSEX, shared)
    hub.publish(BLOG, replace(shared, link="https://wessex.example/blog/shared"))
    hub.publish(EAST, replace(shared, link="https://east.example/shared"))
    (only,) = read(hub.get("/events.ics").data).events
    assert only["DESCRIPTION"].split("\n")[1] == "Health Innovation Wessex, Health Innovation East"
    assert len(read(hub.get("/events/member/wessex.ics").data).events) == 1
    (theirs,) = read(hub.get("/events/member/east.ics").data).events
    assert theirs["URL"] == "https://east.example/shared"


def test_an_event_that_is_put_off_is_the_same_on_another_day(hub: Hub) -> None:
    hub.publish(WESSEX, news("seen", at=ago(days=20)), at=ago(days=20))
    hub.publish(WESSEX, event("Talk", _DAY, text="It is on 3 December 2026."), at=ago(days=2))
    before = events(hub)["Talk"]
    later = event("Talk", date(2027, 1, 14), text="It is on 14 January 2027 now.")
    hub.publish(WESSEX, later, at=ago(days=1))
    after = events(hub)["Talk"]
    assert (before.start, after.start) == (_DAY, date(2027, 1, 14))
    assert before["UID"] == after["UID"]
    assert before["LAST-MODIFIED"].dt < after["LAST-MODIFIED"].dt == ago(days=1)


def test_a_day_that_is_moved_beside_the_words_makes_the_event_a_later_one(hub: Hub) -> None:
    def talk(day: date) -> Entry:
        entry = replace(event("Talk", _DAY), event_date=day)
        return replace(entry, rest=rest(entry))

    def poll(day: date, days_ago: int) -> Any:
        hub.publish(WESSEX, talk(day), at=ago(days=days_ago))
        return events(hub)["Talk"]

    before, later = poll(_DAY, 9), date(2027, 1, 14)
    feed = hub.get("/feeds/all.rss")
    assert before["LAST-MODIFIED"].dt == ago(days=9)
    # What is another besides the words is taken when two documents say the same.
    poll(later, 8)
    after = poll(later, 7)
    assert (after["UID"], after.start) == (before["UID"], later)
    assert after["LAST-MODIFIED"].dt == ago(days=7)
    # What else is refreshed moves it no more, nor does it go back.
    assert poll(later, 6)["LAST-MODIFIED"].dt == ago(days=7)
    for days in (5, 4):
        other = replace(talk(later), image="https://wessex.example/talk.jpg")
        hub.publish(WESSEX, replace(other, rest=rest(other)), at=ago(days=days))
    assert events(hub)["Talk"]["LAST-MODIFIED"].dt == ago(days=7)
    assert b"talk.jpg" in hub.get("/feeds/all.json").data
    for days, day in ((3, _DAY), (2, _DAY)):
        last = poll(day, days)
    assert (last.start, last["LAST-MODIFIED"].dt) == (_DAY, ago(days=2))
    # Readers of feeds are told nothing.
    assert hub.get("/feeds/all.rss").data == feed.data


def test_an_event_whose_news_was_withdrawn_is_gone_and_comes_back_as_the_same(hub: Hub) -> None:
    hub.publish(WESSEX, event("Talk", _DAY), event("Other", _DAY), at=ago(days=2))
    before = events(hub)["Talk"]
    (talk,) = hub.store.find("Talk")
    hub.store.withdraw([talk.key], "It was an error.", ago(days=1))
    written = hub.get("/events.ics").text
    assert "Talk" not in written
    assert "BEGIN:VEVENT" in written
    hub.store.release([talk.key], NOW)
    after = events(hub)["Talk"]
    assert before["UID"] == after["UID"]
    assert after["LAST-MODIFIED"].dt == NOW


def test_an_event_that_is_called_off_is_gone(hub: Hub) -> None:
    hub.publish(WESSEX, event("Talk", _DAY), at=ago(days=2))
    off = replace(event("Talk", _DAY), title="Cancelled: Talk", event_date=None)
    hub.publish(WESSEX, replace(off, fingerprint="off"), at=ago(days=1))
    assert events(hub) == {}


def test_a_calendar_is_the_same_bytes_until_something_is_published(hub: Hub) -> None:
    hub.publish(WESSEX, event("Talk", _DAY), at=ago(days=2))
    first = hub.get("/events.ics", Accept_Encoding="gzip")
    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert first.headers["Cache-Control"] == "public, max-age=300"
    assert first.headers["Content-Encoding"] == "gzip"
    hub.now += timedelta(hours=2)
    hub.publish(WESSEX, event("Talk", _DAY), at=hub.now)
    again = hub.get("/events.ics", Accept_Encoding="gzip", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert hub.get("/events.ics", If_Modified_Since=first.headers["Last-Modified"]).status_code == 304
    hub.publish(EAST, event("Another", _DAY), at=hub.now)
    assert hub.get("/events.ics", If_None_Match=first.headers["ETag"]).status_code == 200


# ---------------------------------------------------------------- as pages offer it


def test_what_is_coming_up_can_be_put_in_a_calendar(hub: Hub) -> None:
    hub.publish(WESSEX, event("Safe", _DAY, SAFETY), news("a"))
    offered = "Put these events in your calendar"
    for path, leads, shows in [
        ("/", "/subscribe", "events.ics"),
        ("/?tag=safety", "/subscribe?tag=safety", "events/tag/safety.ics"),
        ("/?member=wessex&kind=event", "/subscribe?member=wessex", "events/member/wessex.ics"),
    ]:
        assert hrefs(hub.tree(path), offered) == [f"{leads}#calendar"]
        (address,) = hub.tree(leads).xpath("//section[@id='calendar']//code/text()")
        assert address == f"http://127.0.0.1:8000/{shows}"
    # What is chosen twice has no calendar of its own.
    assert "Coming up" in hub.words("/?member=wessex&tag=safety")
    assert offered not in hub.words("/?member=wessex&tag=safety")


def test_no_calendar_is_offered_beside_news_without_events_to_come(hub: Hub) -> None:
    hub.publish(WESSEX, news("a"), event("Past", date(2026, 11, 20)))
    assert "in your calendar" not in hub.words("/")


def test_every_feed_that_has_a_calendar_is_offered_with_it(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", tags=(SAFETY,)))
    found = hub.tree("/subscribe").xpath("//table//a[starts-with(., 'Events')]/@href")
    names = ["", "/merged/safe-south", "/tag/safety", "/tag/stroke"]
    names += [f"/member/{slug}" for slug in ("wessex", "east", "national")]
    assert found == [f"http://127.0.0.1:8000/events{name}.ics" for name in names]
    for path, name in (("/tag/safety", "/tag/safety"), ("/member/east", "/member/east"), ("/about", "")):
        (link,) = hub.tree(path).xpath("//link[@type='text/calendar']/@href")
        assert link == f"http://127.0.0.1:8000/events{name}.ics"
    assert hub.tree("/digest/daily").xpath("//link[@type='text/calendar']") == []


def test_a_hub_below_a_path_has_its_calendars_there(hub: Hub) -> None:
    hub.configure(NETWORK.replace("hub:\n", "hub:\n  url: https://example.org/news\n", 1))
    hub.publish(WESSEX, event("Talk", _DAY))
    assert read(hub.get("/news/events.ics").data)["SOURCE"] == "https://example.org/news/events.ics"
