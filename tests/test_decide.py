"""What one poll changes, from what it gathered, what is stored and the moment: values in, an intent out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from hub import urls
from hub.decide import decide
from hub.model import (
    Entry,
    Feed,
    FeedInfo,
    FeedKey,
    FeedState,
    FeedUpdate,
    Gathered,
    Habits,
    HubSettings,
    InWindow,
    Known,
    KnownEntry,
    Listing,
    Member,
    Offer,
    Sitemap,
    Validators,
    Wishes,
)
from tests.entries import PUBLISHED, entry
from tests.known import candidate, of_others, stored

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FEED = Feed(key=FeedKey("east"), url="https://east.example/feed")
NEVER_POLLED = FeedState(feed=FEED)
POLLED = replace(
    NEVER_POLLED,
    used_url=FEED.url,
    etag='"1"',
    last_modified="Thu, 19 Nov 2026 09:00:00 GMT",
    body_digest="of the last document",
    polled=NOW - timedelta(hours=1),
    succeeded=NOW - timedelta(hours=1),
    next_poll=NOW,
    info=FeedInfo(title="East", updated=PUBLISHED),
)
WARD = "Every ward in the county will measure blood pressure twice a day from spring, the trust says."
GRANT = "Bids for rural transport are invited until June, with awards of up to forty thousand pounds."


def document(*entries: Entry, info: FeedInfo | None = None) -> Gathered:
    """A poll that brought a document with these entries, the first of them on top."""
    return Gathered(
        feed=FEED,
        outcome="fetched",
        started=NOW,
        url=FEED.url,
        status=200,
        body_digest="of this document",
        validators=Validators(etag='"2"', last_modified="Fri, 20 Nov 2026 11:00:00 GMT"),
        info=info or FeedInfo(title="East"),
        entries=entries,
    )


def failure(**more: object) -> Gathered:
    failed = Gathered(
        feed=FEED,
        outcome="failed",
        started=NOW,
        url=FEED.url,
        error="the server of it failed",
        remedy="Wait.",
        reason="http-500",
    )
    return replace(failed, **more)


def decided(
    gathered: Gathered,
    *own: KnownEntry,
    state: FeedState = POLLED,
    known: Known | None = None,
    owners: urls.Owners = urls.NO_OWNERS,
) -> FeedUpdate:
    return decide(
        gathered,
        state,
        known or Known(own=own, atom_ids={each.atom_id: each.feed for each in own}),
        now=NOW,
        settings=HubSettings(),
        authority="news.example.org",
        owners=owners,
    )


# ---------------------------------------------------------------- what is new


def test_an_entry_never_seen_is_new_and_begins_a_story() -> None:
    (new,) = decided(document(entry("a"))).new
    assert (new.entry.id, new.story, new.why) == ("a", None, "")


def test_an_entry_is_new_once() -> None:
    update = decided(document(entry("a")), stored(entry("a")))
    assert (update.new, update.changed, update.relinked) == ((), (), ())


def test_new_entries_are_stored_from_the_last_to_the_first_so_that_the_top_one_is_the_newest() -> None:
    update = decided(document(entry("top"), entry("middle"), entry("last")))
    assert [new.entry.id for new in update.new] == ["last", "middle", "top"]


def test_a_copy_joins_the_other_members_story_with_the_reason() -> None:
    link = "https://national.example/launch"
    theirs = candidate(entry("w", title="Launch", link=link, feed=FeedKey("west")), story=7)
    (new,) = decided(document(entry("e", title="Launch", link=link)), known=of_others(theirs)).new
    assert (new.story, new.copy_of, new.why) == (7, 1, "the same link and title as {}’s")


def test_an_entry_on_its_own_site_leads_whoever_was_first_with_its_link() -> None:
    link = "https://east.example/recall"
    owners = {"east.example": frozenset({"east"})}
    digest = entry(
        "w", title="Recall", link=link, text=GRANT, feed=FeedKey("west"), published=NOW - timedelta(days=1)
    )
    theirs = candidate(digest, story=7, first_seen=NOW - timedelta(minutes=20))
    ours = entry("e", title="Recall", link=link, text=WARD, published=NOW)
    for known_owners, leads in ((owners, True), (urls.NO_OWNERS, False)):
        (new,) = decided(document(ours), known=of_others(theirs), owners=known_owners).new
        assert (new.story, new.leads) == (7, leads)


def test_an_entry_that_is_corrected_goes_behind_nobody_who_says_it_is_on_its_site() -> None:
    link = "https://east.example/recall"
    owners = {"east.example": frozenset({"east"})}
    before = entry("e", title="Recall", link=link, text=WARD)
    theirs = candidate(
        entry("w", title="Recall, corrected", link=link, text=GRANT, feed=FeedKey("west")), story=7
    )
    known = replace(of_others(theirs), own=(stored(before, key=9),))
    corrected = document(entry("e", title="Recall, corrected", link=link, text=WARD))
    for known_owners, story in ((owners, None), (urls.NO_OWNERS, 7)):
        (change,) = decided(corrected, known=known, owners=known_owners).changed
        assert change.story == story


def test_of_two_copies_in_one_document_only_one_joins_the_story() -> None:
    link = "https://national.example/launch"
    theirs = candidate(entry("w", title="Launch", link=link, feed=FeedKey("west")), story=7)
    twice = document(entry("1", title="Launch", link=link), entry("2", title="Launch", link=link))
    assert [new.story for new in decided(twice, known=of_others(theirs)).new] == [7, None]


def test_a_feed_leads_on_its_own_site_whichever_of_a_storys_entries_is_named_first() -> None:
    owners = {"east.example": frozenset({"east", "north"})}
    ours = entry("e", title="Recall", link="https://east.example/recall", text=GRANT)
    theirs, norths = replace(ours, feed=FeedKey("west")), replace(ours, feed=FeedKey("north"))
    seen = NOW - timedelta(minutes=20)
    lead = candidate(theirs, story=7, first_seen=seen)
    copy = candidate(norths, story=7, lead=False, first_seen=seen)
    for story in ((copy, lead), (lead, copy)):
        (new,) = decided(document(ours), known=of_others(*story), owners=owners).new
        assert (new.story, new.leads) == (7, True)


def test_a_document_that_is_the_last_one_again_is_not_looked_into() -> None:
    same = replace(document(entry("a")), unchanged=True, entries=())
    update = decided(same, stored(entry("a")))
    assert (update.new, update.changed, update.relinked) == ((), (), ())
    assert update.state.info == POLLED.info


def test_what_a_feed_no_longer_lists_is_left_alone() -> None:
    update = decided(document(), stored(entry("a")))
    assert (update.new, update.changed, update.relinked) == ((), (), ())


# ---------------------------------------------------------------- dates


def test_the_date_is_the_publishers() -> None:
    (new,) = decided(document(entry("a", published=PUBLISHED))).new
    assert new.date == PUBLISHED


def test_a_date_ahead_of_us_becomes_the_moment_we_first_saw_it() -> None:
    (new,) = decided(document(entry("a", published=NOW + timedelta(days=3650)))).new
    assert new.date == NOW


def test_without_a_date_the_updated_date_then_the_links_then_the_moment_counts() -> None:
    link = "https://east.example/2026/01/05/ward"
    (updated,) = decided(document(entry("a", published=None, updated=PUBLISHED, link=link))).new
    (linked,) = decided(document(entry("b", published=None, link=link))).new
    (bare,) = decided(document(entry("c", published=None))).new
    assert updated.date == PUBLISHED
    assert linked.date == datetime(2026, 1, 5, tzinfo=UTC)
    assert bare.date == NOW


def test_a_new_date_on_the_same_words_changes_nothing() -> None:
    bumped = replace(entry("a", published=PUBLISHED), published=NOW, updated=NOW)
    update = decided(document(bumped), stored(entry("a", published=PUBLISHED)))
    assert (update.new, update.changed, update.relinked) == ((), (), ())


# ---------------------------------------------------------------- what has changed


def test_a_correction_is_told_once() -> None:
    before = stored(entry("a", title="Ward opens", text="It helps 12 patients in its first year."))
    after = entry("a", title="Ward opens", text="It helps 1,200 patients in its first year.")
    (changed,) = decided(document(after), before).changed
    assert (changed.key, changed.entry, changed.leaves_story) == (before.key, after, False)
    assert changed.past_fingerprints == (before.fingerprint,)
    again = replace(stored(after), past_fingerprints=changed.past_fingerprints)
    assert decided(document(after), again).changed == ()


WHOLE = (
    f"{WARD} {GRANT} The first awards are announced in July, and the money is paid in three parts after that."
)


@pytest.mark.parametrize(
    "excerpt",
    [
        f"{WARD} Bids for rural […]",
        f"{WARD} Bids for ru...",
        f"{WARD} … Read more",
        f"{WARD} Continue reading Ward opens",
        f"{WARD} Click here to read the full article.",
        f"{WARD} {GRANT}",
    ],
)
def test_a_feed_that_has_the_beginning_of_each_text_or_all_of_it_now_tells_nobody(excerpt: str) -> None:
    whole, part = (
        [entry(id, title=f"Ward {id} opens", text=text.replace("ward", f"ward {id}")) for id in "abc"]
        for text in (f"{WHOLE} {WHOLE}", excerpt)
    )
    for before, after in (whole, part), (part, whole):
        known = [stored(each, key=key) for key, each in enumerate(before, 1)]
        update = decided(document(*after), *known)
        assert [each.told for each in update.changed] == ["no"] * 3
        assert "beginnings of their texts" in update.gathered.remarks[-1]
        # Of one alone it is what its member wrote.
        alone = decided(document(after[0], *before[1:]), *known)
        assert [each.told for each in alone.changed] == ["yes"]


def test_two_texts_that_are_cut_among_many_are_told_and_so_are_two_that_have_other_titles_too() -> None:
    whole, cut = (
        [entry(id, title=f"Ward {id} opens", text=text.replace("ward", f"ward {id}")) for id in "abcdefgh"]
        for text in (f"{WHOLE} {WHOLE}", f"{WARD} {GRANT}")
    )
    known = [stored(each, key=key) for key, each in enumerate(whole, 1)]
    update = decided(document(*cut[:2], *whole[2:]), *known)
    assert [each.told for each in update.changed] == ["yes"] * 2
    retitled = [entry(id, title=f"Ward {id} will close", text=cut[at].text) for at, id in enumerate("ab")]
    update = decided(document(*retitled), *known[:2])
    assert [each.told for each in update.changed] == ["yes"] * 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (WHOLE, f"{WARD} {GRANT}"),
        (f"{WHOLE} Read more here.", f"{WARD} {GRANT} Read more here."),
        (WHOLE, WHOLE.replace("July", "June…")),
        (f"{WHOLE} {WHOLE}", f"{WARD.replace('twice', 'once')} […]"),
        ("We are hiring", "We are hiring nurses for the new ward in the county hospital, from May on."),
    ],
)
def test_a_correction_at_the_end_of_a_text_is_told(before: str, after: str) -> None:
    was, now = (entry("a", title="Ward opens", text=text) for text in (before, after))
    assert [each.told for each in decided(document(now), stored(was)).changed] == ["yes"]


def test_two_wordings_in_turn_are_told_once() -> None:
    a, b = (
        entry("a", title="Ward opens", text=f"{WARD} Page A."),
        entry("a", title="Ward opens", text=f"{WARD} Page B."),
    )
    (changed,) = decided(document(b), stored(a)).changed
    now_b = replace(stored(b), past_fingerprints=changed.past_fingerprints)
    for wording in (a, b, a):
        update = decided(document(wording), now_b)
        assert (update.new, update.changed, update.relinked) == ((), (), ())


def test_an_editor_who_goes_back_is_followed_after_a_day_and_nobody_is_told() -> None:
    before, after = (entry("a", title="Open day", text=f"{WARD} It is on {day} June.") for day in (3, 4))
    (changed,) = decided(document(after), stored(before)).changed
    now_after = replace(stored(after), past_fingerprints=changed.past_fingerprints)
    hours_ago = replace(now_after, changes=(NOW - timedelta(hours=23),))
    too_soon = decided(document(before), hours_ago)
    assert (too_soon.changed, too_soon.put_off) == ((), True)
    other = entry("a", title="Open day", text=f"{WARD} It is on 5 June.")
    assert not decided(document(other), hours_ago).put_off, "other words are taken at once"
    again = replace(now_after, changes=(NOW - timedelta(days=9), NOW - timedelta(hours=23)))
    assert decided(document(before), again).changed == (), "it is the last change that counts"
    days_ago = replace(now_after, changes=(NOW - timedelta(hours=24),))
    (back,) = decided(document(before), days_ago).changed
    assert (back.entry, back.told, back.leaves_story) == (before, "no", False)


def test_a_picture_that_an_earlier_hub_took_for_the_news_of_an_entry_without_words_is_no_change() -> None:
    before = replace(stored(entry("a", title="")), text="", fingerprint="of the picture")
    after = replace(entry("a", title=""), text="", fingerprint="of nothing")
    update = decided(document(after), before)
    (relinked,) = update.relinked
    assert (update.new, update.changed, relinked.fingerprint) == ((), (), "of nothing")
    (changed,) = decided(document(replace(after, image="https://east.example/2.jpg")), before).changed
    assert changed.told == "yes"
    (changed,) = decided(document(replace(after, text="Words at last.")), before).changed
    assert changed.told == "yes"


def test_nobody_is_told_of_references_that_an_earlier_hub_left_in_words() -> None:
    # Below the text, which is stored without it, stands what its fingerprint is made of, too.
    before = stored(entry("a", title="Ward &#8216;A&#8217; opens", text="It helps 12 &amp; more."))
    before = replace(before, fingerprint="of the words with a footer")
    after = entry("a", title="Ward ‘A’ opens", text="It helps 12 & more.")
    (changed,) = decided(document(after), before).changed
    assert (changed.entry.title, changed.told) == ("Ward ‘A’ opens", "no")
    in_title = replace(
        stored(entry("a", title="Ward &#8216;A&#8217; opens", text="It helps.")), fingerprint="1"
    )
    (changed,) = decided(document(entry("a", title="Ward ‘A’ opens", text="It helps.")), in_title).changed
    assert changed.told == "no"
    corrected = entry("a", title="Ward ‘B’ opens", text="It helps 12 & more.")
    (changed,) = decided(document(corrected), before).changed
    assert changed.told == "yes"


def test_a_bounded_number_of_wordings_is_remembered_the_latest_first() -> None:
    many = tuple(f"wording {n}" for n in range(50))
    known = replace(stored(entry("a", title="T", text="one")), past_fingerprints=many)
    (changed,) = decided(document(entry("a", title="T", text="two")), known).changed
    assert changed.past_fingerprints[:2] == (known.fingerprint, "wording 0")
    assert len(changed.past_fingerprints) < 50


def test_other_news_under_the_same_id_and_link_leaves_its_story() -> None:
    before = stored(entry("a", title="Ward opens", text=WARD))
    (changed,) = decided(document(entry("a", title="Bids invited", text=GRANT)), before).changed
    assert changed.leaves_story
    assert not changed.keeps_day
    (corrected,) = decided(document(entry("a", title="Ward opens", text=f"{WARD} In May.")), before).changed
    assert corrected.keeps_day


def test_an_address_that_moved_is_taken_over_and_nobody_told() -> None:
    before = stored(entry("http://old.example/1", title="Ward opens", link="http://old.example/1"))
    moved = entry("http://new.example/1", title="Ward opens", link="http://new.example/1", text=before.text)
    update = decided(document(moved), before)
    (relinked,) = update.relinked
    assert (update.new, update.changed) == ((), ())
    assert (relinked.key, relinked.id, relinked.link) == (before.key, moved.id, moved.link)
    assert (relinked.keys, relinked.canonical_link) == (moved.keys, moved.canonical_link)


@pytest.mark.parametrize(
    "link", ["https://east.example/a?t=2", "http://www.east.example/a/?utm_source=x", None]
)
def test_a_link_whose_parameters_alone_change_or_that_is_gone_stays(link: str | None) -> None:
    before = stored(entry("a", link="https://east.example/a?t=1"))
    update = decided(document(entry("a", link=link)), before)
    assert (update.new, update.changed, update.relinked) == ((), (), ())


# ---------------------------------------------------------------- ids of what is published


def test_an_absolute_iri_is_published_as_it_is() -> None:
    for id in (
        "tag:east.example,2026:1",
        "urn:uuid:60a76c80-d399-11d9-b93C-0003939e0af6",
        "https://east.example/?p=1",
    ):
        (new,) = decided(document(entry(id))).new
        assert new.atom_id == id


@pytest.mark.parametrize(
    "id",
    [None, "4711", "news-1", "https://east.example/", "javascript:alert(1)", "a b", "urn:x:" + "a" * 2_000],
)
def test_what_is_no_id_for_the_world_gets_a_tag_uri_of_ours(id: str | None) -> None:
    (new,) = decided(document(entry(id))).new
    assert new.atom_id.startswith("tag:news.example.org,2026-11-20:east/news/")


def test_an_id_that_another_entry_is_published_under_is_not_published_twice() -> None:
    taken = Known(atom_ids={"tag:national.example,2026:1": FeedKey("national")})
    (new,) = decided(document(entry("tag:national.example,2026:1", title="Stolen")), known=taken).new
    assert new.atom_id.startswith("tag:news.example.org,2026-11-20:")


def test_an_id_on_a_host_of_other_members_alone_is_not_published_for_this_one() -> None:
    west = Member(
        slug="west", name="West", homepage="https://www.west.example/", former_hosts=("old-west.example",)
    )
    east = Member(slug="east", name="East", homepage="https://blogs.example/east/")
    of_west = Feed(
        key=FeedKey("west"),
        url="https://blogs.example/west/",
        alternatives=("https://west-feeds.example/rss",),
    )
    press = Feed(key=FeedKey("west", "press"), url="https://www.west-press.example/feed")
    owners = urls.owners((west, east), (of_west, press, FEED))
    theirs = (
        "https://west.example/?p=8",
        "https://west-feeds.example/?p=8",
        "https://west-press.example/?p=8",
        "http://www.old-west.example/?p=8",
        "tag:west.example,2026:8",
        "TAG:WWW.West.example,2026-11-20:8",
        "tag:press@old-west.example,2026:news/8",
    )
    ours = (
        "https://east.example/?p=8",
        "https://blogs.example/?p=8",
        "https://elsewhere.example/8",
        "urn:x:8",
        "tag:east.example,2026:8",
        "tag:west@blogs.example,2026:8",
        "tag:elsewhere.example,2026:west.example,8",
    )
    for id in (*theirs, *ours):
        (new,) = decided(document(entry(id)), owners=owners).new
        assert (new.atom_id == id) == (id in ours)


def test_two_entries_of_a_document_never_get_the_same_id() -> None:
    shared, minted = "tag:east.example,2026:same", "4711"
    update = decided(
        document(
            entry(shared, title="Ward", text=WARD, link=None),
            entry(shared, title="Bids", text=GRANT, link=None),
            entry(minted, title="Ward", text=WARD, link=None),
            entry(minted, title="Bids", text=GRANT, link=None),
        )
    )
    assert len({new.atom_id for new in update.new}) == 4


def test_the_same_words_on_two_days_without_an_id_get_an_id_each() -> None:
    days = (PUBLISHED, PUBLISHED - timedelta(days=7))
    update = decided(
        document(*(entry(None, title="Clinic closed", link=None, published=day) for day in days))
    )
    assert len({new.atom_id for new in update.new}) == 2


def test_the_same_poll_of_the_same_entries_mints_the_same_ids() -> None:
    twice = [decided(document(entry("4711"), entry("4712"))).new for _ in range(2)]
    assert twice[0] == twice[1]


# ---------------------------------------------------------------- the feed's state


def test_a_poll_that_went_well_remembers_validators_and_document_and_forgets_failures() -> None:
    failing = replace(
        POLLED, failures=3, failing_since=NOW - timedelta(days=1), error="e", remedy="r", reason="x", gone=NOW
    )
    state = decided(document(entry("a")), state=failing).state
    assert (state.etag, state.last_modified) == ('"2"', "Fri, 20 Nov 2026 11:00:00 GMT")
    assert (state.used_url, state.body_digest) == (FEED.url, "of this document")
    assert (state.polled, state.succeeded) == (NOW, NOW)
    assert (state.failures, state.failing_since, state.gone) == (0, None, None)
    assert (state.error, state.remedy, state.reason) == (None, None, None)


def test_the_remarks_are_those_of_the_last_document_that_was_read() -> None:
    odd = decided(replace(document(entry("a")), remarks=("odd",))).state
    assert odd.remarks == ("odd",)
    same = replace(document(), unchanged=True, remarks=())
    assert decided(same, state=odd).state.remarks == ("odd",)
    assert decided(document(entry("a")), state=odd).state.remarks == ()


def test_a_redirect_for_good_to_the_same_document_leads_to_the_feed() -> None:
    new = "https://new.example/feed"
    same = Gathered(feed=FEED, outcome="not_modified", started=NOW, url=FEED.url, status=304, moved_to=new)
    unchanged = replace(document(), body_digest=POLLED.body_digest or "", unchanged=True, moved_to=new)
    stranger = replace(document(entry("a")), moved_to=new)
    for gathered, shares in ((same, True), (unchanged, True), (stranger, False)):
        move = decided(gathered).state.move
        assert move is not None
        assert move.shares == shares


def test_a_304_keeps_the_document_and_what_the_feed_said_of_itself() -> None:
    answer = Gathered(
        feed=FEED,
        outcome="not_modified",
        started=NOW,
        url=FEED.url,
        status=304,
        validators=Validators(etag='"1b"', last_modified=POLLED.last_modified),
    )
    state = decided(answer).state
    assert (state.etag, state.last_modified) == ('"1b"', POLLED.last_modified)
    assert (state.body_digest, state.info) == (POLLED.body_digest, POLLED.info)
    assert state.succeeded == NOW


def test_a_failure_is_told_with_its_remedy_and_loses_nothing() -> None:
    update = decided(failure(), stored(entry("a")))
    state = update.state
    assert (update.new, update.changed, update.relinked) == ((), (), ())
    assert (state.error, state.remedy, state.reason) == ("the server of it failed", "Wait.", "http-500")
    assert (state.failures, state.failing_since, state.polled) == (1, NOW, NOW)
    assert state.succeeded == POLLED.succeeded
    assert (state.etag, state.body_digest, state.used_url) == (
        POLLED.etag,
        POLLED.body_digest,
        POLLED.used_url,
    )


def test_failures_are_counted_from_the_first_and_make_it_wait_longer() -> None:
    since = NOW - timedelta(days=1)
    first = decided(failure()).state
    fourth = decided(failure(), state=replace(POLLED, failures=3, failing_since=since)).state
    assert (fourth.failures, fourth.failing_since) == (4, since)
    assert first.next_poll is not None
    assert fourth.next_poll is not None
    assert fourth.next_poll > first.next_poll > NOW
    assert "4 times in a row" in fourth.next_poll_why


def test_since_when_a_feed_fails_as_it_does_now_is_counted_apart() -> None:
    since = NOW - timedelta(days=1)
    failing = replace(POLLED, failures=3, failing_since=since, reason="http-500", reason_since=since)
    assert decided(failure(), state=failing).state.reason_since == since
    otherwise = decided(failure(reason="http-404"), state=failing).state
    assert (otherwise.failing_since, otherwise.reason_since) == (since, NOW)
    assert decided(document(entry("a")), state=failing).state.reason_since is None


def test_a_feed_that_is_gone_is_not_due_again() -> None:
    state = decided(failure(gone=True, reason="http-410")).state
    assert (state.gone, state.next_poll) == (NOW, None)
    assert "410" in state.next_poll_why


def test_a_feed_that_is_gone_stays_so_since_the_first_410_until_it_answers() -> None:
    since = NOW - timedelta(days=9)
    gone = replace(POLLED, gone=since, next_poll=None)
    assert decided(failure(gone=True), state=gone).state.gone == since
    timed_out = decided(failure(), state=gone).state
    assert (timed_out.gone, timed_out.next_poll) == (since, None)
    back = decided(document(entry("a")), state=gone).state
    assert back.gone is None
    assert back.next_poll is not None


def test_a_retry_after_is_kept_to() -> None:
    state = decided(failure(retry_after=timedelta(hours=6))).state
    assert state.not_before == state.next_poll == NOW + timedelta(hours=6)
    assert "Retry-After" in state.next_poll_why


def test_a_retry_after_of_weeks_is_kept_to() -> None:
    state = decided(failure(retry_after=timedelta(days=10))).state
    assert state.not_before == state.next_poll == NOW + timedelta(days=10)


def test_a_retry_after_is_over_with_the_next_answer() -> None:
    waiting = replace(POLLED, not_before=NOW - timedelta(seconds=1))
    assert decided(document(), state=waiting).state.not_before is None
    assert decided(failure(), state=waiting).state.not_before is None


def test_a_429_is_meant_for_all_of_its_host() -> None:
    update = decided(failure(retry_after=timedelta(hours=2), spared="west.example"))
    assert update.host_not_before == ("west.example", NOW + timedelta(hours=2))


def test_a_503_is_meant_for_its_feed_alone() -> None:
    assert decided(failure(retry_after=timedelta(hours=2))).host_not_before is None


# ---------------------------------------------------------------- what a feed says of itself


def test_the_feeds_own_date_moves_with_its_news() -> None:
    said = FeedInfo(title="East", updated=NOW)
    assert decided(document(entry("a"), info=said)).state.info.updated == NOW
    corrected = entry("a", title="News a", text="Words of News a, corrected.")
    assert decided(document(corrected, info=said), stored(entry("a"))).state.info.updated == NOW


def test_the_feeds_own_date_does_not_move_without_news() -> None:
    said = FeedInfo(title="East", updated=NOW)
    assert decided(document(entry("a"), info=said), stored(entry("a"))).state.info == POLLED.info


def test_a_feeds_new_title_is_taken_over_without_news() -> None:
    said = FeedInfo(title="Health Innovation East", updated=NOW)
    info = decided(document(entry("a"), info=said), stored(entry("a"))).state.info
    assert info == FeedInfo(title="Health Innovation East", updated=PUBLISHED)


def test_what_a_document_without_entries_says_of_the_feed_is_passed_over() -> None:
    down = FeedInfo(title="Down for maintenance", updated=NOW)
    assert decided(document(info=down), stored(entry("a"))).state.info == POLLED.info
    waiting = Known(own=(stored(entry("a")),), waiting={1: NOW - timedelta(days=9)})
    update = decided(document(info=down), known=waiting)
    assert update.settled == (1,)
    assert update.state.info == POLLED.info


def test_a_first_document_without_entries_says_what_the_feed_is() -> None:
    said = FeedInfo(title="East", updated=PUBLISHED)
    assert decided(document(info=said), state=NEVER_POLLED).state.info == said


# ---------------------------------------------------------------- what is pushed


UNTIL = NOW + timedelta(days=9)
OFFER = Offer(hub="https://hub.example/", topic=FEED.url)
PUSHED = replace(POLLED, offer=OFFER, pushed_until=UNTIL, next_poll=NOW + timedelta(hours=5))


def push(*entries: Entry) -> Gathered:
    """A push of these entries alone."""
    return Gathered(
        feed=FEED,
        outcome="fetched",
        started=NOW,
        url=FEED.url,
        info=FeedInfo(title="East, as pushed", updated=NOW),
        entries=entries,
        push=7,
        pushed_until=UNTIL,
    )


def test_a_push_brings_its_entries_and_says_nothing_of_the_feeds_address() -> None:
    state = replace(POLLED, offer=OFFER, failures=3, error="no answer", remarks=("odd",))
    update = decided(push(entry("2")), stored(entry("1")), state=state)
    assert [new.entry.id for new in update.new] == ["2"]
    assert (update.changed, update.relinked) == ((), ())
    assert update.state == replace(
        state,
        info=FeedInfo(title="East, as pushed", updated=NOW),
        pushed_until=UNTIL,
        recent=(PUBLISHED,),
    )


def test_other_news_under_an_id_that_waits_for_an_admin_is_told_to_nobody() -> None:
    before, now = entry("a", title="Ward", text=WARD), entry("a", title="Bids", text=GRANT)
    for trust, waits, told in (("usual", False, "yes"), ("hold", True, "no")):
        state = replace(POLLED, feed=replace(FEED, trust=trust))
        (changed,) = decided(document(now), stored(before), state=state).changed
        assert changed.leaves_story
        assert (changed.waits is not None, changed.told) == (waits, told)


def test_what_was_pushed_has_not_come_back_in_the_document_that_has_it_next() -> None:
    pushed, known_by_now = (replace(entry(id), rest=10) for id in "21")
    there = (InWindow(1, known_by_now.published, 10, 0),)
    own = stored(known_by_now, key=1)
    window = decided(push(pushed, known_by_now), known=Known(own=(own,), window=there)).window
    assert window == (InWindow(0, pushed.published, 0, 0), *there)
    known = Known(own=(own, stored(pushed, key=2)), window=(window[0]._replace(key=2), *there))
    update = decided(document(pushed, known_by_now), known=known)
    assert not update.put_off
    assert [each.rest for each in update.window] == [10, 10]
    # Without a document to add to there is nothing that could come back to it.
    assert decided(push(pushed)).window == ()


def test_an_entry_that_is_pushed_says_nothing_of_how_a_feeds_entries_are_told_apart() -> None:
    link = "https://east.example/ward"
    before = stored(entry("1", title="Ward", link=link))
    under_another_id = entry("2", title="Ward", link=link)
    assert decided(document(under_another_id), before, state=PUSHED).state.identity.strayed == 1
    assert decided(push(under_another_id), before, state=PUSHED).state.identity == PUSHED.identity


def test_what_a_push_or_a_site_does_not_bring_is_not_missing() -> None:
    own = [entry(str(day), published=NOW - timedelta(days=day)) for day in (1, 2, 3)]
    oldest = own[-1]
    there = tuple(InWindow(key, each.published, 0, 0) for key, each in enumerate(own, 1))
    known = Known(own=tuple(stored(each, key=key) for key, each in enumerate(own, 1)), window=there)
    site = replace(POLLED, feed=replace(FEED, kinds={FEED.url: Sitemap()}))
    for gathered, state in ((push(oldest), PUSHED), (document(oldest), site)):
        update = decided(gathered, state=state, known=known)
        assert (update.checks, update.window) == ((), ())
    assert [check.key for check in decided(document(oldest), known=known).checks] == [1, 2]


def test_after_a_push_that_changed_something_the_document_is_read_though_it_be_as_it_was() -> None:
    corrected = entry("1", title="News 1", text="Words of News 1, corrected.")
    update = decided(push(corrected), stored(entry("1")))
    assert [change.told for change in update.changed] == ["yes"]
    assert (update.state.etag, update.state.last_modified, update.state.body_digest) == (None, None, None)


def test_a_push_without_news_shows_that_pushes_come_and_nothing_else() -> None:
    update = decided(push(entry("1")), stored(entry("1")))
    assert (update.new, update.changed) == ((), ())
    assert update.state == replace(POLLED, pushed_until=UNTIL)


def test_a_push_that_cannot_be_read_changes_nothing() -> None:
    failed = replace(push(), outcome="failed", error="no feed", remedy="", reason="not-a-feed")
    update = decided(failed)
    assert (update.new, update.state) == ((), POLLED)


def test_a_feed_that_is_pushed_is_polled_seldom_and_the_reason_says_so() -> None:
    same = replace(document(entry("1")), offer=OFFER)
    known = stored(entry("1"))
    after = decided(same, known, state=PUSHED).state
    assert after.next_poll == NOW + timedelta(hours=6)
    assert "pushed" in after.next_poll_why
    assert (after.offer, after.pushed_until) == (OFFER, UNTIL)
    assert decided(same, known, state=replace(PUSHED, pushed_until=None)).state.next_poll == NOW + timedelta(
        hours=1
    )


def test_a_feed_whose_push_did_not_come_is_polled_as_usual_until_one_does() -> None:
    missed = decided(replace(document(entry("2")), offer=OFFER), state=PUSHED).state
    assert (missed.pushed_until, missed.next_poll) == (None, NOW + timedelta(hours=1))
    assert decided(push(entry("3")), state=missed).state.pushed_until == UNTIL


def test_a_feed_that_fails_is_asked_as_any_other_that_fails() -> None:
    assert decided(failure(), state=PUSHED).state.next_poll == decided(failure()).state.next_poll


def test_what_a_feed_offers_is_what_its_last_document_said() -> None:
    assert decided(document(entry("1")), state=PUSHED).state.offer == Offer()
    unchanged = replace(document(), unchanged=True)
    not_modified = replace(document(), outcome="not_modified", body_digest=None)
    for gathered in (unchanged, not_modified, failure()):
        assert decided(gathered, state=PUSHED).state.offer == OFFER


# ---------------------------------------------------------------- what the next poll goes by


def test_new_entries_dates_are_the_feeds_rhythm_from_the_poll_on_that_brought_them() -> None:
    days = [entry(f"{day}", published=NOW - timedelta(days=2 * day)) for day in range(1, 9)]
    state = decided(document(*days)).state
    assert state.recent == tuple(NOW - timedelta(days=2 * day) for day in range(1, 9))
    assert state.next_poll == NOW + timedelta(days=2) / 12
    assert state.next_poll_why == "it has news about every 2 days"
    later = decided(failure(), state=state).state
    assert later.recent == state.recent


def test_what_an_admin_looks_at_first_is_the_feeds_rhythm_and_what_looks_hijacked_is_not() -> None:
    on_hold = replace(POLLED, feed=replace(FEED, trust="hold"))
    assert decided(document(entry("a")), state=on_hold).state.recent == (PUBLISHED,)
    spam = [entry(str(number), link=f"https://casino.example.net/{number}") for number in range(4)]
    known = Known(habits=Habits(entries=40, sites={"east.example": 40}))
    update = decided(document(*spam), known=known)
    assert [each.withheld and each.withheld.standing for each in update.new] == ["quarantined"] * 4
    assert update.state.recent == ()


def test_what_is_unlike_a_feed_adds_up_from_the_top_of_one_document_to_the_next() -> None:
    def spam(number: int) -> Entry:
        return entry(f"s{number}", link=f"https://casino.example.net/{number}")

    ours = [entry(f"e{day}", published=NOW - timedelta(days=day)) for day in range(1, 12)]
    habits: Habits | None = Habits(entries=40, sites={"east.example": 40})
    for last, waiting in ((2, 0), (4, 2)):
        assert habits is not None
        top = [spam(last), spam(last - 1)]
        update = decided(document(*top, *(ours if last == 2 else [])), known=Known(habits=habits))
        assert sum(each.withheld is not None for each in update.new) == waiting
        habits = update.habits


def test_what_a_site_lists_without_dates_and_is_read_poll_by_poll_is_no_rhythm() -> None:
    site = replace(FEED, kinds={FEED.url: Sitemap()})
    found = replace(document(entry("a", published=None)), feed=site)
    left = decided(found, state=replace(NEVER_POLLED, feed=site)).state
    assert left.recent == ()
    assert left.read_in_part
    whole = replace(found, listings=(Listing(url=FEED.url),))
    assert decided(whole, state=left).state.recent == ()
    # What comes when all is read is news of now.
    assert decided(whole, state=replace(left, listings=whole.listings)).state.recent == (NOW,)


def test_a_changed_entry_is_no_new_publication() -> None:
    before = entry("a", text=WARD)
    update = decided(document(entry("a", text=GRANT)), stored(before))
    assert update.changed
    assert update.state.recent == ()


def test_what_a_document_asks_for_holds_until_another_is_read() -> None:
    wishes = Wishes(ttl=timedelta(hours=6))
    read = decided(replace(document(entry("a")), wishes=wishes)).state
    assert (read.wishes, read.next_poll) == (wishes, NOW + timedelta(hours=6))
    same = replace(document(), outcome="not_modified")
    unchanged = replace(document(), unchanged=True)
    for gathered in (same, unchanged, failure()):
        assert decided(gathered, state=read).state.wishes == wishes
    assert decided(same, state=read).state.next_poll == NOW + timedelta(hours=6)
    assert decided(document(entry("b")), state=read).state.wishes == Wishes()


def test_an_answer_that_holds_for_hours_is_not_asked_for_before() -> None:
    gathered = replace(document(), fresh_for=timedelta(hours=5))
    assert decided(gathered).state.next_poll == NOW + timedelta(hours=5)


def test_a_feed_is_polled_within_its_own_bounds() -> None:
    often = replace(FEED, every_min=timedelta(minutes=1), every_max=timedelta(minutes=5))
    state = decided(replace(document(), feed=often), state=replace(POLLED, feed=often)).state
    assert state.next_poll == NOW + timedelta(minutes=5)
