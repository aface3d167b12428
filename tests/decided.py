"""What an admin decides about news in tests, as commands have it done."""

from __future__ import annotations

from pathlib import Path

from hub.desk import Desk


def release(url: str, what: str, *, member: str | None = None) -> str:
    return Desk(Path("feeds.yaml"), url, again=True).release(what, member=member).said


def withdraw(url: str, what: str, *, member: str | None = None, why: str) -> str:
    return Desk(Path("feeds.yaml"), url, again=True).withdraw(what, member=member, why=why).said
