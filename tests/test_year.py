"""A year of a member's life, after which nothing is lost, and nothing was told twice."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.site import serving
from tests.year import BEGINS, DAY, Member, item, network

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="its domains are 127.0.0.2 and .3"),
]


def test_in_a_year_of_a_members_life_nothing_is_lost_and_nothing_told_twice(tmp_path: Path) -> None:
    with serving("127.0.0.2") as old_domain, serving("127.0.0.3") as new_domain:
        member = Member(old_domain)
        for week in range(10, 0, -1):
            member.write(BEGINS - 7 * week * DAY)
        member.publish()
        with network(tmp_path, member) as hub:
            # January. The hub begins to follow it.
            hub.live(days=60)
            assert hub.states() == ["ok"]

            # March. It takes another domain; the old one redirects, until somebody turns it off.
            member.move(new_domain)
            hub.live(days=10)
            hub.follow_move()
            old_domain.pages.clear()
            hub.live(days=50)
            assert hub.states() == ["moved", "ok"]

            # May. Its site is made anew: other ids, other addresses, and all of it is dated that day.
            told = list(hub.subscriber.told)
            member.relaunched = hub.now
            member.publish()
            hub.live(days=5, writing=False)
            assert hub.subscriber.told == told
            hub.live(days=55)
            assert hub.states() == []

            # July. Its server is unwell for a month, in which it writes as ever.
            member.unwell = True
            member.publish()
            hub.live(days=30)
            told = list(hub.subscriber.told)
            member.unwell = False
            member.publish()
            hub.live(days=2, writing=False)
            assert len(hub.subscriber.told) > len(told) + 5
            hub.live(days=40)
            assert hub.states() == ["broken", "ok"]

            # September. Somebody takes its site over, which is mended after three days.
            member.hijacked_with = "".join(
                item(
                    f"Casino bonus {number} without deposit",
                    f"Spin the wheel {number} times and win more than you would ever dare to hope for.",
                    f"https://casino.example/{number}",
                    f"spam-{number}",
                    hub.now,
                )
                for number in range(6)
            )
            member.publish()
            hub.live(days=3)
            member.hijacked_with = ""
            member.publish()
            assert len(hub.store.waiting_of("east")) == 6
            hub.drop_what_waits()
            hub.live(days=50)
            assert hub.states() == ["held", "ok"]

            # November. It takes an article back.
            retracted = member.articles.pop(-4)
            (stored,) = hub.store.find(member.site.url + member.path(retracted))
            member.publish()
            hub.live(days=30)
            assert hub.subscriber.dropped == {stored.atom_id}

            # A year is over.
            assert hub.now >= BEGINS + 330 * DAY
            written = sorted([retracted.title, *(article.title for article in member.articles)])
            assert sorted(hub.subscriber.told) == written
            assert hub.published() == sorted(article.title for article in member.articles)
            assert hub.store.check() == ()
            print(f"{hub.asked} polls for {len(written)} articles in {(hub.now - BEGINS).days} days")
