"""Is a site away, or is this machine cut off?"""

from __future__ import annotations

from hub.errors import FetchError
from hub.outage import Outage


def missing(outage: Outage, *hosts: str, now: float = 1_000.0) -> Outage:
    for host in hosts:
        outage.missed(FetchError(f"{host} cannot be reached", host=host), now)
    return outage


def test_three_hosts_that_nobody_reaches_are_an_outage_and_one_three_times_is_none() -> None:
    assert not missing(Outage(), "east", "east", "east").likely
    assert not missing(Outage(), "east", "west").likely
    outage = missing(Outage(), "east", "west", "north")
    assert outage.likely
    assert str(outage.error()) == "None of 3 hosts can be reached. The last one: north cannot be reached"


def test_an_answer_ends_an_outage_and_half_a_minute_after_it_there_is_none() -> None:
    outage = missing(Outage(), "east", "west", "north")
    outage.reached(1_001.0)
    assert not outage.possible
    assert not missing(outage, "east", "west", "north", now=1_031.0).possible
    assert missing(outage, "east", "west", "north", now=1_031.1).likely
