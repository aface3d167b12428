"""What an admin decides about news in tests, as commands have it done."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hub.admin.desk import Desk
from hub.audit import Decision, carry_out


def done(url: str, decision: Decision) -> str:
    """Have something be done that was decided; what is said of it."""
    did, _ = carry_out(url, "test", decision, who="a test", now=datetime.now(UTC))
    return did.said


def release(url: str, what: str, *, member: str | None = None) -> str:
    return done(url, _desk(url).release(what, member=member))


def withdraw(url: str, what: str, *, member: str | None = None, why: str) -> str:
    return done(url, _desk(url).withdraw(what, member=member, why=why, role="admin"))


def merge(url: str, link: str, into: str, *, member: str | None = None) -> str:
    return done(url, _desk(url).merge(link, into, member=member, into_of=member))


def split(url: str, link: str, *, member: str | None = None, alone: bool) -> str:
    return done(url, _desk(url).split(link, member=member, alone=alone))


def lead(url: str, link: str, *, member: str | None = None) -> str:
    return done(url, _desk(url).lead(link, member=member))


def tag(url: str, config: Path, link: str, term: str, *, member: str | None = None) -> str:
    return done(url, _desk(url, config).tag(link, term, member=member))


def untag(url: str, config: Path, link: str, term: str, *, member: str | None = None) -> str:
    return done(url, _desk(url, config).untag(link, term, member=member))


def leave_to_rules(url: str, config: Path, link: str, term: str, *, member: str | None = None) -> str:
    return done(url, _desk(url, config).leave_to_rules(link, term, member=member))


def _desk(url: str, config: Path = Path("feeds.yaml")) -> Desk:
    return Desk(config, url, again=True)
