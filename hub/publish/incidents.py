"""What was the matter with feeds, as it is published: as a feed of its own. Pure.

It says no more than /status does.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from uuid import NAMESPACE_URL, uuid5

from hub.incidents import WELL_AGAIN, missed
from hub.model import Category, Incident, Member, Person, Source
from hub.publish.document import ENGLISH
from hub.publish.item import Item
from hub.said import date_of

_CODE = re.compile(r"`([^`]+)`")


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
        language=ENGLISH,
        direction=None,
        enclosures=(),
        image=None,
        rights=None,
        source=Source(id="", title=""),
        copies=(),
    )


def _said_now(incident: Incident) -> str:
    if incident.over is None:
        return incident.headline
    return "well again" if incident.ending == WELL_AGAIN else "no longer followed"


def _paragraphs(incident: Incident, zone: tzinfo) -> Iterator[str]:
    began, headline = _moment(incident.began, zone), f"{incident.headline[:1].upper()}{incident.headline[1:]}"
    if incident.over is None:
        yield f"{headline} since {began}."
    else:
        yield f"{headline} from {began} to {_moment(incident.over, zone)}. {incident.ending}"
    yield incident.sentence
    if incident.over is None:
        yield missed(incident)


def _html(incident: Incident, paragraphs: list[str]) -> Iterator[str]:
    yield from (f"<p>{_with_code(each)}</p>" for each in paragraphs)
    if incident.over is not None:
        return
    if incident.remedy:
        yield f"<p>What the network’s editors can do: {_with_code(incident.remedy)}</p>"
    if incident.editor:
        yield "<p>For those who look after their site:</p>"
        yield f"<blockquote>{_with_code(incident.editor)}</blockquote>"


def _with_code(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", html.escape(text))


def _moment(when: datetime, zone: tzinfo) -> str:
    local = when.astimezone(zone)
    return f"{date_of(local)}, {local:%H:%M}"
