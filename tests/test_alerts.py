"""People are told of feeds by mail and by a webhook: each change once, whatever fails or ends in between."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hub.alerts import webhook
from hub.alerts.letter import mail
from hub.alerts.message import compose
from hub.alerts.smtp import PASSWORD, PASSWORD_FILE, send
from hub.config import parse
from hub.errors import AlertError, FetchError
from hub.incidents import PAUSED, WELL_AGAIN
from hub.model import MAIL, WEBHOOK, FeedKey, Incident, MailServer
from hub.polling import rounds
from hub.polling.alerting import Alerting
from hub.report import progress
from tests.commands import SOON, within
from tests.mailbox import Mailbox, certificate, mailbox, talker
from tests.site import Site
from tests.telling import Telling, a_telling, subjects
from tests.web_hub import EAST, NATIONAL, WESSEX
from tests.websub_reader import Reader, websub_reader


@pytest.fixture
def post() -> Iterator[Mailbox]:
    with mailbox() as running:
        yield running


@pytest.fixture
def reader() -> Iterator[Reader]:
    with websub_reader() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def telling(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Telling]:
    yield from a_telling(tmp_path, request.param)


def posted(reader: Reader) -> list[Any]:
    return [json.loads(each.body) for each in reader.pushed]


# ---------------------------------------------------------------- when, and how often


def test_what_breaks_together_is_one_message_five_minutes_after_the_first(
    telling: Telling, post: Mailbox
) -> None:
    telling.by_mail(post)
    telling.break_down(WESSEX)
    telling.step()
    telling.break_down(EAST, NATIONAL)
    telling.step(minutes=4)
    assert post.mails == []
    telling.step(minutes=1)
    assert subjects(post) == [
        "3 feeds need somebody: Health Innovation Wessex (news), Health Innovation East, National body"
    ]
    telling.step(hours=1)
    assert len(post.mails) == 1, "each is told once"


def test_the_next_message_waits_a_quarter_of_an_hour(telling: Telling, post: Mailbox) -> None:
    telling.by_mail(post)
    telling.break_down(WESSEX, EAST)
    telling.step()
    telling.step(minutes=5)
    telling.mend(WESSEX)
    telling.break_down(NATIONAL)
    telling.step(minutes=1)
    telling.step(minutes=13)
    assert len(post.mails) == 1
    telling.step(minutes=1)
    assert subjects(post)[1:] == [
        "1 feed needs somebody, 1 is well again: National body, Health Innovation Wessex (news)"
    ]
    said = post.mails[1].get_content()
    assert "- Health Innovation Wessex (news): their site has not answered from 24" in said
    assert "It is well again." in said
    assert "Health Innovation East" not in said


def test_both_channels_tell_the_same_each_by_itself(telling: Telling, post: Mailbox, reader: Reader) -> None:
    telling.configure(
        f"mail: [news@example.org], smtp: 'smtp://127.0.0.1:{post.port}', webhook: '{reader.url}/hook'"
    )
    post.says = "451 try again"
    telling.break_down(WESSEX)
    telling.step()
    telling.step(minutes=5)
    (first,) = posted(reader)
    post.says = "250 OK"
    telling.step(minutes=5)
    (sent,) = post.mails
    assert sent["Message-ID"] == f"<{first['id']}@news.example.org>"
    assert len(reader.pushed) == 1


def test_who_is_named_later_is_told_what_lasts_and_not_what_is_over(telling: Telling, post: Mailbox) -> None:
    telling.break_down(WESSEX, EAST)
    telling.step()
    telling.mend(EAST)
    telling.step(minutes=1)
    assert telling.hub.store.channels() == {}
    telling.hub.now += timedelta(days=1)
    telling.by_mail(post)
    telling.step()
    assert subjects(post) == ["1 feed needs somebody: Health Innovation Wessex (news)"]
    telling.configure()
    telling.step()
    assert telling.hub.store.channels() == {}
    telling.step(days=1)
    assert len(post.mails) == 1


# ---------------------------------------------------------------- what fails, and what ends in between


def test_what_was_not_taken_is_told_the_admin_kept_and_sent_with_what_came_meanwhile(
    telling: Telling, post: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    telling.by_mail(post)
    post.says = "452 no room"
    telling.break_down(WESSEX)
    telling.step()
    telling.step(minutes=5)
    problem = f"The mail server 127.0.0.1:{post.port} did not take the mail: 452 no room."
    assert problem in capsys.readouterr().err
    assert telling.channel(MAIL).error == problem
    said = telling.hub.get("/metrics").text
    assert 'hub_alerts_failing{way="mail"} 1.0' in said
    assert "hub_incidents 1.0" in said
    post.says = "250 OK"
    telling.break_down(EAST)
    telling.step(minutes=4)
    assert post.mails == [], "not at once again"
    telling.step(minutes=1)
    assert subjects(post) == [
        "2 feeds need somebody: Health Innovation Wessex (news), Health Innovation East"
    ]
    assert "goes out again" in capsys.readouterr().err
    assert telling.channel(MAIL).error == ""


def test_it_is_tried_ever_more_seldom_and_each_hour_in_the_end(telling: Telling, post: Mailbox) -> None:
    telling.by_mail(post)
    post.says = "452 no room"
    telling.break_down(WESSEX)
    telling.step()
    telling.step(minutes=5)
    waits = []
    for _ in range(7):
        due = telling.channel(MAIL).due
        assert due is not None
        waits.append((due - telling.hub.now) // timedelta(minutes=1))
        telling.step(seconds=(due - telling.hub.now).total_seconds())
    assert waits == [5, 10, 20, 40, 60, 60, 60]


def test_a_hub_that_ends_before_it_sent_sends_it_once_it_is_back(telling: Telling, post: Mailbox) -> None:
    telling.by_mail(post)
    telling.break_down(WESSEX)
    telling.step()
    telling.restart()
    telling.step(minutes=5)
    assert len(post.mails) == 1
    telling.restart()
    telling.step(hours=1)
    assert len(post.mails) == 1


def test_what_arrived_as_the_hub_was_killed_comes_again_under_the_same_id(
    telling: Telling, post: Mailbox
) -> None:
    telling.by_mail(post)
    telling.break_down(WESSEX)
    telling.step()
    telling.hub.now += timedelta(minutes=5)
    assert telling.look()
    telling.alerting.act()
    assert within(SOON, lambda: post.mails)
    telling.restart()
    telling.step()
    assert len(post.mails) == 1, "not at once: a hub that crashes as it sends would go on and on"
    telling.step(minutes=5)
    first, second = post.mails
    assert first["Message-ID"] == second["Message-ID"]
    telling.step(days=1)
    assert len(post.mails) == 2


def test_what_is_on_its_way_as_the_hub_ends_is_noted(telling: Telling, post: Mailbox) -> None:
    telling.by_mail(post)
    telling.break_down(WESSEX)
    telling.step()
    telling.hub.now += timedelta(minutes=5)
    telling.look()
    telling.alerting.act()
    telling.alerting.close()
    assert len(post.mails) == 1
    assert telling.channel(MAIL).sent == telling.hub.now


def test_a_mail_that_is_on_its_way_as_feeds_yaml_changes_is_noted_afterwards(
    telling: Telling, post: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.polling.alerting._LAST", 0.0)
    telling.by_mail(post)
    telling.break_down(WESSEX)
    telling.step()
    telling.hub.now += timedelta(minutes=5)
    post.held.clear()
    telling.look()
    telling.alerting.act()
    telling.alerting.close()
    telling.restart(telling.alerting._post)
    assert telling.alerting.under_way
    post.held.set()
    telling.step()
    assert telling.channel(MAIL).sent == telling.hub.now
    telling.step(hours=1)
    assert len(post.mails) == 1


def test_a_message_that_cannot_be_made_does_not_end_the_polls(telling: Telling, post: Mailbox) -> None:
    telling.by_mail(post)
    config = telling.hub.config
    # None that feeds.yaml may have.
    alerts = replace(config.hub.alerts, sender="a@b.example\nBcc: x@y.example")
    telling.alerting._config = replace(config, hub=replace(config.hub, alerts=alerts))
    telling.break_down(WESSEX)
    telling.step()
    telling.step(minutes=5)
    assert telling.channel(MAIL).error.startswith("A message was not sent, by a fault of the hub: ")
    telling.restart()
    telling.step(minutes=5)
    assert len(post.mails) == 1


def test_two_processes_tell_the_same_once(telling: Telling, post: Mailbox) -> None:
    telling.by_mail(post)
    telling.break_down(WESSEX)
    telling.step()
    telling.hub.now += timedelta(minutes=5)
    other = Alerting(telling.hub.store, telling.polls, telling.hub.config, now=lambda: telling.hub.now)
    assert other.look()
    telling.step()
    other.act()
    assert not other.under_way
    assert len(post.mails) == 1


def test_polls_do_not_wait_for_a_mail_server(telling: Telling, post: Mailbox, site: Site) -> None:
    telling.by_mail(post)
    telling.break_down(WESSEX)
    telling.step()
    telling.hub.now += timedelta(minutes=5)
    post.held.clear()
    telling.look()
    telling.alerting.act()
    (state,) = telling.hub.store.feed_states("east")
    telling.polls.begin([replace(state, feed=replace(state.feed, url=site.feed("/feed", "Ward opens")))])
    until = time.monotonic() + SOON
    while telling.polls.unfinished:
        telling.polls.step(1)
        assert time.monotonic() < until
    assert telling.alerting.under_way
    post.held.set()
    telling.step()
    assert len(post.mails) == 1


def test_an_addressee_that_the_server_does_not_know_keeps_nothing_from_the_others(
    telling: Telling, post: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    telling.by_mail(post)
    post.refused = {"two@example.org"}
    telling.break_down(WESSEX)
    telling.step()
    telling.step(minutes=5)
    assert post.to == [["news@example.org"]]
    assert "takes no mail for two@example.org (550 no such user)." in capsys.readouterr().err
    telling.step(hours=2)
    assert len(post.mails) == 1


def test_all_wait_for_an_addressee_for_whom_the_server_takes_mail_later(
    telling: Telling, post: Mailbox
) -> None:
    telling.by_mail(post)
    post.deferred = {"two@example.org"}
    telling.break_down(WESSEX)
    telling.step()
    telling.step(minutes=5)
    assert post.mails == []
    assert "for two@example.org just now: 450 greylisted." in telling.channel(MAIL).error
    post.deferred = set()
    telling.step(minutes=5)
    assert post.to == [["news@example.org", "two@example.org"]]


def test_they_do_not_wait_for_ever(
    telling: Telling, post: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    telling.by_mail(post)
    post.deferred = {"two@example.org"}
    telling.break_down(WESSEX)
    telling.step()
    for minutes in (5, 5, 10):
        telling.step(minutes=minutes)
    assert post.to == [["news@example.org"]]
    assert "takes no mail for two@example.org (450 greylisted)." in capsys.readouterr().err


@pytest.mark.parametrize(("days", "fails"), [(365, True), (365, False), (2, True)])
def test_a_clock_that_was_ahead_keeps_nobody_from_being_told(
    telling: Telling, post: Mailbox, *, days: int, fails: bool
) -> None:
    telling.by_mail(post)
    telling.step()
    telling.hub.now += timedelta(days=days)
    telling.break_down(WESSEX)
    telling.step()
    if fails:
        post.says = "452 no room"
        telling.step(minutes=5)
        post.says = "250 OK"
    telling.hub.now -= timedelta(days=days)
    telling.step()
    assert subjects(post) == ["1 feed needs somebody: Health Innovation Wessex (news)"]


def test_a_round_waits_for_a_mail_that_is_on_its_way(
    telling: Telling, post: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    telling.by_mail(post)
    telling.break_down(WESSEX)
    telling.step()
    monkeypatch.setattr("hub.polling.rounds._SENDING", 0.1)
    monkeypatch.setattr("hub.polling.alerting._LAST", 0.0)
    post.held.clear()
    release = threading.Timer(1.0, post.held.set)
    release.start()
    rounds.poll_round(telling.hub.config, telling.hub.store, (), progress=progress(0), stop=threading.Event())
    release.join()
    assert len(post.mails) == 1
    assert telling.channel(MAIL).sent is not None


# ---------------------------------------------------------------- mail


def test_a_mail_says_what_happened_what_to_do_and_where(telling: Telling, post: Mailbox) -> None:
    telling.by_mail(post)
    telling.break_down(WESSEX)
    telling.step()
    telling.step(minutes=5)
    (sent,) = post.mails
    assert post.to == [["news@example.org", "two@example.org"]]
    assert sent["From"] == "Health innovation news <news@example.org>"
    assert sent["To"] == "news@example.org, two@example.org"
    assert sent["Date"].datetime == telling.hub.now
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent["List-Id"] == "<alerts.news.example.org>"
    assert sent.get_content_type() == "text/plain"
    assert max(post.sizes) <= 78  # RFC 5322 §2.1.1
    said = sent.get_content().replace("\r\n", "\n")
    for words in (
        "Health Innovation Wessex (news): their site has not answered since 24\nNovember 2026, 13:30.",
        "\n  https://wessex.example/feed/\n",
        "  Readers miss what this feed has had since.",
        "  For those who look after their site:\n  > Your server takes no connection",
        "\n  https://news.example.org/admin/feed/wessex/news\n",
        "\nHow all feeds are doing: https://news.example.org/admin/\n",
    ):
        assert words in said


NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
BROKEN = Incident(
    number=1,
    feed=FeedKey("east"),
    url="https://east.example/feed/",
    state="broken",
    headline="their site has not answered",
    sentence="It is away.\r\nBcc: x@y.example\n.\n\x0bmore",
    editor="Text.",
    began=NOW,
    noticed=NOW,
    changed=NOW,
    revision=1,
)
TOLD = parse(
    "hub:\n  title: Nöws <b>\n  alerts: {mail: [a@b.example], smtp: smtp://localhost}\n"
    "members: [{slug: east, name: 'Łódź <!channel>', feeds: [{url: https://east.example/feed/}]}]\n"
)


def test_no_words_of_a_site_begin_a_line_or_a_header() -> None:
    written = mail(compose([BROKEN], TOLD), TOLD, NOW)
    assert written["Bcc"] is None
    assert "It is away. Bcc: x@y.example . more" in written.get_content()
    assert written["From"].addresses[0].display_name == "Nöws <b>"
    assert bytes(written).isascii()


def test_a_mail_says_what_the_office_can_do_and_what_the_site_can_if_there_is_anything() -> None:
    office, site = "  What you can do: Write its new address.\n", "  For those who look after their site:\n"
    both = compose([replace(BROKEN, remedy="Write its new address.")], TOLD).body
    assert office in both
    assert f"{site}  > Text.\n" in both
    neither = compose([replace(BROKEN, editor="")], TOLD).body
    assert "What you can do" not in neither
    assert "For those who look after" not in neither


def test_an_address_in_a_mail_stays_whole() -> None:
    address = f"https://east.example/{'a-long-way/' * 12}feed/"
    told = compose([replace(BROKEN, sentence=f"It was asked at {address} in vain.")], TOLD)
    assert address in mail(told, TOLD, NOW).get_content()


def test_a_chat_is_told_no_words_of_a_site_and_no_command() -> None:
    message = compose([BROKEN], TOLD)
    assert message.text.splitlines()[1] == (
        "• Łódź ‹!channel›: their site has not answered since 24 November 2026, 15:30"
    )


def test_of_very_many_feeds_some_are_told_in_full_and_all_are_counted() -> None:
    many = [replace(BROKEN, number=n, revision=n, feed=FeedKey(f"m{n}")) for n in range(1, 1001)]
    message = compose(many, TOLD)
    assert message.subject == "[Nöws <b>] 1,000 feeds need somebody: m1, m2, m3 and 997 more"
    assert "1,000 of them are on one host, east.example: it may be that alone." in message.body
    assert "- and 780 more" in message.body
    assert message.text.endswith("• and 980 more")
    assert len(message.incidents) == 200
    assert compose(many, TOLD).id == message.id
    assert compose(many[1:], TOLD).id != message.id


def test_three_feeds_of_one_host_are_said_to_be_on_it_and_two_are_not() -> None:
    west = replace(BROKEN, url="https://west.example/feed/")
    assert "3 of them are on one host, east.example" in compose([west, BROKEN, BROKEN, BROKEN], TOLD).body
    assert "3 of them are on one host, east.example" in compose([BROKEN] * 3, TOLD).body
    assert "on one host" not in compose([west, BROKEN, BROKEN], TOLD).body


def test_a_feed_that_is_left_alone_is_not_said_to_be_well_again() -> None:
    paused = replace(BROKEN, over=NOW, ending=PAUSED)
    message = compose([paused], TOLD)
    assert message.subject == "[Nöws <b>] 1 feed needs nobody any more: Łódź <!channel>"
    assert "It is paused in feeds.yaml." in " ".join(message.body.split())
    assert message.text.endswith(". It is paused in feeds.yaml.")
    for words in (" well again", "eeds somebody"):
        assert words not in message.body + message.text
    well = replace(paused, ending=WELL_AGAIN)
    assert compose([well], TOLD).subject.startswith("[Nöws <b>] 1 feed is well again")
    assert "2 feeds are well again" in compose([well, well], TOLD).subject
    assert "2 feeds need nobody any more" in compose([well, paused], TOLD).subject
    assert "eeds nobody" not in compose([BROKEN], TOLD).body


def a_mail() -> Any:
    return mail(compose([BROKEN], TOLD), TOLD, NOW)


def at(post: Mailbox, *, host: str = "127.0.0.1", **more: Any) -> MailServer:
    return MailServer(host=host, port=post.port, **more)


def refusal(server: MailServer, **environment: str) -> AlertError:
    with pytest.raises(AlertError) as caught:
        send(server, a_mail(), environment)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("from_the_beginning", [True, False])
def test_a_password_goes_out_encrypted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, from_the_beginning: bool
) -> None:
    authority, context = certificate(tmp_path)
    secret = tmp_path / "password"
    secret.write_text("s3cret\n")
    with mailbox(tls=context, from_the_beginning=from_the_beginning, password="s3cret") as post:
        server = at(post, host="localhost", user="hub", tls=from_the_beginning)
        said = refusal(server, **{PASSWORD: "s3cret"})
        assert "could not be encrypted: self-signed certificate" in said.problem
        assert post.tried == []
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        send(server, a_mail(), {PASSWORD: "s3cret"})
        send(server, a_mail(), {PASSWORD_FILE: str(secret), PASSWORD: "another"})
        assert post.encrypted == [True, True]
        wrong = refusal(server, **{PASSWORD: "wr0ng"})
        assert "does not take the password of hub: 535" in wrong.problem
        assert "wr0ng" not in wrong.problem + wrong.remedy
        other = at(post, host="127.0.0.2", user="hub", tls=from_the_beginning)
        assert "127.0.0.2" in refusal(other, **{PASSWORD: "s3cret"}).problem
        assert len(post.mails) == 2


def test_a_password_that_is_not_to_be_had_is_told_with_what_to_set(tmp_path: Path, post: Mailbox) -> None:
    server = at(post, user="hub")
    assert PASSWORD_FILE in refusal(server).remedy
    assert "letters that are not in ASCII" in refusal(server, **{PASSWORD: "pässword"}).problem
    away = tmp_path / "away"
    assert (
        f"cannot be read from {away}: No such file" in refusal(server, **{PASSWORD_FILE: str(away)}).problem
    )


def test_no_password_goes_to_another_machine_in_the_clear() -> None:
    with mailbox(password="s3cret") as post:
        # It is this machine, but none that says so.
        said = refusal(at(post, host="0.0.0.0", user="hub"), **{PASSWORD: "s3cret"})
        assert "offers no encryption (STARTTLS), so no password is sent" in said.problem
        assert post.tried == []
        send(at(post, user="hub"), a_mail(), {PASSWORD: "s3cret"})
        assert "a user in hub.alerts.smtp" in refusal(at(post)).remedy
    assert "cannot be reached: Connection refused" in refusal(at(post)).problem


def test_a_mail_has_arrived_if_the_server_says_so_late(
    post: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.alerts.smtp._PATIENCE", 0.5)
    post.held.clear()
    looked_through = threading.Timer(1.5, post.held.set)
    looked_through.start()
    assert send(at(post), a_mail(), {}) == ()
    looked_through.join()
    assert len(post.mails) == 1


def test_a_server_that_speaks_ever_so_slowly_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.alerts.smtp._IN_ALL", 0.5)

    def byte_by_byte() -> Iterator[bytes]:
        until = time.monotonic() + SOON
        while time.monotonic() < until:
            time.sleep(0.05)
            yield b"2"

    with talker({"EHLO": byte_by_byte()}) as port:
        said = refusal(MailServer(host="127.0.0.1", port=port))
    assert said.problem == f"The mail server 127.0.0.1:{port} does not answer in time."


@pytest.mark.parametrize(
    ("answers", "greeting", "problem", "remedy"),
    [
        ({}, b"HTTP/1.1 400 Bad Request\r\n", "does not answer as mail servers do", "the port"),
        ({"EHLO": [b"250-x\r\n", b"250 AUTH XOAUTH2\r\n"]}, b"220 x\r\n", "cannot be talked to", "CRAM-MD5"),
        (
            {"EHLO": [b"250-x\r\n", b"250 AUTH CRAM-MD5\r\n"], "AUTH": [b"334 abc\r\n"]},
            b"220 x\r\n",
            "cannot be talked to",
            "CRAM-MD5",
        ),
        (
            {
                "EHLO": [b"250-x\r\n", b"250 AUTH PLAIN\r\n"],
                "AUTH": [b"235 ok\r\n"],
                "RCPT": [b"450 later\r\n"],
            },
            b"220 x\r\n",
            "takes no mail for a@b.example just now: 450 later.",
            "It is asked again",
        ),
        (
            {
                "EHLO": [b"250-x\r\n", b"250 AUTH PLAIN\r\n"],
                "AUTH": [b"235 ok\r\n"],
                "MAIL": [b"450 too many\r\n"],
            },
            b"220 x\r\n",
            "takes no mail from a@b.example just now: 450 too many.",
            "It is asked again",
        ),
    ],
)
def test_what_a_server_does_wrong_is_told_with_what_to_look_at(
    answers: dict[str, list[bytes]], greeting: bytes, problem: str, remedy: str
) -> None:
    with talker(answers, greeting) as port:
        said = refusal(MailServer(host="127.0.0.1", port=port, user="hub"), **{PASSWORD: "s3cret"})
    assert problem in said.problem
    assert remedy in said.remedy


def test_a_server_at_an_ipv6_address_is_told_of_with_brackets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert f"[::1]:{port}" in refusal(MailServer(host="::1", port=port)).problem
    here = parse("hub:\n  url: http://[::1]:8000\n  alerts: {mail: [a@b.example], smtp: smtp://localhost}\n")
    assert mail(compose([BROKEN], here), here, NOW)["Message-ID"].endswith("@localhost>")


# ---------------------------------------------------------------- the webhook


def test_a_webhook_gets_a_text_and_each_incident(telling: Telling, reader: Reader) -> None:
    telling.by_webhook(reader)
    telling.break_down(WESSEX)
    telling.step()
    telling.step(minutes=5)
    (told,) = posted(reader)
    assert reader.pushed[0].headers["content-type"] == "application/json"
    assert told["text"] == (
        "Health innovation news\nNeeds somebody:\n• Health Innovation Wessex (news): their site has not"
        " answered since 24 November 2026, 13:30 https://news.example.org/admin/feed/wessex/news"
    )
    (incident,) = told["incidents"]
    assert (incident["member"], incident["feed"], incident["state"]) == ("wessex", "news", "broken")
    assert (incident["began"], incident["over"]) == ("2026-11-24T13:30:00Z", None)
    telling.hub.now += timedelta(minutes=30)
    telling.mend(WESSEX)
    telling.step()
    telling.step(minutes=5)
    assert posted(reader)[1]["incidents"][0]["over"] == "2026-11-24T16:05:00Z"
    assert posted(reader)[1]["text"].endswith("It is well again."), "nobody need look"


@pytest.mark.parametrize(
    ("reason", "said", "remedy"),
    [
        ("tls", "cannot be asked, since its certificate or encryption is not in order.", "have expired"),
        ("timeout", "did not answer in time.", "behind it"),
        ("broken-transfer", "broke off its answer.", "behind it"),
        ("dns", "cannot be reached (dns).", "the host in hub.alerts.webhook"),
    ],
)
def test_why_a_webhook_was_not_told_is_said_without_its_address(reason: str, said: str, remedy: str) -> None:
    url = "https://hooks.example.org/s3cret"
    error = webhook.failure(url, FetchError(f"{url} failed", "Do this.", reason=reason))
    assert error.problem == f"The webhook at hooks.example.org {said}"
    assert remedy in error.remedy
    assert "s3cret" not in error.problem + error.remedy


def test_a_webhook_may_take_as_long_as_a_members_site() -> None:
    assert webhook.request("https://hooks.example.org/x", compose([BROKEN], TOLD), TOLD).within is None


@pytest.mark.parametrize(
    ("status", "headers", "minutes", "why"),
    [
        (500, {}, 5, "answered 500"),
        (404, {}, 5, "answered 404"),
        (429, {"Retry-After": "1800"}, 30, "answered 429"),
        (302, {"Location": "https://elsewhere.example/"}, 5, "answered 302"),
    ],
)
def test_a_webhook_that_fails_is_asked_again_and_its_address_is_told_nobody(
    telling: Telling,
    reader: Reader,
    capsys: pytest.CaptureFixture[str],
    status: int,
    headers: dict[str, str],
    minutes: int,
    why: str,
) -> None:
    telling.by_webhook(reader)
    reader.status, reader.headers = status, headers
    telling.break_down(WESSEX)
    telling.step()
    telling.step(minutes=5)
    channel = telling.channel(WEBHOOK)
    assert channel.due == telling.hub.now + timedelta(minutes=minutes)
    assert channel.error == f"The webhook at 127.0.0.1 {why}."
    assert "s3cret" not in capsys.readouterr().err + channel.error + channel.remedy
    reader.status, reader.headers = 200, {}
    telling.step(minutes=minutes)
    assert [each["id"] for each in posted(reader)] == 2 * [posted(reader)[0]["id"]]


def test_a_webhook_at_a_private_address_is_asked_only_where_that_is_allowed(
    telling: Telling, reader: Reader
) -> None:
    telling.by_webhook(reader, allowed="fetch: {host_delay: 0s}")
    telling.break_down(WESSEX)
    telling.step()
    telling.step(minutes=5)
    assert reader.pushed == []
    channel = telling.channel(WEBHOOK)
    assert channel.error == "The webhook at 127.0.0.1 is at an address that is not public."
    assert "hub.fetch.allow" in channel.remedy
