"""The admin pages of what waits, of any news, and of what was done."""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from hub.model import AuditRecord, Entry
from tests.admin_hub import AdminHub
from tests.test_web_admin_actions import (
    HELD,
    OTHER,
    OURS,
    TEXT,
    THEIRS,
    hub,
    of,
    state,
    stored,
    undo_is_offered,
    what,
)
from tests.web_hub import BLOG, EAST, NATIONAL, SAFETY, WESSEX, ago, news

__all__ = ["hub"]

# ---------------------------------------------------------------- what waits


def fields(hub: AdminHub, which: str, *entries: Entry) -> dict[str, Any]:
    """What the form of the nation's feed sends."""
    (form,) = hub.tree("/admin/waiting").xpath("//form[contains(@class, 'waiting')]")
    sent: dict[str, Any] = dict(form.form_values())
    ticked = [str(stored(hub, each).key) for each in entries]
    return {**sent, "which": which, "entry": ticked}


def test_what_waits_is_listed_by_feed_and_reason_the_longest_first(hub: AdminHub) -> None:
    said = hub.words("/admin/waiting")
    assert "National body national/news" in said
    assert "Held: 3 entries, since 24 November, 10:30" in said
    assert "Publish all 3" in said
    assert "trust: hold" in said
    assert said.index("Notice 0") < said.index("Notice 1") < said.index("Notice 2")
    tree = hub.tree("/admin/waiting")
    (link,) = tree.xpath("//a[@href='https://national.example/0']")
    assert link.get("rel") == "noreferrer noopener"


def test_publishers_words_are_text_on_these_pages(hub: AdminHub) -> None:
    bad = news(
        "x", "<script>alert(1)</script> “`now`”", link="https://national.example/x?a=<b>", text="<b>hey"
    )
    odd = news("y", "Odd", link="javascript:alert(1)")
    hub.publish(NATIONAL, *HELD, bad, odd, at=ago(hours=1))
    for path in ("/admin/waiting", "/admin/news?q=national/news", "/admin/news?q=alert", "/admin/news?q=x"):
        html = hub.html(path)
        assert "<script" not in html, path
        assert "<b>" not in html, path
        assert 'href="javascript' not in html, path
    assert "&lt;script&gt;" in hub.html("/admin/waiting")


def test_one_that_waits_is_published_and_that_is_not_undone(hub: AdminHub) -> None:
    sent = fields(hub, str(stored(hub, HELD[1]).key))
    assert hub.does("/admin/waiting/publish", sent) == "“Notice 1” by National body is published now."
    assert [stored(hub, each).standing for each in HELD] == ["held", "published", "held"]
    assert not undo_is_offered(hub)
    assert hub.store.audit(limit=1).items[0].about == HELD[1].link
    # Sent twice, or decided by somebody else.
    before = state(hub)
    for verb in ("publish", "drop"):
        assert "does not wait any more" in hub.refuses(f"/admin/waiting/{verb}", sent)
    assert state(hub) == before


def test_those_that_are_ticked_are_dropped_and_wait_again(hub: AdminHub) -> None:
    before, since = state(hub), [each.since for each in hub.store.waiting()]
    said = hub.undoes("/admin/waiting/drop", fields(hub, "chosen", HELD[0], HELD[2]))
    assert said == "2 entries wait for an admin again."
    assert state(hub) == before
    assert [each.since for each in hub.store.waiting()] == since
    assert hub.store.check() == ()
    hub.does("/admin/waiting/drop", fields(hub, "chosen", HELD[0], HELD[2]))
    assert [stored(hub, each).standing for each in HELD] == ["withdrawn", "held", "withdrawn"]
    assert hub.store.withdrawn() == ()
    assert "No entry was chosen" in hub.refuses("/admin/waiting/drop", fields(hub, "chosen"))


def test_all_of_a_feed_is_what_the_page_showed(hub: AdminHub) -> None:
    sent = fields(hub, "all")
    hub.publish(NATIONAL, *HELD, news("n9", "One more"), at=ago(hours=1))
    before = state(hub)
    assert "4 entries of national/news wait by now" in hub.refuses("/admin/waiting/publish", sent)
    assert state(hub) == before
    said = hub.does("/admin/waiting/publish", fields(hub, "all"))
    assert said == (
        "4 entries of national/news are published now: “Notice 0”, “Notice 1”, “Notice 2”, 1 more."
    )
    assert "Nothing waits to be decided." in hub.words("/admin/waiting")


def test_what_was_published_meanwhile_does_not_wait_again(hub: AdminHub) -> None:
    answer = hub.post("/admin/waiting/drop", fields(hub, "all"))
    number = answer.headers["Location"].partition("done=")[2].removesuffix("#done")
    for each in HELD:
        hub.does("/admin/do/release", what(each))
    before = state(hub)
    assert "It was decided again since. Nothing was done." in hub.refuses("/admin/undo", {"number": number})
    assert state(hub) == before


def test_one_link_in_two_feeds_is_told_apart_by_whose_it_is(hub: AdminHub) -> None:
    shared = news("s", "A shared page", link="https://shared.example/page", text=TEXT[::-1])
    other = replace(shared, id="s2", title="Quite another page", text="Of other words alone.")
    hub.publish(BLOG, shared, at=ago(hours=3))
    hub.publish(EAST, OURS, other, at=ago(hours=2))
    tree = hub.tree("/admin/news?q=https://shared.example/page")
    forms = tree.xpath("//form[contains(@action, '/do/withdraw')]")
    sent = [dict(form.form_values()) for form in forms]
    assert [each["member"] for each in sent] == ["wessex/blog", "east/news"]
    assert "Quite another page" in hub.does("/admin/do/withdraw", sent[1])
    found = {each.member.slug: each.standing for each in hub.store.find("https://shared.example/page")}
    assert found == {"wessex": "published", "east": "withdrawn"}


def test_of_very_many_with_one_link_each_is_led_to(hub: AdminHub) -> None:
    jobs = "https://east.example/jobs"
    many = [news(f"j{each}", f"Vacancy {each}", link=jobs, text=f"Job {each}") for each in range(201)]
    hub.publish(EAST, OURS, *many[:20], at=ago(hours=2))
    tree = hub.tree(f"/admin/news?q={jobs}")
    assert len(tree.xpath("//form[contains(@action, '/do/withdraw')]")) == 20
    hub.publish(EAST, OURS, *many, at=ago(hours=1))
    tree = hub.tree(f"/admin/news?q={jobs}")
    assert not tree.xpath("//form[contains(@action, '/do/withdraw')]")
    assert len(set(tree.xpath("//main//section//li/a/@href"))) == 200
    assert "201 entries have it; these are 200 of them" in hub.words(f"/admin/news?q={jobs}")
    (page,) = tree.xpath("//main//section//li/a[. = 'Vacancy 7']/@href")
    (form,) = hub.tree(page).xpath("//form[contains(@action, '/do/withdraw')]")
    assert "Vacancy 7” by Health Innovation East is withdrawn" in hub.does(
        "/admin/do/withdraw", dict(form.form_values())
    )


# ---------------------------------------------------------------- the page of any news


def test_all_that_was_decided_is_shown_with_what_can_be_done(hub: AdminHub) -> None:
    hub.store.retag([stored(hub, OURS).key], lambda _: (SAFETY,))
    said = hub.words(f"/admin/news?q={OURS.link}")
    for words in (
        "Pocket scanner finds clots",
        "safety: matches ‘safety’ in the title",
        "It leads its story, with: Pocket scanner by Health Innovation Wessex, wessex/news",
        "Patient safety safety by the rules",
        "Withdraw",
    ):
        assert words in said
    assert "Publish" not in said
    held = hub.words(f"/admin/news?q={HELD[0].link}")
    assert "It waits" in held
    assert "Merge" not in held
    assert "Stateok: It is up to date." in hub.words("/admin/news?q=east/news")
    assert "no feed is expected to bring it" in hub.words("/admin/news?q=https://nowhere.example/x")
    assert "No news has these words." in hub.words("/admin/news?q=nowhere+at+all")
    assert "Pocket scanner finds clots" in hub.words(
        f"/admin/news?q=http://127.0.0.1:8000/story/{stored(hub, OURS).story}"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("http://127.0.0.1:8000", "?utm_source=mail"),
        ("http://127.0.0.1:8000", "/#top"),
        ("https://127.0.0.1", ""),
        ("http://localhost:8000", ""),
        ("", ""),
    ],
)
def test_a_story_is_found_by_any_address_of_its_page(hub: AdminHub, before: str, after: str) -> None:
    story = stored(hub, OURS).story
    asked = quote(f"{before}/story/{story}{after}", safe="")
    assert "It leads its story, with: Pocket scanner" in hub.words(f"/admin/news?q={asked}")
    elsewhere = f"https://elsewhere.example/story/{story}"
    assert "It leads its story" not in hub.words(f"/admin/news?q={elsewhere}")
    hub.publish(EAST, OURS, news("x", "Quite another", link=elsewhere), at=ago(hours=1))
    hub.publish(EAST, OURS, news(f"/story/{story}", "An odd id"), at=ago(hours=1))
    assert "Quite another" in hub.words(f"/admin/news?q={elsewhere}")
    assert "An odd id" in hub.words(f"/admin/news?q=/story/{story}")


def test_its_forms_do_what_they_say(hub: AdminHub) -> None:
    page = f"/admin/news?q={THEIRS.link}"
    for action, more in (
        ("withdraw", {"why": "No"}),
        ("release", {}),
        ("pin", {}),
        ("unpin", {}),
        ("lead", {}),
        ("split", {}),
        ("not-a-copy", {}),
        ("merge", {"into": OTHER.link or ""}),
        ("tag", {"term": "safety"}),
        ("untag", {}),
        ("leave", {}),
    ):
        form = hub.tree(page).xpath(f"//form[contains(@action, '/admin/do/{action}')]")[0]
        sent = {**{name: value or "" for name, value in form.form_values()}, **more}
        assert hub.does(form.get("action"), sent), action
        # It leads back to the page it stands on.
        assert sent["back"].startswith("/admin/news?q=")


@pytest.mark.parametrize(("entry", "ends"), [(OURS, ", for which there is no Undo."), (THEIRS, ".")])
def test_what_parts_a_story_is_explained_with_whether_that_can_be_undone(
    hub: AdminHub, entry: Entry, ends: str
) -> None:
    page = f"/admin/news?q={entry.link}"
    assert f"Split off, it is a story by itself and stays apart from these{ends}" in hub.words(page)
    (form,) = hub.tree(page).xpath("//form[contains(@action, '/admin/do/split')]")
    answer = hub.post(form.get("action"), dict(form.form_values()))
    undo = hub.tree(answer.headers["Location"]).xpath("//form[@action='/admin/undo']")
    assert bool(undo) == (ends == ".")
    assert "Split off" not in hub.words(page)
    assert "Not a copy, ever: nothing that comes later is merged with it." in hub.words(page)


def test_no_topic_is_given_that_nobody_chose(hub: AdminHub) -> None:
    page = f"/admin/news?q={OURS.link}"
    (form,) = hub.tree(page).xpath("//form[contains(@action, '/admin/do/tag')]")
    assert form.xpath(".//select[@required]/option[1]/@value") == [""]
    sent = dict(form.form_values())
    assert sent["term"] == ""
    assert "This was not done" in hub.refuses(form.get("action"), sent)


def test_what_became_of_its_words_is_shown(hub: AdminHub) -> None:
    again = replace(OTHER, title="Buses run late again", text="Buses run late on Mondays.", fingerprint="x")
    hub.publish(WESSEX, THEIRS, again, at=ago(hours=1))
    html = hub.html(f"/admin/news?q={OTHER.link}")
    assert "<ins>again</ins>" in html
    assert "told to readers" in html


def test_news_is_found_by_its_words_whether_published_or_not(hub: AdminHub) -> None:
    assert "News, or a feed Some words of the news, its address" in hub.words("/admin/news")
    tree = hub.tree("/admin/news?q=pocket+scanner")
    found = tree.xpath("//main//section//li/a/@href")
    assert found
    assert all(each.startswith("/admin/news?q=") for each in found)
    assert "Pocket scanner finds clots" in hub.words(found[0])
    assert "held" in hub.words("/admin/news?q=notice+2")
    hub.does("/admin/do/withdraw", what(OTHER))
    assert "withdrawn" in hub.words("/admin/news?q=buses")
    page = f"http://127.0.0.1:8000/story/{stored(hub, OTHER).story}"
    assert "It is withdrawn" in hub.words(f"/admin/news?q={page}")


def test_what_was_dropped_and_all_that_waits_is_found_by_its_words(hub: AdminHub) -> None:
    hub.does("/admin/do/withdraw", what(HELD[0], was="held"))
    assert "withdrawn" in hub.words("/admin/news?q=notice+0")
    many = [news(f"m{each}", f"Wartet Größe {each}x") for each in range(150)]
    hub.publish(NATIONAL, *many, at=ago(hours=1))
    for each in (0, 149):
        assert f"Wartet Größe {each}x" in hub.words(f"/admin/news?q={each}x+grÖße")
    assert len(hub.tree("/admin/news?q=wartet").xpath("//main//section//li/a")) == 30


@pytest.mark.parametrize(
    "typed", ["%00", "'", '"', "*", "-", "a" * 5000, "%F0%9F%92%A9", "http://[", "//", "x:y"]
)
def test_whatever_is_typed_is_answered(hub: AdminHub, typed: str) -> None:
    hub.html(f"/admin/news?q={typed}")
    hub.html(f"/admin/audit?q={typed}")
    assert hub.get(f"/admin/audit.csv?q={typed}").status_code == 200


def test_news_is_looked_at_and_pinned_while_the_file_has_a_fault_in_it(hub: AdminHub) -> None:
    hub.path.write_text("members:\n  - slug: East\n", encoding="utf-8")
    assert "What can be done with it" in hub.words(f"/admin/news?q={OTHER.link}")
    assert "Buses run late" in hub.words("/admin/news?q=buses")
    assert "stands on the home page" in hub.does("/admin/do/pin", of(OTHER, until="2026-12-24"))
    assert "is pinned no more" in hub.does("/admin/do/unpin", of(OTHER))
    assert "24 November 2020 is over" in hub.refuses("/admin/do/pin", of(OTHER, until="2020-11-24"))


# ---------------------------------------------------------------- what was done


def test_what_was_done_is_listed_with_who_did_it_and_what_took_it_back(hub: AdminHub) -> None:
    hub.undoes("/admin/do/pin", of(OTHER))
    first, second = hub.store.audit(limit=3).items[1], hub.store.audit(limit=1).items[0]
    said = hub.words("/admin/audit")
    assert "What was done on these pages and by hub’s commands." in said
    assert said.index("is pinned no more") < said.index("stands on the home page")
    assert f"/admin/audit/{second.number}" in hub.tree("/admin/audit").xpath(
        "//a[contains(., 'taken back')]/@href"
    )
    assert "It was taken back" in hub.words(f"/admin/audit/{first.number}")
    assert hub.get("/admin/audit/999").status_code == 404
    assert hub.get(f"/admin/audit/{10**30}").status_code == 404
    assert "Buses" not in hub.words("/admin/audit?q=signed+in")
    assert "has these words in it" in hub.words("/admin/audit?q=nothing")


def test_the_reason_of_a_withdrawal_is_told_and_found(hub: AdminHub) -> None:
    link = OTHER.link or ""
    answer = hub.post("/admin/do/withdraw", {"what": link, "why": "Wrong figures", "back": "/admin/"})
    told = hub.tree(answer.headers["Location"]).xpath("//*[@role='status']/p")
    assert [each.text for each in told] == [
        "“Buses run late” by Health Innovation Wessex is withdrawn.",
        "Reason: Wrong figures",
    ]
    for page in ("/admin/audit", "/admin/audit?q=wrong+figures"):
        assert "is withdrawn. Reason: Wrong figures" in hub.words(page)


def test_old_records_are_pages_away_and_can_be_taken_back_there(hub: AdminHub) -> None:
    hub.does("/admin/do/pin", of(OTHER))
    number = hub.store.audit(limit=1).items[0].number
    for each in range(60):
        hub.store.record(record(f"thing {each}"))
    tree = hub.tree("/admin/audit")
    assert len(tree.xpath("//tbody/tr")) == 50
    (older,) = tree.xpath("//a[@rel='next']/@href")
    assert "stands on the home page" in hub.words(older)
    assert hub.get("/admin/audit?before=nonsense").status_code == 404
    (form,) = hub.tree(f"/admin/audit/{number}").xpath("//form[contains(@action, '/admin/undo')]")
    assert "pinned no more" in hub.does("/admin/undo", dict(form.form_values()))


def record(about: str, *, change: str = "", who: str = "anna") -> AuditRecord:
    return AuditRecord(moment=ago(hours=1), who=who, action="edit", about=about, said="Done.", change=change)


def test_a_change_of_the_file_is_folded_and_text(hub: AdminHub) -> None:
    hub.store.record(record("feeds.yaml", change="--- a\n+++ b\n+<b>x</b>\n"))
    (details,) = hub.tree("/admin/audit").xpath("//td/details")
    assert details.get("open") is None
    assert details.find("pre").text_content() == "+<b>x</b>"


def test_a_table_of_it_has_no_formulas(hub: AdminHub) -> None:
    for about in ("=1+1", "+1", "-1", "@x", "\t=1", "\r=1", 'plain, with “quotes” and "more"\nlines'):
        hub.store.record(record(about))
    for each in range(60):
        hub.store.record(record(f"thing {each}"))
    answer = hub.get("/admin/audit.csv")
    assert answer.mimetype == "text/csv"
    head, *rows = csv.reader(io.StringIO(answer.get_data().decode(), newline=""))
    assert head[:3] == ["number", "time", "who"]
    assert len(rows) == 68
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    assert "'=1+1" in [row[4] for row in rows]
    assert rows[-1][5] == "anna chose a password at a link, and signed in."
    assert len(hub.get("/admin/audit.csv?q=thing").get_data().splitlines()) == 61
