"""What was the matter with feeds, as it is published: as a feed of its own. Pure.

It says no more than /status does, and is in English, as what is found out about feeds is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from uuid import NAMESPACE_URL, uuid5

from hub import markup
from hub.incidents import ending, missed
from hub.language import ENGLISH
from hub.model import Category, Incident, Member, Person, Source
from hub.publish.item import Item
from hub.said import moment_in, sentence


def incident_item(
    incident: Incident, *, name: str, link: str, hub_title: str, hub_url: str, zone: tzinfo
) -> Item:
    """What was the matter with a feed as an item, published by the hub itself, which moves when it changes.

    `name` is its member's, with the feed's where that has several.
    """
    changed = incident.changed or incident.noticed
    paragraphs = list(_paragraphs(incident, zone))
    return Item(
        story=0,
        # One for each, the same whenever it is rendered, and no other database's (RFC 9562 §5.5).
        id=uuid5(NAMESPACE_URL, f"incident {incident.number} {incident.noticed.isoformat()}").urn,
        title=f"{name}: {_said_now(incident)}",
        link=link,
        kind="news",
        event_date=None,
        undated=False,
        member=Member(slug="", name=hub_title, homepage=hub_url),
        date=changed,
        published=incident.noticed,
        updated=changed,
        corrected=None,
        came_in=changed,
        authors=(Person(hub_title, uri=hub_url),),
        categories=(Category(incident.feed.member, None, name), Category(incident.state)),
        tags=(),
        summary=paragraphs[0],
        content="".join(_html(incident, paragraphs)),
        language=ENGLISH.code,
        direction=None,
        enclosures=(),
        image=None,
        rights=None,
        source=Source(id="", title=""),
        copies=(),
    )


def _said_now(incident: Incident) -> str:
    return incident.headline if incident.over is None else ending(incident)[0]


def _paragraphs(incident: Incident, zone: tzinfo) -> Iterator[str]:
    began = moment_in(zone, incident.began)
    headline = sentence(incident.headline)
    if incident.over is None:
        yield f"{headline} since {began}."
    else:
        yield f"{headline} from {began} to {moment_in(zone, incident.over)}. {ending(incident)[1]}"
    yield incident.sentence
    if incident.over is None:
        yield missed(incident)


def _html(incident: Incident, paragraphs: list[str]) -> Iterator[str]:
    yield from (f"<p>{markup.with_code(each)}</p>" for each in paragraphs)
    if incident.over is not None:
        return
    if incident.remedy:
        yield f"<p>What the network’s editors can do: {markup.with_code(incident.remedy)}</p>"
    if incident.editor:
        yield "<p>For those who look after their site:</p>"
        yield f"<blockquote>{markup.with_code(incident.editor)}</blockquote>"
