"""From a post to an entry, in the habits of the member's web team."""

from __future__ import annotations

import datetime as dt
import html
import random
import re
from typing import Any

from bench.newsroom.articles import Article, Block
from bench.newsroom.copies import Post, excerpt
from bench.newsroom.grammar import active, wording
from bench.newsroom.roster import Member

Entry = dict[str, Any]
_SLUG_LETTERS = 70


class Press:
    """Prints entries; knows how many each member has printed, so that ids and addresses are its own."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.entries: list[Entry] = []
        self._printed: dict[str, int] = {}
        self._slugs: dict[str, int] = {}

    def print(
        self,
        member: Member,
        post: Post,
        when: dt.datetime,
        gold: dict[str, Any],
        issuer: Member | None = None,
        issued: str = "",
    ) -> str:
        """Add the entry, return its page. `issuer` and the address `issued` are of what it was taken from."""
        house, article = member.house, post.article
        number = self._printed[member.slug] = self._printed.get(
            member.slug, self.rng.randint(1000, 5000)
        ) + self.rng.randint(1, 9)
        page = self._page(member, article.head, number, when)
        link = page
        if post.link and issued:
            link = (
                issued
                if post.link == "issuer"
                else f"{issued}?utm_source={member.slug}&utm_medium=rss&utm_campaign=news-{when:%Y-%m}"
            )
        identity = {
            "link": page,
            "post": f"https://www.{member.domain}/?p={number}",
            "tag": f"tag:{member.domain},{when.year}:{number}",
            "number": str(number),
        }
        summary, content = self._texts(member, post, link, issuer)
        iso = when.strftime("%Y-%m-%dT%H:%M:%SZ")
        seen = when + dt.timedelta(minutes=self.rng.randint(1, 58))
        title = self._letters(member, active(article.head))
        self.entries.append(
            {
                "id": identity[house.ids],
                "feed": member.feed,
                "member": member.slug,
                "url": link,
                "title": title + house.suffix.format(**dict(member.facts)),
                "summary": summary,
                "content": content,
                "published": iso,
                "updated": iso,
                "seen": seen.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "lang": article.lang,
                "gold": gold,
            }
        )
        return page

    def _page(self, member: Member, head: str, number: int, when: dt.datetime) -> str:
        slug = (
            re.sub(r"[^a-z0-9]+", "-", active(head).lower().replace("'", ""))
            .strip("-")[:_SLUG_LETTERS]
            .strip("-")
            or f"n{number}"
        )
        again = self._slugs[member.slug + slug] = self._slugs.get(member.slug + slug, 0) + 1
        if again > 1:
            slug = f"{slug}-{again}"
        return f"https://www.{member.domain}" + member.house.path.format(
            slug=slug, year=when.year, month=when.month, number=number
        )

    def _texts(self, member: Member, post: Post, link: str, issuer: Member | None) -> tuple[str, str]:
        house, article = member.house, post.article
        if post.only == "headline":
            if self.rng.random() < 0.5 or article.lang != "en":
                return "", ""
            more = self.rng.choice(wording("house")["more"]).replace(
                "{issuer}", issuer.org if issuer else member.org
            )
            return f'<p><a href="{html.escape(link)}">{html.escape(more)}</a></p>', ""
        if post.only == "standfirst":
            return self._paragraph(member, article.standfirst or active(article.blocks[0].text)), ""
        footer = self._filled(member, house.footer, link, article.head)
        if post.only == "excerpt" or house.mode == "excerpt":
            return self._paragraph(member, excerpt(article)) + (
                footer if "appeared first" in footer else ""
            ), ""
        blocks = [*article.blocks, *self._boilerplate(member, issuer, article)]
        lead = (
            [f"<p><strong>{self._text(member, article.standfirst)}</strong></p>"]
            if article.standfirst
            else []
        )
        content = "\n".join(
            [*lead, *(self._html(member, block, post.layout) for block in blocks), footer]
        ).strip()
        if post.layout:
            content = f'<div class="node__content"><div class="field field--name-body">{content}</div></div>'
        return (
            self._paragraph(member, article.standfirst or excerpt(article)) if house.mode == "both" else ""
        ), content

    def _boilerplate(self, member: Member, issuer: Member | None, article: Article) -> list[Block]:
        """What this site puts under every post."""
        if article.lang != "en":
            return []
        house, texts, blocks = member.house, wording("house"), []
        if issuer is not None and issuer is not member and house.credits:
            credit = self.rng.choice(texts["first_published"])
            blocks.append(Block("p", credit.format(domain=f"www.{issuer.domain}", issuer=issuer.org)))
        told = any(block.text == texts["national_about"] for block in article.blocks)
        if house.national_line and not told:
            blocks.append(Block("p", texts["national_about"]))
        if house.about:
            blocks.append(Block("p", house.about.format(**dict(member.facts))))
        return blocks

    def _html(self, member: Member, block: Block, layout: bool) -> str:
        text = self._text(member, active(block.text))
        if block.kind == "h":
            return f"<p><b>{text}</b></p>" if layout else f"<h3>{text}</h3>"
        if block.kind == "list":
            items = text.split("\n")
            return (
                "<br/>".join(f"• {item}" for item in items)
                if layout
                else "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"
            )
        if block.kind == "caption":
            picture = (
                f'<img src="https://www.{member.domain}/media/{self.rng.randint(100, 9999)}.jpg" alt=""/>'
            )
            return f"<figure>{picture}<figcaption>{text}</figcaption></figure>"
        if layout:
            first, _, rest = text.partition(" ")
            return f'<p style="text-align: left;"><span>{first}&nbsp;{rest}</span></p>'
        return f"<p>{text}</p>"

    def _paragraph(self, member: Member, text: str) -> str:
        return f"<p>{self._text(member, active(text))}</p>"

    def _text(self, member: Member, text: str) -> str:
        escaped = html.escape(self._letters(member, active(text)), quote=False)
        if member.house.nbsp:
            escaped = re.sub(r"(?<=\d) (?=per cent|miles|million|months)", "&nbsp;", escaped)
        return (
            escaped.replace("’", "&#8217;")
            if member.house.quotes == "smart" and member.house.nbsp
            else escaped
        )

    @staticmethod
    def _letters(member: Member, text: str) -> str:
        if member.house.quotes == "smart":
            return re.sub(r"'(?=\w)(?<!\w')", "‘", text).replace("'", "’")
        return text.replace("“", '"').replace("”", '"')

    @staticmethod
    def _filled(member: Member, footer: str, link: str, head: str) -> str:
        values = {
            "url": html.escape(link),
            "title": html.escape(active(head)),
            "domain": member.domain,
            "org": html.escape(member.org),
        }
        return footer.format(**values) if footer else ""
