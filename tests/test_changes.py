"""What of an entry counts as a change, what is told of it and when, and what it said before."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from hub import wording
from hub.admin import explain, revisions
from hub.model import Entry, Gathered, Known, KnownEntry, Standing, StoredEntry, digest
from hub.publish.corrections import told_changes
from hub.publish.item import item
from hub.store import Store
from tests.commands import Hub
from tests.entries import entry
from tests.known import stored
from tests.moments import Moments
from tests.site import Site
from tests.test_decide import NOW, decided, document
from tests.test_normalise import made
from tests.test_store import EAST, WEST, decider, poll, store, url

__all__ = ["store", "url"]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def changed_at(*ago: timedelta, restless: bool = False) -> KnownEntry:
    """An entry whose words changed so long ago, each time."""
    known = stored(entry("a", title="Beds", text="There are 4 beds free in the ward of the county."))
    past = tuple(f"wording {number}" for number, _ in enumerate(ago))
    return replace(
        known, past_fingerprints=past, changes=tuple(NOW - each for each in ago), restless=restless
    )


CORRECTED = entry("a", title="Beds", text="There are 5 beds free in the ward of the county.")


# ---------------------------------------------------------------- when a change is told


def test_a_third_correction_within_a_week_is_told_at_once() -> None:
    (changed,) = decided(document(CORRECTED), changed_at(3 * DAY, DAY)).changed
    assert changed.told == "yes"


def test_a_fourth_change_within_a_week_waits() -> None:
    (changed,) = decided(document(CORRECTED), changed_at(3 * DAY, DAY, HOUR)).changed
    assert changed.told == "waits"


def test_changes_of_earlier_weeks_do_not_make_an_entry_restless() -> None:
    (changed,) = decided(document(CORRECTED), changed_at(21 * DAY, 14 * DAY, 7 * DAY)).changed
    assert changed.told == "yes"


def test_a_restless_entry_waits_on_while_it_is_never_still_for_two_days() -> None:
    known = changed_at(30 * DAY, 29 * DAY, 2 * DAY - HOUR, restless=True)
    (changed,) = decided(document(CORRECTED), known).changed
    assert changed.told == "waits"


def test_a_change_after_two_still_days_is_told_again() -> None:
    (changed,) = decided(document(CORRECTED), changed_at(4 * DAY, 3 * DAY, 2 * DAY, restless=True)).changed
    assert changed.told == "yes"


@pytest.mark.parametrize(
    ("standing", "by_admin", "told", "returns"),
    [
        ("published", False, "yes", False),
        ("withdrawn", False, "yes", True),
        ("withdrawn", True, "no", False),
        ("held", False, "no", False),
        ("quarantined", False, "no", False),
    ],
)
def test_of_what_readers_do_not_have_no_change_is_told_but_where_its_member_brings_it_back(
    standing: Standing, by_admin: bool, told: str, returns: bool
) -> None:
    known = replace(changed_at(), standing=standing, by_admin=by_admin)
    update = decided(document(CORRECTED), known)
    assert [change.told for change in update.changed] == [told]
    assert update.returned == ((known.key,) if returns else ())


def test_a_restless_entry_that_has_been_still_for_two_days_is_told_of_once() -> None:
    known = changed_at(4 * DAY, 3 * DAY, 2 * DAY, restless=True)
    same = document(entry("a", title="Beds", text=known.text))
    unchanged = replace(same, outcome="not_modified", entries=())
    for gathered in (same, document(entry("b")), unchanged):
        for last, settled in ((2 * DAY, (known.key,)), (DAY, ())):
            waiting = Known(own=(known,), waiting={known.key: NOW - last})
            assert decided(gathered, known=waiting).settled == settled
    waiting = Known(own=(known,), waiting={known.key: NOW - 2 * DAY})
    assert decided(document(CORRECTED), known=waiting).settled == (), "it changes again"
    assert decided(same, known).settled == (), "it has been told"


def test_a_restless_entry_is_told_of_though_its_feed_has_not_changed_since(store: Store) -> None:
    for number in range(5):
        poll(store, EAST, entry("a", title="Ward", text=f"It has {number} beds."), at=NOW + number * HOUR)
    (found,) = store.find("a")
    assert store.revisions(found.key)[0].told == "waits"
    for hours, told in ((50, "waits"), (52, "yes")):
        at = NOW + hours * HOUR
        store.settle([Gathered(feed=EAST, outcome="not_modified", started=at, url=EAST.url)], decider(at))
        assert store.revisions(found.key)[0].told == told
    assert store.find("a")[0].changed == NOW + 52 * HOUR


def test_the_feeds_own_date_does_not_move_for_a_change_that_waits() -> None:
    poll_of = document(CORRECTED)
    info = replace(poll_of.info or decided(poll_of).state.info, updated=NOW)
    told = decided(replace(poll_of, info=info), changed_at(DAY)).state.info
    waits = decided(replace(poll_of, info=info), changed_at(3 * DAY, 2 * DAY, DAY)).state.info
    assert told.updated == NOW
    assert waits.updated != NOW


def test_signs_that_an_earlier_hub_did_not_count_are_no_change_and_count_from_then_on() -> None:
    earlier = entry("a", title="Beds", text="Each costs £500, 5% less.")
    now = replace(earlier, fingerprint=digest(wording.that_count("Beds", earlier.text)))
    assert now.fingerprint != earlier.fingerprint
    update = decided(document(now), stored(earlier))
    assert update.changed == ()
    (relinked,) = update.relinked
    assert relinked.fingerprint == now.fingerprint
    corrected = now.text.replace("£", "€")
    euros = replace(
        entry("a", title="Beds", text=corrected), fingerprint=digest(wording.that_count("Beds", corrected))
    )
    assert [each.told for each in decided(document(euros), stored(now)).changed] == ["yes"]


def test_words_that_an_earlier_hub_counted_are_no_change_and_counted_no_more() -> None:
    text = "There are beds free in the ward of the county.\n3 comments"
    before = replace(stored(entry("a", title="Beds", text=text)), fingerprint="as it was made then")
    now = replace(entry("a", title="Beds", text=text), fingerprint=digest(_counted(text)))
    update = decided(document(now), before)
    assert update.changed == ()
    (relinked,) = update.relinked
    assert relinked.fingerprint == now.fingerprint


@pytest.mark.parametrize("footer", ["", "\nDer Beitrag Betten erschien zuerst auf Ost."])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("3 Kommentare", "3 Kommentare"),
        ("il y a 3 heures", "il y a 9 heures"),
        ("Erthyglau cysylltiedig\nWard A", "Erthyglau cysylltiedig\nWard B"),
    ],
)
def test_nor_are_those_in_other_languages_or_above_a_footer(before: str, after: str, footer: str) -> None:
    news = "Im Haus des Landkreises sind 4 Betten frei."

    def read(beside: str) -> Entry:
        return entry("a", title="Betten", text=f"{news}\n{beside}")

    by_an_earlier_hub = replace(stored(read(before)), fingerprint=digest(f"{news} {before} {footer}"))
    words = wording.that_count("Betten", f"{news}\n{after}{footer}")
    now = replace(read(after), fingerprint=digest(words))
    update = decided(document(now), by_an_earlier_hub)
    assert update.changed == ()
    (relinked,) = update.relinked
    assert relinked.fingerprint == now.fingerprint
    corrected = entry("a", title="Betten", text=f"{news.replace('4', '5')}\n{after}")
    assert [change.told for change in decided(document(corrected), by_an_earlier_hub).changed] == ["yes"]


MISREAD = [
    ("서울 병원", "새로운 병동을 열었습니다. 펲시 뷁 협력 “12” ©", "cp949", "euc_kr"),
    ("醫院 裏", "醫院 銹 恒 裏 墻 粧 開幕 12", "cp950", "big5"),
    ("醫院", "香港喺嘅咗新聞，醫院有病床 12 張。", "big5hkscs", "big5"),
    ("醫院新聞", "醫院今天開幕，有病床 12 張。市長和病人都來了。", "cp950", "cp1252"),
    ("Szpital", "Żółta łódź w szpitalu – 12 łóżek", "iso8859-2", "cp1252"),
    ("Ward", "Mae’r ŵyl yn y tŷ, 12 gwely", "iso8859-14", "cp1252"),
    ("โรงพยาบาล", "เปิด “หอผู้ป่วย” 12…", "cp874", "cp1252"),
]


@pytest.mark.parametrize(("title", "text", "codec", "earlier"), MISREAD)
def test_what_an_earlier_hub_misread_is_stored_as_it_is_read_now_and_nobody_is_told(
    title: str, text: str, codec: str, earlier: str
) -> None:
    def read(words: str) -> str:
        found = words.encode(codec, "xmlcharrefreplace").decode(earlier, "replace")
        return found.replace("&#8217;", "’").replace("&#8211;", "–").replace("&#169;", "©")

    before = stored(entry("a", title=read(title), text=read(text)))
    assert before.text != text
    (change,) = decided(document(entry("a", title=title, text=text)), before).changed
    assert (change.told, change.leaves_story) == ("no", False)
    # A figure or a word that was put right meanwhile is a correction, as is one of what was read right.
    for corrected in (text.replace("12", "21"), f"{text} 12"):
        for known in (before, stored(entry("a", title=title, text=text))):
            (change,) = decided(document(entry("a", title=title, text=corrected)), known).changed
            assert change.told == "yes"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # As windows-1252 would have it, or with what is no letter there.
        ("Maj opcje.", "Mają opcje."),
        ("Dom w Lodzi.", "Dom w Łodzi."),
        ("Die Klinik ist sch�n.", "Die Klinik ist schön."),
        ("Das Café.", "Das Cafe."),
        ("서울 병동 �", "서울 병동 열"),
        ("서울 병동 12 ��", "서울 병동 21 뷁"),
    ],
)
def test_letters_that_a_publisher_puts_right_are_a_correction(before: str, after: str) -> None:
    known = stored(entry("a", title="Haus", text=before))
    (change,) = decided(document(entry("a", title="Haus", text=after)), known).changed
    assert change.told == "yes"


def test_words_that_an_earlier_hub_took_for_hidden_are_stored_and_nobody_is_told() -> None:
    def read(beds: int, chairs: int = 9) -> Entry:
        html = f'<div title="Our hidden heroes"><p>It has {beds} beds.</p></div><p>And {chairs} chairs.</p>'
        return made("Ward", html, id="a")

    now, by_an_earlier_hub = read(4), stored(made("Ward", "<p>And 9 chairs.</p>", id="a"))
    assert now.text == "It has 4 beds.\nAnd 9 chairs."
    (change,) = decided(document(now), by_an_earlier_hub).changed
    assert (change.told, change.leaves_story, change.entry.text) == ("no", False, now.text)
    # What is put right of the words that it had is a correction, as is all that changes from now on.
    for corrected, known in ((read(4, chairs=8), by_an_earlier_hub), (read(5), stored(now))):
        (change,) = decided(document(corrected), known).changed
        assert change.told == "yes"


def _counted(text: str) -> str:
    return f"beds\n{text.splitlines()[0].lower().rstrip('.')}"


def test_a_change_that_nobody_is_told_of_does_not_move_the_date_that_readers_go_by(store: Store) -> None:
    def beds(number: int, updated: datetime | None = None) -> Entry:
        said = entry("a", title="Ward", text=f"It has {number} beds.", published=NOW)
        return replace(said, updated=updated)

    def published() -> datetime:
        (story,) = store.stories(limit=2).items
        return item(story, {}).updated

    poll(store, EAST, beds(0), at=NOW)
    for number in range(1, 4):
        at = NOW + number * HOUR
        poll(store, EAST, beds(number, at - timedelta(minutes=5)), at=at)
        assert published() == at, "it is told"
    at = NOW + 4 * HOUR
    poll(store, EAST, beds(4, at), at=at)
    assert store.revisions(store.find("a")[0].key)[0].told == "waits"
    assert published() == NOW + 3 * HOUR
    at = NOW + 4 * HOUR + timedelta(days=2)
    poll(store, EAST, beds(4, at), at=at)
    assert published() == at, "it is still, and told once"


def test_the_date_that_readers_go_by_moves_with_a_correction_whatever_date_its_publisher_gives(
    store: Store,
) -> None:
    def poll_at(hours: int, beds: int, updated: int | None) -> datetime:
        said = entry("a", title="Ward", text=f"It has {beds} beds.", published=NOW)
        given = None if updated is None else NOW + updated * HOUR
        poll(store, EAST, replace(said, updated=given), at=NOW + hours * HOUR)
        (story,) = store.stories(limit=2).items
        return item(story, {}).updated

    assert poll_at(0, 0, None) == NOW
    assert poll_at(6, 1, None) == NOW + 6 * HOUR
    assert poll_at(30, 2, 2) == NOW + 30 * HOUR, "an earlier date than that it was told of"
    assert poll_at(60, 3, 2) == NOW + 60 * HOUR, "the date of a change before"
    assert poll_at(90, 3, 80) == NOW + 60 * HOUR, "a date alone"


def test_the_date_that_readers_go_by_stays_where_a_template_changes_the_words_and_the_dates(
    store: Store,
) -> None:
    def relaunched(words: str, updated: datetime | None) -> list[Entry]:
        said = (
            entry(f"{number}", text=f"{words} of ward {number} in the county.", published=NOW - DAY)
            for number in range(6)
        )
        return [replace(each, updated=updated) for each in said]

    def published() -> set[datetime]:
        return {item(story, {}).updated for story in store.stories(limit=9).items}

    poll(store, EAST, *relaunched("Words", None), at=NOW)
    assert published() == {NOW - DAY}
    assert poll(store, EAST, *relaunched("Read all the words", NOW), at=NOW + HOUR) == (0, 6)
    assert published() == {NOW - DAY}


# ---------------------------------------------------------------- what an entry said before


def test_what_an_entry_said_before_is_kept_the_latest_first(store: Store) -> None:
    for number in range(3):
        poll(store, EAST, entry("a", title="Ward", text=f"It has {number} beds."), at=NOW + number * HOUR)
    (found,) = store.find("a")
    assert [(each.text, each.until, each.told) for each in store.revisions(found.key)] == [
        ("It has 1 beds.", NOW + 2 * HOUR, "yes"),
        ("It has 0 beds.", NOW + HOUR, "yes"),
    ]


def test_the_last_ten_wordings_are_kept_and_no_more(store: Store) -> None:
    for number in range(14):
        poll(store, EAST, entry("a", title="Ward", text=f"It has {number} beds."), at=NOW + number * 4 * DAY)
    (found,) = store.find("a")
    assert [each.text for each in store.revisions(found.key)] == [
        f"It has {number} beds." for number in range(12, 2, -1)
    ]


def test_what_readers_were_told_of_is_kept_when_what_they_were_not_told_of_is_not(store: Store) -> None:
    for number in range(30):
        poll(store, EAST, entry("a", title="Ward", text=f"It has {number} beds."), at=NOW + number * HOUR)
        told = [(each.before.text, each.after.text) for each in store.told_changes(limit=20)]
        assert told == [
            (f"It has {before} beds.", f"It has {before + 1} beds.")
            for before in reversed(range(min(number, 3)))
        ]
    (found,) = store.find("a")
    kept = store.revisions(found.key)
    assert [each.text for each in kept] == [
        f"It has {number} beds." for number in (*range(28, 18, -1), 3, 2, 1, 0)
    ]
    assert [(each.before, each.after) for each in told_changes(found, kept)] == [
        (each.before, each.after) for each in store.told_changes(limit=20)
    ]


def test_an_entry_that_changes_after_it_was_still_is_not_restless_any_more(store: Store) -> None:
    def bed(number: int) -> Entry:
        return entry("a", title="Ward", text=f"It has {number} beds.")

    for number in range(5):
        poll(store, EAST, bed(number), at=NOW + number * HOUR)
    poll(store, EAST, bed(5), at=NOW + 10 * DAY)
    (found,) = store.find("a")
    assert found.changed == NOW + 10 * DAY
    assert {each.told for each in store.revisions(found.key)} == {"yes"}
    poll(store, EAST, bed(6), at=NOW + 11 * DAY)
    assert store.find("a")[0].changed == NOW + 11 * DAY


def test_what_an_entry_said_goes_with_the_entry(store: Store) -> None:
    poll(store, EAST, entry("a", title="Ward", text="It has 1 bed."))
    poll(store, EAST, entry("a", title="Ward", text="It has 2 beds."), at=NOW + HOUR)
    (found,) = store.find("a")
    store.remove(EAST.key, NOW)
    assert store.revisions(found.key) == ()
    assert store.check() == ()


def test_a_copy_that_catches_up_with_its_story_is_kept_and_not_told(store: Store) -> None:
    link = "https://national.example/launch"
    first, second = "The launch is in May, the county says.", "The launch is in June, the county says."
    ours = entry("e", title="Launch", text=first, link=link)
    poll(store, EAST, ours)
    poll(store, WEST, replace(entry("w", title="Launch", text=first, link=link), feed=WEST.key))
    poll(store, EAST, entry("e", title="Launch", text=second, link=link), at=NOW + HOUR)
    theirs = entry("w", title="Launch", text=second, link=link, feed=WEST.key)
    poll(store, WEST, theirs, at=NOW + 2 * HOUR)
    (lead, copy) = store.find(link)
    assert [store.revisions(each.key)[0].told for each in (lead, copy)] == ["yes", "no"]


def test_a_correction_of_the_lead_is_told_though_a_copy_had_it_first(store: Store) -> None:
    link = "https://national.example/launch"
    first, second = "The launch is in May, the county says.", "The launch is in June, the county says."
    poll(store, EAST, entry("e", title="Launch", text=first, link=link))
    poll(store, WEST, entry("w", title="Launch", text=first, link=link, feed=WEST.key))
    theirs = entry("w", title="Launch", text=second, link=link, feed=WEST.key)
    poll(store, WEST, theirs, at=NOW + HOUR)
    poll(store, EAST, entry("e", title="Launch", text=second, link=link), at=NOW + 2 * HOUR)
    (lead, _) = store.find(link)
    assert (store.revisions(lead.key)[0].told, lead.changed) == ("yes", NOW + 2 * HOUR)


# ---------------------------------------------------------------- over loopback


def beds(site: Site, number: int | str, *, furniture: str = "") -> str:
    return site.feed("/feed", "Beds free", text=f"{furniture} In the county {number} beds are free, says:")


def test_an_entry_that_changes_at_each_poll_is_told_thrice_and_then_when_it_is_still(
    hub: Moments, site: Site
) -> None:
    hub.write(f"url: {beds(site, 1)}")
    assert hub.poll().new == 1
    told = []
    for number in range(2, 30):
        beds(site, number)
        assert hub.poll(hours=1).updated == 1
        (stored,) = hub.entries
        assert f"{number} beds" in stored.entry.text
        told.append(stored.changed)
    assert len(set(told)) == 3
    assert (
        "told of when it has been still"
        in explain.run(hub.config, hub.database, stored.entry.link or "", now=hub.now)[0]
    )
    site.feed("/feed", "Beds free", "Other news", text=f"In the county {number} beds are free, says:")
    hub.poll(hours=47)
    assert _entry(hub, "Beds free").changed == told[-1]
    site.feed("/feed", "Beds free", "And more", text=f"In the county {number} beds are free, says:")
    hub.poll(hours=2)
    assert _entry(hub, "Beds free").changed == hub.now
    beds(site, number)
    hub.poll(hours=1)
    assert _entry(hub, "Beds free").changed == hub.now - HOUR


def _entry(hub: Moments, title: str) -> StoredEntry:
    return next(each for each in hub.entries if each.entry.title == title)


def test_revisions_are_shown_word_by_word_by_the_command(tmp_path: Path, site: Site) -> None:
    hub = Hub(tmp_path)
    hub.write({"east": [beds(site, 12)]})
    assert hub.run("poll").returncode == 0
    link = f"{site.url}/feed/0"
    assert "have not changed" in hub.run("revisions", link).stdout
    beds(site, "1,200")
    assert hub.run("poll", "--all").returncode == 0
    said = hub.run("revisions", link)
    assert "Text     In the county [-12-] {+1,200+} beds are free," in said.stdout
    assert "told to readers" in said.stdout
    assert "`hub revisions` shows them" in hub.run("explain", link).stdout
    missing = hub.run("revisions", "https://east.example/none")
    assert missing.returncode == 1
    assert "No entry has" in missing.stderr


def test_words_that_a_change_brought_move_no_terminal(store: Store, url: str) -> None:
    poll(store, EAST, entry("a", title="Ward", text="It has 12 beds."))
    poll(store, EAST, entry("a", title="Ward", text="It has \u009b2J\u202e13 beds."), at=NOW + HOUR)
    assert "It has [-12-] {+2J13+} beds." in revisions.run(url, "a", member=None)


def test_the_words_of_a_change_that_waits_are_said_to_wait(store: Store, url: str) -> None:
    for number in range(5):
        poll(store, EAST, entry("a", title="Ward", text=f"It has {number} beds."), at=NOW + number * HOUR)
    said = revisions.run(url, "a", member=None)
    assert said.count("told to readers") == 3
    assert said.count("not told yet") == 1
