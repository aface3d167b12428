"""The topics: their tree, and each rule on a page where it is tried on the newest news before it is saved."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from flask import Blueprint, Response, abort, request
from msgspec import Struct

from hub.config import Config, parse
from hub.config.compare import differences, tags_differ
from hub.config.edit import slugify
from hub.config.reading import text_digest
from hub.config.rules import LISTS, TEXTS, ChangedRule, WrittenRule, change_rule, read_rule, without_rule
from hub.config.whole import diff
from hub.errors import ConfigError
from hub.model import Did, TagField, TagRule, Trial
from hub.said import as_written, counted, plain_letters
from hub.web.admin.frame import desk, done, for_who_may, may, must, page, unchangeable
from hub.web.visit import visiting

routes = Blueprint("topics", __name__)

_AT_ONCE = 200
_LONGEST_ASKED = 100
_LONGEST_RULE = 160
# Seconds that somebody waits for what a rule finds.
_WAITS = 2.0
_PLACES: Mapping[TagField, str] = {
    "title": "Title",
    "text": "Text",
    "category": "Its publisher’s categories",
}
_SAID = 3


# ---------------------------------------------------------------- the tree


class TopicRow(Struct, frozen=True, kw_only=True):
    """A topic in the tree, so `deep` beneath the first; `rule` is None where feeds alone give it."""

    term: str
    label: str
    deep: int
    part_of: str
    stories: int
    rule: str | None


@routes.get("/topics")
@for_who_may("topics")
def topics() -> Response:
    visit, here = visiting(), desk().text()
    try:
        config = _config(here)
    except ConfigError as error:
        return _broken("Topics", error)
    words = request.args.get("q", "").strip()[:_LONGEST_ASKED]
    rows = [each for each in _tree(config, visit.store.tag_counts()) if words.lower() in _words(each)]
    number = request.args.get("page", "")
    first = _AT_ONCE * (int(number) - 1) if re.fullmatch("[1-9][0-9]{0,5}", number) else 0
    last, to = min(first + _AT_ONCE, len(rows)), visit.addresses.to
    values: Mapping[str, object] = {
        "title": "Topics",
        "section": "any-topics",
        "any": bool(config.labels),
        "words": words,
        "rows": rows[first:last],
        "said": f"{first + 1:,} to {last:,} of {len(rows):,}",
        "before": to("/admin/topics", q=words, page=str(first // _AT_ONCE)) if first else None,
        "after": to("/admin/topics", q=words, page=str(first // _AT_ONCE + 2)) if last < len(rows) else None,
        "unwritable": unchangeable(),
    }
    return page("topics.html", values)


def _config(here: str) -> Config:
    """What the file says, which the hub may not go by yet. Raises ConfigError."""
    config = visiting().config
    return config if config.digest == text_digest(here) else parse(here)


def _broken(title: str, error: ConfigError) -> Response:
    where = "The page feeds.yaml is where to mend it." if may("configure") else "An admin can mend it."
    remedy = f"The hub goes on with what it read before. {where}"
    values = {"title": title, "section": "any-topics", "problem": error.problem, "remedy": remedy}
    return page("refused.html", values)


def _tree(config: Config, counts: Mapping[str, int]) -> Iterator[TopicRow]:
    """All topics by label, what is part of a broader one behind it."""
    rules = {rule.term: rule for rule in config.tags}
    beneath: defaultdict[str | None, list[str]] = defaultdict(list)
    for term in sorted(config.labels, key=lambda term: (plain_letters(config.labels[term]), term)):
        beneath[rules[term].broader if term in rules else None].append(term)
    # As deep as rules are many: no recursion.
    waiting = [(term, 0) for term in reversed(beneath[None])]
    while waiting:
        term, deep = waiting.pop()
        rule = rules.get(term)
        yield TopicRow(
            term=term,
            label=config.labels[term],
            deep=min(deep, 4),
            part_of=config.labels[rule.broader] if rule and rule.broader else "",
            stories=counts.get(term, 0),
            rule=as_written(_in_a_line(rule), most=_LONGEST_RULE) if rule else None,
        )
        waiting += [(each, deep + 1) for each in reversed(beneath[term])]


def _in_a_line(rule: TagRule) -> str:
    parts = [
        f"{name} {', '.join(phrases)}"
        for name, phrases in (
            ("any of", rule.any),
            ("all of", rule.all),
            ("none of", rule.not_),
            ("not within", rule.except_),
            ("category", rule.categories),
        )
        if phrases
    ]
    if not parts:
        return "finds nothing by itself"
    if len(rule.fields) < len(_PLACES):
        parts.append(f"in {' and '.join(rule.fields)}")
    return "; ".join(parts)


def _words(row: TopicRow) -> str:
    return f"{row.label} {row.term} {row.rule or ''}".lower()


# ---------------------------------------------------------------- one of them


@routes.get("/topics/<term>")
@for_who_may("topics")
def topic(term: str) -> Response:
    here = desk().text()
    try:
        _config(here)
        rule = read_rule(here, term)
    except ConfigError as error:
        return _broken(term, error)
    return _page(here, rule) if rule else abort(404)


@routes.get("/new-topic")
@for_who_may("configure")
def new_topic() -> Response:
    here = desk().text()
    try:
        _config(here)
    except ConfigError as error:
        return _broken("New topic", error)
    return _page(here, WrittenRule(term=request.args.get("term", "")[:80]), new=True)


@routes.post("/topics/<term>")
@for_who_may("topics")
def change(term: str) -> Response:
    """Try a rule as it was typed in, or save it."""
    here, typed = desk().text(), _typed(term)
    try:
        found = read_rule(here, term)
    except ConfigError as error:
        return _refused(here, typed, error, new=False)
    if found is None:
        says = f"Somebody else has taken the topic {term} out meanwhile. Nothing was written."
        return _page(here, typed, problems={"": (says,)}, status=409)
    if text_digest(found.source) != request.form.get("was"):
        return _page(here, typed, others=found.source, status=409)
    return _tried_or_saved(here, typed, new=False)


@routes.post("/new-topic")
@for_who_may("configure")
def add() -> Response:
    term = request.form.get("term", "").strip() or slugify(request.form.get("label", ""))
    return _tried_or_saved(desk().text(), _typed(term), new=True)


@routes.post("/remove-topic/<term>")
@for_who_may("configure")
def remove(term: str) -> Response:
    here = desk().text()
    before, changed = parse(here), without_rule(here, term)
    return _saved(here, changed, before, parse(changed), f"The topic {term} was taken out.")


def _typed(term: str) -> WrittenRule:
    form = request.form
    lists = {key: [" ".join(line.split()) for line in form.get(key, "").split("\n")] for key in LISTS}
    lists["in"] = [place for place in _PLACES if place in form.getlist("in")]
    return WrittenRule(
        term=term,
        texts={key: " ".join(form.get(key, "").split()) for key in TEXTS},
        lists={key: tuple(filter(None, lines)) for key, lines in lists.items()},
    )


def _tried_or_saved(here: str, typed: WrittenRule, *, new: bool) -> Response:
    if not typed.lists["in"]:
        return _page(here, typed, new=new, problems={"in": ("Choose one at least.",)}, status=400)
    try:
        changed = change_rule(here, typed, new=new)
        if changed.after is None:
            return _page(here, typed, new=new, problems=changed.problems, status=400)
        if request.form.get("do") != "save":
            trial = desk().try_rule(changed.before, changed.after, typed.term, seconds=_WAITS)
            return _page(here, typed, new=new, changed=changed, trial=trial)
        must("configure")
        if changed.text == here:
            return _page(here, typed, says="The rule is the one of the file: nothing is changed.")
        what = f"The topic {changed.after.labels[typed.term]} was {'added' if new else 'saved'}."
        return _saved(here, changed.text, changed.before, changed.after, what)
    except ConfigError as error:
        return _refused(here, typed, error, new=new)


def _refused(here: str, typed: WrittenRule, error: ConfigError, *, new: bool) -> Response:
    problems = {"": (*error.problems, error.remedy)}
    return _page(here, typed, new=new, problems=problems, status=409)


def _saved(here: str, text: str, before: Config, after: Config, what: str) -> Response:
    edited = desk().write(text, instead_of=text_digest(here))
    sentences = differences(before, after)
    told = [what, *sentences[:_SAID]]
    if rest := sentences[_SAID:]:
        told.append(f"And {counted(len(rest), 'more change', 'more changes')}.")
    retags = tags_differ(before, after)
    if retags:
        told.append(
            "So much holds for what comes in; what is stored waits for the rules to be applied to it."
        )
    return done(
        "save-topic",
        Did(about="feeds.yaml", said=" ".join(told), change=edited.diff, undo=edited.undo),
        back="/admin/file/tags" if retags else "/admin/topics",
    )


# ---------------------------------------------------------------- the page of one


class _Field(Struct, frozen=True):
    """A list of the form: what it is called, what is written there, and what it does."""

    key: str
    name: str
    text: str
    rows: int
    does: str


_FIELDS = (
    ("any", "Any of these", "A story has one of them or more."),
    ("all", "All of these", "A story has each of them."),
    ("not", "None of these", "A story that has one of them is not of the topic, whatever else it has."),
    ("except", "Not within these", "What stands within one does not count, such as an organisation’s name."),
    ("categories", "Its publisher’s categories", "A story of one of them is of the topic."),
)


def _fields(rule: WrittenRule) -> Iterator[_Field]:
    for key, name, does in _FIELDS:
        lines = rule.lists.get(key, ())
        yield _Field(key, name, "\n".join(lines), min(max(len(lines) + 1, 2), 14), does)


def _page(
    here: str,
    rule: WrittenRule,
    *,
    new: bool = False,
    says: str = "",
    problems: Mapping[str, Sequence[str]] = {},
    others: str = "",
    changed: ChangedRule | None = None,
    trial: Trial | None = None,
    status: int = 200,
) -> Response:
    """The page of a rule as it is in the file, or as it was typed in."""
    visit = visiting()
    try:
        config, in_file = _config(here), None if new else read_rule(here, rule.term)
    except ConfigError:
        # It was broken elsewhere after the page was opened.
        config, in_file = visit.config, None
    values = {
        "title": "New topic" if new else config.labels.get(rule.term, rule.term),
        "section": "any-topics",
        "new": new,
        "rule": rule,
        "texts": {key: rule.texts.get(key, "") for key in TEXTS},
        "fields": tuple(_fields(rule)),
        "places": _PLACES,
        "chosen_places": rule.lists.get("in") or (() if "in" in problems else get_args(TagField)),
        "broader": [(each.term, each.label) for each in config.tags if each.term != rule.term],
        "counts": bool(rule.texts.get("threshold")) or "threshold" in problems,
        "in_file": in_file,
        "was": text_digest(in_file.source) if in_file else request.form.get("was", ""),
        "says": says,
        "problems": problems,
        "others": others,
        "diff": diff(here, changed.text) if changed else "",
        "trial": trial,
        "day": visit.setting.calendar.full_date,
        "unwritable": unchangeable(),
    }
    return page("topic.html", values, status)
