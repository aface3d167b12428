"""What accounts are for."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

RoleName = Literal["admin", "editor", "member"]


class Role(Struct, frozen=True):
    """What an account is for: `hub.roles` says what it may do.

    With a `member`, a slug, that is of this member's news and feeds alone, and else of all.
    """

    name: RoleName
    member: str = ""

    @classmethod
    def read(cls, written: str) -> Role:
        """`admin`, `editor`, or `member:SLUG`, as `str` writes it. Raises ValueError."""
        name, _, member = written.partition(":")
        for each in get_args(RoleName):
            if name == each and (each == "member") is bool(member) and ":" not in member:
                return cls(each, member)
        raise ValueError(f"{written} is no role; there are admin, editor, and member:SLUG")

    def __str__(self) -> str:
        return f"{self.name}:{self.member}" if self.member else self.name

    def within(self, other: Role) -> Role:
        """This role where it gives no more than another does, else the other."""
        names = get_args(RoleName)
        less = names.index(self.name) > names.index(other.name)
        return self if less or self == other else other


ADMIN = Role("admin")
