"""Feeds with a quirk each, and beside each, under the same name, the entries that are to be made of it.

Each was fetched from `https://east.example/news/feed.xml` by a hub in London.
A new case needs no code: a document, and a module with `EXPECTED`, a tuple of
entries, each with the fields that the quirk is about.
"""
