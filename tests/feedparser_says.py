"""What feedparser finds in documents, in a process that the hub is not loaded in.

    python -m tests.feedparser_says < documents.json > found.json

The hub changes feedparser's classes where it loads it, and here feedparser is
to speak for itself. The input is a list of `[path, url, {header: value}]`;
the output is an object of lists of entries, by path.
"""

from __future__ import annotations

import calendar
import io
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
from feedparser.api import LooseFeedParser, StrictFeedParser

# The one thing that is not as it comes: ids as they are written, since it makes 119 of the corpus absolute.
for _parser in (StrictFeedParser, LooseFeedParser):
    _parser.can_be_relative_uri = _parser.can_be_relative_uri - {"id"}


def entries(body: bytes, url: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    """The entries of a document that was fetched from `url`."""
    # A Content-Location that differs is no base any more (RFC 9110 §8.7).
    parsed = feedparser.parse(io.BytesIO(body), response_headers={**headers, "content-location": url})
    return [_entry(entry) for entry in parsed.entries]


def _entry(entry: Any) -> dict[str, Any]:
    detail = dict.get(entry, "title_detail") or {}
    links = dict.get(entry, "links") or ()
    return {
        "id": dict.get(entry, "id") or None,
        "link": dict.get(entry, "link") or None,
        "before_feedburner": dict.get(entry, "feedburner_origlink"),
        "title": dict.get(entry, "title") or "",
        "title_type": detail.get("type"),
        "texts": [
            dict.get(entry, "summary"),
            *(each.get("value") for each in dict.get(entry, "content") or ()),
        ],
        "enclosures": [link.get("href") for link in links if link.get("rel") == "enclosure"],
        "published": _moment(dict.get(entry, "published_parsed") or dict.get(entry, "created_parsed")),
        "updated": _moment(dict.get(entry, "updated_parsed")),
    }


def _moment(parsed: Any) -> str | None:
    if parsed is None:
        return None
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=calendar.timegm(parsed))).isoformat()


def main() -> None:
    folder = Path(sys.argv[1])
    asked = json.load(sys.stdin)
    json.dump(
        {path: entries((folder / path).read_bytes(), url, headers) for path, url, headers in asked},
        sys.stdout,
    )


if __name__ == "__main__":
    main()
