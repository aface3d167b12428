"""Which state a feed is in, and what its admin and its member's web team are told of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from hub.fetch.answer import Head, challenge_error, status_error
from hub.fetch.guards import turned_away
from hub.health import NO_ENTRIES, Health, health
from hub.model import Feed, FeedKey, FeedState, Listing, Move, Notice, Sitemap, Withheld, WithheldAs

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
URL = "https://east.example/news/feed/"
ROBOT = "news-hub/1 (+https://news.example.org/)"
WELL = FeedState(
    feed=Feed(key=FeedKey("east"), url=URL),
    used_url=URL,
    polled=NOW - timedelta(hours=1),
    succeeded=NOW - timedelta(hours=1),
    recent=tuple(NOW - days * DAY for days in range(1, 9)),
)


def of(state: FeedState = WELL, **more: object) -> Health:
    return health(replace(state, **more), NOW, robot=ROBOT)


def failed(
    reason: str, *, days: float = 1, failures: int = 3, error: str = "it failed", **more: object
) -> Health:
    since = NOW - days * DAY
    state = replace(
        WELL,
        failures=failures,
        failing_since=since,
        reason_since=since,
        error=error,
        reason=reason,
        remedy="Do this.",
    )
    return of(state, **more)


def silent(*days: float) -> Health:
    """A feed whose publications were so many days ago."""
    return of(recent=tuple(NOW - each * DAY for each in days))


# ---------------------------------------------------------------- it can be read


def test_a_feed_that_was_never_asked_is_waiting() -> None:
    assert health(FeedState(feed=WELL.feed), NOW, robot=ROBOT).state == "waiting"


def test_a_feed_that_feeds_yaml_pauses_is_paused_whatever_else_is_the_matter() -> None:
    feed = replace(WELL.feed, paused=True)
    found = failed("http-403", feed=feed)
    assert (found.state, found.editor) == ("paused", "")
    assert "What it published stays" in found.sentence
    assert f"`hub feeds resume {feed.key}`" in found.remedy
    assert "stays" not in of(feed=feed, recent=()).sentence


def test_a_feed_with_news_in_its_rhythm_is_ok_and_nobody_has_anything_to_do() -> None:
    assert of() == Health(state="ok", sentence="It is up to date.")


def test_what_is_odd_about_a_document_that_is_read_is_told_and_the_feed_is_ok() -> None:
    found = of(remarks=("it is not well-formed at line 3", "some dates cannot be read"))
    assert found.state == "ok"
    assert "it is not well-formed at line 3; some dates cannot be read" in found.sentence
    assert "it is not well-formed at line 3" in found.editor
    assert URL in found.editor


def test_where_a_feed_is_read_instead_of_at_its_own_address_is_told() -> None:
    other = "https://east.example/rss"
    found = of(feed=replace(WELL.feed, alternatives=(other,)), used_url=other)
    assert (found.state, found.editor) == ("ok", "")
    assert f"It is read at {other}, since its url" in found.sentence


@pytest.mark.parametrize(
    "remark",
    [
        "it is larger than 20 MB; raise hub.fetch.size in feeds.yaml",
        "9 of the 9 entries that were known changed their words at once; nobody was told",
    ],
)
def test_the_hubs_own_limits_and_judgements_are_no_matter_of_the_members(remark: str) -> None:
    found = of(remarks=(remark,))
    assert remark in found.sentence
    assert found.editor == ""


def test_of_a_site_that_is_read_in_part_nothing_is_concluded_from_what_is_missing() -> None:
    feed = replace(WELL.feed, kinds={URL: Sitemap()})
    left = of(
        feed=feed, used_url=URL, recent=(NOW - 900 * DAY,), remarks=("9 more are left for the next polls",)
    )
    assert left == Health(
        state="ok",
        sentence="Part of it has been read. Of the site: 9 more are left for the next polls.",
    )
    whole = of(feed=feed, used_url=URL, recent=(NOW - 900 * DAY,), listings=(Listing(url=URL),))
    assert whole.state == "stale"


def test_a_daily_feed_is_quiet_after_a_fortnight_and_stale_after_a_quarter() -> None:
    daily = range(8)
    states = [silent(*(since + day for day in daily)).state for since in (13, 15, 89, 91)]
    assert states == ["ok", "quiet", "quiet", "stale"]


def test_a_feed_is_quiet_by_its_own_habit() -> None:
    monthly = [since * 30 for since in range(6)]
    states = [silent(*(since + days for days in monthly)).state for since in (31, 59, 61, 179, 181)]
    assert states == ["ok", "ok", "quiet", "quiet", "stale"]


def test_the_longest_that_a_feed_was_silent_is_told_in_days() -> None:
    for gap, told in ((0.2, "a day"), (1, "a day"), (12, "12 days")):
        assert f"never silent for more than {told}." in silent(*(100 + n * gap for n in range(4))).sentence


def test_a_holiday_that_a_feed_had_before_is_no_silence() -> None:
    assert silent(35, 36, 37, 57, 58, 59).state == "ok"
    assert silent(35, 36, 37, 38, 39, 40).state == "quiet"


def test_a_feed_with_hardly_any_news_is_given_longer() -> None:
    assert [silent(days).state for days in (80, 100, 300, 400)] == ["ok", "quiet", "quiet", "stale"]


def test_a_feed_without_any_news_so_far_is_quiet() -> None:
    found = of(recent=())
    assert found.state == "quiet"
    assert found.sentence == "There has been no news in it yet."


def test_a_feed_of_nothing_but_our_own_news_is_told_as_that() -> None:
    found = of(recent=(), reshares=9)
    assert found.state == "quiet"
    assert "nothing in it but this network's own news" in found.sentence
    assert "the member's own news" in found.remedy
    assert of(recent=(), remarks=(NO_ENTRIES,)).state == "quiet"


def test_a_stale_feed_is_told_with_its_habit_and_asks_its_editor_where_the_news_is() -> None:
    found = silent(*(100 + day for day in range(8)))
    assert found.sentence == (
        "There has been no news in it since 12 August 2026; before, it was never silent for more than a day."
    )
    assert "12 August 2026" in found.editor
    assert found.remedy
    assert found.since == NOW - 100 * DAY


def test_a_feed_that_lost_all_its_entries_is_broken_and_keeps_what_was_published() -> None:
    found = of(remarks=(NO_ENTRIES,))
    assert found.state == "broken"
    assert "What was published stays" in found.sentence
    assert found.editor


def test_a_feed_that_redirects_for_good_has_moved_and_says_where() -> None:
    move = Move(address=URL, target="https://new.example/feed/", since=NOW - 3 * DAY, polls=9, shares=True)
    found = of(move=move)
    assert found.state == "moved"
    assert f"{URL} has redirected for good to https://new.example/feed/ since" in found.sentence
    assert "`hub feeds moved`" in found.remedy
    assert found.since == NOW - 3 * DAY
    assert of(move=replace(move, since=NOW - DAY)).state == "ok"
    assert of(move=replace(move, polls=3)).state == "ok"
    assert of(move=replace(move, shares=False)).state == "ok"


# ---------------------------------------------------------------- it cannot


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("blocked", "blocked"),
        ("http-401", "blocked"),
        ("http-402", "blocked"),
        ("http-406", "blocked"),
        ("http-418", "blocked"),
        ("http-403", "blocked"),
        ("http-451", "blocked"),
        ("http-999", "blocked"),
        ("robots", "blocked"),
        ("api-refuses", "blocked"),
        ("http-404", "broken"),
        ("http-500", "broken"),
        ("http-503", "broken"),
        ("http-429", "waiting"),
        ("not-a-feed", "not-a-feed"),
        ("timeout", "broken"),
        ("tls", "broken"),
        ("dns", "broken"),
        ("empty", "broken"),
        ("broken-json", "broken"),
        ("too-large", "broken"),
        ("redirect", "broken"),
        ("refused", "broken"),
        ("parser", "broken"),
        ("store", "broken"),
        ("something-new", "broken"),
    ],
)
def test_a_feed_that_fails_is_in_the_state_that_its_last_failure_says(reason: str, state: str) -> None:
    found = failed(reason)
    assert found.state == state
    assert found.sentence
    assert found.remedy
    assert found.since == NOW - DAY


def test_a_failure_is_told_with_how_often_and_since_when() -> None:
    assert (
        failed("timeout").sentence
        == "It failed. It failed 3 times in a row, since 19 November 2026, 12:00 UTC."
    )
    assert failed("timeout", failures=1).sentence.endswith("It failed once.")
    assert failed("dns", error="https://east.example/ is lost").sentence.startswith(
        "https://east.example/ is lost. "
    )


def test_a_feed_that_is_not_there_is_gone_after_a_fortnight() -> None:
    assert [failed("http-404", days=days).state for days in (1, 13, 14, 60)] == [
        "broken",
        "broken",
        "gone",
        "gone",
    ]
    assert failed("http-500", days=60).state == "broken"


def test_a_feed_that_failed_otherwise_for_a_fortnight_is_not_gone_by_what_is_not_there_now() -> None:
    found = failed("http-404", days=60, reason_since=NOW - DAY)
    assert found.state == "broken"
    assert found.sentence.endswith("since 21 September 2026, 12:00 UTC.")
    gone = failed("http-404", days=60, reason_since=NOW - 14 * DAY)
    assert gone.state == "gone"
    assert "for a fortnight, since 6 November 2026, 12:00 UTC" in gone.sentence


def test_a_feed_whose_server_says_so_is_gone_at_once() -> None:
    found = failed("http-410", gone=NOW - DAY)
    assert found.state == "gone"
    assert "(410), since 19 November 2026, 12:00 UTC" in found.sentence
    assert "feeds.yaml" in found.remedy
    assert URL in found.editor


def test_a_server_that_asks_for_time_has_its_feed_wait_until_then() -> None:
    later = NOW + timedelta(hours=3)
    for reason in ("http-429", "http-503"):
        found = failed(reason, not_before=later)
        assert found.state == "waiting"
        assert "until 20 November 2026, 15:00 UTC" in found.sentence
        assert found.remedy.startswith("It is asked again then, by itself. ")
        assert ("every.min" in found.remedy) == (reason == "http-429")
        assert ("come back later (503)" in found.editor) == (reason == "http-503")
    assert failed("http-429").remedy.startswith("It is asked again, by itself. ")
    assert failed("http-503", not_before=NOW - DAY).state == "broken"
    passed = failed("http-429", not_before=NOW - DAY)
    assert passed.sentence == "Its server asked to be left alone, and not for how long."
    assert passed.remedy.startswith("It is asked again, by itself. ")
    assert failed("http-429").sentence == "Its server asked to be left alone, and not for how long."


def test_a_server_that_has_asked_for_time_for_a_week_lets_nobody_in() -> None:
    later = NOW + timedelta(hours=3)
    for reason in ("http-429", "http-503"):
        assert failed(reason, days=6, not_before=later).state == "waiting"
        found = failed(reason, days=7, not_before=later)
        assert (found.state, found.since) == ("blocked", NOW - 7 * DAY)
        assert found.editor
    # What it said otherwise before counts for nothing.
    assert failed("http-429", days=60, reason_since=NOW - DAY).state == "waiting"
    assert failed("http-503", days=60).state == "broken"


def test_a_feed_that_is_asked_later_than_its_server_wants_is_told_when() -> None:
    found = failed("http-503", not_before=NOW + timedelta(hours=3), next_poll=NOW + timedelta(hours=4))
    assert "until 20 November 2026, 15:00 UTC" in found.sentence
    assert found.remedy.startswith("It is asked again on 20 November 2026, 16:00 UTC, by itself. ")
    sooner = failed("http-503", not_before=NOW + timedelta(hours=3), next_poll=NOW + timedelta(hours=2))
    assert sooner.remedy.startswith("It is asked again then, by itself. ")


def test_a_feed_that_is_well_waits_while_its_host_asks_for_time() -> None:
    found = of(not_before=NOW + DAY)
    assert (found.state, found.editor) == ("waiting", "")


def test_a_feed_of_which_something_waits_for_an_admin_is_held() -> None:
    def notice(feed: str, standing: WithheldAs, entries: int, why: str) -> Notice:
        return Notice(feed=FeedKey(feed), withheld=Withheld(standing, why), entries=entries, since=NOW - DAY)

    its = notice(WELL.feed.key.member, "quarantined", 5, "links to casino.example")
    found = health(WELL, NOW, robot=ROBOT, notices=[notice("another", "held", 1, "all of it"), its])
    assert (found.state, found.since) == ("held", NOW - DAY)
    assert "5 entries of it are not published" in found.sentence
    later = replace(its, withheld=Withheld("held", "all of it"), entries=2, since=NOW)
    for notices in ([its, later], [later, its]):
        both = health(WELL, NOW, robot=ROBOT, notices=notices)
        assert both.since == NOW - DAY
        assert "7 entries of it are not published, since 19 November 2026, 12:00 UTC" in both.sentence
    assert "casino.example" in found.sentence
    assert f"hub release {WELL.feed.key}" in found.remedy
    assert "taken over" in found.editor
    trusted = health(WELL, NOW, robot=ROBOT, notices=[replace(its, withheld=Withheld("held", "all of it"))])
    assert (trusted.state, trusted.editor) == ("held", "")
    unread = replace(WELL, failures=1, failing_since=NOW, error="It broke.", reason="http-500")
    assert health(unread, NOW, robot=ROBOT, notices=[its]).state == "broken"


def test_a_challenge_that_asks_for_time_is_a_challenge() -> None:
    assert failed("blocked", not_before=NOW + DAY).state == "blocked"


# ---------------------------------------------------------------- what the member's web team reads


CHALLENGES: Sequence[tuple[Head, bytes, str, str]] = [
    (Head(403, {"cf-mitigated": "challenge"}), b"", "Cloudflare", "action Skip"),
    (Head(403, {"x-sucuri-block": "1"}), b"", "Sucuri", "Access Control"),
    (Head(200, {}), b"<html><script src=/_Incapsula_Resource></html>", "Imperva Incapsula", "against bots"),
    (Head(202, {"x-amzn-waf-action": "captcha"}), b"", "AWS WAF", "action Allow"),
    (Head(403, {"server": "DataDome"}), b"", "DataDome", ""),
]


@pytest.mark.parametrize(("head", "body", "name", "how"), CHALLENGES)
def test_a_challenge_is_named_to_the_web_team_with_whom_to_let_through_and_where(
    head: Head, body: bytes, name: str, how: str
) -> None:
    error = challenge_error(URL, head, body, now=NOW, user_agent=ROBOT)
    assert error is not None
    assert turned_away(head.status, head.headers, body) == name
    text = failed(error.reason, error=error.problem).editor
    assert text.startswith(f"Our news reader cannot read your feed {URL} because {name} answers it")
    assert f"requests for /news/feed/ whose User-Agent is “{ROBOT}”" in text
    assert "at most once in 15 minutes" in text
    assert how in text


@pytest.mark.parametrize(
    ("status", "asks"),
    [
        (401, "a password"),
        (403, ROBOT),
        (404, "redirect"),
        (429, "how often"),
        (500, "error log"),
        (503, "error log"),
    ],
)
def test_the_web_team_reads_what_its_server_said_and_what_would_help(status: int, asks: str) -> None:
    error = status_error(URL, Head(status, {}), b"", now=NOW, user_agent=ROBOT, for_good=True)
    text = failed(error.reason, error=error.problem).editor
    assert URL in text
    assert asks in text


@pytest.mark.parametrize(
    "reason",
    [
        *("not-a-feed", "tls", "dns", "redirect", "empty", "too-large", "large-document", "slow-document"),
        *("encoding", "compressed", "broken-json", "timeout", "connect", "broken-transfer"),
        *("not-modified-unasked", "robots", "api-refuses"),
    ],
)
def test_every_failure_of_the_members_site_has_a_text_for_its_web_team(reason: str) -> None:
    text = failed(reason).editor
    assert URL in text
    assert "lease" in text
    assert "{" not in text


def test_the_web_team_of_a_feed_at_the_root_of_a_site_reads_what_to_allow_and_how_often_it_is_asked() -> None:
    feed = replace(WELL.feed, url="https://east.example", every_min=timedelta(minutes=1))
    text = failed("http-403", feed=feed).editor
    assert "requests for / whose User-Agent" in text
    assert "one address, with pauses in between." in text


def test_a_failure_of_the_hubs_own_is_nobody_elses_to_mend() -> None:
    for reason in ("parser", "store", "refused"):
        assert failed(reason).editor == ""


def test_a_redirect_to_an_address_that_the_hub_refuses_is_the_sites_to_mend() -> None:
    error = f"{URL} redirects to http://10.0.0.1/, whose address 10.0.0.1 is not public"
    assert "redirects" in failed("refused", error=error).editor


def test_an_address_where_there_never_was_a_feed_is_the_admins_mistake() -> None:
    for reason in ("not-a-feed", "http-404"):
        assert failed(reason, succeeded=None).editor == ""
    for reason in ("http-403", "timeout", "tls", "blocked"):
        assert failed(reason, succeeded=None).editor, "that is its web team's to mend, also at first"
    assert failed("http-404", succeeded=None, days=20).editor == ""
