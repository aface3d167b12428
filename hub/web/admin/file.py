"""feeds.yaml in the browser: seen as it is, changed, and what a change does before it is saved."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock

from flask import Blueprint, Response, request
from msgspec import Struct

from hub.config import Config, parse
from hub.config.compare import differences, tags_differ
from hub.config.reading import text_digest
from hub.config.whole import Edited, diff, for_form, from_form
from hub.errors import ConfigError, HubError
from hub.filters import asks_for_tags
from hub.model import Did, Selection, TagPlan
from hub.said import as_written, counted
from hub.web.admin.frame import LONGEST_FORM, desk, done, for_who_may, page
from hub.web.visit import Visit, visiting

routes = Blueprint("file", __name__)

# What a form has besides the text.
_BESIDES = 64 * 1024
# Seconds that somebody waits for what takes long with many entries.
_WAITS = 5.0
_NEWEST = 100
_MOST_SENTENCES = 200
_SAID = 3


class _Opened:
    """The last texts that were opened: what somebody else changed meanwhile is seen by them."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._texts: OrderedDict[str, str] = OrderedDict()

    def keep(self, text: str) -> str:
        """Keep a text, and return the digest by which it is found again."""
        digest = text_digest(text)
        with self._lock:
            self._texts[digest] = text
            self._texts.move_to_end(digest)
            while len(self._texts) > self._most:
                self._texts.popitem(last=False)
        return digest

    def find(self, digest: str) -> str | None:
        return self._texts.get(digest)


_opened = _Opened(8)


class _Problem(Struct, frozen=True):
    """What is wrong, with the line it is in as it stands there."""

    said: str
    line: str


class _Plan(Struct, frozen=True, kw_only=True):
    """What a text would change. `tags` is None where it does not change any rule, or is not known yet.

    `counting` is how far it is then, and `refused` why it cannot be known.
    """

    diff: str
    sentences: tuple[str, ...] = ()
    more: int = 0
    tags: TagPlan | None = None
    counting: str = ""
    refused: str = ""


# ---------------------------------------------------------------- the file


@routes.get("/file")
@for_who_may("configure")
def show() -> Response:
    try:
        here = desk().text()
    except ConfigError as error:
        # What is no text does not come through a form as it was.
        remedy = (
            "The hub goes on with what it read before. The file can be neither shown nor changed here:"
            " mend it where it is kept."
        )
        values = {"title": "feeds.yaml", "section": "file", "problem": error.problem, "remedy": remedy}
        return page("refused.html", values)
    return _page(here)


@routes.post("/file")
@for_who_may("configure")
def see() -> Response:
    """What the text that was sent would change, or what is wrong with it."""
    here, text = desk().text(), _sent()
    if problem := _changed_meanwhile(here):
        return problem
    if text == here:
        return _page(here, text, says="The text is the one of the file: nothing is changed.")
    try:
        after = parse(text)
    except ConfigError as error:
        return _page(here, text, problems=_problems(error, text), status=400)
    return _page(here, text, plan=_plan(visiting(), here, text, after))


@routes.post("/file/save")
@for_who_may("configure")
def save() -> Response:
    here, text = desk().text(), _sent()
    if problem := _changed_meanwhile(here):
        return problem
    if request.form.get("seen") != text_digest(text):
        # It was changed below the plan: what that does is seen first too.
        return see()
    try:
        after = parse(text)
        edited = desk().write(text, instead_of=request.form.get("digest", ""))
    except ConfigError as error:
        changed = _changed_meanwhile(desk().text())
        return changed or _page(here, text, says=f"{error.problem} {error.remedy}", status=409)
    return _saved(edited, after)


def _saved(edited: Edited, after: Config) -> Response:
    before = read(edited.before) or visiting().config
    sentences = differences(before, after)
    told = list(sentences[:_SAID])
    if rest := sentences[_SAID:]:
        told.append(f"And {counted(len(rest), 'more change', 'more changes')}.")
    said = " ".join(["feeds.yaml was saved.", *told])
    return done(
        "save-file",
        Did(about="feeds.yaml", said=said, change=edited.diff, undo=edited.undo),
        back="/admin/file/tags" if tags_differ(before, after) else "/admin/file",
    )


def _sent() -> str:
    """The text that was sent, as the file has it."""
    digest = request.form.get("digest", "")
    opened = _opened.find(digest)
    return from_form(request.form.get("text", ""), desk().text() if opened is None else opened)


def _changed_meanwhile(here: str) -> Response | None:
    """The page that says that the file is not the one any more that was opened; None where it is."""
    digest = request.form.get("digest", "")
    if text_digest(here) == digest:
        return None
    text, opened = _sent(), _opened.find(digest)
    return _page(
        here,
        text,
        others=diff(opened if opened is not None else text, here),
        from_opened=opened is not None,
        status=409,
    )


def _problems(error: ConfigError, text: str) -> list[_Problem]:
    lines, found = text.split("\n"), []
    for said in error.problems:
        place = re.match(r"feeds\.yaml:(\d+): ", said)
        number = int(place[1]) if place else 0
        line = as_written(lines[number - 1].strip(), most=80) if 0 < number <= len(lines) else ""
        found.append(_Problem(f"Line {number}: {said[place.end() :]}" if place else said, line))
    return found


# ---------------------------------------------------------------- what it would change


def read(text: str) -> Config | None:
    """What a file says, None where it cannot be read."""
    try:
        return parse(text)
    except ConfigError:
        return None


def _plan(visit: Visit, here: str, text: str, after: Config) -> _Plan:
    before, changed = read(here), diff(here, text)
    mends = before is None
    before = before or visit.config
    found = (*_taken_away(visit, before, after), *differences(before, after), *_merged(visit, before, after))
    if not found:
        found = ("Nothing of what the hub does: comments, or how it is written.",)
    if mends:
        found = (
            "The file as it stands cannot be read; this text can. Compared with what the hub goes by:",
            *found,
        )
    tags, counting, refused = _tags(text) if tags_differ(before, after) else (None, "", "")
    return _Plan(
        diff=changed,
        sentences=found[:_MOST_SENTENCES],
        more=len(found[_MOST_SENTENCES:]),
        tags=tags,
        counting=counting,
        refused=refused,
    )


def _tags(text: str) -> tuple[TagPlan | None, str, str]:
    """What a text's rules would change of what is stored; or how far it is known; or why it cannot be."""
    try:
        found = desk().plan_tags(text, seconds=_WAITS)
    except HubError as error:
        return None, "", f"{error.problem} {error.remedy}".strip()
    return (None, found, "") if isinstance(found, str) else (found, "", "")


def _taken_away(visit: Visit, before: Config, after: Config) -> Iterator[str]:
    """How many entries are older than the hub keeps any then, where it is to keep them less long."""
    was, keep = before.hub.keep, after.hub.keep
    if keep is None or (was is not None and was <= keep):
        return
    number = visit.store.number_older(visit.now - keep)
    entries = counted(number, "entry is", "entries are")
    yield (
        f"{entries} older than {keep.days:,} days, and taken away for good soon after this is saved:"
        " nothing but a backup brings any of it back."
        if number
        else f"No entry is older than {keep.days:,} days by now; what will be is taken away for good."
    )


def _merged(visit: Visit, before: Config, after: Config) -> Iterator[str]:
    """How many of the newest stories enter and leave each merged feed, by the tags that they have now."""
    was = {each.slug: each.filter for each in before.merged_feeds}
    retagged = tags_differ(before, after)
    for each in after.merged_feeds:
        old = was.get(each.slug, each.filter)
        if each.slug in was and old == each.filter:
            continue
        by_tags = asks_for_tags(each.filter) or asks_for_tags(old)
        if by_tags and retagged:
            yield (
                f"What the merged feed {each.slug} has then is not counted: tag rules change too,"
                " and what is stored has the tags of those before until they are applied."
            )
            continue
        note = " That is by the tags that stories have now." if by_tags else ""
        selection = Selection(filter=each.filter, told=True)
        has = {story.id for story in visit.store.stories(selection, limit=_NEWEST).items}
        if each.slug not in was:
            yield f"The merged feed {each.slug} begins with {counted(len(has), 'story', 'stories')}.{note}"
            continue
        selection = Selection(filter=old, told=True)
        had = {story.id for story in visit.store.stories(selection, limit=_NEWEST).items}
        enter, leave = (counted(len(ids), "story", "stories") for ids in (has - had, had - has))
        yield f"Among the newest of the merged feed {each.slug}, {enter} come in, and {leave} go.{note}"


# ---------------------------------------------------------------- tags of what is stored


@routes.route("/file/tags", methods=["GET", "POST"])
@for_who_may("configure")
def tags() -> Response:
    """Whether the rules were applied to what is stored; and, when asked, what that would change."""
    values: dict[str, object] = {
        "title": "Tags of what is stored",
        "section": "file",
        "under_way": None,
        "of_another": False,
        "came": "",
        "when": None,
        "plan": None,
        "refused": "",
    }
    errand, by_this_file = desk().retagging()
    if errand is not None and not errand.wait(0.5):
        values |= {"under_way": errand.said or "It has begun.", "of_another": not by_this_file}
        return page("tags.html", values)
    if errand is not None and by_this_file:
        try:
            values["came"] = errand.outcome()
            values["when"] = visiting().setting.calendar.moment(errand.ended or visiting().now)
        except HubError as error:
            values["refused"] = f"{error.problem} {error.remedy}".strip()
    if request.method == "POST":
        found, counting, refused = _tags(desk().text())
        values |= {"plan": _Plan(diff="", tags=found, counting=counting, refused=refused), "came": ""}
    return page("tags.html", values)


@routes.post("/file/tags/apply")
@for_who_may("configure")
def apply() -> Response:
    desk().retag()
    did = Did(about="feeds.yaml", said="Applying the tag rules to what is stored was begun.")
    return done("retag", did, back="/admin/file/tags")


# ---------------------------------------------------------------- the page


def _broken(visit: Visit, here: str) -> list[_Problem]:
    """What is wrong with the file as it stands, which the hub does not go by then."""
    if text_digest(here) == visit.config.digest:
        return []
    try:
        parse(here)
    except ConfigError as error:
        return _problems(error, here)
    return []


def _page(
    here: str,
    typed: str | None = None,
    *,
    says: str = "",
    problems: list[_Problem] | None = None,
    plan: _Plan | None = None,
    others: str = "",
    from_opened: bool = False,
    status: int = 200,
) -> Response:
    """The page of the file as it is `here`, with the text as it was typed in."""
    visit, text = visiting(), here if typed is None else typed
    shown = for_form(text)
    too_long = len(shown.encode()) + shown.count("\n") > LONGEST_FORM - _BESIDES
    members = sorted(visit.config.members, key=lambda each: each.name.casefold())
    values = {
        "title": "feeds.yaml",
        "section": "file",
        "text": "" if too_long else shown,
        "too_long": too_long,
        "digest": _opened.keep(here),
        "seen": text_digest(text) if plan else "",
        "unwritable": desk().unwritable(),
        "says": says,
        "problems": problems or [],
        "broken": [] if problems or plan else _broken(visit, here),
        "plan": plan,
        "others": others,
        "from_opened": from_opened,
        "people": [
            (each, [feed for feed in visit.config.feeds if feed.key.member == each.slug]) for each in members
        ],
    }
    return page("file.html", values, status)
