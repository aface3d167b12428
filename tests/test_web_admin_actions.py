"""What admins do to news in a browser: each action and each way back, by what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import html as lxml_html

from hub.admin.users import invitation
from hub.errors import StoreError
from hub.model import Entry, Role, Story, Tombstone, Withheld
from hub.store.sqlite import SqliteStore
from hub.web.admin.actions import ACTIONS, ON_NEWS
from tests.admin_hub import PASSWORD, AdminHub
from tests.web_hub import BLOG, EAST, NATIONAL, NETWORK, WESSEX, ago, news

HOLDING = NETWORK.replace("type: national", "type: national\n    trust: hold")
TEXT = (
    "A scanner that fits into a pocket was tried on two hundred wards in the south of the region this year,"
    " and nurses found clots with it that nobody had looked for, so that every ward will have one by spring."
)
OURS = news(
    "e", "Pocket scanner finds clots", text=TEXT, link="https://east.example/scanner", at=ago(hours=9)
)
THEIRS = news(
    "w", "Pocket scanner", text=f"{TEXT} Ours too.", link="https://wessex.example/w", at=ago(hours=8)
)
OTHER = news("o", "Buses run late", text="Buses run late on Sundays.", link="https://wessex.example/o")
HELD = [news(f"n{each}", f"Notice {each}", link=f"https://national.example/{each}") for each in range(3)]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[AdminHub]:
    """East's news with a copy of it by Wessex, other news of Wessex, and three of the nation's that wait."""
    with closing(AdminHub(tmp_path, HOLDING)) as made:
        made.enrol()
        made.publish(EAST, OURS, at=ago(hours=7))
        made.publish(WESSEX, THEIRS, OTHER, at=ago(hours=6))
        for hours, each in enumerate(HELD):
            made.publish(NATIONAL, *HELD[: hours + 1], at=ago(hours=5 - hours))
            assert each.link
        yield made


def story_of(hub: AdminHub, entry: Entry) -> Story:
    story = hub.store.story(stored(hub, entry).story)
    assert isinstance(story, Story)
    return story


def stored(hub: AdminHub, entry: Entry) -> Any:
    (found,) = hub.store.find(entry.link or "")
    return found


def links(story: Story) -> list[str | None]:
    return [each.entry.link for each in story.entries]


def state(hub: AdminHub) -> list[Any]:
    """All that actions change, but for the moments of what is done twice."""
    return [
        hub.sql("SELECT key, story, lead, standing, kind FROM entries ORDER BY key"),
        hub.sql("SELECT entry, standing, why, by_admin, was_published FROM standings ORDER BY entry"),
        hub.sql("SELECT story, last_day FROM pins ORDER BY story"),
        hub.sql("SELECT entry, tags FROM tags ORDER BY entry"),
        hub.sql("SELECT entry, term, tags FROM overrulings ORDER BY entry, term"),
        hub.sql("SELECT term, story FROM story_tags ORDER BY term, story"),
    ]


def of(entry: Entry, **more: str) -> dict[str, str]:
    return {"link": entry.link or "", "back": "/admin/", **more}


def what(entry: Entry, **more: str) -> dict[str, str]:
    return {"what": entry.link or "", "back": "/admin/", **more}


def undo_is_offered(hub: AdminHub) -> bool:
    return bool(hub.store.audit(limit=1).items[0].undo)


# ---------------------------------------------------------------- in and out


def test_what_is_withdrawn_is_back_as_it_was(hub: AdminHub) -> None:
    before = state(hub)
    hub.undoes("/admin/do/withdraw", what(OTHER, why="It was wrong", was="published"))
    # Its member has as much to say of it as before.
    assert state(hub) == before
    assert not hub.store.is_released(stored(hub, OTHER).key)
    said = hub.does("/admin/do/withdraw", what(OTHER, why="It was wrong"))
    assert said == "“Buses run late” by Health Innovation Wessex is withdrawn."
    assert hub.store.withdrawn()[0].withheld.why == "It was wrong"
    hub.get(f"/story/{stored(hub, OTHER).story}")


def test_a_withdrawal_of_a_copy_or_a_lead_is_taken_back_into_its_story(hub: AdminHub) -> None:
    for entry in (OURS, THEIRS):
        before = state(hub)
        assert "published it too" in hub.does("/admin/do/withdraw", what(entry))
        number = str(hub.store.audit(limit=1).items[0].number)
        hub.does("/admin/undo", {"number": number})
        assert sorted(links(story_of(hub, OURS)), key=str) == [OURS.link, THEIRS.link]
        assert state(hub)[1:] == before[1:]
        assert hub.store.check() == ()


def test_what_an_admin_withdrew_is_published_and_withdrawn_again(hub: AdminHub) -> None:
    hub.does("/admin/do/withdraw", what(OTHER, why="It was wrong"))
    before = state(hub)
    hub.undoes("/admin/do/release", what(OTHER, was="withdrawn"))
    assert state(hub) == before
    # For good: and so it is when a withdrawal after that is taken back.
    hub.does("/admin/do/release", what(OTHER))
    assert hub.store.is_released(stored(hub, OTHER).key)
    hub.undoes("/admin/do/withdraw", what(OTHER))
    assert hub.store.is_released(stored(hub, OTHER).key)


def test_what_a_member_has_in_two_feeds_is_withdrawn_and_back_in_both(hub: AdminHub) -> None:
    def press(action: str, place: int = 0) -> str:
        form = hub.tree(f"/admin/news?q={OTHER.link}").xpath(f"//form[contains(@action, '/do/{action}')]")
        sent = {name: value or "" for name, value in form[place].form_values()}
        return hub.does(f"/admin/do/{action}", sent)

    def take_back() -> None:
        hub.does("/admin/undo", {"number": str(hub.store.audit(limit=1).items[0].number)})

    def standings() -> list[str]:
        return [each.standing for each in hub.store.find(OTHER.link or "")]

    assert "in 2 feeds" not in press("withdraw")
    # As it comes, since it was withdrawn of the other feed; and back with that.
    hub.publish(BLOG, OTHER, at=ago(hours=2))
    assert standings() == ["withdrawn"] * 2
    take_back()
    assert standings() == ["published"] * 2
    before = state(hub)
    for place in (0, 1):
        assert "by Health Innovation Wessex in 2 feeds is withdrawn" in press("withdraw", place)
        assert standings() == ["withdrawn"] * 2
        take_back()
        assert standings() == ["published"] * 2
    assert state(hub)[1:] == before[1:]
    press("withdraw")
    assert "in 2 feeds is published" in press("release", 1)
    assert hub.store.check() == ()


def test_what_waited_is_dropped_and_waits_again_by_its_link_too(hub: AdminHub) -> None:
    before = state(hub)
    hub.undoes("/admin/do/withdraw", what(HELD[0], was="held"))
    assert state(hub) == before
    hub.undoes("/admin/do/withdraw", {"what": "national/news"})
    assert state(hub) == before
    hub.does("/admin/do/withdraw", what(HELD[0]))
    # Its readers never had it: published, and withdrawn again, they would.
    hub.does("/admin/do/release", what(HELD[0]))
    assert not undo_is_offered(hub)


def test_what_readers_had_before_it_waited_waits_again_as_such(hub: AdminHub) -> None:
    key = stored(hub, OTHER).key
    with closing(SqliteStore(hub.file)) as store, store._writing():
        store._withhold(key, Withheld("quarantined", "its links lead elsewhere"), hub.now)
    before = state(hub)
    hub.undoes("/admin/do/withdraw", what(OTHER, was="quarantined"))
    assert state(hub) == before
    hub.does("/admin/do/withdraw", what(OTHER))
    assert [each.stored.key for each in hub.store.withdrawn()] == [key]


def test_what_takes_back_is_no_button_of_its_own(hub: AdminHub) -> None:
    for action in ON_NEWS.keys() - ACTIONS.keys():
        assert hub.post(f"/admin/do/{action}", what(OTHER, entries="[]")).status_code == 404


@pytest.mark.parametrize(
    ("action", "was", "says"),
    [
        ("release", "published", "is published already"),
        ("release", "held", "It is published by now, and was held"),
        ("withdraw", "withdrawn", "It is published by now, and was withdrawn"),
    ],
)
def test_a_page_that_is_stale_changes_nothing(hub: AdminHub, action: str, was: str, says: str) -> None:
    before = state(hub)
    assert says in hub.refuses(f"/admin/do/{action}", what(OTHER, was=was))
    assert state(hub) == before


def retracts(hub: AdminHub, entry: Entry) -> None:
    """Have a poll of the nation's feed say that an entry was deleted."""
    left = [each for each in HELD if each is not entry]
    said = Tombstone(id=entry.id or "", why="Retracted by its author")
    hub.publish(NATIONAL, *left, at=hub.now, tombstones=(said,))


@pytest.mark.parametrize(
    "path", ["/admin/waiting/publish", "/admin/waiting/drop", "/admin/do/release", "/admin/do/withdraw"]
)
def test_what_waits_for_a_round_is_not_done_to_what_its_member_took_back_in_that(
    hub: AdminHub, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    begun = SqliteStore.all_or_nothing

    def after_a_round(store: SqliteStore) -> AbstractContextManager[None]:
        retracts(hub, HELD[0])
        return begun(store)

    monkeypatch.setattr(SqliteStore, "all_or_nothing", after_a_round)
    sent = what(HELD[0], was="held", feed="national/news", which=str(stored(hub, HELD[0]).key))
    said = "It was decided again since: it is withdrawn (Retracted by its author). Nothing was done."
    assert said in hub.refuses(path, sent)
    (now,) = hub.store.stands([stored(hub, HELD[0]).key]).values()
    assert (now.standing, now.by_admin) == ("withdrawn", False)
    assert [each.action for each in hub.store.audit(limit=9).items] == ["sign-in"]


REMOVED = {"feed": "wessex/news", "entries": "yes", "confirm": "wessex/news"}


def test_who_is_no_admin_any_more_once_it_is_their_turn_takes_no_feed_out_of_the_file(
    hub: AdminHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = hub.another("bob", Role("admin"))
    before, begun = hub.path.read_text(), SqliteStore.all_or_nothing

    def after_another(store: SqliteStore) -> AbstractContextManager[None]:
        hub.sql("UPDATE accounts SET role = 'editor' WHERE name = 'bob'")
        return begun(store)

    monkeypatch.setattr(SqliteStore, "all_or_nothing", after_another)
    said = bob.refuses("/admin/do/remove", REMOVED)
    assert "another role by now, so nothing was done." in said
    assert hub.path.read_text() == before


def test_that_a_feed_is_out_of_the_file_is_said_where_the_database_keeps_its_entries(hub: AdminHub) -> None:
    hub.sql("CREATE TRIGGER kept BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'no room'); END")
    said = hub.refuses("/admin/do/remove", REMOVED)
    assert "taken out of" in said
    assert "but not its entries out of the database: The database" in said
    assert "no room" in said
    assert "Then take it out once more." in said
    assert "wessex.example/feed/" not in hub.path.read_text()
    hub.sql("DROP TRIGGER kept")
    assert "taken out of the database" in hub.does("/admin/do/remove", REMOVED)
    assert hub.store.find(OTHER.link or "") == ()


def test_what_is_gone_meanwhile_is_said_of_every_action(hub: AdminHub) -> None:
    gone = {"link": "https://gone.example/", "what": "https://gone.example/", "into": OTHER.link or ""}
    for action in ACTIONS.keys() - {"wait"}:
        said = hub.refuses(f"/admin/do/{action}", {**gone, "term": "safety"})
        assert "https://gone.example/" in said, action
    assert hub.post("/admin/do/nonsense", gone).status_code == 404
    assert [each.action for each in hub.store.audit(limit=9).items] == ["sign-in"]


def number_of_last(hub: AdminHub) -> str:
    return str(hub.store.audit(limit=1).items[0].number)


def test_an_undo_does_not_take_back_what_was_decided_again_since(hub: AdminHub) -> None:
    for entry in (OTHER, HELD[0]):
        hub.does("/admin/do/withdraw", what(entry, why="a slip"))
        withdrawn = number_of_last(hub)
        hub.does("/admin/do/release", what(entry))
        published, before = number_of_last(hub), state(hub)
        assert "It was decided again since" in hub.refuses("/admin/undo", {"number": withdrawn})
        assert state(hub) == before
        hub.does("/admin/do/withdraw", what(entry, why="a court order"))
        before = state(hub)
        for number in (withdrawn, published) if entry is OTHER else (withdrawn,):
            said = hub.refuses("/admin/undo", {"number": number})
            assert "It was decided again since" in said
        assert ("(a court order)" in said) == (entry is OTHER)
        assert state(hub) == before


def test_an_undo_does_not_publish_what_its_member_took_back_meanwhile(hub: AdminHub) -> None:
    tombstone = Tombstone(id=OTHER.id or "", why="Retracted by its author")
    hub.does("/admin/do/withdraw", what(OTHER, why="a slip"))
    number = number_of_last(hub)
    hub.publish(WESSEX, THEIRS, at=hub.now, tombstones=(tombstone,))
    for _ in range(2):
        said = hub.refuses("/admin/undo", {"number": number})
        assert "withdrawn by an admin (a slip), and by its member (Retracted by its author)" in said
        assert stored(hub, OTHER).standing == "withdrawn"
        hub.publish(WESSEX, THEIRS, at=hub.now + timedelta(hours=1), tombstones=(tombstone,))
    assert "its member took it back too: Retracted by its author" in hub.words(f"/admin/news?q={OTHER.link}")
    # Its member has it again.
    hub.publish(WESSEX, THEIRS, OTHER, at=hub.now + timedelta(hours=2))
    assert stored(hub, OTHER).standing == "withdrawn"
    hub.does("/admin/undo", {"number": number})
    assert stored(hub, OTHER).standing == "published"
    assert not hub.store.is_released(stored(hub, OTHER).key)


def test_what_its_member_took_back_after_it_was_dropped_does_not_wait_again(hub: AdminHub) -> None:
    hub.does("/admin/do/withdraw", {"what": "national/news"})
    number = number_of_last(hub)
    retracts(hub, HELD[0])
    assert "2 entries wait for an admin again. 1 entry is left" in hub.does("/admin/undo", {"number": number})
    assert [stored(hub, each).standing for each in HELD] == ["withdrawn", "held", "held"]


def test_of_what_was_dropped_at_once_that_waits_again_which_nobody_decided_about_since(hub: AdminHub) -> None:
    hub.does("/admin/do/withdraw", {"what": "national/news"})
    number = number_of_last(hub)
    hub.does("/admin/do/release", what(HELD[1]))
    said = hub.does("/admin/undo", {"number": number})
    assert said == "2 entries wait for an admin again. 1 entry is left as it was decided since."
    assert [stored(hub, each).standing for each in HELD] == ["held", "published", "held"]


def test_of_what_is_done_and_cannot_be_recorded_it_is_not_said_that_it_was_not(
    hub: AdminHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(*_: object, **__: object) -> int:
        raise StoreError("The database is held.", "Wait until it is not.")

    monkeypatch.setattr(SqliteStore, "record", held)
    answer = hub.post("/admin/do/pause", {"feeds": "east/news"})
    assert answer.status_code == 500
    assert "This was done, but could not be recorded" in answer.text
    assert "east/news is paused: not asked, and what was published stays. It has no Undo" in answer.text
    assert "The database is held." in answer.text
    assert "This was not done" not in answer.text
    assert "paused" in hub.path.read_text()


def test_what_is_stored_is_left_as_it_was_where_that_cannot_be_recorded(
    hub: AdminHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(*_: object, **__: object) -> int:
        raise StoreError("The database is held.", "Wait until it is not.")

    hub.post("/admin/accounts/invite", {"name": "bob", "role": "admin"})
    monkeypatch.setattr(SqliteStore, "record", held)
    for path, fields in (
        ("/admin/do/withdraw", what(OTHER, why="it was wrong")),
        ("/admin/waiting/drop", {"feed": "national/news", "which": str(stored(hub, HELD[0]).key)}),
        ("/admin/accounts/take-back", {"name": "bob"}),
        ("/admin/accounts/remove", {"name": "bob"}),
    ):
        assert "The database is held. This was not done" in hub.refuses(path, fields)
    assert stored(hub, OTHER).standing == "published"
    assert stored(hub, HELD[0]).standing == "held"
    assert [each.name for each in hub.store.invitations(hub.now)] == ["bob"]
    # Nor is anybody let in, or out.
    chosen = {"password": PASSWORD, "again": PASSWORD}
    assert hub.post(invitation(hub.store, "bob", now=hub.now), chosen).status_code == 409
    assert hub.store.account("bob") is None
    assert hub.sign_in().status_code == hub.post("/admin/sign-out").status_code == 409
    assert len(hub.store.sessions(hub.now)) == 1


def withdraws(hub: AdminHub, entry: Entry, feed: str) -> str:
    """Withdraw an entry by the page News, by its form of one feed."""
    forms = hub.tree(f"/admin/news?q={entry.link}").xpath("//form[contains(@action, '/do/withdraw')]")
    (fields,) = [dict(each.form_values()) for each in forms if each.fields["member"] == feed]
    return hub.does("/admin/do/withdraw", {**fields, "why": "a slip"})


def standings(hub: AdminHub, entry: Entry) -> dict[str, str]:
    return {str(each.entry.feed): each.standing for each in hub.store.find(entry.link or "")}


def test_what_stands_otherwise_in_another_feed_of_its_member_is_left_there(hub: AdminHub) -> None:
    hub.publish(BLOG, OTHER, at=ago(hours=5))
    (there,) = [each for each in hub.store.find(OTHER.link or "") if str(each.entry.feed) == "wessex/blog"]
    hub.store.withdraw([there.key], "a court order")
    withdraws(hub, OTHER, "wessex/news")
    hub.does("/admin/undo", {"number": number_of_last(hub)})
    assert standings(hub, OTHER) == {"wessex/news": "published", "wessex/blog": "withdrawn"}


def test_an_undo_is_done_once(hub: AdminHub) -> None:
    hub.does("/admin/do/withdraw", what(OTHER))
    number = str(hub.store.audit(limit=1).items[0].number)
    hub.does("/admin/undo", {"number": number})
    assert "taken back already" in hub.refuses("/admin/undo", {"number": number})
    for other in ("1", "999", "x", ""):
        assert "cannot be taken back" in hub.refuses("/admin/undo", {"number": other})


# ---------------------------------------------------------------- pins


def test_a_pin_goes_back_to_the_day_it_had(hub: AdminHub) -> None:
    soon, later = ((date.today() + timedelta(days=days)).isoformat() for days in (400, 500))
    before = state(hub)
    hub.undoes("/admin/do/pin", of(OTHER))
    assert state(hub) == before
    assert "up to" in hub.does("/admin/do/pin", of(OTHER, until=soon))
    pinned = state(hub)
    assert "is pinned already, up to" in hub.refuses("/admin/do/pin", of(OTHER, until=soon))
    hub.undoes("/admin/do/pin", of(OTHER, until=later))
    assert state(hub) == pinned
    hub.undoes("/admin/do/pin", of(OTHER))
    assert state(hub) == pinned
    hub.undoes("/admin/do/unpin", of(OTHER))
    assert state(hub) == pinned
    hub.does("/admin/do/unpin", of(OTHER))
    assert "It is not pinned." in hub.refuses("/admin/do/unpin", of(OTHER))
    for bad in ("2020-01-01", "tomorrow"):
        hub.refuses("/admin/do/pin", of(OTHER, until=bad))
    assert state(hub) == before


def pinned(hub: AdminHub) -> list[str]:
    return [
        each.text_content()
        for each in hub.tree("/").xpath("//aside/section[h2 = 'Pinned by the network']//li/a")
    ]


def test_a_pin_that_is_put_back_or_has_another_day_stands_where_it_stood(hub: AdminHub) -> None:
    for entry in (OURS, OTHER):
        hub.does("/admin/do/pin", of(entry))
    before = (pinned(hub), hub.sql("SELECT * FROM pins"))
    assert before[0] == ["Buses run late", "Pocket scanner finds clots"]
    hub.undoes("/admin/do/unpin", of(OURS))
    hub.undoes("/admin/do/pin", of(OURS, until="2999-12-24"))
    assert (pinned(hub), hub.sql("SELECT * FROM pins")) == before
    hub.does("/admin/do/pin", of(OURS, until="2999-12-24"))
    assert pinned(hub) == before[0]


def test_an_undo_of_a_pin_does_not_take_back_another_since(hub: AdminHub) -> None:
    numbers = []
    for path, fields in (
        ("/admin/do/pin", of(OTHER)),
        ("/admin/do/pin", of(OTHER, until="2999-12-24")),
        ("/admin/do/unpin", of(OTHER)),
        ("/admin/do/pin", of(OTHER, until="2999-12-31")),
    ):
        hub.does(path, fields)
        numbers.append(number_of_last(hub))
    before = state(hub)
    for number in numbers[:-1]:
        assert "pinned or unpinned again since" in hub.refuses("/admin/undo", {"number": number})
    assert state(hub) == before
    hub.does("/admin/undo", {"number": numbers[-1]})
    assert pinned(hub) == []


def test_a_pin_whose_last_day_is_over_is_not_put_back(hub: AdminHub) -> None:
    hub.store.pin(stored(hub, OTHER).key, hub.now, last_day=date(2020, 1, 1))
    hub.undoes("/admin/do/pin", of(OTHER))
    assert hub.sql("SELECT 1 FROM pins") == []
    hub.store.pin(stored(hub, OTHER).key, hub.now, last_day=date(2020, 1, 1))
    hub.does("/admin/do/unpin", of(OTHER))
    assert not undo_is_offered(hub)


# ---------------------------------------------------------------- stories


def ruled(hub: AdminHub) -> list[Any]:
    return [
        hub.sql("SELECT * FROM rulings ORDER BY entry, ruling, made"),
        hub.sql("SELECT key, copy_of, why FROM entries ORDER BY key"),
    ]


@pytest.mark.parametrize("action", ["lead", "split", "not-a-copy"])
@pytest.mark.parametrize("first", ["", "lead"])
def test_nothing_is_ruled_any_more_of_what_was_taken_back(hub: AdminHub, action: str, first: str) -> None:
    if first:
        hub.does(f"/admin/do/{first}", of(OURS))
    before = state(hub), ruled(hub)
    hub.undoes(f"/admin/do/{action}", of(THEIRS))
    assert (state(hub), ruled(hub)) == before
    assert hub.store.check() == ()


@pytest.mark.parametrize(
    ("action", "then"),
    [
        ("lead", [("lead", of(OURS))]),
        ("split", [("merge", of(THEIRS, into=OTHER.link or ""))]),
        ("merge", [("split", of(OTHER)), ("merge", of(OTHER, into=OURS.link or ""))]),
    ],
)
def test_an_undo_of_a_ruling_does_not_take_back_what_was_ruled_since(
    hub: AdminHub, action: str, then: list[tuple[str, dict[str, str]]]
) -> None:
    hub.does(f"/admin/do/{action}", of(OTHER, into=OURS.link or "") if action == "merge" else of(THEIRS))
    number = number_of_last(hub)
    for path, fields in then:
        hub.does(f"/admin/do/{path}", fields)
    before = state(hub), ruled(hub)
    assert "It was ruled on again since" in hub.refuses("/admin/undo", {"number": number})
    assert (state(hub), ruled(hub)) == before


def test_a_split_is_taken_back(hub: AdminHub) -> None:
    assert links(story_of(hub, OURS)) == [OURS.link, THEIRS.link]
    for action in ("split", "not-a-copy"):
        before = state(hub)
        hub.undoes(f"/admin/do/{action}", of(THEIRS))
        assert state(hub) == before
        _, known = hub.store.compared_with(stored(hub, THEIRS).key)
        assert (known.rulings.apart, known.rulings.alone) == (frozenset(), frozenset())
    hub.does("/admin/do/not-a-copy", of(THEIRS))
    before = state(hub)
    assert "kept from every other story already" in hub.refuses("/admin/do/not-a-copy", of(THEIRS))
    assert "story of its own already" in hub.refuses("/admin/do/split", of(THEIRS))
    assert state(hub) == before


def test_who_led_does_not_lead_again_by_itself_so_its_split_is_not_undone(hub: AdminHub) -> None:
    hub.does("/admin/do/split", of(OURS))
    assert not undo_is_offered(hub)


def test_a_merge_is_taken_back_under_another_number(hub: AdminHub) -> None:
    before, number = state(hub), stored(hub, OTHER).story
    said = hub.undoes("/admin/do/merge", of(OTHER, into=OURS.link or ""))
    assert f"is in story {stored(hub, OTHER).story}, by itself" in said
    assert stored(hub, OTHER).story != number
    assert links(story_of(hub, OURS)) == [OURS.link, THEIRS.link]
    assert state(hub)[1:] == before[1:]
    assert hub.store.check() == ()
    # Its rulings of before, too.
    hub.does("/admin/do/not-a-copy", of(OTHER))
    hub.undoes("/admin/do/merge", of(OTHER, into=OURS.link or ""))
    _, known = hub.store.compared_with(stored(hub, OTHER).key)
    assert stored(hub, OTHER).key in known.rulings.alone


def test_a_story_is_merged_into_by_its_own_address_here(hub: AdminHub) -> None:
    address = f"http://127.0.0.1:8000/story/{stored(hub, THEIRS).story}"
    hub.does("/admin/do/merge", of(OTHER, into=address))
    assert OTHER.link in links(story_of(hub, OURS))
    assert "in one story already" in hub.refuses("/admin/do/merge", of(OTHER, into=address))
    assert "It was not said what" in hub.refuses("/admin/do/merge", of(OTHER, into=" "))


def test_what_is_refused_leads_back_to_the_page_where_it_was_asked_for(hub: AdminHub) -> None:
    for back, leads in (("/admin/news?q=stroke", True), ("https://elsewhere.example/", False)):
        answer = hub.post("/admin/do/merge", of(OTHER, into="nonsense", back=back))
        assert answer.status_code == 409
        found = lxml_html.fromstring(answer.text).xpath("//main//a/@href")
        assert found == ([back, "/admin/"] if leads else ["/admin/"])


def test_what_is_merged_into_is_looked_for_among_all_members_news(hub: AdminHub) -> None:
    asked = of(OTHER, member="wessex/news")
    assert "No entry has nonsense for a link or an id." in hub.refuses(
        "/admin/do/merge", {**asked, "into": "nonsense"}
    )
    # Several feeds have this id; none of it says that the one's own is meant.
    for feed in (WESSEX, EAST):
        hub.publish(feed, news("7", f"Of {feed.member}", link=f"https://{feed.member}.example/7"))
    said = hub.refuses("/admin/do/merge", {**asked, "into": "7"})
    assert "2 entries have 7 for a link or an id" in said
    assert links(story_of(hub, OTHER)) == [OTHER.link]
    hub.does("/admin/do/merge", {**asked, "into": "https://east.example/7"})
    assert links(story_of(hub, OTHER)) == ["https://east.example/7", OTHER.link]


def test_a_merge_that_no_split_takes_back_whole_has_no_undo(hub: AdminHub) -> None:
    hub.does("/admin/do/merge", of(THEIRS, into=OTHER.link or ""))
    assert not undo_is_offered(hub)
    hub.does("/admin/do/split", of(OTHER))
    hub.does("/admin/do/pin", of(OTHER))
    hub.does("/admin/do/merge", of(OTHER, into=OURS.link or ""))
    assert not undo_is_offered(hub)


def test_a_merge_of_what_has_tags_by_hand_has_no_undo(hub: AdminHub) -> None:
    hub.does("/admin/do/tag", of(OURS, term="stroke"))
    hub.does("/admin/do/merge", of(OTHER, into=OURS.link or ""))
    assert not undo_is_offered(hub)


def test_the_lead_goes_back_to_the_one_before(hub: AdminHub) -> None:
    before = state(hub)
    said = hub.undoes("/admin/do/lead", of(THEIRS))
    assert said == "“Pocket scanner” by Health Innovation Wessex is a copy in story 1 again."
    assert state(hub) == before
    hub.does("/admin/do/lead", of(THEIRS))
    assert links(story_of(hub, OURS)) == [THEIRS.link, OURS.link]
    led = state(hub)
    assert "leads its story already" in hub.refuses("/admin/do/lead", of(THEIRS))
    assert state(hub) == led


# ---------------------------------------------------------------- tags


@pytest.mark.parametrize("first", ["", "tag", "untag"])
@pytest.mark.parametrize("action", ["tag", "untag", "leave"])
def test_what_is_said_of_a_tag_goes_back_to_what_was_said_before(
    hub: AdminHub, first: str, action: str
) -> None:
    asked = of(THEIRS, term="safety")
    if first:
        hub.does(f"/admin/do/{first}", asked)
    before = state(hub)
    if (first or "leave") == action:
        assert "already" in hub.refuses(f"/admin/do/{action}", asked)
    else:
        hub.undoes(f"/admin/do/{action}", asked)
    assert state(hub) == before
    assert hub.store.check() == ()


@pytest.mark.parametrize("action", ["tag", "untag", "leave"])
def test_an_undo_of_a_tag_does_not_take_back_what_was_said_of_it_since(hub: AdminHub, action: str) -> None:
    asked = of(THEIRS, term="safety")
    if action == "leave":
        hub.does("/admin/do/tag", asked)
    hub.does(f"/admin/do/{action}", asked)
    number = number_of_last(hub)
    for then in {"tag": "untag", "untag": "tag", "leave": "untag"}[action], action:
        hub.does(f"/admin/do/{then}", asked)
        before = state(hub)
        if then != "leave":
            said = hub.refuses("/admin/undo", {"number": number})
            assert "Something else was said of the tag safety since. Nothing was done." in said
        assert state(hub) == before


def test_tags_are_given_and_taken_of_the_whole_story(hub: AdminHub) -> None:
    hub.does("/admin/do/tag", of(THEIRS, term="stroke"))
    assert [tag.term for tag in story_of(hub, OURS).tags] == ["stroke"]
    before = state(hub)
    assert "No tag of" in hub.refuses("/admin/do/tag", of(THEIRS, term="nonsense"))
    assert "It was not said" in hub.refuses("/admin/do/tag", of(THEIRS))
    assert state(hub) == before
