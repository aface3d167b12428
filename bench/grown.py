"""A database as it is after years: any number of entries of news-like words, written in minutes.

    python -m bench.grown hub.db 1000000

The words are made up, 60,000 of them, drawn by Zipf's law as in any language,
since few words make a full-text index look quicker than it is. Rows are
written past the stages, by the statements that the store itself uses.
"""

from __future__ import annotations

import random
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate
from pathlib import Path

from hub.model import Entry, EntryKeys, Feed, FeedKey, Member, MemberType, Tag, digest
from hub.store import open_store, rows, tagging
from hub.store import statements as sql
from hub.store.sqlite import NEW_IN_SEARCH, SqliteStore
from hub.stories import sketched

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
MEMBERS = 2000
_VOCABULARY = 60_000
_SENTENCES = (4, 20)  # of an entry's text, at least and at most
_COPIES = 0.05  # of the entries
_YEARS = 5
_COMPARED = timedelta(days=120)  # as long as the store keeps what entries are compared by
_AT_ONCE = 5000
TAGS = tuple(f"topic-{number}" for number in range(40))


@cache
def vocabulary() -> list[str]:
    """The made-up words, the most frequent first."""
    chance = random.Random(60)
    syllables = [c + v + e for c in "bcdfglmnprst" for v in "aeiou" for e in ("", "n", "r", "s")]
    words: dict[str, None] = {}
    while len(words) < _VOCABULARY:
        words["".join(chance.choices(syllables, k=chance.choice((1, 2, 2, 3, 3, 4))))] = None
    # Frequent words are short, as Zipf saw too.
    return sorted(words, key=lambda word: (len(word), word))[:_VOCABULARY]


def zipf(count: int) -> list[float]:
    """Cumulative weights: the nth word is n times as rare as the first."""
    return list(accumulate(1 / (rank + 2.7) for rank in range(count)))


def feeds_yaml(members: int = MEMBERS) -> str:
    """The feeds.yaml that such a database belongs to."""
    lines = ["hub: {title: Grown, timezone: Europe/London}", "members:"]
    lines += [
        f"  - {{slug: m{n}, name: Member {n}, region: Region {n % 7}, type: {_type(n)},"
        f" feeds: [{{url: 'https://m{n}.example/feed/'}}]}}"
        for n in range(members)
    ]
    lines += ["tags:", *(f"  - {{term: {term}, label: Topic {term[6:]}, any: [{term}]}}" for term in TAGS)]
    return "\n".join(lines) + "\n"


def grow(file: Path, entries: int, *, members: int = MEMBERS) -> None:
    """Make a database of so many entries; one that is there already is grown up to them."""
    store = open_store(f"sqlite:///{file}")
    named = [
        Member(slug=f"m{n}", name=f"Member {n}", region=f"Region {n % 7}", type=_type(n))
        for n in range(members)
    ]
    feeds = [Feed(key=FeedKey(each.slug), url=f"https://{each.slug}.example/feed/") for each in named]
    store.sync(named, feeds, authority="news.example")
    store.close()
    with sqlite3.connect(file, isolation_level=None) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -400000")
        (there,) = connection.execute("SELECT COALESCE(MAX(key), 0) FROM entries").fetchone()
        feed_ids = dict(connection.execute("SELECT member, id FROM feeds"))
        for start in range(there, entries, _AT_ONCE):
            connection.execute("BEGIN")
            _write(connection, range(start + 1, min(start + _AT_ONCE, entries) + 1), entries, feed_ids)
            connection.execute("DELETE FROM tag_counts")
            connection.execute("INSERT INTO tag_counts SELECT term, COUNT(*) FROM story_tags GROUP BY term")
            connection.execute("UPDATE state SET version = version + 1")
            connection.execute("COMMIT")
    connection.close()
    with closing(SqliteStore(file)) as grown:
        with grown._writing():
            grown._touch(range(there + 1, entries + 1))
        complete = False
        while not complete:
            with grown._writing():
                complete = not grown._make_bitmaps()
        grown._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _type(number: int) -> MemberType:
    return "national" if number == 0 else "partner" if number % 5 == 0 else "member"


def _write(connection: sqlite3.Connection, keys: range, of: int, feed_ids: dict[str, int]) -> None:
    entries, tags, stories, sketches, index = [], [], [], [], []
    for grown in _grown(keys, of, sorted(feed_ids)):
        entry, date = grown.entry, rows.stamp(grown.date)
        if grown.story == grown.key:
            stories.append((grown.story,))
        entries.append(
            {
                **{"key": grown.key, "feed": feed_ids[entry.feed.member], "member": entry.feed.member},
                **{"story": grown.story, "lead": int(grown.story == grown.key)},
                **{"copy_of": None if grown.story == grown.key else grown.story},
                **{"why": "" if grown.story == grown.key else "the same link as {}’s"},
                **{
                    "kind": entry.kind,
                    "atom_id": entry.id,
                    "atom_key": digest(entry.id or ""),
                    "date": date,
                    "now": date,
                },
                **rows.entry_row(entry),
            }
        )
        tags.append((grown.key, rows.tags_text(entry.tags)))
        if grown.date > NOW - _COMPARED:
            (sketch,) = sketched([entry])
            sketches.append({"entry": grown.key, **rows.sketch_row(sketch)})
            index += [(number, grown.story) for number in sketch.numbers]
    connection.executemany("INSERT INTO stories (id) VALUES (?)", stories)
    columns = sql.NEW_ENTRY.replace("(feed,", "(key, feed,", 1).replace("(:feed,", "(:key, :feed,", 1)
    connection.executemany(columns, entries)
    counts = Counter(each["member"] for each in entries)
    leads = Counter(each["member"] for each in entries if each["lead"])
    connection.executemany(
        sql.COUNT_ENTRIES, [(member, count, leads[member]) for member, count in counts.items()]
    )
    connection.executemany(NEW_IN_SEARCH, [(each["key"], each["title"], each["text"]) for each in entries])
    connection.executemany(tagging.NEW_TAGS, tags)
    connection.executemany(tagging.STORY_TAGS, [{"story": story} for (story,) in stories])
    connection.executemany(sql.NEW_SKETCH, sketches)
    connection.executemany(sql.NEW_IN_INDEX, sorted(index))


@dataclass(frozen=True, slots=True)
class _Grown:
    """An entry and its place: a story is known by its lead's key."""

    key: int
    story: int
    date: datetime
    entry: Entry


def _grown(keys: range, of: int, members: Sequence[str]) -> Iterator[_Grown]:
    chance = random.Random(keys.start)
    words = Words(chance)
    tag_weights = zipf(len(TAGS))
    first = NOW - timedelta(days=365 * _YEARS)
    leads: list[int] = []
    for key in keys:
        copy = bool(leads) and chance.random() < _COPIES
        if not copy:
            leads.append(key)
        date = first + (NOW - first) * (key / of) - timedelta(hours=chance.random() * 48)
        terms = dict.fromkeys(chance.choices(TAGS, cum_weights=tag_weights, k=chance.randint(0, 3)))
        yield _Grown(
            key,
            chance.choice(leads[-50:]) if copy else key,
            date,
            words.entry(chance.choice(members), key, date, terms),
        )


class Words:
    """Writes entries of made-up words."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._words, self._weights = vocabulary(), zipf(_VOCABULARY)

    def entry(self, member: str, number: int, date: datetime, terms: Iterable[str]) -> Entry:
        """An entry of some sentences; `number` tells it from all others."""
        sentences = [self._sentence() for _ in range(self._chance.randint(*_SENTENCES))]
        text, title = " ".join(sentences), self._sentence()
        link = f"https://{member}.example/news/{number}"
        return Entry(
            feed=FeedKey(member),
            id=link,
            title=title,
            link=link,
            canonical_link=link,
            published=date,
            updated=None,
            content="".join(f"<p>{sentence}</p>" for sentence in sentences),
            text=text,
            excerpt=text[:300],
            language="en",
            tags=tuple(Tag(term, "a rule") for term in terms),
            keys=EntryKeys(
                id=digest(link),
                loose_id=digest(f"loose {link}"),
                link=digest(f"link {link}"),
                title=digest(f"{title}\n{date}"),
            ),
            fingerprint=digest(text),
        )

    def _sentence(self) -> str:
        words = self._chance.choices(self._words, cum_weights=self._weights, k=self._chance.randint(6, 14))
        return f"{' '.join(words).capitalize()}."


if __name__ == "__main__":
    grow(Path(sys.argv[1]), int(sys.argv[2]))
