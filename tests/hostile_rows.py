"""What rows of the hostile server's table ask of the entries that come of them, or of the error told."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from hub.model import StoredEntry, is_undated

Entries = Sequence[StoredEntry]

_FAULT = re.compile(r"\(fault (\S+?)(?: of \S+)?\)$")


def faulty(entries: Entries) -> list[StoredEntry]:
    """The entries that are not plain ones."""
    return [stored for stored in entries if "(plain " not in stored.entry.title]


def named(entries: Entries, name: str) -> StoredEntry:
    """The entry whose title says that it carries a fault of this name."""
    (found,) = (each for each in entries if (match := _FAULT.search(each.entry.title)) and match[1] == name)
    return found


def _html(stored: StoredEntry) -> str:
    return stored.entry.summary + stored.entry.content


def _published(*allowed: datetime | None) -> Callable[[Entries], None]:
    def check(entries: Entries) -> None:
        (odd,) = faulty(entries)
        assert odd.entry.published in allowed
        assert odd.date <= odd.first_seen

    return check


def _at(month: int, day: int, hour: int = 10, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def _first_seen_counts(entries: Entries) -> None:
    (odd,) = faulty(entries)
    assert odd.date == odd.first_seen


def _unknown(entries: Entries) -> None:
    (odd,) = faulty(entries)
    assert is_undated(odd)


def _dates_kept(entries: Entries) -> None:
    assert all(stored.date == stored.entry.published for stored in entries)
    assert len({stored.date for stored in entries}) == len(entries)


def _no_later_than_now(entries: Entries) -> None:
    assert all(stored.date < stored.first_seen for stored in entries)


def _order_kept(entries: Entries) -> None:
    shown = sorted(entries, key=lambda stored: (stored.date, stored.key), reverse=True)
    numbers = [int(stored.entry.title.rpartition("(plain ")[2].split()[0]) for stored in shown]
    assert numbers == list(range(1, len(entries) + 1))


def _faults(*numbers: int) -> Callable[[Entries], None]:
    def check(entries: Entries) -> None:
        assert len(faulty(entries)) in numbers

    return check


def _no_link_of_a_word(entries: Entries) -> None:
    assert named(entries, "said").entry.link is None
    assert named(entries, "script").entry.link is None
    assert (named(entries, "unsaid").entry.link or "").endswith("/page/id/permalink-lie/unsaid")


def _ids_as_written(entries: Entries) -> None:
    ids = {stored.entry.id for stored in faulty(entries)}
    assert len(ids) == 8
    assert {"<script>hostile_ran('id')</script>", "'; DROP TABLE entries; --", "{{7*7}}", "a\nb"} <= ids


def _long_ids_apart(entries: Entries) -> None:
    assert {(stored.entry.id or "")[-1] for stored in faulty(entries)} == {"a", "b"}


def _title_bounded(entries: Entries) -> None:
    assert all(len(stored.entry.title) <= 1_000 for stored in entries)
    _faults(1)(entries)


def _whole_title(entries: Entries) -> None:
    assert len(named(entries, "title").entry.title) > 280


def _long_link_whole_or_none(entries: Entries) -> None:
    link = named(entries, "link").entry.link
    assert link is None or link.endswith("l" * 70_000)


def _bounded(entries: Entries) -> None:
    for stored in entries:
        entry = stored.entry
        assert max(len(entry.categories), len(entry.authors), len(entry.enclosures)) <= 100
        assert all(len(category.term) <= 1_000 for category in entry.categories)


def _by_the_nearest_base(entries: Entries) -> None:
    entry = named(entries, "base").entry
    assert (entry.link or "").endswith("/page/news/one.html")
    assert "/page/news/deep/two.html" in entry.content
    assert "/page/news/three.png" in entry.content


def _absolute(entries: Entries) -> None:
    for stored in faulty(entries):
        links = re.findall(r'(?:href|src)="([^"]*)"', _html(stored))
        assert all(re.match("https?://", link) for link in links)
        assert stored.entry.link is None or stored.entry.link.startswith("http")


def _absolute_candidates(entries: Entries) -> None:
    _absolute(entries)
    written = re.findall(r'srcset="([^"]*)"', _html(named(entries, "srcset")))
    candidates = [each.split()[0] for given in written for each in given.split(", ")]
    assert len(candidates) >= 4
    assert all(re.match("https?://", candidate) for candidate in candidates)


def _no_link(entries: Entries) -> None:
    assert named(entries, "none").entry.link is None


def _titles(*expected: str) -> Callable[[Entries], None]:
    def check(entries: Entries) -> None:
        titles = {stored.entry.title for stored in faulty(entries)}
        assert {title.rpartition(" (fault")[0] for title in titles} == set(expected)

    return check


def _right_to_left(entries: Entries) -> None:
    assert [stored.entry.direction for stored in faulty(entries)] == ["rtl", "rtl"]


def _replaced(entries: Entries) -> None:
    (odd,) = faulty(entries)
    assert "\N{REPLACEMENT CHARACTER}" in odd.entry.title


def _stands_alone(entries: Entries) -> None:
    stories = [stored.story for stored in entries]
    assert len(set(stories)) == len(stories)
    assert all(stored.lead for stored in entries)


CHECKS: dict[str, Callable[[Entries], None]] = {
    "/date/future": _first_seen_counts,
    "/date/future-hours": _first_seen_counts,
    "/date/none": _unknown,
    "/date/1970": _published(None),
    "/date/0001": _published(None, datetime(1, 1, 1, tzinfo=UTC)),
    "/date/year-zero": _published(None),
    "/date/words": _published(None),
    "/date/two-digit-year": _published(_at(1, 5)),
    "/date/zone-name": _published(_at(7, 7, 9, year=2025)),
    "/date/zone-none": _published(_at(1, 5)),
    "/date/iso-in-rss": _published(_at(1, 5, 9)),
    "/date/uk": _published(_at(1, 5), None),
    "/date/us": _published(_at(1, 25, 15, 4), None),
    "/date/wrong-weekday": _published(_at(1, 5)),
    "/date/french": _published(_at(1, 5, 9), None),
    "/date/huge": _published(None),
    "/date/epoch": _published(_at(1, 5), None),
    "/date/all-same": _order_kept,
    "/date/old-first": _order_kept,
    "/date/backlog": _dates_kept,
    "/date/backlog-500": _dates_kept,
    "/validators/future": _no_later_than_now,
    "/id/duplicate": _faults(1, 2),
    "/id/repeated": _faults(1),
    "/id/case": _faults(2),
    "/id/empty-entry": _faults(0),
    "/id/stolen": _stands_alone,
    "/id/permalink-lie": _no_link_of_a_word,
    "/id/markup": _ids_as_written,
    "/size/id": _long_ids_apart,
    "/size/title": _title_bounded,
    "/size/title-one-word": _title_bounded,
    "/size/title-300": _whole_title,
    "/size/link": _long_link_whole_or_none,
    "/size/categories": _bounded,
    "/size/authors": _bounded,
    "/size/enclosures": _bounded,
    "/size/category-long": _bounded,
    "/link/xml-base": _by_the_nearest_base,
    "/link/relative": _absolute,
    "/link/srcset": _absolute_candidates,
    "/link/none": _no_link,
    "/link/schemes": _absolute,
    "/link/unicode": _faults(6),
    "/spoof/link": _stands_alone,
    "/spoof/source": _stands_alone,
    "/spoof/author": _stands_alone,
    "/markup/plain-text-angle": _titles(
        "a < b and c > d", "Use <b> for bold", "AT&T buys", "Tom & Jerry", "1 < 2", "if (a<b && c>d)"
    ),
    "/markup/arabic": _right_to_left,
    "/markup/invisible": _faults(6),
    "/markup/sql": _faults(13),
    "/charset/emoji": _titles("👩\u200d👩\u200d👧 e\u0301 𝔥𝔢𝔞𝔩𝔱𝔥"),
    "/charset/mojibake": _titles("CafÃ© donâ€™t"),
    "/charset/invalid-utf8": _replaced,
    "/charset/utf-8-http-latin-1": _titles("Café naïve £5 – “quoted” …"),
}

# Words that an error has to say, where the row asks for more than any error.
SAYS = {
    "/time/never-ending": "20 MB",
    "/time/silence": "did not answer in 10 seconds",
    "/time/closed": "without an answer",
    "/bomb/gzip": "20 MB",
    "/redirect/loop": "circle",
    "/redirect/self": "circle",
    "/redirect/chain-30": "more than 10",
    "/redirect/permanent-html": "/maintenance",
    "/redirect/no-location": "did not say where",
    "/redirect/305": "proxy",
    "/validators/304-at-once": "nothing to keep",
    "/status/401": "password",
    "/status/401-basic": "user name",
    "/status/403-challenge": "robots",
    "/status/503-challenge": "robots",
    "/status/200-challenge": "HTML",
    "/status/200-login": "HTML",
    "/status/200-parked": "HTML",
    "/status/html-error-200": "HTML",
    "/status/410": "gone",
    "/body/empty": "empty",
    "/body/blank": "empty",
    "/body/html": "HTML",
    "/body/html-as-feed": "HTML",
    "/body/html-autodiscovery": "/plain",
    "/body/opml": "OPML",
    "/maintenance": "HTML",
    "/size/50mb": "20 MB",
    "/size/100000-entries": "20 MB",
    "/tls/wrong-name": "certificate",
    "/tls/good": "certificate",
}
