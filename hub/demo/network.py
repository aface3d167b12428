"""The sample network as a whole: its feeds.yaml, and every document of its members' sites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from string import Template

from hub.config import Config
from hub.demo.feeds import write_feed
from hub.demo.news import Site, read_site
from hub.demo.pages import article_page, front_page, list_page
from hub.demo.site import Document

_HTML = "text/html; charset=utf-8"


def feeds_yaml(*, hub: str, members: str) -> str:
    """The network's feeds.yaml, for the addresses of the hub and of the members' sites."""
    template = files("hub.demo").joinpath("network.yaml").read_text(encoding="utf-8")
    return Template(template).substitute(hub=hub, members=members)


def sites(config: Config, *, members: str, start: datetime, corrected: bool) -> tuple[Site, ...]:
    """The members' sites at a moment, before or after one of them has corrected its news."""
    return tuple(
        read_site(member.slug, member.name, members=members, start=start, corrected=corrected)
        for member in config.members
    )


def documents(of: Sequence[Site], *, members: str) -> Mapping[str, Document]:
    """Everything the sites serve, by path."""
    found = {"/": Document(_HTML, front_page(of))}
    for site in of:
        for url, document in _documents(site):
            found[url.removeprefix(members)] = document
    return found


def _documents(site: Site) -> Iterator[tuple[str, Document]]:
    yield site.home, Document(_HTML, list_page(site, "News", site.articles, site.feeds))
    for feed in site.feeds:
        if feed.listing != site.home:
            title = feed.name.capitalize()
            yield feed.listing, Document(_HTML, list_page(site, title, site.of_feed(feed.name), (feed,)))
        yield feed.url, Document(*write_feed(site, feed))
    for article in site.articles:
        for file in (*article.downloads, *([article.picture] if article.picture else ())):
            yield file.url, Document(file.type, file.body)
        if article.elsewhere:
            continue
        page = Document(_HTML, article_page(site, article))
        yield article.page, page
        if article.id.startswith(f"{site.home}?"):
            yield article.id, page
