"""Seeded news of public bodies and charities, with the right answer which entries are one story.

    python -m bench.newsroom --seed 1 --stories 1200 > entries.jsonl
    python -m bench.newsroom --seed 1 --stories 1200 --no-gold       what a hub would see
    python -m bench.newsroom --seed 1 --stories 1200 --stats         counts alone

One JSON object a line, in the order a hub would first see the entries (`seen`):

    id, feed, member, url, title, summary, content (HTML), published, updated, seen (RFC 3339, UTC), lang
    gold.story      entries of one value are one story: a reader wants to see one
    gold.variant    how the entry was made from its story: copies.py; also original and translated
    gold.kind       what it is: news, or a look-alike's kind, series.py
    gold.series     set on look-alikes: different stories of one series are not the same. A story's copies
                    have its series. followup:STORY quotes that story, roundup:MEMBER four others,
                    formula:LANGUAGE is too near an earlier article by chance
    gold.ambiguous  people may disagree: score with and without these
    gold.tags       the subject, and `type:` with the kind

A feed carries a story once, but for a correction (`corrected`), which an issuer may post in its own feed.

What it imitates: articles of 40 to 900 words in five genres about ten subjects, put together from sentences
with many slots; what every site adds of its own (who we are, notes to editors, newsletters, cookies); how web
teams take over news (whole, cut, edited, under an introduction, as a headline alone); and series that are
made from one template each time. What it does not: spelling mistakes, machine translation, pictures, entries
that change or vanish after they were seen, and sense. Sentences are drawn one by one and argue nothing; a
translation shares its place and speaker alone with its story; the other languages have few sentences of
their own. A figure measured here orders two detectors, and promises nothing about real news. Every
organisation, person and place is invented. Standard library alone; the same arguments give the same bytes.
"""

from __future__ import annotations

from bench.newsroom.desk import entries

__all__ = ["entries"]
