from __future__ import annotations

import listparser
from lxml import etree
from msgspec.structs import replace

from hub.model import Feed, FeedKey, HtmlList
from hub.publish.opml import members_opml, merged_opml
from tests.sample_items import EAST, HUB, NORTH, WESSEX

MEMBERS = [
    (WESSEX, [Feed(key=FeedKey("wessex"), url="https://wessex.example/feed/?a=1&b=2")]),
    (
        NORTH,
        [
            Feed(key=FeedKey("north"), url="https://north.example/feed/"),
            Feed(key=FeedKey("north", "blog"), url="https://north.example/blog\x0b/feed/"),
        ],
    ),
    (EAST, []),
]


def test_a_reader_can_subscribe_to_every_members_feed() -> None:
    found = listparser.parse(members_opml("The members’ feeds", MEMBERS).decode())
    assert not found.bozo
    assert found.meta.title == "The members’ feeds"
    assert [(feed.title, feed.url) for feed in found.feeds] == [
        ("Health Innovation Wessex", "https://wessex.example/feed/?a=1&b=2"),
        ("Health Innovation North & Coast: news", "https://north.example/feed/"),
        ("Health Innovation North & Coast: blog", "https://north.example/blog/feed/"),
    ]


def test_the_feeds_are_grouped_by_member_with_all_that_opml_2_wants() -> None:
    root = etree.fromstring(members_opml("Feeds", MEMBERS))
    assert root.get("version") == "2.0"
    groups = root.findall("body/outline")
    assert [group.get("text") for group in groups] == [WESSEX.name, NORTH.name, EAST.name]
    assert [dict(outline.attrib) for outline in groups[0]] == [
        {
            "text": "Health Innovation Wessex",
            "title": "Health Innovation Wessex",
            "type": "rss",
            "xmlUrl": "https://wessex.example/feed/?a=1&b=2",
            "htmlUrl": "https://wessex.example/",
        }
    ]


def test_a_reader_can_subscribe_to_the_hubs_own_feeds() -> None:
    opml = merged_opml("The network", [("All & everything", f"{HUB}/feeds/all.atom", f"{HUB}/")])
    (feed,) = listparser.parse(opml.decode()).feeds
    assert (feed.title, feed.url) == ("All & everything", f"{HUB}/feeds/all.atom")
    assert etree.fromstring(opml).xpath("string(//outline/@htmlUrl)") == f"{HUB}/"


def test_a_site_without_a_feed_is_a_link_that_no_reader_subscribes_to() -> None:
    url, feed = "https://east.example/news", "https://east.example/feed/"
    page = HtmlList(item="article")
    site = Feed(key=FeedKey("east"), url=url, kinds={url: page})
    other = replace(site, key=FeedKey("east", "other"), alternatives=(feed,))
    parsed = etree.fromstring(members_opml("News", [(EAST, [site, other])]))
    first, second = parsed.findall("body/outline/outline")
    assert (first.get("type"), first.get("url"), first.get("xmlUrl")) == ("link", url, None)
    assert (second.get("type"), second.get("xmlUrl")) == ("rss", feed)


def test_the_same_lists_give_the_same_bytes_without_a_date() -> None:
    assert members_opml("Feeds", MEMBERS) == members_opml("Feeds", MEMBERS)
    assert b"dateCreated" not in members_opml("Feeds", MEMBERS)
