"""The selects above lists: what they offer, and what is chosen in them. Pure."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from markupsafe import Markup
from msgspec import Struct

from hub.language import N_, Language
from hub.merged.addresses import Given
from hub.model import Member
from hub.web.asked import Asked
from hub.web.pages import Link
from hub.web.words import KINDS


class Choices(Struct, frozen=True):
    """What a select offers: the words of each value, and the options as HTML, of which none is chosen."""

    words: Mapping[str, str]
    options: str

    @classmethod
    def of(cls, words: Mapping[str, str]) -> Choices:
        """The choices of values that are told in these words."""
        # Not left to the template, which takes longer for them than for the rest of the page.
        options = (f"{_option(value)}>{html.escape(text)}</option>\n" for value, text in words.items())
        return cls(words, "".join(options))

    def choosing(self, value: str | None, words: str | None = None) -> Markup:
        """The options with that of a value chosen; one that is not offered, in these words, comes first."""
        options = self.options
        if value is not None and value in self.words:
            options = options.replace(f"{_option(value)}>", f"{_option(value)} selected>", 1)
        elif value is not None:
            options = f"{_option(value)} selected>{html.escape(words or value)}</option>\n{options}"
        return Markup(options)  # noqa: S704 - escaped above


def _option(value: str) -> str:
    return f'<option value="{html.escape(value)}"'


class Selects(Struct, frozen=True):
    """What the selects above lists offer, the same on every page until feeds.yaml changes."""

    topics: Choices
    members: Choices

    @classmethod
    def of(cls, labels: Mapping[str, str], members: Sequence[Member]) -> Selects:
        return cls(
            Choices.of(labels),
            Choices.of({each.slug: each.name for each in members}),
        )


@cache
def _kinds(language: Language) -> Choices:
    return Choices.of({kind: language.gettext(words) for kind, words in KINDS.items()})


# What is asked for in words, of one kind alone.
_ONLY = {
    "news": N_("(news only)"),
    "event": N_("(events only)"),
    "report": N_("(reports only)"),
    "vacancy": N_("(vacancies only)"),
    "funding": N_("(funding only)"),
}


class Filters(Struct, frozen=True, kw_only=True):
    """The options of the selects above a list, and a link for each filter in force that takes it away.

    `members` is empty where there is but one, and so is `but`, where the first of those that are
    left `without` is chosen. `asked` says in words what is asked for, empty where
    everything is.
    """

    topics: Markup
    members: Markup
    kinds: Markup
    but: Markup
    without: tuple[str, ...]
    asked: str
    fewer: tuple[Link, ...]


def filters(
    selects: Selects, asked: Asked, language: Language, *, named: Mapping[str, str], to: Callable[..., str]
) -> Filters:
    """The filters of a list; `to` makes its address from `tag`, `member`, `kind` and `without`.

    `named` are those members that are asked for or left out, which may have left, by slug.
    """
    tag, member, kind, without = asked.tag, asked.member, asked.kind, asked.without
    labels, several = selects.topics.words, len(selects.members.words) > 1
    first = without[0] if without else None
    left_out = language.listed([named[slug] for slug in without]) if without else ""
    in_force: dict[str, tuple[Given, str]] = {
        name: (value, words)
        for name, value, words in (
            ("tag", tag, language.gettext("on %(topic)s", topic=labels.get(tag or "", tag))),
            ("member", member, language.gettext("from %(member)s", member=named.get(member or "", ""))),
            ("without", without, language.gettext("not by %(members)s", members=left_out)),
            ("kind", kind, language.message(_ONLY[kind or "news"])),
        )
        if value
    }
    fewer = []
    for name in in_force if len(in_force) > 1 else ():
        rest = {other: found for other, found in in_force.items() if other != name}
        words = " ".join(words for _, words in rest.values())
        all_of = language.gettext("All news %(asked)s", asked=words)
        fewer.append(Link(all_of, to(**{other: value for other, (value, _) in rest.items()})))
    if in_force:
        fewer.append(Link(language.gettext("All news"), to()))
    return Filters(
        topics=selects.topics.choosing(tag),
        members=selects.members.choosing(member, named.get(member or "")) if several else Markup(),
        kinds=_kinds(language).choosing(kind),
        but=selects.members.choosing(first, named.get(first or "")) if several else Markup(),
        without=without,
        asked=" ".join(words for _, words in in_force.values()),
        fewer=tuple(fewer),
    )
