"""What admins decide, done for the admin pages and for `hub`'s commands, with the way back from it.

What does it is imported when it is needed: a web view in which nobody is signed in
loads none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType, field

from hub import audit
from hub.audit import Decision
from hub.config import Config, load
from hub.config.reading import text_digest
from hub.errands import Errand, Errands
from hub.errors import AlreadySo, HubError
from hub.model import Did, FeedKey, FeedState, Fields, HubSettings, RoleName, SeenDocument, Stand
from hub.model.explained import Explained
from hub.provider import Provider
from hub.said import counted, minute
from hub.store import Pin, Place, Store, existing_store

if TYPE_CHECKING:
    from hub.config.edit import Added, NewFeed
    from hub.config.whole import Edited
    from hub.model import Look, StoredEntry, TagPlan, Trial

_Tell = Callable[[str], None]

# Entries after which it is said how many were looked at: some seconds.
_TOLD_EVERY = 5_000
# What was found of tags is told to who asks again so soon, and else looked for anew.
_PLANNED_FOR = timedelta(minutes=5)
# Each may take as many megabytes of memory as a feed may have.
_DOCUMENTS_KEPT = 4


class Desk(Struct, frozen=True):
    """What `hub.web.admin.desk.Desk` says of each method, for one hub's feeds.yaml and database.

    again       whether to do what is the case already, as commands do; pages are told that it is
    left_alone  the feeds whose servers asked for that when a document was fetched, with until when
    """

    config: Path
    database: str
    again: bool = False
    errands: Errands = field(default_factory=Errands)
    documents: Errands = field(default_factory=lambda: Errands(most_kept=_DOCUMENTS_KEPT))
    left_alone: dict[str, datetime] = field(default_factory=dict)
    provider: Provider = field(default_factory=Provider)

    def of_its_member(self, what: str, member: str | None) -> tuple[str, str | None]:
        from hub.admin import rulings

        with closing(existing_store(self.database)) as store:
            return rulings.of_its_member(store, what, member)

    def release(
        self, what: str, *, member: str | None, for_good: bool = True, seen: Mapping[int, Stand] = {}
    ) -> Decision:
        from hub.admin import moderation, undoing

        def release(store: Store) -> Did:
            undo = undoing.of_release(store, what, member)
            said, left = moderation.released(store, what, member, for_good=for_good, seen=seen)
            return Did(about=what, said=said, undo=undoing.of_what_is_left(undo, left))

        return release

    def withdraw(
        self,
        what: str,
        *,
        member: str | None,
        why: str,
        role: RoleName | None,
        seen: Mapping[int, Stand] = {},
    ) -> Decision:
        from hub.admin import moderation, undoing

        def withdraw(store: Store) -> Did:
            undo = undoing.of_withdraw(store, what, member)
            said, left = moderation.withdrawn(store, what, member, why=why, role=role, seen=seen)
            said = f"{said}\nReason: {why}" if why else said
            return Did(about=what, said=said, undo=undoing.of_what_is_left(undo, left))

        return withdraw

    def pin(
        self,
        link: str,
        *,
        member: str | None,
        last_day: date | None,
        today: date,
        made: datetime | None = None,
        seen: Pin | UnsetType | None = UNSET,
    ) -> Decision:
        from hub.admin import pins, undoing

        def pin(store: Store) -> Did:
            undo = self._way_back(lambda: undoing.of_pin(store, link, member, last_day=last_day, today=today))
            said, left = pins.pinned(
                store,
                link,
                member,
                last_day=last_day,
                made=made or datetime.now(UTC),
                today=today,
                seen=seen,
            )
            return Did(about=link, said=said, undo=undoing.of_pin_left(undo, left))

        return pin

    def unpin(
        self, link: str, *, member: str | None, today: date, seen: Pin | UnsetType | None = UNSET
    ) -> Decision:
        from hub.admin import pins, undoing

        def unpin(store: Store) -> Did:
            undo = undoing.of_unpin(store, link, member, today=today)
            said = pins.unpinned(store, link, member, seen=seen)
            return Did(about=link, said=said, undo=undoing.of_pin_left(undo, None))

        return unpin

    def merge(self, link: str, into: str, *, member: str | None, into_of: str | None = None) -> Decision:
        from hub.admin import rulings, undoing

        def merge(store: Store) -> Did:
            undo, now = undoing.of_merge(store, link, into, member, into_of), datetime.now(UTC)
            said = rulings.merge(store, link, into, member=member, now=now)
            return Did(about=link, said=said, undo=undoing.of_ruling(undo, now))

        return merge

    def split(self, link: str, *, member: str | None, alone: bool, seen: datetime | None = None) -> Decision:
        from hub.admin import rulings, undoing

        def split(store: Store) -> Did:
            undo = self._way_back(lambda: undoing.of_split(store, link, member, alone=alone))
            now = datetime.now(UTC)
            said = rulings.split(store, link, member=member, alone=alone, now=now, seen=seen)
            return Did(about=link, said=said, undo=undoing.of_ruling(undo, now))

        return split

    def lead(self, link: str, *, member: str | None) -> Decision:
        from hub.admin import rulings, undoing

        def lead(store: Store) -> Did:
            undo = self._way_back(lambda: undoing.of_lead(store, link, member))
            now = datetime.now(UTC)
            said = rulings.lead(store, link, member=member, now=now)
            return Did(about=link, said=said, undo=undoing.of_ruling(undo, now))

        return lead

    def put_back(self, link: str, place: Place, *, member: str | None, seen: datetime) -> Decision:
        from hub.admin import rulings

        def put_back(store: Store) -> Did:
            said = rulings.put_back(store, link, place, member=member, seen=seen)
            return Did(about=link, said=said)

        return put_back

    def tag(
        self, link: str, term: str, *, member: str | None, seen: datetime | UnsetType | None = UNSET
    ) -> Decision:
        from hub.admin import retag, undoing

        given = retag.by_hand(self.config, term, now=datetime.now(UTC))

        def tag(store: Store) -> Did:
            undo = self._way_back(lambda: undoing.of_tag(store, "tag", link, term, member))
            now = datetime.now(UTC)
            said = retag.tag(store, given, link, term, member=member, now=now, seen=seen)
            return Did(about=link, said=said, undo=undoing.of_tag_left(undo, now))

        return tag

    def untag(
        self, link: str, term: str, *, member: str | None, seen: datetime | UnsetType | None = UNSET
    ) -> Decision:
        from hub.admin import retag, undoing

        config = load(self.config)

        def untag(store: Store) -> Did:
            undo = self._way_back(lambda: undoing.of_tag(store, "untag", link, term, member))
            now = datetime.now(UTC)
            said = retag.untag(store, self.config, config, link, term, member=member, now=now, seen=seen)
            return Did(about=link, said=said, undo=undoing.of_tag_left(undo, now))

        return untag

    def leave_to_rules(
        self, link: str, term: str, *, member: str | None, seen: datetime | UnsetType | None = UNSET
    ) -> Decision:
        from hub.admin import retag, undoing

        config = load(self.config)
        with closing(existing_store(self.database)) as known:
            rules = retag.Rules(config, known)

        def leave(store: Store) -> Did:
            undo = self._way_back(lambda: undoing.of_tag(store, "leave", link, term, member))
            said = retag.undo(store, self.config, rules, link, term, member=member, seen=seen)
            return Did(about=link, said=said, undo=undoing.of_tag_left(undo, None))

        return leave

    def carry_out(
        self, action: str, decision: Decision, *, who: str, now: datetime, undoes: int | None = None
    ) -> int:
        _, number = audit.carry_out(self.database, action, decision, who=who, now=now, undoes=undoes)
        return number

    def explain(
        self, what: str, config: Config, *, most: int, now: datetime, member: str | None = None
    ) -> tuple[Sequence[Explained], bool]:
        from hub.admin import explain

        return explain.found(config, self.database, what, most=most, now=now, member=member)

    # ------------------------------------------------------------ feeds.yaml

    def text(self) -> str:
        from hub.config import whole

        return whole.read_text(self.config)

    def unwritable(self) -> str:
        from hub.config import saving

        return saving.unwritable(self.config)

    def write(self, text: str, *, instead_of: str) -> Edited:
        from hub.config import whole

        return whole.put_text(self.config, text, instead_of=instead_of)

    def take_back(self, change: str, *, was: str, now: str) -> Edited:
        from hub.config import whole

        return whole.take_back(self.config, change, was=was, now=now)

    def plan_feed(self, feed: NewFeed) -> Added:
        from hub.config import edit

        return edit.put_feed(self.config, feed, write=False)

    def add_feed(self, feed: NewFeed) -> Did:
        from hub.admin import feedlist
        from hub.config import edit

        return feedlist.added(edit.put_feed(self.config, feed, write=True))

    def remove(self, target: str, *, and_member: bool = False, at: str | None = None) -> Did:
        from hub.admin import feedlist

        return feedlist.remove(self.config, target, and_member=and_member, at=at)

    def remove_with_entries(self, target: str) -> Decision:
        from hub.admin import feedlist

        return feedlist.remove_with_entries(self.config, target, self.database)

    def pause(self, feeds: Sequence[str], *, paused: bool) -> Did:
        from hub.admin import feedlist

        return feedlist.pause(self.config, feeds, paused=paused)

    def try_rule(self, before: Config, after: Config, term: str, *, seconds: float) -> Trial:
        from hub.admin import trying

        return trying.tried(before, after, term, self.database, seconds=seconds)

    def _way_back(self, look: Callable[[], Fields]) -> Fields:
        """How something will be taken back, where it is not the case already."""
        try:
            return look()
        except AlreadySo:
            if self.again:
                return {}
            raise

    # ------------------------------------------------------------ what takes a while

    def look(self, url: str) -> Errand[Look]:
        return self.errands.begin(f"look {url}", _look, url, self.config)

    def looked(self, number: int) -> Errand[Look] | None:
        found = self.errands.find(number)
        return found if found and found.about.startswith("look ") else None

    def see_document(self, state: FeedState, address: str | None, hub: HubSettings) -> Errand[SeenDocument]:
        key = state.feed.key
        # Before what came of them is forgotten for others.
        for each in self.documents.ended():
            if until := _left_alone_until(each):
                self.left_alone[each.about.split()[1]] = until
        until = self.left_alone.get(str(key))
        if until is not None and until > datetime.now(UTC):
            raise HubError(
                f"The server of {key} asked to be left alone until {minute(until)}, so it was not asked.",
                "Ask again once that is over.",
            )
        return self.documents.begin(f"document {key} {address or ''}", _see, state, address, hub)

    def seen_document(self, feed: FeedKey, number: int) -> Errand[SeenDocument] | None:
        found = self.documents.find(number)
        return found if found and found.about.startswith(f"document {feed} ") else None

    def plan_tags(self, text: str, *, seconds: float) -> TagPlan | str:
        about = f"plan {text_digest(text)}"
        errand = self.errands.latest(about)
        if errand is None or (errand.ended and datetime.now(UTC) - errand.ended > _PLANNED_FOR):
            errand = self.errands.begin(about, _plan, text, self.database)
        if not errand.wait(seconds):
            return errand.said or "It has begun."
        self.errands.forget(errand)
        found: TagPlan = errand.outcome()
        return found

    def retag(self) -> Errand[str]:
        return self.errands.begin(
            self._retag_about(),
            _retag,
            self.config,
            self.database,
            alone="The tag rules are being applied as they were before feeds.yaml was changed.",
        )

    def retagging(self) -> tuple[Errand[str] | None, bool]:
        latest = self.errands.latest("retag ")
        return latest, latest is not None and latest.about == self._retag_about()

    def _retag_about(self) -> str:
        return f"retag {text_digest(self.text())}"


# ---------------------------------------------------------------- in a process of its own


def _look(_tell: _Tell, url: str, config: Path) -> Look:
    from hub.admin import feedlist

    return feedlist.look(url, config)


def _see(tell: _Tell, state: FeedState, address: str | None, hub: HubSettings) -> SeenDocument:
    from hub.admin import documents

    return documents.see(state, address, hub, telling=tell)


def _left_alone_until(errand: Errand[SeenDocument]) -> datetime | None:
    try:
        return errand.outcome().not_before
    except HubError:
        return None


def _plan(tell: _Tell, text: str, database: str) -> TagPlan:
    from hub.admin import retag
    from hub.config import parse

    return retag.planned(parse(text), database, telling=lambda entries: _telling(tell, entries))


def _retag(tell: _Tell, config: Path, database: str) -> str:
    from hub.admin import retag

    changed, entries = retag.run(config, database, telling=lambda entries: _telling(tell, entries))
    return f"{changed:,} of {counted(entries, 'entry', 'entries')} changed their tags."


def _telling(tell: _Tell, entries: Iterator[StoredEntry]) -> Iterator[StoredEntry]:
    for number, each in enumerate(entries, start=1):
        if number % _TOLD_EVERY == 0:
            tell(f"{number:,} entries were looked at.")
        yield each
