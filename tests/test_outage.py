"""Is a site away, or is this machine cut off?"""

from __future__ import annotations

from hub.errors import FetchError
from hub.polling.outage import Outage


def missing(outage: Outage, *members: str, now: float = 1_000.0) -> Outage:
    for member in members:
        outage.missed(member, FetchError(f"{member}'s site cannot be reached"), now)
    return outage


def test_three_members_whom_nobody_reaches_are_an_outage_and_three_hosts_of_one_are_none() -> None:
    assert not missing(Outage(), "east", "east", "east").likely
    assert not missing(Outage(), "east", "west").likely
    outage = missing(Outage(), "east", "west", "north")
    assert outage.likely
    assert str(outage.error()) == (
        "Nobody can be reached, and no site of 3 members that were well: north's site cannot be reached"
    )


def test_an_answer_ends_an_outage_and_half_a_minute_after_it_there_is_none() -> None:
    outage = missing(Outage(), "east", "west", "north")
    outage.reached(1_001.0)
    assert not outage.possible
    assert not missing(outage, "east", "west", "north", now=1_031.0).possible
    assert missing(outage, "east", "west", "north", now=1_031.1).likely
    outage.reached(1_001.0)
    assert outage.likely, "of that answer it was known"
