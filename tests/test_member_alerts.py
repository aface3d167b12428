"""Members' own people are told by mail of what they can mend at their feeds, and that it is over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hub.alerts import message
from hub.alerts.letter import mail
from hub.alerts.members import compose
from hub.config import parse
from hub.errors import StoreError
from hub.incidents import LEFT, PAUSED, WELL_AGAIN, for_member
from hub.model import FeedKey, Incident, Way
from hub.polling import rounds
from hub.polling.alerting import Alerting
from hub.report import progress
from tests.commands import SOON, within
from tests.mailbox import Mailbox, mailbox
from tests.telling import Telling, a_telling, subjects
from tests.web_hub import BLOG, EAST, NATIONAL, NETWORK, WESSEX

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
OF_WESSEX = Way("mail", "wessex")
BROKEN = Incident(
    number=1,
    feed=WESSEX,
    url="https://wessex.example/feed/",
    state="broken",
    headline="their site has not answered",
    sentence="It is away.",
    editor="Please look\r\nBcc: x@y.example\n.\n\x0bwhether it is up.",
    began=NOW - timedelta(hours=2),
    noticed=NOW,
    changed=NOW,
    revision=1,
)
OVER = replace(BROKEN, number=2, url="https://wessex.example/old/", over=NOW, ending=WELL_AGAIN)


@pytest.fixture
def post() -> Iterator[Mailbox]:
    with mailbox() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def telling(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Telling]:
    yield from a_telling(tmp_path, request.param)


def begin(telling: Telling, post: Mailbox, *keys: str, **members: str) -> None:
    """Name these addresses of members, when nothing is the matter yet."""
    server = f"smtp: 'smtp://127.0.0.1:{post.port}'"
    telling.configure(server, "from: hub@example.org", *keys, members=members)
    telling.step()


def told(post: Mailbox) -> list[tuple[str, str]]:
    """To whom mail came, and its subject without the network's title."""
    return sorted(zip((each["To"] for each in post.mails), subjects(post), strict=True))


# ---------------------------------------------------------------- what is said


def network(hub: str = "", feeds: str = "[{url: https://wessex.example/feed/}]") -> Any:
    return parse(
        f"hub:\n  title: Nöws <b>\n  timezone: Europe/London\n{hub}"
        "  alerts: {smtp: smtp://localhost, from: hub@example.org}\n"
        "members:\n  - slug: wessex\n    name: Łódź <!channel>\n"
        "    alerts: [web@wessex.example, b@wessex.example]\n"
        f"    feeds: {feeds}\n"
    )


def words(letter: Any) -> str:
    return " ".join(letter.body.split())


def test_a_mail_says_who_writes_what_happened_what_to_do_and_how_to_hear_no_more() -> None:
    config = network("  url: https://news.example.org/hub\n  contact: news@example.org\n")
    letter = compose("wessex", [BROKEN, OVER], config)
    assert (
        letter.subject == "[Nöws <b>] Please look at the news feed of Łódź <!channel>; 1 other is well again"
    )
    assert letter.body.partition("\n\n")[2] == (
        "What to look at\n"
        "---------------\n\n"
        "Your site has not answered since 24 November 2026, 13:30.\n"
        "  https://wessex.example/feed/\n"
        "  For those who look after your site:\n"
        "  > Please look Bcc: x@y.example . whether it is up.\n"
        "  Readers miss what this feed has had since. What came in before stays.\n"
        "  How it is doing, and when it is looked at again:\n"
        "  https://news.example.org/hub/status#wessex.news\n\n"
        "What you need not look at any more\n"
        "----------------------------------\n\n"
        "- https://wessex.example/old/: your site has not answered from 24 November\n"
        "  2026, 13:30 to 24 November 2026, 15:30. It is well again.\n\n"
        "-- \n"
        "The editors of Nöws <b> have your address as one to tell of the news feeds\n"
        "of Łódź <!channel>. To be told no more, or to have somebody else told, write\n"
        "to news@example.org, or answer this message.\n"
        "Times are those of Europe/London."
    )
    assert words(letter).startswith(
        "Nöws <b>, https://news.example.org/hub/, shows the latest news of Łódź <!channel>, among that of"
        " others."
    )
    assert "hub" not in words(letter).replace("example.org/hub", ""), "they never heard of one"


def test_its_headers_are_those_of_a_list_of_its_own() -> None:
    config = network("  url: https://news.example.org\n  contact: news@example.org\n")
    written = mail(compose("wessex", [BROKEN], config), config, NOW)
    assert written["To"] == "web@wessex.example, b@wessex.example"
    assert written["From"].addresses[0].addr_spec == "hub@example.org"
    assert written["Reply-To"] == "news@example.org"
    assert written["List-Id"] == "<wessex.alerts.news.example.org>"
    assert written["Auto-Submitted"] == "auto-generated"
    assert written["X-Auto-Response-Suppress"] == "All"
    assert written["Bcc"] is None
    assert bytes(written).isascii()


@pytest.mark.parametrize(
    ("contact", "how"),
    [
        ("", "to have somebody else told, answer this message."),
        ("  contact: https://example.org/us\n", "told, write to its editors, https://example.org/us."),
    ],
)
def test_where_there_is_no_address_to_write_to_it_says_what_there_is(contact: str, how: str) -> None:
    config = network(contact)
    letter = compose("wessex", [BROKEN], config)
    assert how in words(letter)
    assert "/status" not in letter.body, "nobody knows where that is"
    assert "Nöws <b> shows the latest news" in letter.body
    assert mail(letter, config, NOW)["Reply-To"] is None


def test_the_same_is_told_under_the_same_id_and_under_no_one_elses() -> None:
    config = network()
    (one, same), other = [compose("wessex", [BROKEN, OVER], config) for _ in "ab"], [BROKEN]
    assert one.id == same.id
    ids = {one.id, compose("wessex", other, config).id, message.compose(other, config).id}
    both = parse(
        "hub: {alerts: {smtp: smtp://localhost, from: a@b.example}}\n"
        "members:\n- {slug: wessex, name: W, alerts: [a@b.example]}\n"
        "- {slug: east, name: E, alerts: [a@b.example]}\n"
    )
    ids |= {compose("east", other, both).id}
    assert len(ids) == 4


def test_of_a_member_with_several_feeds_it_is_said_that_it_is_one_of_them() -> None:
    config = network(
        feeds="[{url: https://wessex.example/feed/}, {name: blog, url: https://wessex.example/blog/}]"
    )
    assert compose("wessex", [BROKEN], config).subject.endswith(
        "Please look at a news feed of Łódź <!channel>"
    )
    two = [BROKEN, replace(BROKEN, number=3)]
    assert compose("wessex", two, config).subject.endswith("look at 2 news feeds of Łódź <!channel>")
    assert compose("wessex", [OVER], config).subject.endswith("A news feed of Łódź <!channel> is well again")
    left = [OVER, replace(OVER, number=3, ending=PAUSED)]
    assert compose("wessex", left, config).subject.endswith(
        "2 news feeds of Łódź <!channel> need you no more"
    )


@pytest.mark.parametrize(
    ("changed", "subject", "said"),
    [
        ({"ending": LEFT}, "needs you no more", "The network’s editors no longer follow it."),
        ({"ending": PAUSED}, "needs you no more", "It is not checked for now, as the network’s editors"),
        (
            {"over": None, "ending": "", "state": "held"},
            "needs you no more",
            "there is nothing more for you to do.",
        ),
        (
            {"over": None, "ending": "", "editor": ""},
            "needs you no more",
            "What is left to do is for the network’s editors",
        ),
    ],
)
def test_that_they_are_asked_no_more_is_said_in_words_for_them(
    changed: dict[str, Any], subject: str, said: str
) -> None:
    letter = compose("wessex", [replace(OVER, **changed)], network())
    assert letter.subject.endswith(f"The news feed of Łódź <!channel> {subject}")
    assert said in words(letter)
    assert "feeds.yaml" not in letter.body
    assert "What to look at" not in letter.body


def test_a_member_without_a_feed_is_told_of_the_pages_that_are_read() -> None:
    pages = network(feeds="[{url: https://wessex.example/news/, kind: html, select: {item: article}}]")
    said = words(compose("wessex", [BROKEN], pages))
    assert "RSS" not in said
    assert (
        "your news feed, which is what this message calls the pages of your site that have your news" in said
    )
    assert "What you need not look at any more" not in said
    page = "{name: page, url: https://wessex.example/news/, kind: html, select: {item: article}}"
    both = network(feeds=f"[{{url: https://wessex.example/feed/}}, {page}]")
    for config in (network(), both):
        assert (
            "your news feed, the list of your news that your site keeps for programs (RSS or the like)"
            in (words(compose("wessex", [BROKEN], config)))
        )


def test_what_readers_miss_is_said_to_the_member() -> None:
    letter = compose("wessex", [replace(BROKEN, state="stale")], network())
    assert "Readers miss what is on your site and not in this feed, if there is any." in words(letter)


def test_of_very_many_feeds_some_are_told_in_full_and_all_are_counted() -> None:
    many = [replace(BROKEN, number=number) for number in range(1, 201)]
    letter = compose("wessex", many, network())
    assert letter.body.count("For those who look after your site:") == 20
    assert "- and 80 more" in letter.body
    assert "Please look at 200 news feeds" in letter.subject


def test_told_is_what_somebody_there_can_mend_and_that_what_was_told_is_over() -> None:
    held, moved = replace(BROKEN, state="held"), replace(BROKEN, state="moved")
    ours = replace(BROKEN, editor="")
    assert for_member([BROKEN, held, moved, ours, OVER], frozenset()) == (BROKEN,)
    assert for_member([held], {1}) == (held,), "what they know is theirs no more"
    assert for_member([OVER], {2}) == (OVER,)
    assert for_member([OVER], {1}) == (), "they never knew"


# ---------------------------------------------------------------- to whom, and when


def test_each_member_is_told_of_its_own_feeds_all_of_them_in_one_and_the_office_of_all(
    telling: Telling, post: Mailbox
) -> None:
    begin(telling, post, "mail: [news@example.org]", wessex="web@wessex.example", east="e@east.example")
    telling.break_down(WESSEX, BLOG, EAST, NATIONAL)
    telling.step()
    telling.step(minutes=4)
    assert post.mails == [], "it may not be alone"
    telling.step(minutes=1)
    assert told(post) == [
        ("e@east.example", "Please look at the news feed of Health Innovation East"),
        (
            "news@example.org",
            "4 feeds need somebody: Health Innovation East, National body, Health Innovation Wessex (blog)"
            " and 1 more",
        ),
        ("web@wessex.example", "Please look at 2 news feeds of Health Innovation Wessex"),
    ]
    assert sorted(post.to) == [["e@east.example"], ["news@example.org"], ["web@wessex.example"]]
    assert max(post.sizes) <= 78  # RFC 5322 §2.1.1
    said = next(each for each in post.mails if each["To"] == "web@wessex.example").get_content()
    assert "Your server takes no connection from our news reader" in said
    assert "east.example" not in said
    post.mails.clear()
    telling.mend(BLOG)
    telling.step(minutes=1)
    telling.step(minutes=13)
    assert post.mails == [], "a quarter of an hour lies between two"
    telling.step(minutes=1)
    assert ("web@wessex.example", "A news feed of Health Innovation Wessex is well again") in told(post)
    assert len(post.mails) == 2
    telling.step(hours=3)
    assert len(post.mails) == 2, "each is told once"


def test_a_new_address_is_told_of_nothing_older(telling: Telling, post: Mailbox) -> None:
    telling.break_down(WESSEX, EAST)
    telling.step()
    begin(telling, post, wessex="web@wessex.example", east="e@east.example")
    telling.step(minutes=5)
    telling.mend(WESSEX)
    telling.step(minutes=1)
    telling.step(hours=1)
    assert post.mails == [], "nor that it is over"
    for hours in (2, 1):
        telling.hub.fail(EAST, "wants a password", "http-401", at=telling.hub.now - timedelta(minutes=hours))
    telling.step()
    telling.step(minutes=5)
    assert told(post) == [("e@east.example", "Please look at the news feed of Health Innovation East")]
    assert "has not let us in since 24 November" in post.mails[0].get_content(), "what is new of it"
    telling.configure()
    telling.step()
    assert telling.hub.store.channels() == {}


def test_what_passed_before_it_was_told_is_not_told_to_members(telling: Telling, post: Mailbox) -> None:
    begin(telling, post, wessex="web@wessex.example")
    telling.break_down(WESSEX)
    telling.step()
    telling.mend(WESSEX)
    telling.step(minutes=1)
    telling.step(hours=1)
    assert post.mails == []


def test_what_becomes_the_offices_alone_needs_the_member_no_more(telling: Telling, post: Mailbox) -> None:
    keys = f"smtp: 'smtp://127.0.0.1:{post.port}'", "from: hub@example.org"
    members = {"wessex": "web@wessex.example"}
    network = NETWORK.replace("Health Innovation Wessex\n", "Health Innovation Wessex\n    trust: hold\n")
    telling.configure(*keys, members=members, network=network)
    telling.step()
    telling.break_down(WESSEX)
    telling.step()
    telling.step(minutes=5)
    telling.mend(WESSEX)
    telling.step(minutes=10)
    telling.step(minutes=5)
    assert subjects(post)[1:] == ["A news feed of Health Innovation Wessex needs you no more"]
    assert telling.channel(OF_WESSEX).lasting == frozenset()
    url = "url: https://wessex.example/feed/"
    paused = network.replace(url, f"{url}, paused: yes")
    telling.configure(*keys, members=members, network=paused)
    telling.step(minutes=1)
    telling.step(hours=1)
    assert telling.hub.store.incidents("wessex", limit=1)[0].ending == PAUSED
    assert len(post.mails) == 2


def test_no_member_is_told_that_its_certificate_is_wrong_where_all_are_by_our_clock(
    telling: Telling, post: Mailbox
) -> None:
    members = {"wessex": "web@wessex.example", "east": "e@east.example", "national": "n@national.example"}
    begin(telling, post, "mail: [news@example.org]", **members)
    for hours in (2, 1):
        for key in (WESSEX, BLOG, EAST, NATIONAL):
            telling.hub.fail(key, "has expired", "tls", at=telling.hub.now - timedelta(hours=hours))
    telling.step()
    telling.step(minutes=5)
    telling.step(hours=1)
    assert [each["To"] for each in post.mails] == ["news@example.org"]
    telling.mend(NATIONAL)
    telling.step(minutes=1)
    telling.step(minutes=5)
    assert sorted(each["To"] for each in post.mails[1:]) == [
        "e@east.example",
        "news@example.org",
        "web@wessex.example",
    ], "one is in order, so what the others have is theirs"


# ---------------------------------------------------------------- what fails, and what ends in between


def test_what_one_member_is_not_sent_keeps_nothing_from_others_and_is_said_with_its_name(
    telling: Telling, post: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(telling, post, wessex="web@wessex.example", east="e@east.example", national="n@national.example")
    post.refused = {"e@east.example", "n@national.example"}
    telling.break_down(WESSEX, EAST, NATIONAL)
    telling.step()
    telling.step(minutes=5)
    assert post.to == [["web@wessex.example"]]
    server = f"The mail server 127.0.0.1:{post.port}"
    said = capsys.readouterr().err
    assert f"To the member east: {server} takes no mail for e@east.example: 550 no such user." in said
    assert "Look at the addresses of `alerts` of the member east, and whether" in said
    assert "web@wessex.example" not in said
    metrics = telling.hub.get("/metrics").text
    assert 'hub_alerts_failing{way="member"} 2.0' in metrics
    assert 'hub_alerts_failing{way="mail"} 0.0' in metrics
    assert "east" not in metrics
    post.refused = set()
    telling.step(minutes=4)
    assert len(post.mails) == 1, "not at once again"
    telling.step(minutes=1)
    assert len(post.mails) == 3
    assert "The mail that tells east of its feeds goes out again." in capsys.readouterr().err
    assert 'hub_alerts_failing{way="member"} 0.0' in telling.hub.get("/metrics").text


def test_an_addressee_that_is_refused_keeps_nothing_from_the_members_others(
    telling: Telling, post: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(telling, post, wessex="web@wessex.example, gone@wessex.example")
    post.refused = {"gone@wessex.example"}
    telling.break_down(WESSEX)
    telling.step()
    telling.step(minutes=5)
    assert post.to == [["web@wessex.example"]]
    said = capsys.readouterr().err
    assert "takes no mail for gone@wessex.example (550 no such user)." in said
    assert "Look at the addresses of `alerts` of the member wessex." in said


def test_a_member_that_was_not_told_that_it_broke_is_not_told_that_it_is_over(
    telling: Telling, post: Mailbox
) -> None:
    begin(telling, post, wessex="web@wessex.example")
    post.says = "452 no room"
    telling.break_down(WESSEX)
    telling.step()
    telling.step(minutes=5)
    telling.mend(WESSEX)
    telling.step(minutes=1)
    post.says = "250 OK"
    assert telling.channel(OF_WESSEX).error
    telling.step(hours=1)
    assert post.mails == []
    # Nothing is tried again, so nothing says that it would be.
    channel = telling.channel(OF_WESSEX)
    assert (channel.error, channel.remedy, channel.tries, channel.due) == ("", "", 0, None)
    assert 'hub_alerts_failing{way="member"} 0.0' in telling.hub.get("/metrics").text


@pytest.mark.parametrize(
    ("keys", "members"), [((), {"wessex": "w@wessex.example"}), (("mail: [news@example.org]",), {})]
)
def test_who_was_named_while_the_clock_was_ahead_is_told_that_it_is_over(
    telling: Telling, post: Mailbox, keys: tuple[str, ...], members: dict[str, str]
) -> None:
    telling.hub.now += timedelta(days=30)
    begin(telling, post, *keys, **members)
    telling.hub.now -= timedelta(days=30)
    telling.break_down(WESSEX)
    telling.step()
    telling.step(minutes=5)
    assert len(post.mails) == 1
    telling.mend(WESSEX)
    telling.step(minutes=1)
    telling.step(minutes=15)
    assert len(post.mails) == 2
    assert "well again" in subjects(post)[1]


def test_what_was_sent_as_the_hub_was_killed_comes_again_under_the_same_id(
    telling: Telling, post: Mailbox
) -> None:
    begin(telling, post, wessex="web@wessex.example")
    telling.break_down(WESSEX)
    telling.step()
    telling.hub.now += timedelta(minutes=5)
    telling.look()
    telling.alerting.act()
    assert within(SOON, lambda: post.mails)
    telling.restart()
    telling.step()
    assert len(post.mails) == 1, "not at once"
    telling.step(minutes=5)
    first, second = post.mails
    assert first["Message-ID"] == second["Message-ID"]
    telling.restart()
    telling.step(days=1)
    assert len(post.mails) == 2


def test_what_arrived_as_the_hub_was_killed_is_told_to_be_over(telling: Telling, post: Mailbox) -> None:
    begin(telling, post, wessex="web@wessex.example")
    telling.break_down(WESSEX)
    telling.step()
    telling.hub.now += timedelta(minutes=5)
    telling.look()
    telling.alerting.act()
    assert within(SOON, lambda: post.mails)
    telling.restart()
    telling.mend(WESSEX)
    telling.step(minutes=1)
    telling.step(minutes=5)
    assert subjects(post)[1:] == ["A news feed of Health Innovation Wessex is well again"]


def test_two_processes_tell_a_member_once(telling: Telling, post: Mailbox) -> None:
    begin(telling, post, wessex="web@wessex.example")
    telling.break_down(WESSEX)
    telling.step()
    telling.hub.now += timedelta(minutes=5)
    other = Alerting(telling.hub.store, telling.polls, telling.hub.config, now=lambda: telling.hub.now)
    assert other.look()
    telling.step()
    other.act()
    assert not other.under_way
    assert len(post.mails) == 1


def test_what_the_database_does_not_note_of_one_mail_keeps_no_other_from_being_noted(
    tmp_path: Path, post: Mailbox
) -> None:
    for telling in a_telling(tmp_path, "sqlite"):
        begin(telling, post, wessex="w@wessex.example", east="e@east.example", national="n@national.example")
        telling.break_down(WESSEX, EAST, NATIONAL)
        telling.step()
        telling.hub.now += timedelta(minutes=5)
        telling.look()
        telling.alerting.act()
        assert within(SOON, lambda: mails_under_way() == 0)
        refuses = "BEFORE INSERT ON channels BEGIN SELECT RAISE(ABORT, 'no room'); END"
        telling.hub.sql(f"CREATE TRIGGER refuses {refuses}")
        telling.look()
        with pytest.raises(StoreError):
            telling.alerting.act()
        telling.hub.sql("DROP TRIGGER refuses")
        telling.restart(telling.alerting._post)
        telling.step()
        channels = telling.hub.store.channels().values()
        assert sum(channel.sent is not None for channel in channels) == 2
        telling.step(minutes=5)
        assert all(channel.sent for channel in telling.hub.store.channels().values())
        assert len({each["Message-ID"] for each in post.mails}) == 3


# ---------------------------------------------------------------- very many


def with_fifty(telling: Telling, post: Mailbox) -> list[FeedKey]:
    """Fifty members at one host, whose people are told, and the office."""
    members = "".join(
        f"  - slug: m{number}\n    name: Member {number}\n"
        f"    feeds: [{{url: https://shared.example/{number}}}]\n"
        for number in range(50)
    )
    telling.configure(
        f"mail: [news@example.org], smtp: 'smtp://127.0.0.1:{post.port}'",
        network=f"hub:\n  title: News\nmembers:\n{members}",
        members={f"m{number}": f"web@m{number}.example" for number in range(50)},
    )
    telling.step()
    return [FeedKey(f"m{number}") for number in range(50)]


def mails_under_way() -> int:
    return sum(thread.name == "mail" for thread in threading.enumerate())


def test_a_host_of_fifty_members_goes_down(telling: Telling, post: Mailbox) -> None:
    keys = with_fifty(telling, post)
    telling.break_down(*keys)
    telling.step()
    telling.hub.now += timedelta(minutes=5)
    post.held.clear()
    telling.look()
    telling.alerting.act()
    assert within(SOON, lambda: post.coming == 5), "the office's does not wait for them"
    for _ in range(3):
        # All that may be under way is, so there is nothing to do until one of them ends.
        assert not telling.look()
        telling.alerting.act()
    assert mails_under_way() == 5
    post.held.set()
    telling.step()
    assert post.at_once == 5
    assert len(post.mails) == 51
    assert sorted(each["To"] for each in post.mails if "Please" in each["Subject"]) == sorted(
        f"web@{key.member}.example" for key in keys
    )
    assert len({each["Message-ID"] for each in post.mails}) == 51
    telling.step(hours=2)
    assert len(post.mails) == 51


def test_those_that_fail_keep_none_waiting_who_was_not_tried(telling: Telling, post: Mailbox) -> None:
    keys = with_fifty(telling, post)
    telling.break_down(*keys)
    telling.step()
    telling.hub.now += timedelta(minutes=5)
    post.held.clear()
    post.says = "452 no room"
    telling.look()
    telling.alerting.act()
    assert within(SOON, lambda: post.coming == 5)
    first = {way for way, channel in telling.hub.store.channels().items() if channel.tries}
    # They took so long that they are due again already.
    telling.hub.now += timedelta(minutes=10)
    post.held.set()
    assert within(SOON, lambda: mails_under_way() == 0)
    post.held.clear()
    telling.look()
    telling.alerting.act()
    assert within(SOON, lambda: post.coming == 5)
    tried = {way for way, channel in telling.hub.store.channels().items() if channel.tries}
    assert (len(first), len(tried)) == (5, 9), "four others of members, and the office's again"


def test_a_round_begins_no_more_of_them_when_its_time_is_over(
    telling: Telling, post: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = with_fifty(telling, post)
    telling.break_down(*keys)
    telling.step()
    post.held.clear()
    under_way = []
    wind_up = Alerting.wind_up

    def at_the_end(alerting: Alerting) -> None:
        under_way.append(mails_under_way())
        post.held.set()
        wind_up(alerting)

    monkeypatch.setattr(Alerting, "wind_up", at_the_end)
    monkeypatch.setattr("hub.polling.rounds._SENDING", 0.5)
    rounds.poll_round(telling.hub.config, telling.hub.store, (), progress=progress(0), stop=threading.Event())
    assert under_way[0] == 5
    assert len(post.mails) == 5, "the others wait for the next round"
    assert sum(channel.sent is not None for channel in telling.hub.store.channels().values()) == 5
    assert sum(channel.tries for channel in telling.hub.store.channels().values()) == 0
    monkeypatch.setattr("hub.polling.rounds._SENDING", SOON)
    rounds.poll_round(telling.hub.config, telling.hub.store, (), progress=progress(0), stop=threading.Event())
    assert len(post.mails) == 51
