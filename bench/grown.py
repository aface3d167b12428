"""A database as it is after years: any number of entries of news-like words, written in minutes.

    python -m bench.grown hub.db 1000000

The words are made up, 60,000 of them, drawn by Zipf's law as in any language,
since few words make a full-text index look quicker than it is. Rows are
written past the stages, by the statements that the store itself uses.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from hub.model import Feed, FeedKey, Member, MemberType, digest
from hub.store import open_store, rows
from hub.store import statements as sql

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
MEMBERS = 2000
_VOCABULARY = 60_000
_WORDS = (40, 200)  # of an entry's text, at least and at most
_COPIES = 0.05  # of the entries
_YEARS = 5
_AT_ONCE = 5000
_TAGS = tuple(f"topic-{number}" for number in range(40))


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
    lines += ["tags:", *(f"  - {{term: {term}, label: Topic {term[6:]}, any: [{term}]}}" for term in _TAGS)]
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
            connection.execute("UPDATE state SET version = version + 1")
            connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _type(number: int) -> MemberType:
    return "national" if number == 0 else "partner" if number % 5 == 0 else "member"


def _write(connection: sqlite3.Connection, keys: range, of: int, feed_ids: dict[str, int]) -> None:
    entries, tags, story_tags, stories = [], [], set(), []
    for row, terms in _entries(keys, of, feed_ids):
        if row["lead"]:
            stories.append((row["story"],))
        entries.append(row)
        tags += [(row["key"], term, "a rule", position) for position, term in enumerate(terms)]
        story_tags |= {(term, row["story"]) for term in terms}
    connection.executemany("INSERT INTO stories (id) VALUES (?)", stories)
    columns = sql.NEW_ENTRY.replace("(feed,", "(key, feed,", 1).replace("(:feed,", "(:key, :feed,", 1)
    connection.executemany(columns, entries)
    connection.executemany("INSERT INTO tags (entry, term, why, position) VALUES (?, ?, ?, ?)", tags)
    connection.executemany("INSERT OR IGNORE INTO story_tags (term, story) VALUES (?, ?)", sorted(story_tags))


def _entries(
    keys: range, of: int, feed_ids: dict[str, int]
) -> Iterator[tuple[dict[str, object], Sequence[str]]]:
    chance = random.Random(keys.start)
    words, weights = vocabulary(), zipf(_VOCABULARY)
    tag_weights, members = zipf(len(_TAGS)), len(feed_ids)
    first = NOW - timedelta(days=365 * _YEARS)
    last_leads: list[int] = []
    for key in keys:
        text = " ".join(chance.choices(words, cum_weights=weights, k=chance.randint(*_WORDS)))
        title = " ".join(chance.choices(words, cum_weights=weights, k=8)).capitalize()
        member = f"m{chance.randrange(members)}"
        copy = bool(last_leads) and chance.random() < _COPIES
        story = chance.choice(last_leads[-50:]) if copy else key
        if not copy:
            last_leads.append(key)
        date = rows.stamp(first + (NOW - first) * (key / of) - timedelta(hours=chance.random() * 48))
        link = f"https://{member}.example/news/{key}"
        terms = dict.fromkeys(chance.choices(_TAGS, cum_weights=tag_weights, k=chance.randint(0, 3)))
        row = {
            **{"key": key, "feed": feed_ids[member], "member": member, "story": story},
            **{"lead": int(not copy), "why": "the same link" if copy else "", "atom_id": link},
            **{"atom_key": digest(link), "date": date, "now": date, "id": link, "id_key": digest(link)},
            **{"loose_id_key": digest(f"loose {link}"), "link_key": digest(f"link {link}")},
            **{"title_key": digest(f"{title}\n{date}"), "fingerprint": digest(text), "title": title},
            **{"link": link, "canonical_link": link, "published": date, "updated": None, "summary": ""},
            **{"content": f"<p>{text}</p>", "text": text, "excerpt": text[:300], "language": "en"},
            **{"direction": None, "image": None, "rights": None},
            "details": json.dumps({"authors": [], "categories": [], "enclosures": [], "source": None}),
        }
        yield row, tuple(terms)


if __name__ == "__main__":
    grow(Path(sys.argv[1]), int(sys.argv[2]))
