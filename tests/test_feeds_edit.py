"""What `hub feeds add`, `remove` and `import` do to an admin's file: their change, and not a byte more."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from difflib import ndiff
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.config import Config, load, parse, shipped_file
from hub.config.compare import differences, tags_differ
from hub.config.edit import NewFeed, add_feed, import_opml, put_feed, remove_feed, slugify
from hub.config.reading import text_digest
from hub.config.saving import open_file
from hub.config.whole import diff, take_back
from hub.errors import ConfigError
from hub.model import FeedKey, HtmlList, Member, SiteKind, Sitemap, WordPress
from hub.publish.opml import members_opml

# The user that owns nothing, on Debian and on macOS.
NOBODY = 65534

ODD = """\
# The network.   Two spaces and a tab\there.

hub: {title: 'Odd "quotes"', every: {min: 15m,   max: 1d}}   # flow

members:        # whom we carry

    # the first
    -   slug:   "one"
        name: 'It''s one'
        region: >-
            A folded
            region
        feeds:
        -   url: https://one.example/feed/   # old: /rss
            else: [ 'https://one.example/rss',
                    https://one.example/atom ]
        # -   url: https://one.example/blog/

    # the second
    - {slug: two, name: Two, feeds: [{url: https://two.example/feed/}]}   # flow too

    -   slug: three
        name: |
            Three
            of them

        feeds:   # none is known yet
        # region: North

# after the members

tags:
- term: x
  any: [a,
        b]   # both
# the end
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text(ODD)
    return path


def _difference(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that went and the lines that came."""
    lines = list(ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True)))
    return (
        [line[2:] for line in lines if line.startswith("- ")],
        [line[2:] for line in lines if line.startswith("+ ")],
    )


# ---------------------------------------------------------------- adding


def test_members_come_and_go_also_where_a_rule_is_for_their_type(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text("members:\n  - {slug: a, name: A}\ntags:\n  - {term: x, any: [y], for: type:member}\n")
    add_feed(path, "https://b.example/feed", member="b")
    assert load(path).tags[0].members == frozenset({"a", "b"})
    remove_feed(path, "a")
    assert load(path).tags[0].members == frozenset({"b"})


@pytest.mark.parametrize("feeds", ["", "    feeds:\n      - {url: https://a.example/f}\n", "    feeds: []\n"])
@pytest.mark.parametrize("trust", ["hold", "always"])
def test_a_feed_is_trusted_as_its_member_is(tmp_path: Path, feeds: str, trust: str) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(f"members:\n  - slug: a\n    name: A\n    trust: {trust}\n{feeds}")
    add_feed(path, "https://a.example/g", member="a")
    assert {each.trust for each in load(path).feeds} == {trust}
    remove_feed(path, "https://a.example/g")
    assert load(path).members[0].slug == "a"


@pytest.mark.parametrize(
    "kind",
    [
        WordPress(types=("posts", "news_item")),
        Sitemap(),
        Sitemap(only=("/news/", "/a,b/")),
        HtmlList(item="article", link="h3 a", title="h3", date="time:first-child", summary="p, [data-x='{']"),
        HtmlList(item="li", dates=("%d/%m/%y", "%d. %B %Y")),
    ],
)
@pytest.mark.parametrize(
    "text", [ODD, "members: []\n", '{"members": []}', "members: [{slug: two, name: Two}]\n"]
)
def test_a_site_without_a_feed_is_written_with_how_it_is_read(
    tmp_path: Path, kind: SiteKind, text: str
) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(text)
    url = "https://new.example/list?a=1"
    for member in ("new", "two"):
        feed = NewFeed(url=f"{url}&{member}", kind=kind, member=member, title="New", republish="link")
        plan = put_feed(path, feed, write=False)
        assert path.read_text() == plan.change.before
        assert put_feed(path, feed, write=True) == plan
        assert path.read_text() == plan.change.after
        added = next(each for each in load(path).feeds if each.key == plan.key)
        assert added.kinds == {feed.url: kind}
    assert next(each for each in load(path).members if each.slug == "new").republish == "link"


def test_a_member_goes_with_its_last_feed_when_told_to(file: Path) -> None:
    add_feed(file, "https://four.example/1", member="four")
    with_one = file.read_text()
    add_feed(file, "https://four.example/2", member="four")
    assert remove_feed(file, "four/news-2", and_member=True).member is None
    assert file.read_text() == with_one
    removed = remove_feed(file, "four/news", and_member=True)
    assert removed.named == "Four"
    assert file.read_text() == ODD
    assert removed.change.diff == diff(with_one, ODD)


def test_a_new_member_stands_after_the_last_one_and_nothing_else_changes(file: Path) -> None:
    key = add_feed(
        file, "https://four.example/feed/", title="Four: a network", homepage="https://four.example/"
    ).key
    assert key == FeedKey("four-a-network")
    added = (
        "\n"
        "    -   slug: four-a-network\n"
        "        name: 'Four: a network'\n"
        "        homepage: https://four.example/\n"
        "        feeds:\n"
        "            - url: https://four.example/feed/\n"
    )
    assert file.read_text() == ODD.replace("# region: North\n", "# region: North\n" + added)


@pytest.mark.parametrize(
    ("member", "gone", "came"),
    [
        (
            "one",
            [],
            ["        -   name: news-2\n", "            url: https://new.example/feed/\n"],
        ),
        (
            "two",
            ["    - {slug: two, name: Two, feeds: [{url: https://two.example/feed/}]}   # flow too\n"],
            [
                "    - {slug: two, name: Two, feeds: [{url: https://two.example/feed/}, "
                '{"name": "news-2", "url": "https://new.example/feed/"}]}   # flow too\n'
            ],
        ),
        ("three", [], ["            - url: https://new.example/feed/\n"]),
    ],
)
def test_a_members_new_feed_is_written_as_its_others_are(
    file: Path, member: str, gone: list[str], came: list[str]
) -> None:
    add_feed(file, "https://new.example/feed/", member=member)
    assert _difference(ODD, file.read_text()) == (gone, came)


def test_a_commented_feed_stays_with_its_member(file: Path) -> None:
    add_feed(file, "https://one.example/news/", member="one", name="other")
    assert file.read_text() == ODD.replace(
        "https://one.example/atom ]\n",
        "https://one.example/atom ]\n        -   name: other\n            url: https://one.example/news/\n",
    )


SHAPES = {
    "no members": "hub:\n  title: X   # ours\n# end\n",
    "empty key": "members:   # none yet\n# end\n",
    "empty list": "members: []   # none yet\n",
    "empty list on lines": "members: [\n  # none yet\n]\n",
    "flow": "members: [{slug: a, name: A}]\n",
    "flow with a comma": "members: [\n  {slug: a, name: A}, # one\n]\n",
    "json": '{"members": [{"slug": "a", "name": "A"}]}\n',
    "json without members": '{"hub": {"title": "X"}}\n',
    "empty json": "{}\n",
    "at the margin": "members:\n- slug: a\n  name: A\n",
    "no last newline": "members:\n  - slug: a\n    name: A",
    "a last comment without newline": "members:\n  - slug: a\n    name: A\n    # more to come",
    "windows": "members:\r\n  - slug: a\r\n    name: A\r\n\r\ntags: []\r\n",
    "byte order mark": "\ufeffmembers:\n  - slug: a\n    name: A\n",
    "a document's marks": "%YAML 1.1\n---\nmembers:\n  - slug: a\n    name: A\n...\n",
    "a dash alone": "members:\n  -\n    slug: a\n    name: A\n",
    "a block at the end": "members:\n  - slug: a\n    name: |\n      A\n\n\ntags: []\n",
    "quoted key": "'members':\n  - slug: a\n    name: A\n",
    "blank lines between": "members:\n  - slug: a\n    name: A\n\n  - slug: b\n    name: B\n\n\ntags: []\n",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_added_and_removed_again_leaves_the_file_as_it_was(tmp_path: Path, shape: str) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_bytes(SHAPES[shape].encode())
    before = load(path)
    key = add_feed(path, "https://new.example/feed/", title="New").key
    after = load(path)
    assert after.members == (*before.members, Member(slug="new", name="New"))
    assert [feed.key for feed in after.feeds] == [key]
    assert replace(after, members=(), feeds=(), digest="") == replace(before, members=(), feeds=(), digest="")
    if "\r\n" in SHAPES[shape]:
        assert b"\n" not in path.read_bytes().replace(b"\r\n", b"")
    remove_feed(path, "new")
    assert replace(load(path), digest="") == replace(before, digest="")
    if shape not in ("no members", "empty key", "json without members", "empty json"):
        assert path.read_bytes() == SHAPES[shape].encode()


def test_a_feed_that_is_there_already_is_not_added_twice(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"https://ONE\.example/rss is already the feed one/news"):
        add_feed(file, "https://ONE.example/rss", member="two")
    assert file.read_text() == ODD


@pytest.mark.parametrize(
    ("url", "member", "name", "message"),
    [
        ("nowhere", None, None, "`nowhere` is no web address"),
        ("https://x.example/", "South West", None, "`South West` is no short name"),
        ("https://x.example/", "one", "news", "one has a feed `news` already"),
        ("https://x.example/", "one", "A B", "`A B` is no short name"),
    ],
)
def test_what_cannot_be_added_says_why_and_changes_nothing(
    file: Path, url: str, member: str | None, name: str | None, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        add_feed(file, url, member=member, name=name)
    assert file.read_text() == ODD


def test_a_broken_file_is_not_edited(file: Path) -> None:
    file.write_text(ODD + "tgas: []\n")
    with pytest.raises(ConfigError, match="unknown key `tgas`") as caught:
        add_feed(file, "https://x.example/")
    assert "Nothing was written" in caught.value.remedy
    assert file.read_text() == ODD + "tgas: []\n"


@pytest.mark.parametrize(
    ("title", "url", "slug", "name"),
    [
        (
            "Health Innovation Yorkshire & Humber",
            "https://x.example/",
            "health-innovation-yorkshire-humber",
            None,
        ),
        ("It’s Łódź’s Café", "https://x.example/", "its-lodzs-cafe", None),
        ("日本語", "https://news.nihongo.example/feed", "nihongo", None),
        ("", "https://www.healthinnowest.net/feed/", "healthinnowest", "healthinnowest.net"),
        ("", "http://127.0.0.1:8080/feed", "127-0-0-1", "127.0.0.1"),
        ("One", "https://x.example/", "one-2", None),
        ("one", "https://x.example/", "one-2", None),
        ("no", "https://x.example/", "no", None),
        (" #: {[*&!|>'\"%@` \x00\n ", "https://x.example/", "x", "#: {[*&!|>'\"%@`"),
    ],
)
def test_a_new_members_slug_comes_from_its_title_or_its_host(
    tmp_path: Path, title: str, url: str, slug: str, name: str | None
) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text("members:\n  - slug: one\n    name: First\n")
    assert add_feed(path, url, title=title).key.member == slug
    assert load(path).members[-1].name == (title if name is None else name)


def test_a_new_member_may_be_given_its_slug(file: Path) -> None:
    assert add_feed(file, "https://x.example/", member="south-west").key == FeedKey("south-west")
    assert load(file).members[-1] == Member(slug="south-west", name="South west")


def test_a_homepage_that_is_no_address_does_not_keep_a_feed_out(file: Path) -> None:
    add_feed(file, "https://x.example/", title="X", homepage="about:blank")
    assert load(file).members[-1] == Member(slug="x", name="X")


@given(st.text(max_size=80))
@settings(max_examples=60)
def test_any_title_gives_a_file_that_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, title: str
) -> None:
    path = tmp_path_factory.mktemp("any") / "feeds.yaml"
    path.write_text(ODD)
    try:
        title.encode()
    except UnicodeEncodeError:
        title = ""
    key = add_feed(path, "https://new.example/feed/", title=title).key
    config = load(path)
    assert config.feeds[-1].key == key
    assert len(config.members[-1].name) > 0


# ---------------------------------------------------------------- removing


@pytest.mark.parametrize("target", ["one/news", "https://one.example/feed/"])
def test_a_removed_feed_takes_its_own_lines_and_leaves_its_member(file: Path, target: str) -> None:
    removed = remove_feed(file, target)
    assert ([feed.key for feed in removed.feeds], removed.member) == ([FeedKey("one")], None)
    gone, came = _difference(ODD, file.read_text())
    assert gone == [
        "        feeds:\n",
        "        -   url: https://one.example/feed/   # old: /rss\n",
        "            else: [ 'https://one.example/rss',\n",
        "                    https://one.example/atom ]\n",
    ]
    assert came == ["        feeds: []\n"]


def test_a_removed_member_takes_its_feeds_and_no_comment_of_others(file: Path) -> None:
    removed = remove_feed(file, "two")
    assert removed.member is not None
    assert (removed.member.slug, [feed.key for feed in removed.feeds]) == ("two", [FeedKey("two")])
    line = "    - {slug: two, name: Two, feeds: [{url: https://two.example/feed/}]}   # flow too\n"
    assert file.read_text() == ODD.replace(line, "")


@pytest.mark.parametrize("number", range(3))
def test_any_item_of_a_list_in_brackets_can_be_removed(tmp_path: Path, number: int) -> None:
    feeds = [
        "{url: https://a.example/0}",
        "{name: x, url: https://a.example/1}",
        "{name: y, url: https://a.example/2}",
    ]
    path = tmp_path / "feeds.yaml"
    before = "members:\n  - slug: a\n    name: A\n    feeds: [{}]   # all\n"
    path.write_text(before.replace("{}", ", ".join(feeds)))
    remove_feed(path, f"https://a.example/{number}")
    del feeds[number]
    assert path.read_text() == before.replace("{}", ", ".join(feeds))


def test_a_feed_can_be_removed_that_alone_gives_a_tag_without_a_rule(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    kept = "members:\n  - slug: a\n    name: A\n    feeds:\n      - url: https://a.example/feed\n"
    path.write_text(f"{kept}      - name: blog\n        url: https://a.example/blog\n        tags: [blog]\n")
    remove_feed(path, "a/blog")
    assert path.read_text() == kept


def test_a_feed_stays_whose_tag_a_filter_names_and_nothing_else_gives(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    text = "members: [{slug: a, name: A, feeds: [{url: https://a.example/feed, tags: [blog]}]}]\n"
    text += "merged_feeds: [{slug: m, title: M, filter: 'tag:blog'}]\n"
    path.write_text(text)
    with pytest.raises(ConfigError, match="no tag has the term `blog`"):
        remove_feed(path, "a/news")
    assert path.read_text() == text


def test_what_is_not_there_is_not_removed_and_the_nearest_is_named(file: Path) -> None:
    for target, near in [
        ("tow", "two"),
        ("one/new", "one/news"),
        ("https://one.example/fed/", "one.example/feed/"),
    ]:
        with pytest.raises(ConfigError, match="no member and no feed") as caught:
            remove_feed(file, target)
        assert near in caught.value.remedy
    assert file.read_text() == ODD


def test_a_member_that_a_filter_names_is_not_removed(file: Path) -> None:
    text = ODD + "merged_feeds:\n- {slug: m, title: M, filter: 'member:two or member:one'}\n"
    file.write_text(text)
    with pytest.raises(ConfigError, match="no member has the slug `two`") as caught:
        remove_feed(file, "two")
    assert "Nothing was written" in caught.value.remedy
    assert file.read_text() == text


def test_every_feed_and_member_of_the_shipped_file_can_be_removed(tmp_path: Path) -> None:
    shipped = shipped_file().read_text(encoding="utf-8")
    path = tmp_path / "feeds.yaml"
    config = parse(shipped)
    for target in [str(feed.key) for feed in config.feeds] + [member.slug for member in config.members]:
        path.write_text(shipped, encoding="utf-8")
        remove_feed(path, target)
        gone, came = _difference(shipped, path.read_text(encoding="utf-8"))
        assert set(came) <= {"    feeds: []\n"}
        assert not any(line.lstrip().startswith("# --") for line in gone)


# ---------------------------------------------------------------- writing


def test_the_files_mode_is_kept_and_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "etc" / "net.yaml"
    real.parent.mkdir()
    real.write_text(ODD)
    real.chmod(0o640)
    link = tmp_path / "feeds.yaml"
    link.symlink_to(real)
    add_feed(link, "https://x.example/", title="X")
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert "https://x.example/" in real.read_text()
    assert [path.name for path in real.parent.iterdir()] == ["net.yaml"]


def test_somebody_elses_change_in_between_is_kept(file: Path) -> None:
    with open_file(file) as opened:
        file.write_text(ODD + "# theirs\n")
        with pytest.raises(ConfigError, match="somebody else has just changed the file"):
            opened.save(ODD + "# ours\n")
    assert file.read_text() == ODD + "# theirs\n"


def test_a_failed_write_leaves_the_file_and_no_litter(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="cannot be written \\(No space left on device\\)"):
        add_feed(file, "https://x.example/")
    assert file.read_text() == ODD
    assert [path.name for path in file.parent.iterdir()] == ["feeds.yaml"]


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder of somebody's who is not root, whom this process is for the test: root may write anything."""
    with tempfile.TemporaryDirectory() as folder:
        root = os.geteuid() == 0
        if root:
            os.chown(folder, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            if root:
                os.seteuid(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to another group")
@pytest.mark.parametrize(("mode", "written"), [(0o660, False), (0o640, False), (0o644, True), (0o600, True)])
def test_a_file_stays_with_the_group_that_may_use_it(unprivileged: Path, mode: int, written: bool) -> None:
    file = unprivileged / "feeds.yaml"
    file.write_text(ODD)
    file.chmod(mode)
    os.seteuid(0)
    os.chown(file, NOBODY, 6000)
    try:
        os.seteuid(NOBODY)
        if written:
            add_feed(file, "https://x.example/")
        else:
            with pytest.raises(ConfigError, match="its group, which this user is not in"):
                add_feed(file, "https://x.example/")
            assert file.stat().st_gid == 6000
        assert (file.read_text() != ODD) is written
        assert [path.name for path in unprivileged.iterdir()] == ["feeds.yaml"]
    finally:
        os.seteuid(0)
    os.chown(file, NOBODY, 6000)
    with contextlib.suppress(ConfigError):
        add_feed(file, "https://y.example/")
    # Root gives it back.
    assert file.stat().st_gid == 6000


def test_a_read_only_file_is_not_replaced(unprivileged: Path) -> None:
    file = unprivileged / "feeds.yaml"
    file.write_text(ODD)
    file.chmod(0o444)
    with pytest.raises(ConfigError, match="it is read-only"):
        add_feed(file, "https://x.example/")
    assert file.read_text() == ODD


def test_two_admins_who_add_at_once_both_get_their_feed(file: Path) -> None:
    numbers = range(8)
    threads = [
        threading.Thread(target=add_feed, args=(file, f"https://x.example/{number}")) for number in numbers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    urls = {feed.url for feed in load(file).feeds}
    assert {f"https://x.example/{number}" for number in numbers} <= urls


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    for edit in _edits():
        with pytest.raises(ConfigError, match="there is no such file"):
            edit(tmp_path / "feeds.yaml")
    assert list(tmp_path.iterdir()) == []


def _edits() -> list[Callable[[Path], object]]:
    return [
        lambda path: add_feed(path, "https://x.example/"),
        lambda path: remove_feed(path, "one"),
        lambda path: import_opml(path, OPML),
    ]


# ---------------------------------------------------------------- OPML

OPML = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Our feeds</title></head><body>
<outline text="Café &amp; Co" type="rss" xmlUrl="https://cafe.example/feed?a=1&amp;b=2"/>
<outline text="Health"><outline text="Two" xmlUrl="https://two.example/blog/"/></outline>
<outline text="One here already" xmlUrl="https://one.example/feed/"/>
<outline text="bad" xmlUrl="javascript:alert(1)"/>
<outline title="Café &amp; Co" xmlUrl="https://cafe.example/events"/>
</body></opml>""".encode()


def test_an_opml_brings_what_is_not_there_yet_and_says_what_it_left_out(file: Path) -> None:
    imported = import_opml(file, OPML)
    assert imported.added == (
        FeedKey("cafe-co"),
        FeedKey("two", "news-2"),
        FeedKey("cafe-co", "news-2"),
    )
    assert imported.known == ("https://one.example/feed/",)
    assert len(imported.refused) == 1
    assert "`javascript:alert(1)` is no web address" in imported.refused[0]
    config = load(file)
    assert config.members[-1] == Member(slug="cafe-co", name="Café & Co")
    assert [feed.url for feed in config.feeds if feed.key.member == "cafe-co"] == [
        "https://cafe.example/feed?a=1&b=2",
        "https://cafe.example/events",
    ]
    text = file.read_text()
    assert import_opml(file, OPML).added == ()
    assert file.read_text() == text


def test_feeds_of_one_title_on_several_hosts_are_several_members(file: Path) -> None:
    outlines = "".join(
        f'<outline text="News" xmlUrl="https://{host}/feed"/>'
        for host in ("north.example", "south.example", "north.example/more")
    )
    lists = f'<opml><body><outline text="NHS">{outlines}</outline></body></opml>'
    imported = import_opml(file, lists.encode())
    assert imported.added == (FeedKey("news"), FeedKey("news-2"), FeedKey("news", "news-2"))
    assert [member.slug for member in imported.members] == ["news", "news-2"]


def test_an_exported_list_imports_into_an_empty_hub_as_it_was(tmp_path: Path) -> None:
    shipped = load(shipped_file())
    members = [
        (member, [feed for feed in shipped.feeds if feed.key.member == member.slug])
        for member in shipped.members
    ]
    path = tmp_path / "feeds.yaml"
    path.write_text("hub:\n  title: New\n")
    import_opml(path, members_opml("All", members))
    config = load(path)
    names = {member.slug: member.name for member in config.members}
    assert [(names[feed.key.member], feed.key.name, feed.url) for feed in config.feeds] == [
        (member.name, feed.key.name, feed.url) for member, feeds in members for feed in feeds
    ]


def test_members_of_one_name_stay_two_in_an_exported_list(tmp_path: Path) -> None:
    path, text = (
        tmp_path / "feeds.yaml",
        """members:
  - slug: east-trust
    name: Community Trust
    feeds: [{url: https://east.example/f}, {name: blog, url: https://east.example/b}]
  - slug: west-trust
    name: Community trust
    feeds: [{url: https://west.example/f}]
""",
    )

    def exported() -> bytes:
        config = load(path)
        of = {
            each.slug: [feed for feed in config.feeds if feed.key.member == each.slug]
            for each in config.members
        }
        return members_opml("All", [(member, of[member.slug]) for member in config.members])

    path.write_text(text)
    opml = exported()
    path.write_text("members: []\n")
    import_opml(path, opml)
    feeds = [("Community Trust (east-trust)", "news", "https://east.example/f")]
    feeds += [("Community Trust (east-trust)", "blog", "https://east.example/b")]
    feeds += [("Community trust (west-trust)", "news", "https://west.example/f")]
    names = {member.slug: member.name for member in load(path).members}
    assert [(names[feed.key.member], feed.key.name, feed.url) for feed in load(path).feeds] == feeds
    # Where both are there, each gets what is its own.
    path.write_text(text.replace("{name: blog, url: https://east.example/b}", ""))
    assert import_opml(path, opml).members == ()
    assert [str(feed.key) for feed in load(path).feeds] == [
        "east-trust/news",
        "east-trust/blog",
        "west-trust/news",
    ]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16", "utf-8-sig", "x-unknown"])
def test_an_opml_in_any_encoding_keeps_its_accents(file: Path, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><opml><outline text="Café" xmlUrl="https://c.example/"/></opml>'
    import_opml(file, text.encode("utf-8" if encoding == "x-unknown" else encoding))
    assert load(file).members[-1].name == "Café"


def test_an_entity_bomb_reads_no_file_and_takes_no_time(file: Path) -> None:
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
    bomb = (
        f'<?xml version="1.0"?><!DOCTYPE opml [<!ENTITY e0 "ha"><!ENTITY f SYSTEM "file:///etc/passwd">{entities}]>'
        '<opml><body><outline text="&f;&e11;" xmlUrl="https://bomb.example/"/></body></opml>'
    )
    import_opml(file, bomb.encode())
    assert len(file.read_text()) < len(ODD) + 200
    assert "root:" not in file.read_text()


@pytest.mark.parametrize(
    ("opml", "message"),
    [
        (b"", "the OPML lists no feeds"),
        (b"\x00\xff\xfe garbage", "the OPML lists no feeds"),
        (b"<html><body>Hello</body></html>", "the OPML lists no feeds"),
        (b"https://127.0.0.1:9/opml", "the OPML lists no feeds"),
        (b"<opml>" + b" " * 2 * 1024 * 1024, "the OPML is larger than 2 MB"),
    ],
)
def test_what_is_no_opml_is_refused(file: Path, opml: bytes, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        import_opml(file, opml)
    assert file.read_text() == ODD


def test_two_thousand_feeds_import_at_once(file: Path) -> None:
    outlines = "".join(
        f'<outline text="Member {i}" xmlUrl="https://m{i}.example/feed/" category="/a/b"/>'
        for i in range(2_000)
    )
    assert len(import_opml(file, f"<opml><body>{outlines}</body></opml>".encode()).added) == 2_000
    assert _difference_is_additions(ODD, file.read_text())


def _difference_is_additions(before: str, after: str) -> bool:
    lines = iter(after.splitlines())
    return all(any(line == other for other in lines) for line in before.splitlines())


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Łódź zdrowie", "lodz-zdrowie"),
        ("Straße & Gesundheit", "strasse-gesundheit"),
        ("Ørsted Sundhed", "orsted-sundhed"),
        ("Æble", "aeble"),
        ("Œuvre santé", "oeuvre-sante"),
        ("Đà Nẵng", "da-nang"),
        ("İstanbul Sağlık", "istanbul-saglik"),
        ("Þróun", "throun"),
        ("Tŷ Hafan", "ty-hafan"),
        ("St. Mary's", "st-marys"),
        ("医療", ""),
    ],
)
def test_a_slug_keeps_every_latin_letter(title: str, slug: str) -> None:
    assert slugify(title) == slug


def test_a_slug_is_cut_at_a_word() -> None:
    assert slugify("The very long name of a network of networks of organisations in the North") == (
        "the-very-long-name-of-a-network-of-networks-of-organisations"
    )
    assert slugify("x" * 90) == "x" * 60


def test_an_edit_waits_for_another_hubs_edit(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    thread = threading.Thread(target=add_feed, args=(file, "https://x.example/"))
    thread.start()
    thread.join(timeout=0.2)
    assert thread.is_alive()
    assert file.read_text() == ODD
    os.close(descriptor)
    thread.join()
    assert "https://x.example/" in file.read_text()


@pytest.mark.parametrize("target", ["a/x", "a/y", "a"])
def test_a_change_the_file_gives_no_room_for_is_not_made_by_halves(tmp_path: Path, target: str) -> None:
    path = tmp_path / "feeds.yaml"
    text = (
        "? members\n: - slug: a\n    name: A\n    feeds: [{name: x, url: https://a.example/}   # one\n"
        "     , # two\n     {name: y, url: https://b.example/}   # three\n    ]\n"
    )
    path.write_text(text)
    if target == "a":
        with pytest.raises(ConfigError) as caught:
            remove_feed(path, target)
        assert "Nothing was written" in caught.value.remedy
        assert path.read_text() == text
    else:
        remove_feed(path, target)
        assert len(load(path).feeds) == 1
        assert all(f"# {comment}" in path.read_text() for comment in ("one", "two", "three"))


# ---------------------------------------------------------------- the whole text


_LINE = st.text(alphabet="ab-+@ \r\t\u2028", max_size=3)


@given(st.lists(_LINE, max_size=12), st.lists(_LINE, max_size=12))
@settings(max_examples=200, deadline=None)
def test_what_was_changed_is_taken_back_by_its_diff(
    tmp_path_factory: pytest.TempPathFactory, one: list[str], other: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "taken-back.yaml"
    before, after = "\n".join(one), "\n".join(other)
    path.write_bytes(after.encode())
    was, now = text_digest(before), text_digest(after)
    assert take_back(path, diff(before, after), was=was, now=now).after == before
    assert path.read_bytes() == before.encode()
    if before != after:
        with pytest.raises(ConfigError, match="has changed since"):
            take_back(path, diff(before, after), was=was, now=now)
        path.write_bytes(after.encode())
        with pytest.raises(ConfigError, match="not known any more"):
            take_back(path, "", was=was, now=now)


def _config(**change: tuple[str, str]) -> Config:
    text = """
hub: {title: News}
members:
  - {slug: a, name: A, feeds: [{url: https://a.example/f}, {name: blog, url: https://a.example/blog}]}
  - {slug: b, name: B, feeds: [{url: https://b.example/f}]}
tags: [{term: x, any: [x]}, {term: y, any: [y]}]
merged_feeds: [{slug: m, title: M, filter: tag:x}]
"""
    for old, new in change.values():
        assert old in text
        text = text.replace(old, new)
    return parse(text)


@pytest.mark.parametrize(
    ("old", "new", "says", "tags"),
    [
        ("News", "Old news", ("The hub’s own settings change: title.",), False),
        ("title: News", "fetch: {size: 1MB}", ("The hub’s own settings change: fetch.size.",), False),
        ("name: B,", "name: B, region: South,", ("The member b changes: region.",), False),
        ("name: B,", "name: B, trust: hold,", ("The feed b/news changes: trust.",), False),
        (
            "  - {slug: b, name: B, feeds: [{url: https://b.example/f}]}\n",
            "",
            ("The member b goes: B. What it published stays.", "The feed b/news is polled no more."),
            False,
        ),
        (
            ", {name: blog, url: https://a.example/blog}",
            "",
            ("The feed a/blog is polled no more. What it published stays.",),
            False,
        ),
        ("name: blog", "name: weblog", ("The feed a/blog is called a/weblog then.",), False),
        # A feed is known by its address before its name.
        (
            "{url: https://a.example/f}, {name: blog, url: https://a.example/blog}",
            "{name: blog, url: https://a.example/f}, {url: https://a.example/blog}",
            ("The feed a/news is called a/blog then.", "The feed a/blog is called a/news then."),
            False,
        ),
        (
            "{url: https://a.example/f}, {name: blog, url: https://a.example/blog}",
            "{url: https://a.example/blog, size: 1MB}, {name: more, url: https://a.example/more}",
            (
                "The feed a/blog is called a/news then.",
                "The feed a/more comes: https://a.example/more",
                "The feed a/news at https://a.example/f is polled no more. What it published stays.",
                "The feed a/news changes: size.",
            ),
            False,
        ),
        (
            "https://b.example/f",
            "https://b.example/g",
            ("The feed b/news is asked at https://b.example/g instead of https://b.example/f",),
            False,
        ),
        (
            "url: https://b.example/f",
            "url: https://b.example/f, kind: wordpress",
            ("The feed b/news changes: kind.",),
            False,
        ),
        (
            "url: https://b.example/f",
            "url: https://b.example/f, tags: [x]",
            ("The feed b/news changes: tags.",),
            True,
        ),
        (
            "{term: x, any: [x]}, {term: y, any: [y]}",
            "{term: y, any: [y]}, {term: x, any: [x], not: [z]}",
            ("The tag x changes: not.", "The tags stand in another order."),
            True,
        ),
        (", {term: y, any: [y]}", ", {term: z, any: [y]}", ("The tag z comes.", "The tag y goes."), True),
        ("filter: tag:x", "filter: tag:y", ("The merged feed m changes: filter.",), False),
        ("tags: [", "# a comment\ntags: [", (), False),
    ],
)
def test_what_another_file_changes_is_said_in_words(
    old: str, new: str, says: tuple[str, ...], tags: bool
) -> None:
    before, after = _config(), _config(it=(old, new))
    assert differences(before, after) == says
    assert tags_differ(before, after) is tags
    assert differences(before, before) == ()


def test_that_a_member_has_others_told_is_said_without_whom() -> None:
    text = (
        "hub: {alerts: {smtp: smtp://localhost, from: a@b.example}}\n"
        "members: [{slug: a, name: A, alerts: [one@a.example]}, {slug: b, name: B, alerts: [b@b.example]}]\n"
    )
    before, after = parse(text), parse(text.replace("name: A, alerts: [one@", "name: Á, alerts: [two@"))
    assert differences(before, after) == ("The member a changes: name, alerts.",)
    nobody = parse(text.replace(", alerts: [one@a.example]", ""))
    assert differences(before, nobody) == ("The member a changes: alerts.",)


@pytest.mark.parametrize(
    ("before", "after", "own", "own_then", "says"),
    [
        ("15m", "30m", "15m", "15m", ()),
        ("30m", "15m", "15m", "15m", ()),
        ("15m", "30m", "15m", "30m", ()),
        ("15m", "30m", "20m", "30m", ("The feed a/news changes: every.min.",)),
        ("15m", "15m", "15m", "30m", ("The feed a/news changes: every.min.",)),
    ],
)
def test_what_the_hub_changes_for_all_feeds_is_not_said_of_each(
    before: str, after: str, own: str, own_then: str, says: tuple[str, ...]
) -> None:
    def config(of_hub: str, of_feed: str) -> Config:
        feeds = f"[{{url: https://a.example/f, every: {{min: {of_feed}}}}}, {{name: b, url: https://a.example/b}}]"
        return parse(f"hub: {{every: {{min: {of_hub}}}}}\nmembers: [{{slug: a, name: A, feeds: {feeds}}}]\n")

    of_hub = ("The hub’s own settings change: every.min.",) if before != after else ()
    assert differences(config(before, own), config(after, own_then)) == (*says, *of_hub)
