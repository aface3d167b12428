"""A feed is added: an address is looked at, what was found is shown, and one way to read it is taken."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import Blueprint, Response, request
from msgspec import Struct

from hub.config import Config, check_url
from hub.config.edit import NewFeed, free_slug
from hub.config.owners import seems_of
from hub.config.values import check_slug, comparable_url
from hub.errors import ConfigError, FeedError, HubError, NotAFeed
from hub.model import Finding, Look, Republish
from hub.said import sentence
from hub.web.admin.frame import desk, done, for_who_may, page, to
from hub.web.visit import visiting

routes = Blueprint("add", __name__)

# Seconds that who asks waits, before the page says that it is under way, and from then on.
_AT_FIRST, _AGAIN = 3.0, 0.5
_RIGHTS: Mapping[Republish, str] = {
    "full": "All of it",
    "summary": "Title and summary",
    "link": "Title and link alone",
}
_FORGOTTEN = "What was found there is not known any more: look at it again."


class _Shown(Struct, frozen=True, kw_only=True):
    """A finding as the page shows it: with its place among them, and the feed that it is already."""

    number: int
    found: Finding
    known: str


@routes.get("/add")
@for_who_may("configure")
def show() -> Response:
    url = request.args.get("url", "")
    if "look" not in request.args:
        return _ask(url)
    errand = desk().looked(_number(request.args["look"]))
    if errand is None:
        return _ask(url, _FORGOTTEN)
    if not errand.wait(_AGAIN):
        return page("add.html", {**_frame(url), "looking": True})
    try:
        look = errand.outcome()
    except NotAFeed as error:
        return _ask(url, error.problem, error.remedy)
    except FeedError as error:
        all_the_same = "To add it all the same, write it on the page feeds.yaml."
        return _ask(url, error.problem, f"{error.remedy} {all_the_same}".strip())
    except HubError as error:
        return _ask(url, error.problem, error.remedy)
    return _choose(look, proposed(look, visiting().config), {})


@routes.post("/add")
@for_who_may("configure")
def look() -> Response:
    url = request.form.get("url", "").strip()
    if url and "://" not in url:
        url = f"https://{url}"
    try:
        check_url(url)
        known = _known(url, visiting().config)
        if known:
            return _ask(url, f"This is the feed {known} already.", status=400)
        errand = desk().look(url)
    except ValueError as error:
        return _ask(url, f"{error}.", status=400)
    except HubError as error:
        return _ask(url, error.problem, error.remedy, status=400)
    errand.wait(_AT_FIRST)
    return to("/admin/add", look=str(errand.number), url=url)


@routes.post("/add/feed")
@for_who_may("configure")
def add() -> Response:
    """Say what would be written of what was chosen, or write it."""
    typed = {name: request.form.get(name, "").strip() for name in _FIELDS}
    errand = desk().looked(_number(request.form.get("look", "")))
    if errand is None or not errand.wait():
        return _ask(request.form.get("url", ""), _FORGOTTEN, status=400)
    look = errand.outcome()
    feed, problems = _wanted(look, typed, visiting().config)
    if feed is None:
        return _choose(look, typed, problems, status=400)
    try:
        if request.form.get("do") != "add":
            plan = desk().plan_feed(feed)
            return _choose(look, typed, {}, plan=plan.change.diff, key=str(plan.key))
        did = desk().add_feed(feed)
    except ConfigError as error:
        return _choose(look, typed, {"": f"{error.problem}. {error.remedy}"}, status=400)
    return done("add-feed", did, back="/admin/add")


# ---------------------------------------------------------------- what was chosen

_FIELDS = ("option", "member", "name", "slug", "feed", "republish")


def proposed(look: Look, config: Config) -> dict[str, str]:
    """What to begin from: the best finding, for the member whose it seems to be, or for a new one."""
    best = look.best
    return {
        "option": str(look.findings.index(best)),
        "member": seems_of(look, config),
        "name": best.title,
        "slug": free_slug(config, best.title, best.url),
        "feed": "",
        # What a member lets others show, nobody can guess.
        "republish": "",
    }


def _wanted(look: Look, typed: Mapping[str, str], config: Config) -> tuple[NewFeed | None, dict[str, str]]:
    """The feed that is to be added, or None with what is wrong by field."""
    number, problems = _number(typed["option"], -1), dict[str, str]()
    slugs = {each.slug for each in config.members}
    if not 0 <= number < len(look.findings) or not look.findings[number].may_be_taken:
        problems["option"] = "Choose how it is to be read."
    if typed["member"] and typed["member"] not in slugs:
        problems["member"] = f"There is no member {typed['member']} any more."
    if not typed["member"] and not typed["name"]:
        problems["name"] = "A new member needs a name."
    if not typed["member"] and typed["slug"] in slugs:
        problems["slug"] = f"There is a member {typed['slug']} already: choose it, or another short name."
    for field, needed in (("slug", not typed["member"]), ("feed", bool(typed["feed"]))):
        try:
            check_slug(typed[field] if needed else "news")
        except ValueError as error:
            problems[field] = f"{error}."
    if not typed["member"] and not typed["slug"]:
        problems["slug"] = "A new member needs a short name."
    taken = {each.key.name for each in config.feeds if each.key.member == typed["member"]}
    if typed["member"] and typed["feed"] in taken:
        problems["feed"] = f"{typed['member']} has a feed {typed['feed']} already."
    rights = next((each for each in _RIGHTS if each == typed["republish"]), None)
    if not typed["member"] and rights is None:
        problems["republish"] = "Choose how much of its news may be shown."
    if problems:
        return None, problems
    found = look.findings[number]
    if known := _known(found.url, config):
        return None, {"option": f"This is the feed {known} already."}
    return NewFeed(
        url=found.url,
        kind=found.kind,
        member=typed["member"] or typed["slug"],
        name=typed["feed"] or None,
        title=typed["name"],
        homepage=found.homepage,
        republish=rights or "full",
    ), {}


def _known(url: str, config: Config) -> str:
    """The feed that has an address, empty where none does."""
    wanted = comparable_url(url)
    addresses = ((feed.key, each) for feed in config.feeds for each in (feed.url, *feed.alternatives))
    return next((str(key) for key, each in addresses if comparable_url(each) == wanted), "")


def _number(written: str, otherwise: int = 0) -> int:
    return int(written) if re.fullmatch(r"[0-9]{1,15}", written) else otherwise


# ---------------------------------------------------------------- the page


def _frame(url: str) -> dict[str, object]:
    return {
        "title": "Add a feed",
        "section": "add",
        "url": url,
        "unwritable": desk().unwritable(),
        "wrong": [],
        "remedy": "",
        "looking": False,
        "look": None,
    }


def _ask(url: str, wrong: str = "", remedy: str = "", *, status: int = 200) -> Response:
    said = sentence(wrong)
    return page(
        "add.html", {**_frame(url), "wrong": said.split("\n") if said else [], "remedy": remedy}, status
    )


def _choose(
    look: Look,
    typed: Mapping[str, str],
    problems: Mapping[str, str],
    *,
    plan: str = "",
    key: str = "",
    status: int = 200,
) -> Response:
    visit = visiting()
    found = (
        _Shown(number=number, found=each, known=_known(each.url, visit.config))
        for number, each in enumerate(look.findings)
    )
    values = {
        "look": look,
        "number": request.values.get("look", ""),
        "found": sorted(found, key=lambda each: (not each.found.may_be_taken, each.found is not look.best)),
        "people": sorted(visit.config.members, key=lambda each: each.name.casefold()),
        "rights": _RIGHTS,
        "typed": "",
        "chosen": typed,
        "problems": problems,
        "plan": plan,
        "key": key,
        # A look is nobody's.
        "some_for_members": any(rule.members is not None for rule in visit.config.tags),
        "day": visit.setting.calendar.full_date,
    }
    return page("add.html", {**_frame(look.asked), **values}, status)
