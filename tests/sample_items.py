"""Stories as three members publish them, for the tests of what readers get."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from hub.model import (
    Category,
    Enclosure,
    Entry,
    EntryKeys,
    FeedKey,
    Member,
    Person,
    Republish,
    Source,
    StoredEntry,
    Story,
    Tag,
)
from hub.publish.document import MergedDocument
from hub.publish.item import Item, item

HUB = "https://news.example.org"
LABELS = {"patient-safety": "Patient safety"}

WESSEX = Member(slug="wessex", name="Health Innovation Wessex", homepage="https://wessex.example/")
EAST = Member(slug="east", name="Health Innovation East", homepage="https://east.example/")
NORTH = Member(slug="north", name="Health Innovation North & Coast")


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 11, day, hour, 30, 15, tzinfo=UTC)


def stored(member: Member = WESSEX, *, key: int = 1, story: int = 7, lead: bool = True) -> StoredEntry:
    """An entry with something in every field."""
    site = member.homepage or "https://north.example/"
    return StoredEntry(
        key=key,
        story=story,
        entry=Entry(
            feed=FeedKey(member.slug),
            id=f"{site}?p={key}",
            title=f"Missed checks <halved> & “counted”, says {member.slug}",
            link=f"{site}news/{key}?a=1&b=2",
            canonical_link=f"{site}news/{key}",
            published=at(20),
            updated=at(20),
            authors=(
                Person("Ann Ó Lee", "ann@wessex.example", "https://wessex.example/ann"),
                Person("B. Ng"),
            ),
            categories=(
                Category("Blood pressure", "https://wessex.example/topics", "Blood pressure (CVD)"),
                Category("news & views", "no scheme at all"),
            ),
            summary="<p>Summaryword</p>",
            content='<p>Contentword &amp; <a href="https://wessex.example/report?a=1&amp;b=2">report</a></p>',
            text="Contentword & report Textword",
            excerpt="Excerptword: 3 < 5 & rising",
            language="cy",
            enclosures=(
                Enclosure("https://wessex.example/leaflet", None, 10),
                Enclosure("https://wessex.example/talk.mp3", "audio/mpeg", None, "The talk"),
                Enclosure("https://wessex.example/report.pdf", "application/pdf", 12345),
            ),
            image="https://wessex.example/lead.jpg",
            rights="© Wessex, OGL v3",
            keys=EntryKeys(None, None, None, "title"),
            fingerprint="f",
        ),
        member=member,
        feed_url=f"{site}feed/",
        source=Source(
            id=f"{site}#feed",
            title=f"{member.name}: news",
            updated=at(21),
            link=site,
            self_link=f"{site}feed/",
            rights="© the feed",
        ),
        atom_id=f"tag:news.example.org,2026:{member.slug}/{key}",
        date=at(20),
        first_seen=at(20, 12),
        changed=at(22),
        lead=lead,
        why="has the same link and title",
    )


def joint_story(republish: Republish = "full") -> Story:
    """A story of three members; the lead's member lets this much of it be carried."""
    lead = stored(replace(WESSEX, republish=republish))
    copies = (stored(EAST, key=2, lead=False), stored(NORTH, key=3, lead=False))
    tags = (Tag("patient-safety", "matches ‘missed checks’ in the title"),)
    return Story(id=7, entries=(lead, *copies), shown=lead, tags=tags)


def joint_item(republish: Republish = "full") -> Item:
    return item(joint_story(republish), LABELS)


def bare_item() -> Item:
    """The least a member can give: no link, no date, no author, no words."""
    whole = stored(NORTH, key=4, story=8)
    entry = Entry(
        feed=whole.entry.feed,
        id=None,
        title="",
        link=None,
        canonical_link=None,
        published=None,
        updated=None,
        keys=whole.entry.keys,
        fingerprint="g",
    )
    bare = replace(
        whole,
        entry=entry,
        source=Source(id="not an iri", title=""),
        date=at(19),
        first_seen=at(19),
        changed=at(19),
    )
    return item(Story(id=8, entries=(bare,), shown=bare), LABELS)


def document(*items: Item, path: str = "/feeds/all.atom") -> MergedDocument:
    return MergedDocument(
        id=f"{HUB}/feeds/all.atom",
        title="All the news & more",
        self_url=f"{HUB}{path}",
        page_url=f"{HUB}/",
        hub_url=HUB,
        hub_title="The network",
        language="en",
        items=items,
    )
