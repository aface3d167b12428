"""The corpus on loopback: its documents with their HTTP headers, and what feedparser finds in them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hub.config import Config, parse
from tests.conftest import ROOT
from tests.site import Site

_TYPES = {
    ".atom": "application/atom+xml",
    ".html": "text/html",
    ".json": "application/json",
    ".opml": "text/x-opml",
    ".rdf": "application/rdf+xml",
    ".rss": "application/rss+xml",
}
# feedparser's own files say in a comment which HTTP headers they are to be served with.
_HEADER = re.compile(r"^\s*Header:\s+([\w-]+):\s*(.*?)\s*$", re.MULTILINE)
_WIDE = {
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\0\0\0<": "utf-32-be",
    b"<\0\0\0": "utf-32-le",
}
_LESS_WIDE = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\0<": "utf-16-be", b"<\0": "utf-16-le"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file of the corpus, where it is served and with which headers."""

    path: str
    url: str
    body: bytes
    headers: Mapping[str, str]


def documents(corpus: Path, site: Site) -> tuple[Document, ...]:
    """Every document of the corpus, from now on served by `site`."""
    rows = (corpus / "MANIFEST.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return tuple(_served(corpus, row.split("\t")[0], site) for row in rows)


def _served(corpus: Path, path: str, site: Site) -> Document:
    body = (corpus / path).read_bytes()
    headers = {"content-type": _TYPES.get(Path(path).suffix, "application/xml")}
    if path.startswith("kurtmckee__feedparser/"):
        headers |= {name.lower(): value for name, value in _HEADER.findall(_comment(body))}
    address = f"/{quote(path)}"
    site.pages[address] = (200, headers, body)
    return Document(path=path, url=site.url + address, body=body, headers=headers)


def _comment(body: bytes) -> str:
    encoding = _WIDE.get(body[:4]) or _LESS_WIDE.get(body[:2]) or "latin-1"
    return body.decode(encoding, "replace")[:4000]


def network(documents: tuple[Document, ...]) -> Config:
    """A configuration in which each project of the corpus is a member, and each of its documents a feed."""
    lines = ["hub: {timezone: UTC, fetch: {allow: [127.0.0.1/32], host_delay: 0s}}", "members:"]
    member = ""
    for number, document in enumerate(documents):
        slug = re.sub("[^a-z0-9]+", "-", document.path.split("/")[0].lower())
        if slug != member:
            member = slug
            lines += [f"  - slug: {slug}", f"    name: {slug}", "    feeds:"]
        lines.append(f"      - {{url: '{document.url}', name: document-{number}}}")
    return parse("\n".join(lines))


@contextmanager
def feedparser_reading(corpus: Path, documents: tuple[Document, ...]) -> Iterator[subprocess.Popen[str]]:
    """feedparser at work on these documents; `found` waits for what it finds."""
    command = [sys.executable, "-m", "tests.feedparser_says", str(corpus)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdin is not None
        json.dump([(each.path, each.url, dict(each.headers)) for each in documents], process.stdin)
        process.stdin.close()
        yield process


def found(process: subprocess.Popen[str]) -> dict[str, list[dict[str, Any]]]:
    """The entries that feedparser finds, by path."""
    assert process.stdout is not None
    entries: dict[str, list[dict[str, Any]]] = json.load(process.stdout)
    return entries
