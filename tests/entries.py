"""Entries for tests, with as little said as the test is about."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from hub import markup, urls
from hub.model import (
    Category,
    Enclosure,
    Entry,
    EntryKeys,
    FeedKey,
    Person,
    Source,
    Tag,
    digest,
)
from hub.stories import sketched

PUBLISHED = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)


def entry(
    id: str | None,
    *,
    title: str | None = None,
    text: str = "",
    link: str | None = "",
    published: datetime | None = PUBLISHED,
    updated: datetime | None = None,
    feed: FeedKey = FeedKey("east"),
    tags: tuple[Tag, ...] = (),
    full: bool = False,
) -> Entry:
    """An entry as gather makes it. Without a link it has one made of its id; `full` fills every field."""
    title = f"News {id}" if title is None else title
    text = text or f"Words of {title}."
    link = f"https://{feed.member}.example/{id}" if link == "" else link
    canonical = urls.canonical(link) if link else None
    fingerprint = digest(f"{markup.words(title)}\n{markup.words(text)}")
    made = Entry(
        feed=feed,
        id=id,
        title=title,
        link=link,
        canonical_link=canonical,
        published=published,
        updated=updated,
        content=f"<p>{text}</p>",
        text=text,
        excerpt=markup.excerpt(text),
        tags=tags,
        keys=EntryKeys(
            id=digest(id) if id else None,
            loose_id=urls.loose_id_key(id, urls.NO_HOSTS),
            link=urls.link_key(link, canonical),
            title=digest(f"{markup.words(title)}\n{published.isoformat()}" if published else fingerprint),
        ),
        fingerprint=fingerprint,
    )
    (sketch,) = sketched([made])
    made = replace(made, sketch=sketch)
    return _filled(made) if full else made


def _filled(made: Entry) -> Entry:
    return replace(
        made,
        updated=PUBLISHED,
        authors=(Person("Sam Example", "sam@east.example", "https://east.example/sam"), Person("Anonymous")),
        categories=(Category("safety", "https://east.example/terms", "Patient safety"), Category("news")),
        summary="<p>Short.</p>",
        language="en-GB",
        direction="ltr",
        enclosures=(Enclosure("https://east.example/report.pdf", "application/pdf", 1234, "Report"),),
        image="https://east.example/picture.jpg",
        rights="© East",
        source=Source(
            id="tag:elsewhere.example,2026:feed",
            title="Elsewhere",
            updated=PUBLISHED,
            link="https://elsewhere.example/",
            self_link="https://elsewhere.example/feed",
            rights="CC BY",
        ),
        tags=(Tag("safety", "a rule"), Tag("digital", "another")),
    )
