"""What a message to the network's office says: by mail, and to a webhook. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from hub import urls
from hub.alerts.letter import Letter, heading, id_of, lasted, wrapped
from hub.config import Config
from hub.incidents import WELL_AGAIN, missed
from hub.merged.addresses import Addresses, path_for_admins
from hub.model import Incident
from hub.said import counted

# Of more feeds one line each is enough to see what it is: one host, or the hub's own connection.
_IN_FULL, _LISTED = 20, 200
_NAMED = 3
_TOGETHER = 3


class Message(Letter, frozen=True, kw_only=True):
    """What is new of some feeds, as a mail and besides: `text` is what a chat shows.

    `incidents` are as the webhook has them.
    """

    text: str
    incidents: tuple[Mapping[str, str | None], ...]


class _Known(Struct, frozen=True, kw_only=True):
    """What the words of a message are made with."""

    config: Config
    names: Mapping[str, str]
    several: frozenset[str]
    zone: ZoneInfo

    def name(self, incident: Incident) -> str:
        member = self.names.get(incident.feed.member, incident.feed.member)
        return f"{member} ({incident.feed.name})" if incident.feed.member in self.several else member

    def lasted(self, incident: Incident) -> str:
        return lasted(incident, self.zone)

    def page(self, incident: Incident) -> str | None:
        """The feed's admin page, None where nobody knows where readers find the hub."""
        if self.config.hub.url is None:
            return None
        addresses = Addresses(self.config.hub.url)
        return addresses.full(addresses.to(path_for_admins(incident.feed)))


def compose(told: Sequence[Incident], config: Config) -> Message:
    """The message that tells of these incidents, as they are."""
    feeds = Counter(feed.key.member for feed in config.feeds)
    known = _Known(
        config=config,
        names={member.slug: member.name for member in config.members},
        several=frozenset(member for member, number in feeds.items() if number > 1),
        zone=ZoneInfo(config.hub.timezone),
    )
    broke = [each for each in told if each.over is None]
    well = [each for each in told if each.over is not None]
    return Message(
        id=id_of(told),
        to=config.hub.alerts.mail,
        list="alerts",
        subject=_subject(broke, well, known),
        body="\n".join(_body(broke, well, known)),
        text="\n".join(_chat(broke, well, known)),
        incidents=tuple(_as_json(each, known) for each in (*broke, *well)[:_LISTED]),
    )


def _subject(broke: Sequence[Incident], well: Sequence[Incident], known: _Known) -> str:
    said = []
    if broke:
        verb = "needs" if len(broke) == 1 else "need"
        said.append(f"{counted(len(broke), 'feed', 'feeds')} {verb} somebody")
    if well:
        feeds = f"{len(well):,}" if broke else counted(len(well), "feed", "feeds")
        one = len(well) == 1
        if all(each.ending == WELL_AGAIN for each in well):
            said.append(f"{feeds} {'is' if one else 'are'} well again")
        else:
            said.append(f"{feeds} {'needs' if one else 'need'} nobody any more")
    names = list(dict.fromkeys(map(known.name, (*broke, *well))))
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"[{known.config.hub.title}] {', '.join(said)}: {', '.join(names[:_NAMED])}{more}"


# ---------------------------------------------------------------- by mail


def _body(broke: Sequence[Incident], well: Sequence[Incident], known: _Known) -> Iterator[str]:
    if broke:
        yield from heading("What needs somebody")
        yield from _on_one_host(broke)
        for each in broke[:_IN_FULL]:
            yield from _in_full(each, known)
        yield from _in_lines(broke[_IN_FULL:], known)
    if well:
        yield from heading("What needs nobody any more")
        yield from _in_lines(well, known)
    yield from _about(known.config)


def _on_one_host(broke: Sequence[Incident]) -> Iterator[str]:
    hosts = Counter(urls.host(each.url) or "" for each in broke)
    (host, feeds), *_ = hosts.most_common(1)
    if feeds >= _TOGETHER:
        yield from wrapped(f"{feeds:,} of them are on one host, {host}: it may be that alone.")
        yield ""


def _in_full(incident: Incident, known: _Known) -> Iterator[str]:
    yield from wrapped(f"{known.name(incident)}: {incident.headline} {known.lasted(incident)}.")
    yield f"  {incident.url}"
    yield from wrapped(incident.sentence, "  ")
    yield from wrapped(missed(incident), "  ")
    if incident.remedy:
        yield from wrapped(f"What you can do: {incident.remedy}", "  ")
    if incident.editor:
        yield from wrapped("For those who look after their site:", "  ")
        yield from wrapped(incident.editor, "  > ")
    if page := known.page(incident):
        yield f"  {page}"
    yield ""


def _in_lines(incidents: Sequence[Incident], known: _Known) -> Iterator[str]:
    for each in incidents[:_LISTED]:
        yield from wrapped(
            f"- {known.name(each)}: {each.headline} {known.lasted(each)}. {each.ending}", "", "  "
        )
    if left := incidents[_LISTED:]:
        yield f"- and {len(left):,} more"
    if incidents:
        yield ""


def _about(config: Config) -> Iterator[str]:
    yield "-- "
    if config.hub.url:
        addresses = Addresses(config.hub.url)
        yield f"How all feeds are doing: {addresses.full(addresses.to('/admin/'))}"
    yield from wrapped("The hub sends this, since feeds.yaml names your address (hub.alerts.mail).")


# ---------------------------------------------------------------- to a webhook


def _chat(broke: Sequence[Incident], well: Sequence[Incident], known: _Known) -> Iterator[str]:
    """Lines for a chat. They have no words of a site's: chats have commands, such as for naming people."""
    for about, incidents in (("Needs somebody", broke), ("Needs nobody any more", well)):
        if incidents:
            yield f"{about}:"
        for each in incidents[:_IN_FULL]:
            page = f" {found}" if each.over is None and (found := known.page(each)) else ""
            ending = f". {each.ending}" if each.ending else ""
            yield f"• {_plain(known.name(each))}: {each.headline} {known.lasted(each)}{ending}{page}"
        if left := incidents[_IN_FULL:]:
            yield f"• and {len(left):,} more"


def _plain(name: str) -> str:
    return name.replace("<", "‹").replace(">", "›")


def _as_json(incident: Incident, known: _Known) -> Mapping[str, str | None]:
    return {
        "member": incident.feed.member,
        "name": known.names.get(incident.feed.member, incident.feed.member),
        "feed": incident.feed.name,
        "url": incident.url,
        "state": incident.state,
        "headline": incident.headline,
        "sentence": incident.sentence,
        "missed": missed(incident),
        "remedy": incident.remedy,
        "editor": incident.editor,
        "began": _instant(incident.began),
        "over": _instant(incident.over) if incident.over else None,
        "ending": incident.ending,
        "page": known.page(incident),
    }


def _instant(when: datetime) -> str:
    """RFC 3339, in UTC with `Z`."""
    return when.astimezone(ZoneInfo("UTC")).replace(tzinfo=None).isoformat() + "Z"


def posted(message: Message, config: Config) -> bytes:
    """The message as a webhook is sent it: JSON whose `text` chats show, and each incident by itself."""
    return msgspec.json.encode(
        {
            "text": f"{_plain(config.hub.title)}\n{message.text}",
            "id": message.id,
            "hub": config.hub.url,
            "incidents": message.incidents,
        }
    )
