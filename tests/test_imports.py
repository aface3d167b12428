"""What a command loads: what it needs and no more, so that quick ones are quick and each process is small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_SHIPPED = Path(__file__).parent.parent / "feeds.yaml"
_POLLS = {"feedparser", "pycurl", "nh3", "lxml", "w3lib", "ahocorasick_rs"}
_SERVES = {"flask", "werkzeug", "jinja2", "granian", "feedgen", "brotli", "prometheus_client"}
_NEEDED_BY_FEW = {
    "sqlite_utils",
    "sqlite3",
    "asyncio",
    "multiprocessing",
    "listparser",
    "rich",
    "numpy",
    "psycopg",
    "babel",
}
_READS_SITES = {"extruct", "rdflib", "htmldate", "dateparser", "cssselect", "protego"}
_CONFIGURES = {"pydantic", "yaml"}
_POLLING = (
    "from hub import poll\nfrom hub.polling import polls, reading, rounds\nfrom hub.store import sqlite"
)


def loaded(code: str, *arguments: str) -> set[str]:
    """The top-level modules of a new process after some code."""
    script = f"import sys; sys.argv = ['hub', *{arguments!r}]\n{code}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in done.stderr.split()}


def command(*arguments: str) -> set[str]:
    return loaded("from hub.cli import cli; cli(standalone_mode=False)", *arguments)


@pytest.mark.parametrize("arguments", [["--help"], ["feeds", "--help"], ["--version"]])
def test_help_loads_nothing_that_a_command_needs(arguments: list[str]) -> None:
    found = command(*arguments)
    assert "click" in found
    assert not found & (_POLLS | _SERVES | _NEEDED_BY_FEW | _CONFIGURES)


def test_a_check_of_feeds_yaml_loads_what_reads_it_alone() -> None:
    found = command("feeds", "check", "--config", str(_SHIPPED))
    assert found >= _CONFIGURES
    # The phrases of tag rules are read as they will be looked for.
    assert not found & (_POLLS - {"nh3", "ahocorasick_rs"} | _SERVES | _NEEDED_BY_FEW)


def test_a_process_that_polls_never_loads_the_web_view() -> None:
    found = loaded(
        "import hub.polling.rounds, hub.polling.polls, hub.poll, hub.polling.reading, hub.store.sqlite"
    )
    assert "pycurl" in found
    assert not found & _SERVES


def test_what_polls_loads_no_parser_before_there_is_something_to_read() -> None:
    found = loaded(
        "import hub.polling.rounds, hub.polling.polls, hub.poll, hub.polling.reading, hub.store.sqlite"
    )
    assert not found & {"feedparser", "lxml", "w3lib", "multiprocessing", "psycopg"}


def test_what_polls_and_reads_feeds_alone_never_loads_what_sites_without_one_need() -> None:
    read = (
        "import hub.polling.rounds, hub.polling.polls\n"
        "from hub.reader import Document, Reader\n"
        "from hub.model import Feed, FeedKey\n"
        "feed = Feed(key=FeedKey('a'), url='https://a.example/')\n"
        "body = b'<rss version=\"2.0\"><channel><item><title>A</title></item></channel></rss>'\n"
        "assert Reader((), 'UTC').read(Document(feed=feed, url=feed.url, body=body)).entries"
    )
    assert not loaded(read) & _READS_SITES


def test_a_process_that_serves_never_loads_what_polls() -> None:
    found = loaded("import hub.web, hub.web.serve, hub.store.sqlite")
    assert "flask" in found
    # lxml comes with feedgen, and the store brings the words that stories are compared by.
    assert not found & {"feedparser", "pycurl"}


def test_signatures_of_a_provider_are_read_by_nobody_who_is_not_at_one() -> None:
    serves = "import hub.web, hub.web.serve, hub.store.sqlite, hub.admin.desk, hub.service"
    assert not loaded(serves) & {"joserfc", "cryptography"}
    read = (
        "from hub.provider import Provider\n"
        "from hub.model import HubSettings, SignIn\n"
        "assert Provider({'HUB_SIGN_IN_SECRET': 'x'}).hindrance() is None"
    )
    assert not loaded(read) & {"joserfc", "cryptography", "pycurl"}
