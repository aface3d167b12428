"""What did a member take back? Pure.

Its feed says so by a tombstone, or the entry is missing and its page is gone.

An entry that slides out of a feed's window is no withdrawal, nor is a feed
that goes empty or begins anew: only where older entries are in it is one that
is missing looked into. Then its page decides, and it is asked twice, a day
apart, since pages fail for a while. A page that leads to another's is gone
too. The page of an entry that is still in the feed is asked beside it: a site
that has none for us, or one for all, takes nothing back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from hub import urls
from hub.errors import FetchError
from hub.language import N_
from hub.model import Checked, Entry, EntryKeys, PageCheck, Window, Withheld

_APART = timedelta(days=1)
_MOST_TRIES = 5
# Where so many are missing at once, and they are most of what was there, the feed shows something else now.
_MANY, _MOST = 3, 0.5

_NOT_THERE = (404, 410)
PAGE_IS_GONE = N_("its page is no longer on their site")


def missing(before: Window, after: Window) -> tuple[int, ...]:
    """The keys of entries that are gone from within a feed's window, by its last document and this one.

    That is where an older one is there: by date, or by its place where they have none. It may have
    moved in at the end, where feeds have as many entries as before.
    """
    had, still = {each.key for each in before}, {each.key for each in after}
    there = [place for place, each in enumerate(before) if each.key in still]
    gone = [place for place, each in enumerate(before) if each.key not in still]
    if not there or (len(gone) > _MANY and len(gone) > _MOST * len(before)):
        return ()
    older = [*after, *(before[place] for place in there)]
    oldest = min((each.date for each in older if each.date), default=None)
    last = len(before) if after[-1].key and after[-1].key not in had else there[-1]
    return tuple(
        before[place].key
        for place in gone
        if (oldest < date if (date := before[place].date) and oldest else place < last)
    )


def in_another_feed(entry: Entry, withdrawn: Iterable[tuple[EntryKeys, Withheld]]) -> Withheld | None:
    """Why a new entry is not published: an admin withdrew the same from another feed of its member; or None.

    `withdrawn` are the keys of what was withdrawn there, each with why. The same news has two of id,
    link and title the same: many vacancies have one page for a link, and some ids only count.
    """
    keys = entry.keys
    for other, withheld in withdrawn:
        same_id, same_link = keys.id and keys.id == other.id, keys.link and keys.link == other.link
        if sum(map(bool, (same_id, same_link, keys.title == other.title))) > 1:
            return withheld
    return None


def to_check(keys: Iterable[int], now: datetime) -> tuple[PageCheck, ...]:
    """The pages of missing entries, to be looked at with the next polls, each of which looks at some."""
    return tuple(PageCheck(key=key, due=now) for key in keys)


def is_gone(outcome: object) -> bool | None:
    """Whether a page is gone, by what came of asking for it; None where that cannot be told."""
    if not isinstance(outcome, FetchError):
        return False
    return True if outcome.status in _NOT_THERE else None


def judged(
    check: PageCheck, gone: bool | None, ended: str, there: Sequence[str]
) -> tuple[bool | None, str | None]:
    """Whether a page is gone, and the link of one that has to be asked beside it before that counts.

    `gone` is what asking for the page itself says, which `ended` at an address; `there` are the links of
    the feed's entries. None is asked beside a page that is there, or is found gone for the first time.
    """
    led_away = leads_away(check.url, ended, there)
    if led_away or (gone and check.gone_since is not None):
        return (None if led_away else gone), one_to_compare(check.url, ended, there)
    return gone, None


def leads_away(link: str, ended: str, there: Iterable[str]) -> bool:
    """Whether asking for the page at a link ended at a home page, or at that of another of those `there`."""
    page = urls.canonical(ended)
    if page == urls.canonical(link) or urls.is_home_page(link):
        return False
    return urls.is_home_page(ended) or page in map(urls.canonical, there)


def one_to_compare(link: str, ended: str, there: Iterable[str]) -> str | None:
    """A link of those `there` whose page must be there, and nowhere else, if this one's is to be gone.

    A site may send everybody to its front page for a while, or ask for consent there; it may have no page
    at all for a program.
    """
    neither = (urls.canonical(link), urls.canonical(ended))
    others = (each for each in there if not urls.is_home_page(each))
    return next((each for each in others if urls.canonical(each) not in neither), None)


def is_gone_beside(outcome: object, url: str, ended: str, led_to: str) -> bool | None:
    """Whether a page is gone, asking for which led to an address, by the outcome for one beside it.

    None where it cannot be told: asking for the one beside it `ended` there too, or it is not there itself.
    """
    stays = is_gone(outcome) is False and not leads_away(url, ended, (led_to,))
    return True if stays else None


class Pages(NamedTuple):
    """What comes of pages of missing entries that were looked at.

    again      those to look at again
    done       the keys of the entries whose pages need not be looked at any more
    withdrawn  the keys of the entries that were taken back, each with the reason
    """

    again: tuple[PageCheck, ...]
    done: tuple[int, ...]
    withdrawn: Mapping[int, str]


def after(checked: Iterable[Checked], now: datetime) -> Pages:
    """What comes of pages that were looked at at `now`: one is gone that was so twice, a day apart."""
    again: list[PageCheck] = []
    done: list[int] = []
    withdrawn: dict[int, str] = {}
    for page in checked:
        check = replace(page.check, due=now + _APART, tries=page.check.tries + 1)
        if page.gone is False and not page.check.tries:
            # A cache may serve for a while what is gone.
            again.append(check)
        elif page.gone is False or (page.gone is None and check.tries >= _MOST_TRIES):
            done.append(check.key)
        elif page.gone is None:
            again.append(check)
        elif check.gone_since is None:
            again.append(replace(check, gone_since=now))
        elif now - check.gone_since >= _APART:
            done.append(check.key)
            withdrawn[check.key] = PAGE_IS_GONE
        else:
            again.append(check)
    return Pages(tuple(again), tuple(done), withdrawn)
