"""The admin pages at which feeds.yaml changes: a feed added, the file edited, and what is taken out."""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from lxml import html as lxml_html

from hub.config import load, parse
from hub.config.reading import text_digest
from hub.config.whole import diff, for_form, from_form, put_text, take_back
from hub.errands import Errands
from hub.errors import BusyError, HubError
from hub.model import FeedKey, Finding, Look
from hub.web.admin.add import proposed
from tests.admin_hub import AdminHub
from tests.site import Site, serving
from tests.test_feeds_edit import unprivileged
from tests.web_hub import EAST, NETWORK, SAFETY, WESSEX, ago, news

__all__ = ["unprivileged"]

ALLOWED = NETWORK.replace(
    "  timezone:", "  # of this machine\n  fetch: {allow: [127.0.0.0/8], host_delay: 0s}\n  timezone:"
)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[AdminHub]:
    with closing(AdminHub(tmp_path, ALLOWED)) as made:
        made.enrol()
        yield made


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving() as made:
        yield made


def fields(tree: Any, action: str) -> dict[str, str]:
    """What the form sends as it stands."""
    (form,) = tree.xpath(f"//form[@action='{action}']")
    return {name: value or "" for name, value in form.form_values()}


def text_of(tree: Any) -> str:
    (area,) = tree.xpath("//textarea")
    # As browsers leave out the first line feed of one.
    return str(area.text_content()).removeprefix("\n")


def looked_at(hub: AdminHub, url: str) -> Any:
    """The page of what was found at an address."""
    answer = hub.post("/admin/add", {"url": url})
    assert answer.status_code == 303, answer.text
    for _ in range(200):
        tree = hub.tree(answer.headers["Location"])
        if not tree.xpath("//meta[@http-equiv='refresh']"):
            return tree
        time.sleep(0.5)
    raise AssertionError("nothing came of it")


def words(tree: Any) -> str:
    return " ".join(tree.find(".//main").text_content().split())


# ---------------------------------------------------------------- adding


def test_a_feed_is_looked_at_and_added_and_taken_out_again(hub: AdminHub, site: Site) -> None:
    before = hub.path.read_text()
    url = site.feed("/new", *(f"Stroke unit {number} opens" for number in range(12)))
    tree = looked_at(hub, url)
    said = words(tree)
    assert "News: 12 entries, 12 with a date" in said
    assert "stroke: ‘stroke’ in the title" in said
    assert len(tree.xpath("//details//li")) == 10
    chosen = {**fields(tree, "/admin/add/feed"), "slug": "coast", "name": "Coast: a network"}
    assert chosen["option"] == "0"
    shown = hub.post("/admin/add/feed", {**chosen, "republish": "summary"})
    assert shown.status_code == 200
    assert "+  - slug: coast" in shown.text
    assert hub.path.read_text() == before
    assert "Add" in shown.text
    sent = {**chosen, "republish": "summary", "do": "add"}
    answer = hub.post("/admin/add/feed", sent)
    written = (
        "  - slug: coast\n    name: 'Coast: a network'\n"
        f"    homepage: {url}\n    republish: summary\n    feeds:\n      - url: {url}\n"
    )
    assert hub.path.read_text() == before.replace("tags:\n", f"{written}tags:\n", 1)
    (record, *_) = hub.store.audit(limit=1).items
    assert (record.who, record.action, record.about) == ("anna", "add-feed", "coast/news")
    assert record.change == diff(before, hub.path.read_text())
    # Undo takes the new member out again, comments kept.
    tree = hub.tree(answer.headers["Location"])
    assert f"coast/news was added: {url} A hub that runs polls it within seconds." in words(tree)
    hub.take_up()
    assert "taken out" in hub.does("/admin/undo", fields(tree, "/admin/undo"))
    assert hub.path.read_text() == before


def test_a_new_feed_goes_to_a_member_that_is_there(hub: AdminHub, site: Site) -> None:
    tree = looked_at(hub, site.feed("/more", "One"))
    chosen = {**fields(tree, "/admin/add/feed"), "member": "east", "feed": "", "do": "add"}
    hub.does("/admin/add/feed", chosen)
    assert load(hub.path).feeds[3].key == FeedKey("east", "news-2")
    hub.take_up()
    # It is this feed now, and what is found elsewhere cannot have its name.
    assert "This is the feed east/news-2 already." in hub.refuses("/admin/add", {"url": site.url + "/more"})
    again = hub.post("/admin/add/feed", chosen)
    assert again.status_code == 400
    assert "This is the feed east/news-2 already." in again.text


def test_the_undo_of_an_added_feed_spares_another_that_has_its_name_by_now(hub: AdminHub, site: Site) -> None:
    for path in ("/first", "/second"):
        tree = looked_at(hub, site.feed(path, "One"))
        chosen = {**fields(tree, "/admin/add/feed"), "member": "east", "feed": "", "do": "add"}
        assert "east/news-2 was added" in hub.does("/admin/add/feed", chosen)
        hub.take_up()
        if path == "/first":
            first = str(hub.store.audit(limit=1).items[0].number)
            hub.does("/admin/do/remove", {"feed": "east/news-2", "back": "/admin/file"})
            hub.take_up()
    assert f"is not the feed at {site.url}/first any more" in hub.refuses("/admin/undo", {"number": first})
    assert load(hub.path).feeds[3].url == f"{site.url}/second"


@pytest.mark.parametrize(
    ("more", "field", "says"),
    [
        ({"slug": "wessex"}, "slug", "There is a member wessex already"),
        ({"slug": "South West"}, "slug", "is no short name"),
        ({"name": ""}, "name", "A new member needs a name."),
        ({"slug": ""}, "slug", "A new member needs a short name."),
        ({"member": "wessex", "feed": "blog"}, "feed", "wessex has a feed blog already."),
        ({"member": "gone"}, "member", "There is no member gone any more."),
        ({"option": "7"}, "option", "Choose how it is to be read."),
        ({"republish": "some"}, "republish", "Choose how much of its news may be shown."),
        ({"republish": ""}, "republish", "Choose how much of its news may be shown."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    hub: AdminHub, site: Site, more: dict[str, str], field: str, says: str
) -> None:
    tree = looked_at(hub, site.feed("/wrong", "One"))
    sent = {**fields(tree, "/admin/add/feed"), "name": "Typed", "republish": "link", **more, "do": "add"}
    before = hub.path.read_text()
    answer = hub.post("/admin/add/feed", sent)
    assert answer.status_code == 400
    assert re.search(rf'id="{field}-wrong">(?:[^<]|</?code>)*{re.escape(says)}', answer.text)
    assert f'value="{more.get("name", "Typed")}"' in answer.text
    # The fields are far down: what is wrong is said where the page begins, too, and leads to its field.
    page: Any = lxml_html.fromstring(answer.text)
    (said,) = page.xpath("//*[@role='alert']//a")
    assert says in said.text_content()
    assert said.get("href") == f"#{field}"
    assert f'id="{field}"' in answer.text
    assert hub.path.read_text() == before


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ftp://east.example/", "is no web address"),
        ("https://me:secret@east.example/", "password"),
        ("https://east.example/feed/", "This is the feed east/news already."),
        ("", "is no web address"),
    ],
)
def test_an_address_that_cannot_be_added_is_said_at_the_field(hub: AdminHub, url: str, says: str) -> None:
    answer = hub.post("/admin/add", {"url": url})
    assert answer.status_code == 400
    assert re.search(rf'id="url-wrong">.*{re.escape(says)}', answer.text)
    assert f'value="{url}"' in answer.text


def test_where_nothing_is_found_that_is_said_at_the_field(hub: AdminHub, site: Site) -> None:
    tree = looked_at(hub, site.url + "/nothing-here")
    assert "404" in "".join(tree.xpath("//*[@id='url-wrong']//text()"))
    assert tree.xpath("//input[@name='url']/@value") == [site.url + "/nothing-here"]
    tree = looked_at(hub, "http://10.1.2.3/feed")
    assert "which is not public" in "".join(tree.xpath("//*[@id='url-wrong']//text()"))


def test_a_feed_is_added_also_as_long_as_it_is_empty(hub: AdminHub, site: Site) -> None:
    url = site.feed("/begun")
    tree = looked_at(hub, url)
    assert "News: a feed without any entries so far" in words(tree)
    chosen = {**fields(tree, "/admin/add/feed"), "slug": "begun", "republish": "full"}
    hub.does("/admin/add/feed", {**chosen, "do": "add"})
    assert load(hub.path).feeds[-1].url == url


def test_what_cannot_be_looked_at_is_told_with_its_address_as_it_is_and_where_to_write_it(
    hub: AdminHub, site: Site
) -> None:
    url = site.page("/closed", "<h1>Forbidden</h1>", status=403)
    said = "".join(looked_at(hub, url).xpath("//*[@id='url-wrong']//text()"))
    assert said.startswith(f"{url} is not for the hub to read (403 Forbidden)")
    assert "To add it all the same, write it on the page feeds.yaml." in said
    page = site.page("/page", "<!doctype html><p>Hello")
    assert "all the same" not in "".join(looked_at(hub, page).xpath("//*[@id='url-wrong']//text()"))


def test_ways_that_find_no_news_are_folded_behind_the_one_that_does(hub: AdminHub, site: Site) -> None:
    site.feed("/its-feed", "Stroke unit opens")
    head = "<link rel=alternate type='application/rss+xml' href='/its-feed'>"
    tree = looked_at(hub, site.page("/its-page", f"<!doctype html><html><head>{head}</head><body>Hello"))
    (folded,) = tree.xpath("//details[summary='Looked for too, and no news found']")
    assert folded.get("open") is None
    assert folded.xpath(".//strong/text()") == ["wordpress", "sitemap"]
    assert folded.xpath(".//code/text()") == ["posts"]
    assert tree.xpath("//input[@type='radio']/@value") == ["0"]


def test_a_site_without_a_feed_is_added_with_how_it_is_read(hub: AdminHub, site: Site) -> None:
    rows = "".join(
        f"<li class='card'><a href='/n/{number}'><h3>Ward {number} opens</h3></a>"
        f"<span class='meta date'>{number} November 2026</span></li>"
        for number in range(1, 6)
    )
    head = "<title>All news</title><meta property='og:site_name' content='Fen wards'>"
    page = f"<!doctype html><html lang=en><head>{head}</head><body><ul>{rows}</ul></body></html>"
    url = site.page("/list", page)
    tree = looked_at(hub, url)
    assert "is an HTML page, not a feed" in words(tree)
    assert "Read as html: 5 entries, 5 with a date" in words(tree)
    chosen = fields(tree, "/admin/add/feed")
    assert (chosen["name"], chosen["slug"]) == ("Fen wards", "fen-wards")
    hub.does("/admin/add/feed", {**chosen, "republish": "full", "do": "add"})
    added = load(hub.path).feeds[-1]
    assert (added.key, added.url) == (FeedKey("fen-wards"), url)
    kind = added.kinds[url]
    assert kind.name == "html"
    assert f"      - url: {url}\n        kind: html\n        select: {{item:" in hub.path.read_text()


@pytest.mark.parametrize(
    ("wessex", "east", "found", "whose"),
    [
        # On a host of both, whose title it has.
        ("h.example/wessex/", "h.example/east/", ("h.example/f", "health innovation East", None), "east"),
        # Else beneath whose homepage it is, the longest, by its address or by what it says itself.
        ("h.example/", "h.example/east/", ("h.example/east/feed", "News", None), "east"),
        ("h.example/", "h.example/east", ("h.example/eastern/feed", "News", None), "wessex"),
        ("h.example/", "east.example/", ("f.example/e", "News", "http://www.east.example/"), "east"),
        ("h.example/", "east.example/", ("east.example/?feed=rss2", "News", None), "east"),
        # Else who has its host alone.
        ("h.example/", "www.east.example/about/", ("east.example/feed", "News", None), "east"),
        ("h.example/wessex/", "h.example/east/", ("h.example/feed", "News", None), ""),
        ("h.example/both/", "h.example/both/", ("h.example/both/feed", "News", None), ""),
        ("h.example/", "east.example/", ("other.example/feed", "News", None), ""),
    ],
)
def test_the_member_is_proposed_whose_it_seems_to_be(
    wessex: str, east: str, found: tuple[str, str, str | None], whose: str
) -> None:
    text = NETWORK.replace("www.wessex.example/", wessex).replace("homepage: https://east.example/", "")
    config = parse(text.replace("Innovation East\n", f"Innovation East\n    homepage: https://{east}\n"))
    url = f"https://{found[0]}"
    finding = Finding(url=url, at=url, kind=None, title=found[1], homepage=found[2])
    assert proposed(Look(asked=url, findings=(finding,), best=finding), config)["member"] == whose


def test_that_tags_for_some_members_alone_are_not_shown_is_said(hub: AdminHub, site: Site) -> None:
    url = site.feed("/for", "Stroke unit opens")
    says = "Tags of rules that hold for some members alone (for) are not shown."
    assert says not in words(looked_at(hub, url))
    hub.path.write_text(hub.path.read_text().replace("any: [stroke]", "any: [stroke], for: member:east"))
    hub.take_up()
    said = words(looked_at(hub, url))
    assert says in said
    assert "in the title" not in said


def test_a_look_that_is_not_known_any_more_keeps_the_address(hub: AdminHub) -> None:
    said = hub.html("/admin/add?look=7&url=https://east.example/")
    assert "not known any more" in said
    assert 'value="https://east.example/"' in said
    assert hub.post("/admin/add/feed", {"look": "7"}).status_code == 400


# ---------------------------------------------------------------- the file


def edited(hub: AdminHub, text: str, **more: str) -> Any:
    """The page that says what a text would change, opened with the file as it is."""
    sent = fields(hub.tree("/admin/file"), "/admin/file")
    for _ in range(60):
        # As browsers send it.
        answer = hub.post("/admin/file", {**sent, "text": text.replace("\n", "\r\n"), **more})
        assert answer.status_code == 200, answer.text
        if "is being counted" not in answer.text:
            break
        time.sleep(0.25)
    return lxml_html.fromstring(answer.text)


def test_the_file_is_shown_and_a_change_is_planned_saved_and_taken_back(hub: AdminHub) -> None:
    hub.publish(WESSEX, news("w1", "Hospital garden"), news("w2", "Stroke unit opens"))
    before = hub.path.read_text()
    assert text_of(hub.tree("/admin/file")) == before
    after = before.replace("any: [stroke]", "any: [garden]").replace("slug: east\n", "slug: easter\n")
    tree = edited(hub, after)
    said = words(tree)
    assert "The tag stroke changes: any." in said
    assert "The member easter comes: Health Innovation East." in said
    assert "The member east goes: Health Innovation East. What it published stays." in said
    assert "Of 2 that are stored, 1 entry would change" in said
    assert "+ Hospital garden (wessex)" in said
    assert hub.path.read_text() == before
    sent = fields(tree, "/admin/file")
    assert text_of(tree) == after
    answer = hub.post("/admin/file/save", {**sent, "text": after.replace("\n", "\r\n")})
    assert hub.path.read_text() == after
    assert answer.headers["Location"].startswith("/admin/file/tags?")
    (record,) = hub.store.audit(limit=1).items
    assert record.change == diff(before, after)
    assert record.said.startswith("feeds.yaml was saved. The member easter comes")
    tree = hub.tree(answer.headers["Location"])
    assert hub.does("/admin/undo", fields(tree, "/admin/undo")) == "feeds.yaml is as it was before."
    assert hub.path.read_text() == before
    # And that can be taken back too.
    (record,) = hub.store.audit(limit=1).items
    hub.does("/admin/undo", {"number": str(record.number)})
    assert hub.path.read_text() == after
    assert "taken back already" in hub.refuses("/admin/undo", {"number": str(record.number)})


def test_what_is_wrong_in_a_text_is_told_with_its_lines_and_the_text_stays(hub: AdminHub) -> None:
    text = hub.path.read_text().replace("slug: east", "slugg: east").replace("any: [stroke]", "any: 'a ('")
    sent = fields(hub.tree("/admin/file"), "/admin/file")
    answer = hub.post("/admin/file", {**sent, "text": text})
    assert answer.status_code == 400
    number = text.split("\n").index("  - slugg: east") + 1
    key = "unknown key <code>slugg</code>; did you mean <code>slug</code>?"
    assert f"Line {number}: members[1]: {key}" in answer.text
    assert "<code>- slugg: east</code>" in answer.text
    assert "tags[1]" in answer.text
    assert "slugg: east" in answer.text.partition("<textarea")[2]
    assert not re.search("formaction", answer.text)
    assert "This cannot be saved" in hub.refuses("/admin/file/save", {**sent, "text": text})


def test_a_file_that_was_broken_elsewhere_says_so_and_is_mended(hub: AdminHub) -> None:
    good = hub.path.read_text()
    broken = good.replace("slug: east", "slugg: east")
    hub.path.write_text(broken)
    sent = fields(hub.tree("/admin/file"), "/admin/file")
    for answer in (hub.client.get("/admin/file"), hub.post("/admin/file", {**sent, "text": broken})):
        assert "The file as it stands cannot be read" in answer.text
        assert "The hub goes on with what it read before" in answer.text
        assert "unknown key <code>slugg</code>" in answer.text
    mended = good.replace("slug: national", "slug: nation").replace("Europe/London", "Asia/Tokyo")
    tree = edited(hub, mended)
    said = words(tree)
    assert "The file as it stands cannot be read; this text can." in said
    assert "The member national goes" in said
    assert "The hub’s own settings change: timezone." in said
    assert "unknown key" not in said
    answer = hub.post("/admin/file/save", {**fields(tree, "/admin/file"), "text": mended})
    assert answer.headers["Location"].startswith("/admin/file?")
    tree = hub.tree(answer.headers["Location"])
    assert "feeds.yaml was saved. The member nation comes" in words(tree)
    hub.take_up()
    assert "It cannot be read so" in hub.does("/admin/undo", fields(tree, "/admin/undo"))
    assert hub.path.read_text() == broken


def test_a_file_that_is_no_text_says_where_to_mend_it(hub: AdminHub) -> None:
    hub.path.write_bytes(hub.path.read_text().replace("East", "Éast").encode("latin-1"))
    answer = hub.client.get("/admin/file")
    assert answer.status_code == 200
    assert "this line is not UTF-8" in answer.text
    assert "mend it where it is kept" in answer.text


def test_a_text_that_was_changed_below_its_plan_is_planned_before_it_is_saved(hub: AdminHub) -> None:
    before = hub.path.read_text()
    sent = fields(edited(hub, f"{before}# one\n"), "/admin/file")
    answer = hub.post("/admin/file/save", {**sent, "text": f"{before}# two\n"})
    assert answer.status_code == 200
    assert "+# two" in answer.text
    assert hub.path.read_text() == before


def test_an_edit_of_somebody_else_is_not_lost_nor_is_ones_own(hub: AdminHub) -> None:
    before = hub.path.read_text()
    sent = fields(edited(hub, f"{before}# mine\n"), "/admin/file")
    hub.path.write_text(f"{before}# theirs\n")
    for path in ("/admin/file", "/admin/file/save"):
        answer = hub.post(path, {**sent, "text": f"{before}# mine\n"})
        assert answer.status_code == 409
        assert "Somebody else has changed the file" in answer.text
        assert ">+# theirs</span>" in answer.text
        assert "# mine" in answer.text.partition("<textarea")[2]
    assert hub.path.read_text() == f"{before}# theirs\n"
    # With the page that said so, it is planned against what is there.
    sent = fields(lxml_html.fromstring(answer.text), "/admin/file")
    assert ">-# theirs</span>" in hub.post("/admin/file", sent).text


@pytest.mark.parametrize("more", ["", "# one more\n"])
def test_a_replacement_all_over_a_large_file_is_told_and_taken_back(
    hub: AdminHub, more: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.config.whole.unified_diff", None)
    lines = [f"# http://{number}.example" for number in range(3000)]
    text = hub.path.read_text(encoding="utf-8") + "\n".join(lines) + "\n# kept\n"
    hub.path.write_text(text, encoding="utf-8")
    changed = text.replace("# http:", "# https:") + more
    assert diff(text, changed).count("\n+#") == (3002 if more else 3000)
    edited = put_text(hub.path, changed, instead_of=text_digest(text))
    back = take_back(hub.path, edited.diff, was=text_digest(text), now=text_digest(changed))
    assert back.after == text == hub.path.read_text(encoding="utf-8")
    assert hub.path.read_text(encoding="utf-8") == text


def test_a_change_is_not_taken_back_over_a_later_one(hub: AdminHub) -> None:
    before = hub.path.read_text()
    sent = fields(edited(hub, f"{before}# mine\n"), "/admin/file")
    hub.does("/admin/file/save", {**sent, "text": f"{before}# mine\n"})
    hub.path.write_text(f"{before}# mine\n# theirs\n")
    (record,) = hub.store.audit(limit=1).items
    assert "has changed since" in hub.refuses("/admin/undo", {"number": str(record.number)})
    assert hub.path.read_text() == f"{before}# mine\n# theirs\n"


def test_a_file_that_may_not_be_written_says_so_before_anybody_types(
    unprivileged: Path,
) -> None:
    with closing(AdminHub(unprivileged)) as hub:
        hub.enrol()
        text = f"{hub.path.read_text()}# mine\n"
        sent = {**fields(edited(hub, text), "/admin/file"), "text": text}
        unprivileged.chmod(0o555)
        try:
            tree = hub.tree("/admin/file")
            assert "its folder cannot be written by the hub" in words(tree)
            assert tree.xpath("//textarea/@readonly")
            assert not tree.xpath("//main//button[contains(., 'changes') or contains(., 'Take out')]")
            assert "cannot be written" in hub.words("/admin/add")
            answer = hub.post("/admin/file/save", sent)
            assert answer.status_code == 409
            assert "the file cannot be written" in answer.text
            assert "# mine" in answer.text.partition("<textarea")[2]
        finally:
            unprivileged.chmod(0o755)


def test_news_that_would_be_taken_away_is_counted_before_the_file_is_saved(hub: AdminHub) -> None:
    long_ago = [news(name, name, at=ago(days=400)) for name in ("old", "old too", "there")]
    hub.publish(EAST, *long_ago, at=ago(days=400))
    hub.publish(EAST, long_ago[2], news("new", "new"))
    text = hub.path.read_text()

    def keeping(days: int) -> str:
        return text.replace("hub:\n", f"hub:\n  keep: {days}d\n", 1)

    goes = "2 entries are older than 365 days, and taken away for good soon after this is saved"
    assert goes in words(edited(hub, keeping(365)))
    assert "No entry is older than 1,825 days by now" in words(edited(hub, keeping(1825)))
    hub.path.write_text(keeping(365))
    hub.take_up()
    for of_no_more in (keeping(366), text):
        assert "taken away" not in words(edited(hub, of_no_more))
    assert "are older than 300 days" in words(edited(hub, keeping(300)))


def test_merged_feeds_say_what_enters_and_leaves(hub: AdminHub) -> None:
    hub.publish(WESSEX, news("w1", "Garden"))
    hub.publish(EAST, news("e1", "Ward"), news("e2", "Bed"))
    said = words(
        edited(
            hub,
            hub.path.read_text().replace('"tag:safety and region:South"', "member:east")
            + "  - {slug: mine, title: Mine, filter: member:wessex}\n",
        )
    )
    assert "Among the newest of the merged feed safe-south, 2 stories come in, and 0 stories go." in said
    assert "The merged feed mine begins with 1 story." in said
    assert "The merged feed mine begins with 1 story. That is by the tags" not in said


def test_what_a_merged_feed_has_by_tags_is_counted_where_they_stay_so(hub: AdminHub) -> None:
    hub.publish(WESSEX, news("w1", "Garden", tags=(SAFETY,)), news("w2", "Zebra"))
    merged = "  - {slug: mine, title: Mine, filter: not tag:safety}\n"
    text = f"{hub.path.read_text()}{merged}"
    begins = "The merged feed mine begins with 1 story. That is by the tags that stories have now."
    assert begins in words(edited(hub, text))
    said = words(edited(hub, text.replace("any: [stroke]", "any: [zebra]")))
    assert "What the merged feed mine has then is not counted: tag rules change too" in said
    assert "begins with" not in said


@pytest.mark.parametrize(
    "before", ["a: 1\r\nb: 2\r\n", "\ufeffa: 1\nb: 2", "a: 1\n\n\n", "\na: 1\n", "a: é\n"]
)
def test_a_form_gives_a_file_back_as_it_was(before: str) -> None:
    assert from_form(for_form(before).replace("\n", "\r\n"), before) == before


# ---------------------------------------------------------------- taking out


def test_a_member_or_a_feed_is_taken_out_and_put_back(hub: AdminHub) -> None:
    before = hub.path.read_text()
    for target, named in (("wessex/blog", "wessex/blog"), ("east", "Health Innovation East")):
        answer = hub.post("/admin/do/remove", {"feed": target, "back": "/admin/file"})
        assert answer.headers["Location"].startswith("/admin/file?")
        tree = hub.tree(answer.headers["Location"])
        assert f"{named}: taken out" in words(tree)
        assert hub.path.read_text() != before
        hub.does("/admin/undo", fields(tree, "/admin/undo"))
        assert hub.path.read_text() == before
    assert "no member and no feed is nobody" in hub.refuses("/admin/do/remove", {"feed": "nobody"})


def test_entries_go_only_when_the_name_is_typed_again_and_for_good(hub: AdminHub) -> None:
    hub.publish(EAST, news("e1", "Ward"))
    before = hub.path.read_text()
    sent = {"feed": "east", "entries": "yes", "confirm": "eest"}
    assert "typed once more" in hub.refuses("/admin/do/remove", sent)
    assert hub.path.read_text() == before
    assert hub.headlines("/") == ["Ward"]
    assert "and 1 entry out of the database" in hub.does("/admin/do/remove", {**sent, "confirm": "east"})
    hub.take_up()
    assert hub.headlines("/") == []
    (record,) = hub.store.audit(limit=1).items
    assert not record.undo
    assert "cannot be taken back" in hub.refuses("/admin/undo", {"number": str(record.number)})


# ---------------------------------------------------------------- tags of what is stored


def counted(hub: AdminHub) -> str:
    """What the rules would change in what is stored, once a process of its own has counted it."""
    for _ in range(60):
        said = " ".join(hub.post("/admin/file/tags").text.split())
        if "that are stored" in said:
            return said
        time.sleep(0.25)
    raise AssertionError(said)


def test_rules_are_applied_to_what_is_stored_while_the_page_says_so(hub: AdminHub) -> None:
    hub.publish(WESSEX, news("w1", "Stroke unit opens"))
    assert hub.get("/tag/stroke").status_code == 200
    assert hub.headlines("/tag/stroke") == []
    assert "Of 1 that are stored, 1 entry would change" in counted(hub)
    said = hub.does("/admin/file/tags/apply")
    assert said == "Applying the tag rules to what is stored was begun."
    for _ in range(240):
        tree = hub.tree("/admin/file/tags")
        if not tree.xpath("//meta[@http-equiv='refresh']"):
            break
        time.sleep(0.25)
    assert "1 of 1 entry changed their tags." in words(tree)
    assert hub.headlines("/tag/stroke") == ["Stroke unit opens"]
    assert "Of 1 that are stored, 0 entries would change" in counted(hub)


def test_what_is_said_to_be_applied_are_the_rules_of_the_file_as_it_is(
    hub: AdminHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.publish(WESSEX, news("w1", "Stroke unit opens"))
    monkeypatch.setattr("hub.admin.desk._retag", _retag_slowly)
    hub.does("/admin/file/tags/apply")
    assert "being applied. It has begun." in words(hub.tree("/admin/file/tags"))
    # Once more by the same file: it is under way already.
    hub.does("/admin/file/tags/apply")
    hub.path.write_text(hub.path.read_text().replace("any: [stroke]", "any: [garden]"))
    assert "as they were before feeds.yaml was changed" in hub.refuses("/admin/file/tags/apply")
    assert "being applied as they were before feeds.yaml was changed" in words(hub.tree("/admin/file/tags"))
    hub.path.with_name("go-on").touch()
    for _ in range(240):
        tree = hub.tree("/admin/file/tags")
        if not tree.xpath("//meta[@http-equiv='refresh']"):
            break
        time.sleep(0.25)
    assert "were applied" not in words(tree)
    hub.does("/admin/file/tags/apply")


def _retag_slowly(_tell: Any, config: Path, _database: str) -> str:
    while not config.with_name("go-on").exists():
        time.sleep(0.1)
    return "slowly."


# ---------------------------------------------------------------- what takes a while


def _sleep(tell: Any, seconds: float) -> str:
    tell("It sleeps.")
    time.sleep(seconds)
    return "slept"


def _fail(_tell: Any) -> str:
    raise ValueError("no such thing")


def _end(_tell: Any) -> str:
    print("said on the way")
    os._exit(3)


def test_an_errand_does_not_take_what_lies_in_the_folder_the_hub_works_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pickle.py").write_text("raise RuntimeError\n")
    monkeypatch.setattr("sys.path", [each for each in sys.path if each])
    monkeypatch.chdir(tmp_path)
    errand = Errands().begin("a", _sleep, 0)
    assert errand.wait(60)
    assert errand.outcome() == "slept"


def test_an_errand_tells_how_far_it_is_and_what_came_of_it(capfd: pytest.CaptureFixture[str]) -> None:
    errands, before = Errands(), set(threading.enumerate())
    slow = errands.begin("a", _sleep, 300)
    for _ in range(1500):
        assert not slow.wait(0.1)
        if slow.said:
            break
    assert slow.said == "It sleeps."
    assert errands.begin("a", _sleep, 300) is slow
    failed = errands.begin("b", _fail)
    with pytest.raises(BusyError):
        errands.begin("c", _sleep, 0)
    assert failed.wait(60)
    with pytest.raises(HubError, match="a fault of the hub: ValueError: no such thing"):
        failed.outcome()
    ended = errands.begin("c", _end)
    assert ended.wait(60)
    with pytest.raises(HubError, match="broken off"):
        ended.outcome()
    quick = errands.begin("c", _sleep, 0)
    assert quick.wait(60)
    assert quick.outcome() == "slept"
    assert errands.find(quick.number) is quick
    assert errands.latest("c") is quick
    errands.forget(quick)
    assert errands.latest("c") is ended
    slow._process.kill()
    assert slow.wait(60)
    assert len(set(threading.enumerate()) - before) < 20
