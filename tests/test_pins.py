"""What the network has stand beside the latest news."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from hub.admin import explain, pins
from hub.admin.desk import Desk
from hub.cli import cli
from hub.errors import HubError
from tests import decided
from tests.web_hub import EAST, NETWORK, SAFETY, WESSEX, Hub, a_hub, ago, news


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    tmp_path.joinpath("feeds.yaml").write_text(NETWORK)
    yield from a_hub(tmp_path)


def link(id: str) -> str:
    return f"https://wessex.example/{id}"


def published(hub: Hub) -> None:
    entries = (news(f"{n}", f"News {n}", link=link(f"{n}"), tags=(SAFETY,)) for n in range(9))
    hub.publish(WESSEX, *entries, at=ago(hours=2))


def pin(hub: Hub, id: str, last_day: date | None = None) -> str:
    hub.now += timedelta(seconds=1)
    config = hub.file.with_name("feeds.yaml")
    today = pins.hubs_day(config, hub.now, needed=True)
    desk = Desk(config, hub.database, again=True)
    decision = desk.pin(link(id), member=None, last_day=last_day, today=today, made=hub.now)
    return decided.done(hub.database, decision)


def unpin(hub: Hub, id: str, member: str | None = None) -> str:
    desk = Desk(hub.file.with_name("feeds.yaml"), hub.database, again=True)
    return decided.done(hub.database, desk.unpin(link(id), member=member, today=hub.now.date()))


def shown(hub: Hub, path: str = "/") -> list[str]:
    """The headlines of what is pinned, in order."""
    section = "//aside/section[h2 = 'Pinned by the network']"
    return [each.text_content() for each in hub.tree(path).xpath(f"{section}//li/a")]


def test_what_is_pinned_stands_beside_the_latest_news_at_once_and_among_it_as_ever(hub: Hub) -> None:
    published(hub)
    assert shown(hub) == []
    headlines = hub.headlines("/")
    said = pin(hub, "3")
    assert said == (
        "“News 3” by Health Innovation Wessex stands on the home page, beside the latest news,"
        " until it is unpinned."
    )
    pin(hub, "5")
    assert shown(hub) == ["News 5", "News 3"]
    assert hub.headlines("/") == headlines
    # A list that was asked for is of what was asked for.
    assert shown(hub, "/?tag=safety") == []
    assert "“News 5” by Health Innovation Wessex is pinned no more." in unpin(hub, "5")
    assert shown(hub) == ["News 3"]


def test_of_many_those_stand_there_that_were_pinned_last(hub: Hub) -> None:
    published(hub)
    for number in (*range(7), 1):
        pin(hub, f"{number}")
    assert shown(hub) == ["News 1", "News 6", "News 5", "News 4", "News 3"]


def test_a_pin_with_a_day_is_gone_when_the_day_is_over_by_the_hubs_clocks(hub: Hub) -> None:
    published(hub)
    hub.now = ago(days=-1, hours=-8)  # 23:30 in London
    pin(hub, "1", hub.now.date())
    assert shown(hub) == ["News 1"]
    hub.now += timedelta(hours=1)
    assert shown(hub) == []


def test_a_day_that_is_over_by_the_hubs_clocks_is_refused_and_changes_nothing(hub: Hub) -> None:
    published(hub)
    pin(hub, "1")
    hub.now = ago(days=-1, hours=-9)  # 00:30 in London
    with pytest.raises(HubError, match="25 November 2026 is over"):
        pin(hub, "1", date(2026, 11, 25))
    assert shown(hub) == ["News 1"]
    pin(hub, "1", date(2026, 11, 26))
    assert shown(hub) == ["News 1"]
    hub.now += timedelta(days=1)
    assert shown(hub) == []


def test_a_pin_is_a_storys_whoever_leads_it(hub: Hub) -> None:
    published(hub)
    hub.publish(EAST, news("copy", "News 3", link=link("3")), at=ago(hours=1))
    pin(hub, "3")
    decided.lead(hub.database, link("3"), member="east")
    assert shown(hub) == ["News 3"]
    pin(hub, "5")
    decided.merge(hub.database, link("5"), link("3"), member="wessex")
    assert shown(hub) == ["News 3"]
    unpin(hub, "5")
    assert shown(hub) == []


def test_a_pin_stays_while_anybody_publishes_the_story_and_can_be_taken_off_when_nobody_does(
    hub: Hub,
) -> None:
    published(hub)
    hub.publish(EAST, news("copy", "News 3", link=link("3")), at=ago(hours=1))
    pin(hub, "3")
    (ours,) = (each for each in hub.store.find(link("3")) if each.member.slug == "wessex")
    (copy,) = (each for each in hub.store.find(link("3")) if each.member.slug == "east")
    hub.store.withdraw([ours.key], "", hub.now)
    assert shown(hub) == ["News 3"]
    hub.store.withdraw([copy.key], "", hub.now)
    assert shown(hub) == []
    unpin(hub, "3", member="wessex")
    hub.store.release([ours.key], hub.now)
    assert shown(hub) == []


def test_an_explanation_says_what_is_pinned_and_until_when(hub: Hub) -> None:
    published(hub)

    def explained() -> str:
        return explain.run(hub.file.with_name("feeds.yaml"), f"sqlite:///{hub.file}", link("3"), now=hub.now)[
            0
        ]

    assert "Pinned" not in explained()
    pin(hub, "3")
    assert "    Pinned   on 24 November 2026\n" in explained()
    pin(hub, "3", date(2026, 12, 24))
    assert "    Pinned   on 24 November 2026, up to 24 December 2026\n" in explained()


def test_what_is_not_published_or_not_pinned_is_told(hub: Hub) -> None:
    published(hub)
    with pytest.raises(HubError, match="It is not pinned"):
        unpin(hub, "1")
    hub.store.withdraw([hub.store.find(link("1"))[0].key], "", hub.now)
    with pytest.raises(HubError, match="not published"):
        pin(hub, "1")
    with pytest.raises(HubError, match="No entry has"):
        pin(hub, "nowhere")


def test_the_commands_do_it(hub: Hub) -> None:
    published(hub)
    run = CliRunner().invoke
    database = ["--database", f"sqlite:///{hub.file}"]
    config = ["--config", str(hub.file.with_name("feeds.yaml"))]
    done = run(cli, ["pin", link("2"), "--until", "2999-12-24", "--member", "wessex", *config, *database])
    assert done.output == (
        "“News 2” by Health Innovation Wessex stands on the home page, beside the latest news,"
        " up to 24 December 2999.\n"
    )
    assert shown(hub) == ["News 2"]
    assert run(cli, ["unpin", link("2"), *database]).output.endswith("is pinned no more.\n")
    assert shown(hub) == []
    wrong = run(cli, ["pin", link("2"), "--until", "christmas", *database])
    assert (wrong.exit_code, "christmas" in wrong.output) == (2, True)
