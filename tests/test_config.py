"""What an admin may write in feeds.yaml, what it comes to, and what the hub says of every mistake."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from hub.config import Config, Watched, json_schema, load, parse, shipped_file
from hub.errors import ConfigError
from hub.model import (
    Alerts,
    And,
    Feed,
    FeedKey,
    FetchPolicy,
    HubSettings,
    MailServer,
    Member,
    MergedFeed,
    Not,
    Or,
    SignIn,
    TagRule,
    Term,
)
from hub.tags import Tagger
from tests.conftest import ROOT
from tests.entries import entry

MEMBER = "members:\n  - slug: a\n    name: A\n"
FEED = MEMBER + "    feeds:\n      - url: https://a.example/feed/\n"
MERGED = "merged_feeds:\n  - slug: x\n    title: X\n    filter: "

THE_DESIGN = """\
hub:
  title: Health innovation news
  url: https://news.example.org/
  timezone: Europe/London
  language: en
  contact: news@example.org              # in the User-Agent
  every: {min: 15m, max: 1d}
  fetch:
    allow: [127.0.0.0/8]
    host_delay: 1s
members:
  - slug: wessex
    name: Health Innovation Wessex
    type: member                         # or national, partner
    region: South
    homepage: https://healthinnovationwessex.org.uk/
    republish: full
    feeds:
      - url: https://healthinnovationwessex.org.uk/feed/
        else: [https://healthinnovationwessex.org.uk/news/feed/]
      - name: blog
        url: https://healthinnovationwessex.org.uk/blog/feed/
        tags: [blog]
  - slug: south-west
    name: Health Innovation South West
tags:
  - term: patient-safety
    label: Patient safety
    any: [patient safety, never event]
merged_feeds:
  - slug: safety-south
    title: Patient safety in the south
    filter: tag:patient-safety and (member:wessex or member:south-west) and not type:partner
"""


# ---------------------------------------------------------------- what is read


def test_the_file_of_the_design_is_read_whole() -> None:
    config = parse(THE_DESIGN)
    wessex = "https://healthinnovationwessex.org.uk"
    assert config.hub == HubSettings(
        title="Health innovation news",
        url="https://news.example.org",
        timezone="Europe/London",
        language="en",
        contact="news@example.org",
        fetch=FetchPolicy(allow=(ip_network("127.0.0.0/8"),)),
    )
    assert config.members == (
        Member(slug="wessex", name="Health Innovation Wessex", region="South", homepage=f"{wessex}/"),
        Member(slug="south-west", name="Health Innovation South West"),
    )
    assert config.feeds == (
        Feed(key=FeedKey("wessex", "news"), url=f"{wessex}/feed/", alternatives=(f"{wessex}/news/feed/",)),
        Feed(key=FeedKey("wessex", "blog"), url=f"{wessex}/blog/feed/", tags=("blog",)),
    )
    assert config.tags == (
        TagRule(term="patient-safety", label="Patient safety", any=("patient safety", "never event")),
    )
    assert config.merged_feeds == (
        MergedFeed(
            slug="safety-south",
            title="Patient safety in the south",
            filter=And(
                (
                    Term("tag", "patient-safety"),
                    Or((Term("member", "wessex"), Term("member", "south-west"))),
                    Not(Term("type", "partner")),
                )
            ),
        ),
    )


def test_a_file_that_settles_nothing_gives_the_defaults() -> None:
    config = parse("members: []\n")
    assert config.hub == HubSettings()
    assert (config.members, config.feeds, config.tags, config.merged_feeds) == ((), (), (), ())


def test_every_limit_of_fetching_can_be_set() -> None:
    text = (
        "hub:\n  every: {min: 0s, max: 2d}\n  metrics: {allow: [10.1.2.3, 'fd00::/8']}\n  fetch:\n"
        "    {host_delay: 500ms, connect: 1s, first_byte: 2m, whole: 6h, redirects: 0,\n"
        "     size: 500KB, entries: 20}\n"
    )
    assert parse(text).hub == HubSettings(
        every_min=timedelta(0),
        every_max=timedelta(days=2),
        metrics_allow=(ip_network("10.1.2.3"), ip_network("fd00::/8")),
        fetch=FetchPolicy(
            host_delay=timedelta(milliseconds=500),
            connect=timedelta(seconds=1),
            first_byte=timedelta(minutes=2),
            whole=timedelta(hours=6),
            redirects=0,
            size=500 * 1024,
            entries=20,
        ),
    )


def bounds_of_a_feed(hub: str, feed: str) -> tuple[timedelta, timedelta, int, int]:
    (found,) = parse(
        f"hub: {{{hub}}}\nmembers: [{{slug: a, name: A, feeds: [{{url: https://a.example/, {feed}}}]}}]\n"
    ).feeds
    return found.every_min, found.every_max, found.most_entries, found.most_bytes


def test_the_organisations_own_sign_in_is_read_whole() -> None:
    settings = parse(
        "hub:\n  url: https://news.example.org\n  sign_in:\n    issuer: https://login.example.org/realms/x/\n"
        "    client_id: 0123\n    name: NHS Mail\n    passwords: no\n"
        "    allow: [Anna@NHS.example, '@hin.example', roles=Hub-Admin]\n"
        "    editors: [Bob@NHS.example, roles=Hub-Editor]\n"
    ).hub.sign_in
    assert settings == SignIn(
        issuer="https://login.example.org/realms/x/",
        client_id="0123",
        name="NHS Mail",
        passwords=False,
        allow=("anna@nhs.example", "@hin.example", "roles=Hub-Admin"),
        editors=("bob@nhs.example", "roles=Hub-Editor"),
    )
    here = "hub: {url: 'http://127.0.0.1:8000', sign_in: {issuer: 'http://127.0.0.1:9000', client_id: x}}"
    assert parse(here).hub.sign_in == SignIn(
        issuer="http://127.0.0.1:9000", client_id="x", name="your organisation"
    )


def test_a_feed_is_polled_and_read_within_the_bounds_of_the_hub() -> None:
    minutes, day = timedelta(minutes=15), timedelta(days=1)
    assert bounds_of_a_feed("", "name: news") == (minutes, day, 5_000, 20 * 1024**2)
    hub = "every: {min: 1h, max: 6h}, fetch: {size: 1MB, entries: 30}"
    assert bounds_of_a_feed(hub, "name: news") == (timedelta(hours=1), timedelta(hours=6), 30, 1024**2)


def test_a_feed_may_have_bounds_of_its_own() -> None:
    hub = "every: {min: 1h, max: 6h}, fetch: {size: 1MB, entries: 30}"
    own = "every: {min: 2h, max: 3h}, size: 2MB, entries: 40"
    assert bounds_of_a_feed(hub, own) == (timedelta(hours=2), timedelta(hours=3), 40, 2 * 1024**2)


def test_a_bound_that_a_feed_does_not_give_is_the_hubs_as_far_as_the_other_lets_it() -> None:
    hub = "every: {min: 1h, max: 6h}"
    assert bounds_of_a_feed(hub, "every: {max: 2h}")[:2] == (timedelta(hours=1), timedelta(hours=2))
    assert bounds_of_a_feed(hub, "every: {max: 5m}")[:2] == (timedelta(minutes=5), timedelta(minutes=5))
    assert bounds_of_a_feed(hub, "every: {min: 2d}")[:2] == (timedelta(days=2), timedelta(days=2))


def test_a_tag_rule_keeps_all_its_parts_and_gets_a_label_from_its_term() -> None:
    text = "tags:\n  - {term: net-zero, all: [a], not: [b], in: [title, category], categories: [C]}\n"
    assert parse(text).tags == (
        TagRule(
            term="net-zero",
            label="Net zero",
            all=("a",),
            not_=("b",),
            fields=("title", "category"),
            categories=("C",),
        ),
    )


def test_yamls_guesses_are_not_the_hubs() -> None:
    config = parse(
        "hub: {title: 2024}\nmembers:\n"
        "  - {slug: no, name: yes, region: 1.0}\n  - {slug: 0755, name: null}\n  - {slug: 24-11-23, name: "
        "~}\n"
    )
    assert config.hub.title == "2024"
    assert [(member.slug, member.name) for member in config.members] == [
        ("no", "yes"),
        ("0755", "null"),
        ("24-11-23", "~"),
    ]
    assert config.members[0].region == "1.0"


def test_a_key_with_nothing_after_it_counts_as_not_given() -> None:
    config = parse(f"hub:\n  url:\n{MEMBER}    region:\n    feeds:\ntags:\nmerged_feeds:\n")
    assert config.hub == HubSettings()
    assert config.members == (Member(slug="a", name="A"),)
    assert config.feeds == ()
    config = parse(FEED + "        name:\n        types:\n    homepage:\n    former_hosts: [old.example]\n")
    assert config.feeds[0].key == FeedKey("a", "news")
    assert config.members[0].homepage is None


def test_a_title_on_several_lines_becomes_one_line() -> None:
    assert (
        parse("hub:\n  title: >\n    Health\n    innovation   news\n").hub.title == "Health innovation news"
    )


def test_windows_line_endings_and_a_byte_order_mark_are_read() -> None:
    assert parse("\ufeff" + THE_DESIGN.replace("\n", "\r\n")) != parse(THE_DESIGN)  # by digest alone
    assert parse("\ufeff" + THE_DESIGN.replace("\n", "\r\n")).feeds == parse(THE_DESIGN).feeds


def test_json_is_a_feeds_yaml_too() -> None:
    text = json.dumps(
        {"members": [{"slug": "a", "name": "A", "feeds": [{"url": "https://a.example/?x=[]"}]}]}
    )
    assert parse(text).feeds == (Feed(key=FeedKey("a"), url="https://a.example/?x=[]"),)


def test_two_members_may_share_a_homepage_and_a_host() -> None:
    member = (
        "  - {{slug: {0}, name: X, homepage: https://a.example/, feeds: [{{url: https://a.example/{0}}}]}}\n"
    )
    assert len(parse("members:\n" + member.format("x") + member.format("y")).feeds) == 2


def test_a_filter_may_name_a_tag_that_only_a_feed_gives() -> None:
    config = parse(FEED + "        tags: [blog]\n" + MERGED + "tag:blog\n")
    assert config.merged_feeds[0].filter == Term("tag", "blog")


def test_the_digest_changes_with_the_text_and_only_then() -> None:
    assert parse(FEED).digest == parse(FEED).digest
    assert parse(FEED).digest != parse(FEED + "# \n").digest


# ---------------------------------------------------------------- what is refused

MISTAKES = [
    # the whole file
    ("", "feeds.yaml: the file is empty"),
    ("# nothing but a comment\n", "feeds.yaml: the file is empty"),
    ("---\n", "feeds.yaml: the file is empty"),
    ("- slug: a\n", "feeds.yaml:1: the file holds no keys such as `members:`"),
    ("\n\nhello\n", "feeds.yaml:3: the file holds no keys such as `members:`"),
    ("membres: []\n", "feeds.yaml:1: unknown key `membres`; did you mean `members`?"),
    ("a: b\n", "feeds.yaml:1: unknown key `a`; there are hub, members, tags, merged_feeds"),
    (MEMBER + "---\nhub:\n", "feeds.yaml:4: a second document begins here; keep to one"),
    # YAML
    ("hub:\n\ttitle: X\n", "feeds.yaml:2: a tab indents this line; YAML wants spaces"),
    ("hub:\n  title: X\n\tlanguage: en\n", "feeds.yaml:3: a tab indents this line; YAML wants spaces"),
    (
        "hub:\n  title: News: all of it\n",
        "feeds.yaml:2: a colon is not expected here; quote the text it is in, or mend the indent",
    ),
    ("hub:\n  title: 'X\n\n\n", "feeds.yaml:2: the quotation mark that opens here is never closed"),
    (
        "hub: {title: X\nmembers: []\n",
        "feeds.yaml:1: the mapping that opens here is not closed, or lacks a comma; end it with `}`",
    ),
    (
        "tags:\n  - term: x\n    any: [a, b\n",
        "feeds.yaml:3: the list that opens here is not closed, or lacks a comma; end it with `]`",
    ),
    (
        "members:\n  - slug: a\n   name: A\n",
        "feeds.yaml:3: this does not fit what stands above; line it up with its neighbours, "
        "and look for a missing dash",
    ),
    (
        "hub:\n  title: 'it's'\n",
        "feeds.yaml:2: this does not fit what stands above; line it up with its neighbours, "
        "and look for a missing quotation mark",
    ),
    (
        "members: - slug: a\n",
        "feeds.yaml:1: a list cannot begin on the line of its key; begin it on the next",
    ),
    (
        "hub:\n  contact: @me\n",
        "feeds.yaml:2: the text cannot begin with @, which means something in YAML; quote it",
    ),
    (
        'hub:\n  title: "\\q"\n',
        "feeds.yaml:2: this backslash means nothing in double quotes; use single quotes",
    ),
    ("hub:\n  title: \x07\n", "feeds.yaml:2: the character U+0007 cannot stand in YAML; delete it"),
    ("hub:\n  title: \ud800\n", "feeds.yaml:2: half of a surrogate pair stands here; save the file as UTF-8"),
    ("%X\n---\na: b\n", "feeds.yaml:1: a text that begins with % goes in quotes"),
    ("a: b\n...\nc: d\n", "feeds.yaml:3: a line of three dots above ends the file; take it out"),
    (
        "hub:\n  title: A\n  url https://news.example\n  language: en\n",
        "feeds.yaml:3: a colon is missing after this key, or a key before this text",
    ),
    ("? [a]\n: b\n", "feeds.yaml:1: a key must be a word"),
    ("a: " + "[" * 60, "feeds.yaml:1: the file is nested more than 50 deep"),
    ("[" * 100_000, "feeds.yaml:1: the file is nested more than 50 deep"),
    ("#" * (10 * 1024 * 1024 + 1), "feeds.yaml: the file is larger than 10 MB; is it the right one?"),
    (MEMBER.replace("slug: a", "slug: &s a"), "feeds.yaml:2: the anchor `&s` is not read; leave it out"),
    (
        MEMBER + "    region: *s\n",
        "feeds.yaml:4: the alias `*s` is not read; write what it stands for in its place, "
        "or in quotes what begins with a star",
    ),
    (
        MEMBER + "    <<: *s\n",
        "feeds.yaml:4: the alias `*s` is not read; write what it stands for in its place, "
        "or in quotes what begins with a star",
    ),
    (
        MEMBER + "    region: !!python/object/apply:os.system [ls]\n",
        "feeds.yaml:4: members[0].region: must be a text, not a list\n"
        "feeds.yaml:4: the tag `!!python/object/apply:os.system` is not read; leave it out",
    ),
    (MEMBER + "    region: !!str X\n", "feeds.yaml:4: the tag `!!str` is not read; leave it out"),
    (MEMBER + "    name: B\n", "feeds.yaml:4: `name` stands twice, first on line 3; keep one"),
    # wrong kinds
    ("hub: X\n", "feeds.yaml:1: hub: must hold keys such as `title:`, not a text"),
    ("hub:\n  - title: X\n", "feeds.yaml:1: hub: must hold keys such as `title:`, not a list"),
    (
        "members:\n  slug: a\n",
        "feeds.yaml:1: members: must be a list, not a mapping; "
        "write [one, another], or a line with a dash for each",
    ),
    ("members:\n  - wessex\n", "feeds.yaml:2: members[0]: must hold keys such as `slug:`, not a text"),
    (
        "members:\n  -\n",
        "feeds.yaml:2: members[0]: is empty; write something after the dash, or delete it",
    ),
    (
        MEMBER + "    feeds:\n      - https://a.example/feed/\n",
        "feeds.yaml:5: members[0].feeds[0]: must hold keys such as `url:`, not a text",
    ),
    (
        FEED + "        else: https://a.example/rss\n",
        "feeds.yaml:6: members[0].feeds[0].else: must be a list, not a text; "
        "write [one, another], or a line with a dash for each",
    ),
    ("hub:\n  title: [a, b]\n", "feeds.yaml:2: hub.title: must be a text, not a list"),
    ("hub:\n  every: 1h\n", "feeds.yaml:2: hub.every: must hold keys such as `min:`, not a text"),
    (
        "hub:\n  every: {min: [1h]}\n",
        "feeds.yaml:2: hub.every.min: a list is no duration; "
        "write a number and a unit: 500ms, 30s, 15m, 6h or 2d",
    ),
    ("members: [\n", "feeds.yaml:2: something is missing here, or a bracket before it is not closed"),
    # keys
    ("members:\n  - slug: a\n", "feeds.yaml:2: members[0]: `name` is missing; add it"),
    ("members:\n  - slug:\n    name: A\n", "feeds.yaml:2: members[0].slug: is empty; write its value"),
    (MEMBER + "    feeds:\n      - name: x\n", "feeds.yaml:5: members[0].feeds[0]: `url` is missing; add it"),
    (
        FEED + "        tgas: [x]\n",
        "feeds.yaml:6: members[0].feeds[0]: unknown key `tgas`; did you mean `tags`?",
    ),
    # how an address is read
    (
        FEED + "        kind: wordpres\n",
        "feeds.yaml:6: members[0].feeds[0].kind: `wordpres` is not possible here; did you mean `wordpress`?",
    ),
    (
        FEED + "        kind: wordpress\n        types: [po/sts]\n",
        "feeds.yaml:7: members[0].feeds[0].types[0]: `po/sts` is no type of post; "
        "write it as it stands in the API's address, such as posts",
    ),
    (
        FEED + "        types: [posts]\n",
        "feeds.yaml:6: members[0].feeds[0].types: `types` is of `kind: wordpress`, and this is `kind: feed`; "
        "change one of them",
    ),
    (
        FEED + "        kind: sitemap\n        only: [news]\n",
        "feeds.yaml:7: members[0].feeds[0].only[0]: `news` is no beginning of a path; "
        "write one such as /news/",
    ),
    (
        FEED + "        kind: html\n",
        "feeds.yaml:6: members[0].feeds[0]: `select` is missing, by which a page is read; "
        "write at least `select: {item: article}`; `hub feeds check URL` proposes one",
    ),
    (
        FEED + "        kind: html\n        select: {title: h3}\n",
        "feeds.yaml:7: members[0].feeds[0].select: `item` is missing; add it",
    ),
    (
        FEED + "        kind: html\n        select: {item: 'article['}\n",
        "feeds.yaml:7: members[0].feeds[0].select.item: `article[` is no CSS selector "
        "(Expected ident or '*', got <EOF at 8>); write one such as article.news h3",
    ),
    (
        FEED + "        kind: html\n        select: {item: article, nxt: a}\n",
        "feeds.yaml:7: members[0].feeds[0].select: unknown key `nxt`; did you mean `next`?",
    ),
    (
        FEED + "        kind: html\n        select: {item: li}\n        dates: ['%d.%m.']\n",
        "feeds.yaml:8: members[0].feeds[0].dates[0]: `%d.%m.` leaves out the day, the month or the year; "
        "write one such as %d.%m.%y, of %d, %m (or %b, %B) and %Y (or %y)",
    ),
    (
        FEED + "        else: [{url: 'ftp://a.example/', kind: sitemap, dates: ['%d']}]\n",
        "feeds.yaml:6: members[0].feeds[0].else[0].url: `ftp://a.example/` is no web address; "
        "begin it with https:// or http:// and a host name\n"
        "feeds.yaml:6: members[0].feeds[0].else[0].dates: `dates` is of `kind: html`, and this is "
        "`kind: sitemap`; change one of them\n"
        "feeds.yaml:6: members[0].feeds[0].else[0].dates[0]: `%d` leaves out the day, the month or the year; "
        "write one such as %d.%m.%y, of %d, %m (or %b, %B) and %Y (or %y)",
    ),
    (
        FEED + "        else: [{url: https://a.example/feed/, kind: sitemap}]\n",
        "feeds.yaml:6: members[0].feeds[0].else[0].url: `https://a.example/feed/` stands twice, "
        "first on line 5; a feed is polled once, so keep one",
    ),
    (
        FEED + "        else: [[x]]\n",
        "feeds.yaml:6: members[0].feeds[0].else[0]: must be a text, not a list",
    ),
    (
        FEED + "        colour:\n",
        "feeds.yaml:6: members[0].feeds[0]: unknown key `colour`; "
        "there are url, kind, types, only, select, dates, else, name, tags, identify_by, every, size, "
        "entries, paused",
    ),
    # values
    (
        "members:\n  - slug: South West\n    name: A\n",
        "feeds.yaml:2: members[0].slug: `South West` is no short name; "
        "use small letters, digits and hyphens, such as south-west",
    ),
    ("members:\n  - slug: a\n    name: ''\n", "feeds.yaml:3: members[0].name: is empty; write some words"),
    (
        'hub:\n  title: "a\\0b"\n',
        "feeds.yaml:2: hub.title: holds a character that cannot be printed; delete it",
    ),
    (f"hub:\n  title: {'x' * 201}\n", "feeds.yaml:2: hub.title: is longer than 200 characters; shorten it"),
    (
        MEMBER + "    type: partnr\n",
        "feeds.yaml:4: members[0].type: `partnr` is not possible here; did you mean `partner`?",
    ),
    (
        MEMBER + "    republish: everything\n",
        "feeds.yaml:4: members[0].republish: `everything` is not possible here; write full, summary or link",
    ),
    (
        MEMBER + "    republish: [full]\n",
        "feeds.yaml:4: members[0].republish: a list is not possible here; write full, summary or link",
    ),
    (
        MEMBER + "    homepage: a.example\n",
        "feeds.yaml:4: members[0].homepage: `a.example` is no web address; "
        "begin it with https:// or http:// and a host name",
    ),
    (
        FEED.replace("https", "ftp"),
        "feeds.yaml:5: members[0].feeds[0].url: `ftp://a.example/feed/` is no web address; "
        "begin it with https:// or http:// and a host name",
    ),
    (
        FEED.replace("a.example", "a b.example"),
        "feeds.yaml:5: members[0].feeds[0].url: `https://a b.example/feed/` is no web address; "
        "it holds a space or is too long",
    ),
    (
        FEED.replace("a.example", "a.example:99999"),
        "feeds.yaml:5: members[0].feeds[0].url: `https://a.example:99999/feed/` is no web address "
        "(Port out of range 0-65535)",
    ),
    (
        FEED.replace("a.example", "me:secret@a.example"),
        "feeds.yaml:5: members[0].feeds[0].url: the address holds a user name or password, "
        "which the hub would publish; leave it out",
    ),
    (
        "hub:\n  url: https://news.example/?page=1\n",
        "feeds.yaml:2: hub.url: `https://news.example/?page=1` goes on after its path; "
        "leave out what follows ? or #",
    ),
    (
        "hub:\n  timezone: Europe/Londn\n",
        "feeds.yaml:2: hub.timezone: `Europe/Londn` is no time zone; did you mean `Europe/London`?",
    ),
    (
        "hub:\n  timezone: ../../etc/passwd\n",
        "feeds.yaml:2: hub.timezone: `../../etc/passwd` is no time zone; write one such as Europe/London",
    ),
    (
        "hub:\n  timezone: Europe\n",
        "feeds.yaml:2: hub.timezone: `Europe` is no time zone; write one such as Europe/London",
    ),
    (
        "hub:\n  language: British English\n",
        "feeds.yaml:2: hub.language: `British English` is no language code; "
        "write one such as en, en-GB or cy",
    ),
    (
        "hub:\n  contact: the press office\n",
        "feeds.yaml:2: hub.contact: `the press office` is neither an e-mail address nor a web address",
    ),
    (
        "hub:\n  every: {min: 15}\n",
        "feeds.yaml:2: hub.every.min: `15` is no duration; "
        "write a number and a unit: 500ms, 30s, 15m, 6h or 2d",
    ),
    (
        "hub:\n  every: {max: 2w}\n",
        "feeds.yaml:2: hub.every.max: `2w` is no duration; "
        "write a number and a unit: 500ms, 30s, 15m, 6h or 2d",
    ),
    (
        "hub:\n  every: {max: 366d}\n",
        "feeds.yaml:2: hub.every.max: `366d` is more than a year; write at most 365d",
    ),
    (
        "hub:\n  every: {min: 2d}\n",
        "feeds.yaml:2: hub.every: min (2d) is more than max (1d); write the shorter one as min",
    ),
    (
        MEMBER + "    feeds:\n      - {url: https://a.example/feed/, every: {min: 2h, max: 1h}}\n",
        "feeds.yaml:5: members[0].feeds[0].every: min (2h) is more than max (1h); "
        "write the shorter one as min",
    ),
    (
        MEMBER + "    feeds:\n      - {url: https://a.example/feed/, entries: 0}\n",
        "feeds.yaml:5: members[0].feeds[0].entries: `0` is no number from 1 to 50000",
    ),
    (
        "hub:\n  fetch: {connect: 0s}\n",
        "feeds.yaml:2: hub.fetch.connect: is no time at all; write more than 0s",
    ),
    (
        "hub:\n  fetch: {size: 20}\n",
        "feeds.yaml:2: hub.fetch.size: `20` is no size; write a number and a unit: 500KB, 20MB or 1GB",
    ),
    (
        "hub:\n  fetch: {redirects: many}\n",
        "feeds.yaml:2: hub.fetch.redirects: `many` is no number from 0 to 50",
    ),
    ("hub:\n  fetch: {redirects: 51}\n", "feeds.yaml:2: hub.fetch.redirects: `51` is no number from 0 to 50"),
    (
        "hub:\n  fetch: {allow: [10.0.0.1/8]}\n",
        "feeds.yaml:2: hub.fetch.allow[0]: `10.0.0.1/8` is no range of addresses; did you mean `10.0.0.0/8`?",
    ),
    (
        "hub:\n  sign_in: {issuer: 'https://a.example', client_id: x}\n",
        "feeds.yaml:2: hub.sign_in: browsers come back from there to the hub's address; write hub.url too",
    ),
    (
        "hub:\n  url: http://news.example.org\n  sign_in: {issuer: 'https://a.example', client_id: x}\n",
        "feeds.yaml:3: hub.sign_in: browsers come back from there to hub.url, which is not "
        "encrypted; write it with https://",
    ),
    (
        "hub:\n  url: https://news.example.org\n  sign_in:\n    client_id: x\n    issuer: "
        "http://login.example.org\n",
        "feeds.yaml:5: hub.sign_in.issuer: `http://login.example.org` is not encrypted; begin "
        "it with https://",
    ),
    (
        "hub:\n  url: http://127.0.0.1:8000\n  sign_in:\n    client_id: x\n    issuer: "
        "http://127.0.0.1.example\n",
        "feeds.yaml:5: hub.sign_in.issuer: `http://127.0.0.1.example` is not encrypted; begin "
        "it with https://",
    ),
    (
        "hub:\n  url: http://10.0.0.1:8000\n  sign_in: {issuer: 'https://a.example', client_id: x}\n",
        "feeds.yaml:3: hub.sign_in: browsers come back from there to hub.url, which is not "
        "encrypted; write it with https://",
    ),
    (
        "hub:\n  url: https://news.example.org\n  sign_in:\n    client_id: x\n    issuer: "
        "https://a.example/.well-known/openid-configuration\n",
        "feeds.yaml:5: hub.sign_in.issuer: leave out /.well-known/openid-configuration at its "
        "end; write `https://a.example`",
    ),
    (
        "hub:\n  url: https://news.example.org\n  sign_in:\n    client_id: x\n    issuer: "
        "https://login.microsoftonline.com/common/v2.0\n",
        "feeds.yaml:5: hub.sign_in.issuer: `https://login.microsoftonline.com/common/v2.0` "
        "lets in whoever has any account there; write your tenant's number in place of "
        "`common`",
    ),
    (
        "hub:\n  url: https://news.example.org\n  sign_in:\n    client_id: x\n    issuer: "
        "https://a.example\n    secret: x\n",
        "feeds.yaml:6: hub.sign_in: unknown key `secret`; there are issuer, client_id, name, "
        "allow, editors, passwords",
    ),
    (
        "hub:\n  url: https://news.example.org\n  sign_in:\n    client_id: x\n    issuer: "
        "https://a.example\n    allow: [anna]\n",
        "feeds.yaml:6: hub.sign_in.allow[0]: `anna` is nobody; write an e-mail address, a "
        "domain such as @example.org, or a claim and its value, such as roles=hub-admin",
    ),
    (
        "hub:\n  url: https://news.example.org\n  sign_in:\n    client_id: x\n    issuer: "
        "https://a.example\n    allow: [email=anna@a.example]\n",
        "feeds.yaml:6: hub.sign_in.allow[0]: `email=anna@a.example` lets in whoever writes "
        "that of themselves; write an address alone, or a role",
    ),
    (
        "hub:\n  metrics: {allow: [us]}\n",
        "feeds.yaml:2: hub.metrics.allow[0]: `us` is no range of addresses; "
        "write one such as 10.0.0.0/8 or fd00::/8",
    ),
    (
        FEED + "        tags: [Patient Safety]\n",
        "feeds.yaml:6: members[0].feeds[0].tags[0]: `Patient Safety` is no short name; "
        "use small letters, digits and hyphens, such as south-west",
    ),
    (
        "tags:\n  - term: x\n    not: [a]\n",
        "feeds.yaml:2: tags[0]: `not` alone finds nothing; write `any`, `all` or `categories` too",
    ),
    (
        "tags:\n  - term: x\n    categories: [a]\n    except: [a]\n",
        "feeds.yaml:2: tags[0]: `except` takes from what `any` and `all` find; write one of those too",
    ),
    (
        "tags:\n  - term: x\n    any: [a, b*c]\n",
        "feeds.yaml:3: tags[0].any[1]: `b*c` has a star out of place; "
        "it stands at the end of a word, or between two by itself",
    ),
    (
        "tags:\n  - term: x\n    any: [*]\n",
        "feeds.yaml:3: a text that begins with * or & goes in quotes",
    ),
    (
        "tags:\n  - term: x\n    any: [a: 2]\n",
        "feeds.yaml:2: tags[0]: weights count towards a `threshold`; write that too, or leave them out",
    ),
    (
        "tags:\n  - term: x\n    any: [a, b: 2]\n    in: [title]\n    threshold: 10\n",
        "feeds.yaml:2: tags[0]: the phrases of `any` come to 9 at most, never to the threshold of 10; "
        "lower it, or give them weights",
    ),
    (
        "tags:\n  - term: x\n    any: [Frailty, b, frailty!]\n",
        "feeds.yaml:2: tags[0]: `frailty!` stands twice in `any` and would count twice; keep one",
    ),
    (
        "tags:\n  - term: x\n    in: [titel]\n",
        "feeds.yaml:3: tags[0].in[0]: `titel` is not possible here; did you mean `title`?",
    ),
    (
        "tags:\n  - term: x\n    in: []\n",
        "feeds.yaml:3: tags[0].in: is empty; write at least one, or leave the key out",
    ),
    (
        "tags:\n  - term: x\n    any: ['!!']\n",
        "feeds.yaml:3: tags[0].any[0]: `!!` holds no word to look for; write a word or a phrase",
    ),
    # what stands twice
    (
        MEMBER + "  - slug: a\n    name: B\n",
        "feeds.yaml:4: members[1].slug: `a` stands twice, first on line 2; "
        "give each member a slug of its own",
    ),
    (
        "tags:\n  - term: x\n  - term: x\n",
        "feeds.yaml:3: tags[1].term: `x` stands twice, first on line 2; join the two rules",
    ),
    (
        MEMBER + MERGED + "member:a\n  - {slug: x, title: Y, filter: member:a}\n",
        "feeds.yaml:8: merged_feeds[1].slug: `x` stands twice, first on line 5; "
        "give each merged feed a slug of its own",
    ),
    (
        FEED + "      - url: https://a.example/blog/\n",
        "feeds.yaml:6: members[0].feeds[1].name: `news` stands twice, first on line 5; "
        "name the member's other feeds otherwise, such as `name: blog`",
    ),
    (
        FEED + "      - name:\n        url: https://a.example/blog/\n",
        "feeds.yaml:6: members[0].feeds[1].name: `news` stands twice, first on line 5; "
        "name the member's other feeds otherwise, such as `name: blog`",
    ),
    (
        FEED + "  - slug: b\n    name: B\n    feeds:\n      - url: HTTPS://A.example:443/feed/\n",
        "feeds.yaml:9: members[1].feeds[0].url: `HTTPS://A.example:443/feed/` stands twice, "
        "first on line 5; a feed is polled once, so keep one",
    ),
    (
        FEED + "        else: [https://a.example/rss, https://a.example/feed/]\n",
        "feeds.yaml:6: members[0].feeds[0].else[1]: `https://a.example/feed/` stands twice, "
        "first on line 5; a feed is polled once, so keep one",
    ),
    # filters
    (
        MEMBER + MERGED + "member:a and\n",
        "feeds.yaml:7: merged_feeds[0].filter: column 13: the filter ends too soon",
    ),
    (MEMBER + MERGED + "''\n", "feeds.yaml:7: merged_feeds[0].filter: column 1: the filter is empty"),
    (
        MEMBER + MERGED + "member:a and tags:b\n",
        "feeds.yaml:7: merged_feeds[0].filter: column 14: `tags` is not a field of news; did you mean `tag`?",
    ),
    (
        FEED + "        tags: [safety]\n" + MERGED + "tag:safty and not member:zz\n",
        "feeds.yaml:10: merged_feeds[0].filter: column 1: no tag has the term `safty`; "
        "did you mean `safety`?\n"
        "feeds.yaml:10: merged_feeds[0].filter: column 19: no member has the slug `zz`; add it to members",
    ),
    (
        MEMBER + "    region: South West\n" + MERGED + "region:South\n",
        "feeds.yaml:8: merged_feeds[0].filter: column 1: no member has the region `South`; "
        "did you mean `South West`?",
    ),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_told_with_its_line_its_key_and_what_to_do(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert str(caught.value) == message


def test_all_mistakes_of_a_file_are_told_at_once_in_its_order() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(
            "hub:\n  languag: en\n  every: {min: soon}\nmembers:\n  - slug: a\n    slug: b\n    nam: A\n"
            "    feeds:\n      - url: nowhere\n  - *other\n" + MERGED + "tag\n",
            name="net/feeds.yaml",
        )
    assert [problem.split(": ")[0] for problem in caught.value.problems] == [
        f"net/feeds.yaml:{line}" for line in (2, 3, 5, 6, 7, 9, 10, 14)
    ]


def test_two_addresses_that_are_none_are_not_one_that_stands_twice() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"{FEED}      - name: b\n        url: https://[/\n      - name: c\n        url: https://]/\n")
    assert len(caught.value.problems) == 2
    assert all("is no web address" in problem for problem in caught.value.problems)


def test_a_slug_has_80_letters_at_most() -> None:
    assert parse(MEMBER.replace("slug: a", f"slug: {'a' * 80}")).members
    with pytest.raises(ConfigError, match=r"feeds\.yaml:2: members\[0\]\.slug: `a+…?` is no short name"):
        parse(MEMBER.replace("slug: a", f"slug: {'a' * 81}"))


def test_the_line_is_the_one_an_editor_shows() -> None:
    # U+2028 and U+0085 end a line for YAML 1.1, and for no editor.
    with pytest.raises(ConfigError, match=r"^feeds\.yaml:3: hub: unknown key `titel`"):
        parse('hub:\r\n  title: "one \u2028 two \x85 three"\r\n  titel: Y\r\n')


def test_an_empty_file_is_told_what_the_least_one_looks_like_and_that_one_loads() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("")
    least = caught.value.remedy.partition("\n\n")[2]
    assert parse(least).feeds == (Feed(key=FeedKey("example"), url="https://example.org/feed/"),)


_pieces = st.sampled_from(
    [
        "hub:",
        "members:",
        "feeds:",
        "- ",
        "  ",
        "\n",
        "\n  ",
        "slug: a",
        "url: https://a.example/",
        "[",
        "]",
        "{",
        "}",
        ",",
        ": ",
        "&a ",
        "*a",
        "!!x ",
        "'",
        '"',
        "|",
        ">",
        "#",
        "\t",
        "<<: ",
        "? ",
        "null",
        "é",
        "\x00",
        "filter: tag:",
    ]
)


@given(st.lists(_pieces, max_size=40).map("".join) | st.text(max_size=60))
def test_any_text_is_a_config_or_a_config_error_in_single_lines(text: str) -> None:
    problems: tuple[str, ...] = ()
    try:
        parse(text)
    except ConfigError as error:
        problems = error.problems
    assert all(problem.startswith("feeds.yaml:") and "\n" not in problem for problem in problems)


# ---------------------------------------------------------------- the file itself


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://newyddion-tŷ.example:8443/", "https://xn--newyddion-t-9oc.example:8443"),
        ("https://News.example.org/our news".replace(" ", "%20"), "https://News.example.org/our%20news"),
        ("https://news.example.org/nyheter-å/", "https://news.example.org/nyheter-%C3%A5"),
    ],
)
def test_the_hubs_own_address_is_what_browsers_ask_for_and_headers_can_hold(written: str, read: str) -> None:
    hub = parse(f"hub: {{url: '{written}'}}\nmembers: []\n").hub
    assert hub.url == read
    assert f"(+{read}/)" in hub.user_agent
    assert hub.user_agent.isascii()


def test_a_missing_file_is_told_how_to_begin(tmp_path: Path) -> None:
    path = tmp_path / "the network's feeds.yaml"
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value) == f"{path}: there is no such file"
    _, shipped = caught.value.remedy.split("hub: ")
    assert shlex.split(shipped) == ["cp", str(shipped_file()), str(path)]
    empty = re.search("`(echo .+)`", caught.value.remedy)
    assert empty
    subprocess.run(empty[1], shell=True, check=True)
    assert load(path).members == ()


def test_a_folder_a_huge_file_and_a_device_without_end_are_refused(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(11 * 1024 * 1024)
    with pytest.raises(ConfigError, match="this is a folder"):
        load(tmp_path)
    with pytest.raises(ConfigError, match="larger than 10 MB"):
        load(huge)
    with pytest.raises(ConfigError, match="larger than 10 MB"):
        load(Path("/dev/zero"))


def test_a_file_that_is_not_utf_8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_bytes("hub:\n  title: Café\n".encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value) == f"{path}:2: this line is not UTF-8; save the file as UTF-8"


def test_what_a_member_costs_to_load_does_not_grow_with_their_number() -> None:
    member = (
        "  - slug: member-{0}\n    name: Member number {0}\n    type: member\n    region: South\n"
        "    homepage: https://m{0}.example.org/\n    republish: full\n    feeds:\n"
        "      - url: https://m{0}.example.org/feed/\n        else: [https://m{0}.example.org/news/feed/]\n"
    )

    def calls(members: int) -> int:
        text = "members:\n" + "".join(member.format(number) for number in range(1000, 1000 + members))
        counted = 0

        def count(*_: object) -> None:
            nonlocal counted
            counted += 1

        sys.setprofile(count)
        try:
            read = parse(text)
        finally:
            sys.setprofile(None)
        assert len(read.feeds) == members
        return counted

    calls(1)  # what is loaded and compiled once
    few, many = calls(100), calls(1_000)
    assert many < 10.5 * few


def test_reading_does_not_load_what_edits() -> None:
    code = (
        "import sys; from hub.config import parse; parse('members: []');"
        "sys.exit(any(m in sys.modules for m in ('listparser', 'ruamel', 'flask')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


# ---------------------------------------------------------------- a hub that runs


def _write(path: Path, text: str) -> None:
    """Change a file as editors do: another one in its place."""
    temporary = path.with_suffix(".new")
    temporary.write_text(text)
    temporary.replace(path)


def test_a_running_hub_takes_up_a_change_once(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(MEMBER)
    watched = Watched(path)
    before = watched.current
    assert not watched.refresh()
    _write(path, FEED)
    assert watched.refresh()
    assert (len(before.feeds), len(watched.current.feeds)) == (0, 1)
    assert not watched.refresh()


def test_a_file_written_in_place_is_taken_up_too(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(MEMBER)
    watched = Watched(path)
    path.write_text(FEED)
    assert watched.refresh()


def test_a_file_that_was_only_touched_is_no_change(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(MEMBER)
    watched = Watched(path)
    before = watched.current
    os.utime(path, (0, 0))
    assert not watched.refresh()
    assert watched.current is before


def test_a_running_hub_keeps_the_last_good_file_and_says_so_once(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(FEED)
    watched = Watched(path)
    before = watched.current
    _write(path, FEED + "        tgas: [x]\n")
    with pytest.raises(ConfigError, match="did you mean `tags`") as caught:
        watched.refresh()
    assert "goes on with what it read before" in caught.value.remedy
    assert not watched.refresh()
    assert watched.current is before
    path.unlink()
    with pytest.raises(ConfigError, match="there is no such file"):
        watched.refresh()
    assert not watched.refresh()
    _write(path, FEED + "        tags: [x]\n")
    assert watched.refresh()
    assert watched.current.feeds[0].tags == ("x",)
    assert not watched.refresh()


def test_a_file_that_is_put_back_as_it_was_is_said_to_hold_again(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(FEED)
    watched = Watched(path)
    before = watched.current
    _write(path, "nonsense")
    with pytest.raises(ConfigError):
        watched.refresh()
    _write(path, FEED)
    assert watched.refresh()
    assert watched.current is before
    assert not watched.refresh()


def test_a_hub_does_not_start_on_a_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text("members: [")
    with pytest.raises(ConfigError, match="not closed"):
        Watched(path)


# ---------------------------------------------------------------- what is shipped

NETWORK = {
    "The Health Innovation Network": "national",
    "Health Innovation East": "member",
    "Health Innovation East Midlands": "member",
    "Health Innovation Kent Surrey Sussex": "member",
    "Health Innovation Manchester": "member",
    "Health Innovation North East and North Cumbria": "member",
    "Health Innovation North West Coast": "member",
    "Health Innovation Network South London": "member",
    "Health Innovation Oxford & Thames Valley": "member",
    "Health Innovation South West": "member",
    "Health Innovation Wessex": "member",
    "Health Innovation West Midlands": "member",
    "Health Innovation West of England": "member",
    "Health Innovation Yorkshire & Humber": "member",
    "Imperial College Health Partners": "member",
    "UCLPartners": "member",
    "NHS England": "partner",
    "Department of Health and Social Care": "partner",
}


def test_the_shipped_file_holds_the_network_with_a_feed_for_each_member() -> None:
    config = load(shipped_file())
    assert {member.name: member.type for member in config.members} == NETWORK
    assert {feed.key.member for feed in config.feeds} == {member.slug for member in config.members}
    assert all(feed.alternatives for feed in config.feeds if feed.key.name == "news")
    assert len(config.tags) >= 30
    assert config.merged_feeds


def test_the_shipped_file_republishes_whole_only_what_is_under_an_open_licence() -> None:
    full = {member.slug for member in load(shipped_file()).members if member.republish == "full"}
    assert full == {"nhs-england", "dhsc"}


def test_the_shipped_file_names_its_schema_and_lets_the_hub_find_its_own_address() -> None:
    path = shipped_file()
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    assert first == "# yaml-language-server: $schema=docs/feeds.schema.json"
    assert load(path).hub.url is None
    assert load(path).hub.fetch.allow == ()


# ---------------------------------------------------------------- what documents it

_WRITE_SCHEMA = (
    "docs/feeds.schema.json is not what the code says. Write it again: .venv/bin/python -c 'import json; "
    "from hub.config import json_schema; "
    "print(json.dumps(json_schema(), indent=2, ensure_ascii=False))' > docs/feeds.schema.json"
)


def test_the_shipped_json_schema_is_current() -> None:
    written = json.loads((ROOT / "docs" / "feeds.schema.json").read_text(encoding="utf-8"))
    assert written == json_schema(), _WRITE_SCHEMA


def _keys(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    models = {"FileKeys": schema, **schema["$defs"]}
    for model in models.values():
        for what in model["properties"].values():
            if name := what.get("$ref"):
                what["description"] = schema["$defs"][name.rpartition("/")[2]]["description"]
    return {
        f"{name}.{key}": what for name, model in models.items() for key, what in model["properties"].items()
    }


def test_every_key_is_described_to_editors_and_in_the_reference() -> None:
    reference = (ROOT / "docs" / "feeds-yaml.md").read_text(encoding="utf-8")
    keys = _keys(json_schema())
    assert len(keys) > 35
    assert [key for key, what in keys.items() if not what.get("description")] == []
    missing = [key for key in keys if f"`{key.partition('.')[2]}`" not in reference]
    # Lists are sections; the bounds of `every` stand in its own line.
    assert set(missing) <= {f"FileKeys.{key}" for key in ("hub", "members", "tags", "merged_feeds")} | {
        "EveryKeys.min",
        "EveryKeys.max",
    }
    assert all(f"## {section}\n" in reference for section in ("hub", "members", "tags", "merged_feeds"))


def test_the_defaults_editors_show_are_those_the_hub_takes() -> None:
    keys = _keys(json_schema())
    shown = {
        name.partition(".")[2]: what["default"] for name, what in keys.items() if name.startswith("FetchKeys")
    }
    assert (
        parse(
            json.dumps({"hub": {"fetch": {k: str(v) if k == "redirects" else v for k, v in shown.items()}}})
        ).hub
        == HubSettings()
    )
    assert (keys["EveryKeys.min"]["default"], keys["EveryKeys.max"]["default"]) == ("15m", "1d")


_MEMBER = {"slug": "a", "name": "A"}
_FEED = {"url": "https://a.example/feed/"}


def as_yaml(file: dict[str, Any]) -> str:
    """What an editor reads as this value, None being a key with nothing after it."""
    return json.dumps(file).replace(": null", ": ")


def _hub(**keys: Any) -> dict[str, Any]:
    return {"hub": keys}


def _member(**keys: Any) -> dict[str, Any]:
    return {"members": [_MEMBER | keys]}


def _feed(**keys: Any) -> dict[str, Any]:
    return _member(feeds=[_FEED | keys])


def _tag(**keys: Any) -> dict[str, Any]:
    return {"tags": [{"term": "t"} | keys]}


@pytest.mark.parametrize(
    "file",
    [
        *(_hub(websub=said) for said in (True, "yes", "no", "on", "off", "Yes", "NO", "On", "true")),
        _hub(websub=None, every=None, fetch=None, contact=None, title=None),
        _hub(contact="news@a.example", url="HTTPS://a.example/"),
        _hub(alerts={"mail": ["a@b.example"], "smtp": "smtps://me@[::1]:99"}),
        _hub(alerts={"smtp": "smtp://localhost"}, contact="a@b.example") | _member(alerts=["c@d.example"]),
        _hub(alerts={"smtp": "smtp://x", "mail": ["a@b.example"]}) | _member(alerts=["c@d.example"]),
        _member(alerts=[]),
        _member(alerts=None),
        _hub(fetch={"redirects": "5", "entries": 50, "host_delay": "0s", "size": "010MB", "allow": None}),
        {"hub": None, "members": None, "tags": None, "merged_feeds": None},
        _member(type=None, region=None, feeds=None),
        _member(homepage="https://a.example/", former_hosts=["old.example.org"]),
        _feed(entries="50", kind=None, types=None, select=None, name=None, every={"min": None}),
        _feed(kind="html", select={"item": "article", "link": None}, dates=["%d.%m.%y"]),
        _feed(kind="wordpress", types=["posts"]),
        _feed(**{"else": ["https://b.example/", {"url": "https://c.example/", "kind": "sitemap"}]}),
        _feed(kind="sitemap", only=["/news/"]),
        _tag(any=["x", {"y": "3"}, {"z": 2}], threshold="2", label=2024),
        _tag(**{"any": ["x"], "not": ["y"], "except": ["z"], "in": ["title"]}),
        _tag(**{"not": None, "except": [], "all": None, "in": None}),
        _tag(),
    ],
)  # fmt: skip
def test_editors_accept_what_the_hub_reads(file: dict[str, Any]) -> None:
    schema = json_schema()
    parse(as_yaml(file))
    assert Draft202012Validator(schema).is_valid(file)


@pytest.mark.parametrize(
    "file",
    [
        *(_hub(websub=said) for said in ("maybe", 1)),
        *(_hub(contact=said) for said in ("x", "https://")),
        *(_hub(title=said) for said in ("", "  ")),
        *(_hub(fetch={key: "0s"}) for key in ("connect", "first_byte", "whole")),
        *(_hub(fetch={"size": said}) for said in ("0MB", "000KB", "1000000KB", "5B")),
        *(_hub(fetch={"redirects": said}) for said in (51, "-1", "five")),
        _member(former_hosts=["https://old.example.org"]),
        _member(former_hosts=["old.example.org/news"]),
        _member(alerts=["c@d.example"]),
        _hub(alerts={"mail": []}) | _member(alerts=["c@d.example"]),
        _hub(alerts={"smtp": "smtp://localhost", "from": "a@b.example"}) | _member(alerts=["c"]),
        *(
            _hub(alerts={"smtp": "smtp://localhost"}) | members
            for members in ({}, _member(), _member(alerts=[]))
        ),
        _feed(kind="html"),
        _feed(kind="html", select=None),
        _feed(kind="html", select={"item": ""}),
        _feed(select={"item": "a"}),
        _feed(kind="sitemap", types=["posts"]),
        _feed(**{"else": [{"url": "https://b.example/", "kind": "wordpress", "only": ["/"]}]}),
        *(_tag(any=[said]) for said in ("", {"x": 11})),
        _tag(**{"any": ["x"], "in": []}),
        _tag(**{"not": ["x"]}),
        _tag(**{"except": ["x"], "categories": ["y"]}),
    ],
)
def test_editors_refuse_what_the_hub_refuses(file: dict[str, Any]) -> None:
    schema = json_schema()
    assert not Draft202012Validator(schema).is_valid(file)
    with pytest.raises(ConfigError):
        parse(as_yaml(file))


def test_editors_accept_the_shipped_file() -> None:
    schema = json_schema()
    Draft202012Validator(schema).validate(yaml.safe_load(shipped_file().read_text(encoding="utf-8")))


def test_the_examples_of_the_reference_load() -> None:
    reference = (ROOT / "docs" / "feeds-yaml.md").read_text(encoding="utf-8")
    examples = [part.partition("```")[0] for part in reference.split("```yaml\n")[1:]]
    assert len(examples) == 11
    told, sign_in, members, kinds, *rules, merged = examples
    assert parse(told).hub.alerts.webhook
    assert parse(sign_in).hub.sign_in
    assert parse(members).feeds
    assert len(parse("members:\n  - slug: a\n    name: A\n" + kinds).feeds[1].kinds) == 2
    nhs_england = "members: [{slug: nhs-england, name: NHS England}]\n"
    for example in rules:
        assert parse(example + (nhs_england if "for:" in example else "")).tags
    more = "tags: [{term: patient-safety}]\n"
    south_west = "  - {slug: south-west, name: Health Innovation South West}\n"
    assert parse(members + south_west + more + merged).merged_feeds


def test_the_rules_of_the_reference_do_what_it_says_of_them() -> None:
    reference = (ROOT / "docs" / "feeds-yaml.md").read_text(encoding="utf-8")
    prevention, cancer, stroke, _, events, tree = (
        part.partition("```")[0] for part in reference.split("```yaml\n")[5:11]
    )

    def terms(rules: str, title: str, text: str = "-") -> list[str]:
        return [tag.term for tag in Tagger(parse(rules).tags).tags(entry("a", title=title, text=text))]

    assert terms(prevention, "Preventing a mini-stroke") == ["stroke-prevention"]
    assert terms(prevention, "Preventing heat stroke and stroke") == []
    assert terms(cancer, "Bowel cancer", "with the South Cancer Alliance") == ["cancer"]
    assert terms(cancer, "A new scanner", "with the South Cancer Alliance") == []
    assert terms(stroke, "A stroke") == terms(stroke, "-", "stroke, TIA and stroke") == ["stroke"]
    assert terms(stroke, "-", "a thrombectomy") == ["stroke"]
    assert terms(stroke, "-", "a stroke of luck, and another stroke") == []
    assert terms(tree, "A stroke") == ["cardiovascular", "stroke"]
    assert Tagger(parse(events).tags).tags(entry("a", title="Webinars"))[0].kind == "event"


# ---------------------------------------------------------------- tag rules


def rules_of(text: str) -> tuple[TagRule, ...]:
    members = "members: [{slug: east, name: East}, {slug: dhsc, name: DHSC, type: partner}]\n"
    return parse(members + "tags:\n" + text).tags


def test_whom_to_tell_is_read_with_the_mail_server_and_without_a_password() -> None:
    def of(keys: str, more: str = "") -> Alerts:
        return parse(f"hub:\n{more}  alerts: {{mail: [a@b.example, c@d.example], {keys}}}\n").hub.alerts

    server = MailServer(host="mail.example.org", port=587, user="me@b.example")
    both = ("a@b.example", "c@d.example")
    assert of("smtp: 'smtp://me%40b.example@mail.example.org'") == Alerts(
        mail=both, sender="a@b.example", server=server
    )
    assert of("smtp: 'smtp://localhost'").server == MailServer(host="localhost", port=25)
    assert of("smtp: 'smtps://me@localhost/'").server == MailServer(
        host="localhost", port=465, user="me", tls=True
    )
    assert of("smtp: 'smtps://[::1]:99'").server == MailServer(host="::1", port=99, tls=True)
    assert of("smtp: smtp://localhost", "  contact: us@b.example\n").sender == "us@b.example"
    assert of("smtp: smtp://localhost", "  contact: https://b.example/\n").sender == "a@b.example"
    for contact in ("mailto:us@b.example", "'us@b.example,them@b.example'", "us@b..example"):
        assert of("smtp: smtp://localhost", f"  contact: {contact}\n").sender == "a@b.example", contact
    assert of("smtp: smtp://localhost, from: hub@b.example").sender == "hub@b.example"
    hook = "https://hooks.example.org/x"
    assert parse(f"hub:\n  alerts: {{webhook: '{hook}'}}\n").hub.alerts == Alerts(webhook=hook)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("mail: [a@b.example]", "hub.alerts: `mail` takes a mail server; write `smtp` too"),
        (
            "smtp: smtp://localhost",
            "hub.alerts: nobody is told by mail; write `mail` too, a list of addresses, or `alerts` of a"
            " member; or take out `smtp` and `from`",
        ),
        ("from: a@b.example", "hub.alerts: nobody is told by mail; write `mail` too"),
        ("mail: [], smtp: smtp://localhost", "hub.alerts: nobody is told by mail; write `mail` too"),
        ("mail: [a], smtp: smtp://localhost", "hub.alerts.mail[0]: `a` is no e-mail address"),
        (
            "mail: [a..b@c.example], smtp: smtp://localhost",
            "hub.alerts.mail[0]: `a..b@c.example` is no e-mail",
        ),
        ("mail: [a@b.example], smtp: 'http://localhost'", "hub.alerts.smtp: `http://localhost` is no mail"),
        ("mail: [a@b.example], smtp: 'smtp://localhost/x'", "hub.alerts.smtp: `smtp://localhost/x` is no"),
        ("mail: [a@b.example], smtp: 'smtp://:25'", "hub.alerts.smtp: `smtp://:25` is no mail server"),
        ("mail: [a@b.example], smtp: 'smtp://a..b'", "hub.alerts.smtp: `smtp://a..b` is no mail server"),
        ("mail: [a@b.example], smtp: 'smtp://a b'", "hub.alerts.smtp: `smtp://a b` is no mail server"),
        ("mail: [a@b.example], smtp: [a]", "hub.alerts.smtp: a list is no mail server"),
        (
            "mail: [a@b.example], smtp: 'smtp://u:s3cret@x:25'",
            "hub.alerts.smtp: the address holds a password",
        ),
        ("mail: [a@b.example], smtp: 'smtp://u:s3cret@x:y'", "hub.alerts.smtp: the address holds a pass"),
        ("webhook: 'https://u:s3cret@x/'", "hub.alerts.webhook: the address holds a user name or password"),
    ],
)
def test_whom_to_tell_is_refused_with_what_to_write_and_without_a_password(keys: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"hub:\n  alerts: {{{keys}}}\n")
    (said,) = caught.value.problems
    assert said.startswith(f"feeds.yaml:2: {problem}")
    assert "s3cret" not in said


TELLS_EAST = "members:\n  - slug: east\n    name: East\n    alerts: [web@east.example, two@east.example]\n"


def test_members_own_people_are_told_by_way_of_the_hubs_mail_server() -> None:
    def of(keys: str, more: str = "") -> Config:
        return parse(f"hub:\n{more}  alerts: {{smtp: smtp://localhost{keys}}}\n{TELLS_EAST}")

    config = of("", "  contact: us@b.example\n")
    assert config.told == {"east": ("web@east.example", "two@east.example")}
    server = MailServer(host="localhost", port=25)
    assert config.hub.alerts == Alerts(sender="us@b.example", reply_to="us@b.example", server=server)
    assert of(", from: hub@b.example", "  contact: us@b.example\n").hub.alerts == Alerts(
        sender="hub@b.example", reply_to="us@b.example", server=server
    )
    assert of(", mail: [a@b.example]").hub.alerts == Alerts(
        mail=("a@b.example",), sender="a@b.example", server=server
    )
    assert of(", from: hub@b.example", "  contact: https://b.example/\n").hub.alerts.reply_to is None
    assert config.members[0] == Member(slug="east", name="East"), "what others see of it has no address"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (TELLS_EAST, "4: members[0].alerts: this takes a mail server; write `smtp` in hub.alerts, such as"),
        (
            f"hub: {{alerts: {{webhook: 'https://b.example/'}}}}\n{TELLS_EAST}",
            "5: members[0].alerts: this takes a mail server; write `smtp` in hub.alerts, such as",
        ),
        (
            f"hub:\n  alerts: {{smtp: smtp://localhost}}\n{TELLS_EAST}",
            "2: hub.alerts: the mail to members is from nobody; write `from` too, or an e-mail address as",
        ),
        (
            f"hub:\n  contact: https://b.example/\n  alerts: {{smtp: smtp://localhost}}\n{TELLS_EAST}",
            "3: hub.alerts: the mail to members is from nobody; write `from` too, or an e-mail address as",
        ),
        (
            f"hub:\n  alerts: {{smtp: smtp://x, from: a@b.example}}\n{TELLS_EAST.replace('two@', 'two')}",
            "6: members[0].alerts[1]: `twoeast.example` is no e-mail address; write one such as",
        ),
        (
            "hub: {alerts: {smtp: smtp://x, from: a@b.c}}\nmembers: [{slug: a, name: A, alerts: c@d.e}]",
            "2: members[0].alerts: must be a list, not a text; write [one, another], or a line with a dash",
        ),
    ],
)
def test_members_whom_nobody_can_tell_are_refused_with_the_line_and_what_to_write(
    text: str, problem: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    (said,) = caught.value.problems
    assert said.startswith(f"feeds.yaml:{problem}")


def test_a_phrase_may_carry_its_weight_in_either_style_of_list() -> None:
    (rule,) = rules_of("  - term: a\n    threshold: 4\n    any: [x, y z: 3]\n")
    (same,) = rules_of("  - term: a\n    threshold: 4\n    any:\n      - x\n      - y z: 3\n")
    assert rule == same == TagRule(term="a", label="A", any=("x", "y z"), weights={"y z": 3}, threshold=4)


def test_a_rule_for_some_members_knows_them_by_slug() -> None:
    rules = rules_of(
        "  - {term: a, any: [x], for: 'type:partner'}\n  - {term: b, any: [x], for: not member:dhsc}\n"
        "  - {term: c, any: [x]}\n"
    )
    assert [rule.members for rule in rules] == [frozenset({"dhsc"}), frozenset({"east"}), None]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("any: [x: y]", "tags[0].any[0]: `y` is no number from 1 to 10"),
        ("any: [x: 11]", "tags[0].any[0]: `11` is no number from 1 to 10"),
        ("any: [x: ]", "tags[0].any[0]: `x` has no weight after its colon; write one, or leave it out"),
        ("any: ['…']", "tags[0].any[0]: `…` holds no word to look for; write a word or a phrase"),
        ("any: ['x |']", "tags[0].any[0]: `x |` holds no word to look for; write a word or a phrase"),
        (
            "any: [[x]]",
            "tags[0].any[0]: must be a text or `a phrase: its weight`, not a list; "
            "write a phrase for each dash, with a weight after a colon if it has one",
        ),
        (
            "any: ['* check']",
            "tags[0].any[0]: `* check` has a star at an end; it stands for words between two others",
        ),
        (
            "not: [ab*]",
            "tags[0].not[0]: `ab*` finds too much; write 3 letters or more before the star",
        ),
        ("any: [x], threshold: 0", "tags[0].threshold: `0` is no number from 1 to 100"),
        ("all: [x], threshold: 2", "tags[0]: `threshold` counts the phrases of `any`; write those too"),
        ("any: [x], kind: job", "tags[0].kind: `job` is not possible here; "
         "write news, event, report, vacancy or funding"),
        ("any: [x], kind: evnt", "tags[0].kind: `evnt` is not possible here; did you mean `event`?"),
        ("any: [x], broader: strok", "tags[0].broader: no rule has the term `strok`; did you mean `stroke`?"),
        ("any: [x], broader: zzz", "tags[0].broader: no rule has the term `zzz`; "
         "add a rule of that term to tags"),
        (
            "any: [x], for: 'member:eats'",
            "tags[0].for: column 1: no member has the slug `eats`; did you mean `east`?",
        ),
        (
            "any: [x], for: 'not tag:stroke'",
            "tags[0].for: column 5: this says whose entries the rule is for; write member:, type: or region:",
        ),
        ("any: [x], for: 'type:'", "tags[0].for: column 1: `type:` names nothing; write a value after it"),
    ],
)  # fmt: skip
def test_a_tag_rule_that_makes_no_sense_is_told_with_its_line(rule: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rules_of(f"  - {{term: a, {rule}}}\n  - {{term: stroke, any: [stroke]}}\n")
    assert caught.value.problems == (f"feeds.yaml:3: {problem}",)


def test_a_circle_of_broader_tags_is_told_once_at_its_first_line() -> None:
    with pytest.raises(ConfigError) as caught:
        rules_of(
            "  - {term: out, any: [x], broader: a}\n  - {term: a, any: [x], broader: b}\n"
            "  - {term: b, any: [x], broader: a}\n  - {term: self, any: [x], broader: self}\n"
        )
    assert caught.value.problems == (
        "feeds.yaml:4: tags[1].broader: goes round in a circle: `a` → `b` → `a`; take one of them out",
        "feeds.yaml:6: tags[3].broader: goes round in a circle: `self` → `self`; take one of them out",
    )


@pytest.mark.parametrize(("written", "means"), [("yes", True), ("on", True), ("No", False), ("false", False)])
def test_yes_and_no_may_be_written_as_yaml_has_them(written: str, means: bool) -> None:
    assert parse(f"hub: {{websub: {written}}}\n").hub.websub is means


def test_what_is_neither_yes_nor_no_is_told() -> None:
    with pytest.raises(ConfigError, match="websub: `maybe` is neither yes nor no"):
        parse("hub: {websub: maybe}\n")
