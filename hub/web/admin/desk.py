"""What the admin pages have done for them, beyond what the store does."""

from __future__ import annotations

from datetime import date
from typing import Protocol


class Desk(Protocol):
    """What an admin decides, done as `hub`'s commands do it.

    `what` and `link` are an entry's link or id, `member` is its member or its
    feed (`member/name`) where several have it. What is returned are sentences
    for the admin. Every method may raise HubError, and then nothing was done.
    """

    def release(self, what: str, *, member: str | None) -> str:
        """Publish an entry, or all that waits of a member or feed."""

    def withdraw(self, what: str, *, member: str | None, why: str) -> str:
        """Withdraw an entry, or drop all that waits of a member or feed."""

    def pin(self, link: str, *, member: str | None, last_day: date | None) -> str:
        """Have the story of an entry stand beside the latest news, up to a day."""

    def unpin(self, link: str, *, member: str | None) -> str:
        """Take it from there."""

    def merge(self, link: str, into: str, *, member: str | None) -> str:
        """Put an entry's story into another entry's."""

    def split(self, link: str, *, member: str | None, alone: bool) -> str:
        """Take an entry out of its story; with `alone`, keep it from every other."""

    def lead(self, link: str, *, member: str | None) -> str:
        """Have an entry lead its story."""

    def tag(self, link: str, term: str, *, member: str | None) -> str:
        """Give a story a tag, whatever the rules say."""

    def untag(self, link: str, term: str, *, member: str | None) -> str:
        """Take a tag from a story, whatever the rules say."""

    def leave_to_rules(self, link: str, term: str, *, member: str | None) -> str:
        """Forget what was said by hand of a story's tag."""

    def explain(self, what: str) -> tuple[str, bool]:
        """All that was decided about an entry, a feed or a member, and whether it is here."""
