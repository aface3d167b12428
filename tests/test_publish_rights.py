"""What a member does not let us carry is in no format."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from hub.publish.atom import atom
from hub.publish.document import MergedDocument
from hub.publish.item import LONGEST_CARRIED, item
from hub.publish.jsonfeed import json_feed
from hub.publish.rss import rss
from tests.sample_items import LABELS, document, joint_item, joint_story

every_format = pytest.mark.parametrize("render", [atom, rss, json_feed])
Render = Callable[[MergedDocument], bytes]


@every_format
def test_a_member_that_allows_everything_has_its_whole_text_carried(render: Render) -> None:
    xml = render(document(joint_item("full"))).decode()
    assert "Contentword" in xml
    assert "Excerptword" in xml
    assert "talk.mp3" in xml


@every_format
def test_a_member_that_allows_a_summary_has_no_more_carried(render: Render) -> None:
    xml = render(document(joint_item("summary"))).decode()
    assert "Excerptword" in xml
    for withheld in ("Contentword", "Summaryword", "Textword", "talk.mp3"):
        assert withheld not in xml


@every_format
def test_a_member_that_allows_a_link_has_none_of_its_words_carried(render: Render) -> None:
    xml = render(document(joint_item("link"))).decode()
    for withheld in ("Excerptword", "Contentword", "Summaryword", "Textword", "talk.mp3", "lead.jpg"):
        assert withheld not in xml
    assert "Missed checks" in xml
    assert "wessex.example/news/1" in xml


@every_format
@pytest.mark.parametrize(("length", "carried"), [(LONGEST_CARRIED, True), (LONGEST_CARRIED + 1, False)])
def test_of_a_text_of_a_books_length_no_more_than_an_excerpt_is_carried(
    render: Render, length: int, *, carried: bool
) -> None:
    story = joint_story("full")
    shown = replace(story.shown, entry=replace(story.shown.entry, content="Contentword".ljust(length, "x")))
    found = render(document(item(replace(story, shown=shown), LABELS))).decode()
    assert ("Contentword" in found) is carried
    assert "Excerptword" in found
    assert "talk.mp3" in found
    assert "Summaryword" not in found
