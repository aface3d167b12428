"""Links as members publish them, and addresses as their names resolve to."""

from __future__ import annotations

import time
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import urls

# ---------------------------------------------------------------- comparing links


@pytest.mark.parametrize(
    "other",
    [
        "http://example.org/news/story",
        "https://www.example.org/news/story/",
        "HTTPS://WWW.Example.ORG:443/news/story",
        "http://example.org:80/news/story#comments",
        "https://example.org./news/story",
        "https://example.org/news/story/?utm_source=rss&UTM_Medium=feed",
        "https://example.org/news/story?fbclid=x&gclid=y&mc_cid=1&mc_eid=2&_ga=3",
        "https://example.org/news/story;jsessionid=0A1B",
        "https://example.org/news/story;JSESSIONID=0A1B",
        "https://example.org/news/story?piwik_campaign=x",
        "https://example.org/news/./x/../story",
        "https://example.org/n%65ws/story",
        "https://example.org/news/story/index.html",
        "https://example.org/news/story/index.php?pk_campaign=a&mtm_kwd=b",
        "  https://example.org/news/\nstory ",
    ],
)
def test_two_links_to_one_page_are_recognised(other: str) -> None:
    assert (
        urls.canonical(other) == urls.canonical("https://example.org/news/story") == "example.org/news/story"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/?p=12", "https://example.org/?p=13"),
        ("https://example.org/News", "https://example.org/news"),
        ("https://example.org/a#!/story/1", "https://example.org/a#!/story/2"),
        ("https://example.org/a#!/story/1", "https://example.org/a"),
        ("https://example.org/a%2Fb", "https://example.org/a/b"),
        ("https://example.org:8443/a", "https://example.org/a"),
        ("http://example.org:443/a", "http://example.org/a"),
        ("https://news.example.org/a", "https://example.org/a"),
        ("https://example.org/a?ref=b", "https://example.org/a"),
        ("https://example.org/a?utm=b", "https://example.org/a"),
        ("https://example.org/a?id=1&id=2", "https://example.org/a?id=1"),
        ("https://example.org/index.html.bak", "https://example.org/"),
        ("https://example.org/myindex.html", "https://example.org/my"),
    ],
)
def test_links_to_two_pages_are_never_taken_for_one(one: str, other: str) -> None:
    assert urls.canonical(one) != urls.canonical(other)


@pytest.mark.parametrize(
    ("link", "form"),
    [
        ("https://example.org/?b=2&a=1", "example.org?a=1&b=2"),
        ("https://example.org/?a=1&amp;b=2", "example.org?a=1&b=2"),
        ("https://example.org/?q=a+b", "example.org?q=a+b"),
        ("https://example.org/?q=a%20b", "example.org?q=a+b"),
        ("http://exämple.example/ü b?q=ö", "xn--exmple-cua.example/%C3%BC%20b?q=%C3%B6"),
        ("http://[2001:DB8:0::1]:80/a", "[2001:db8::1]/a"),
        ("http://example.org.:8080/", "example.org:8080"),
        ("http://example.org/100%", "example.org/100%25"),
    ],
)
def test_the_form_for_comparison_is_written_in_one_way(link: str, form: str) -> None:
    assert urls.canonical(link) == form


@pytest.mark.parametrize(
    "text",
    [
        "",
        "story",
        "/news/1",
        "mailto:a@b.example",
        "javascript:alert(1)",
        "tag:example.org,2024:1",
        "http://",
        "http:///x",
        "https:evil.example",
        "http://[::bad/",
        "http://site.example:99999/",
        "http://user:secret@site.example/",
        "http://a b/",
        "http://site.example\\@evil.example/",
        "http://[::1%25lo]/",
        "http://\u202e/",
        "http://x／y/",
        "http://a\ufe13b.example/x",
        "http://a\ufe16b.example/x",
        "http://ex%41mple/",
    ],
)
def test_what_is_no_http_link_has_no_form_for_comparison(text: str) -> None:
    assert urls.canonical(text) is None
    assert urls.resolve(None, text) != text
    assert not urls.is_home_page(text)


@pytest.mark.parametrize(
    ("link", "home"),
    [
        ("https://example.org", True),
        ("https://www.example.org/", True),
        ("https://example.org/?utm_source=rss", True),
        ("https://example.org/#latest", True),
        ("https://example.org/index.php", True),
        ("https://example.org:8443/", True),
        ("https://example.org/?p=12", False),
        ("https://example.org/news", False),
        ("https://example.org/#!/news/1", False),
        ("example.org", False),
    ],
)
def test_a_home_page_is_no_evidence_of_sameness(link: str, home: bool) -> None:
    assert urls.is_home_page(link) is home


@pytest.mark.parametrize(
    "id_",
    [
        "http://example.org/?p=1",
        "https://example.org/?p=1",
        "https://www.example.org?p=1",
        " HTTPS://WWW.EXAMPLE.org/?p=1\n",
        "www.example.org/?p=1",
    ],
)
def test_an_id_survives_the_move_of_its_site_to_https(id_: str) -> None:
    assert urls.loose_id(id_) == "example.org?p=1"


@pytest.mark.parametrize(
    ("id_", "loose"),
    [
        ("https://example.org/News/One/", "example.org/news/one"),
        ("https://example.org/a?ID=aB", "example.org/a?ID=aB"),
        ("urn:uuid:6E8BC430-9C3A-11D9-9669-0800200C9A66", "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66"),
        ("URN:UUID:6E8BC430-9C3A-11D9-9669-0800200C9A66", "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66"),
        ("tag:example.org,2024:Story/", "tag:example.org,2024:Story/"),
        (" post-aB1 ", "post-aB1"),
        ("http://", "http://"),
        ("", ""),
    ],
)
def test_an_id_that_is_no_link_keeps_its_letters(id_: str, loose: str) -> None:
    assert urls.loose_id(id_) == loose


# ---------------------------------------------------------------- ids


@pytest.mark.parametrize(
    "text",
    [
        "http://example.org",
        "https://example.org/a?b=c#d",
        "http://exämple.example/ä",
        "tag:example.org,2024:1",
        "tag:a@example.org,2024-01-02:b/c?d",
        "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
        "urn:isbn:0451450523",
        "http://[2001:db8::1]:80/",
        "http://user@example.org/",
        "ftp://example.org/a",
        "yt:video:dQw4w9WgXcQ",
        "http://example.org/%C3%A9",
    ],
)
def test_an_absolute_iri_is_published_as_the_id(text: str) -> None:
    assert urls.is_absolute_iri(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "123",
        "post-123",
        "foo bar",
        "http://",
        "https:///x",
        "http://:80/",
        "http:foo",
        "/news/1",
        "//example.org/1",
        "C:\\news\\1",
        "c:news",
        "urn",
        "urn:",
        "urn:uuid",
        "urn:uuid:",
        "javascript:alert(1)",
        "JavaScript:x",
        "data:text/plain,x",
        "vbscript:x",
        "file:///etc/passwd",
        "http://a/b c",
        " http://a/",
        "http://a/\n",
        "http://a/<b>",
        'http://a/"',
        "http://a/{b}",
        "http://a/|",
        "http://a/\\",
        "http://a/^",
        "http://a/`",
        "http://a/%zz",
        "http://a/%",
        "http://a/\x00",
        "http://a/\x85",
        "http://a/\u202e",
        "http://a/\u2028",
        "http://a/\xa0",
        "http://a/\ufffe",
        "http://a/\ud800",
        "http://a/#b#c",
        "http://a/[b]",
        "tag:",
        "1a:b",
        "urn:x:" + "a" * 2_000,
    ],
)
def test_what_is_no_absolute_iri_is_not_published_as_an_id(text: str) -> None:
    assert not urls.is_absolute_iri(text)


@pytest.mark.parametrize(
    ("authority", "specific", "uri"),
    [
        ("News.Example.org", "story/1?a=b", "tag:news.example.org,2026-01-05:story/1?a=b"),
        ("exämple.example", "é 1#2%", "tag:xn--exmple-cua.example,2026-01-05:%C3%A9%201%232%25"),
        ("example.org:8000", "a:@!$&'()*+,;=-._~", "tag:example.org,2026-01-05:a:@!$&'()*+,;=-._~"),
        ("bad host!", "<\ud800>", "tag:bad-host,2026-01-05:%3C%ED%A0%80%3E"),
    ],
)
def test_a_minted_id_is_a_tag_uri(authority: str, specific: str, uri: str) -> None:
    assert urls.tag_uri(authority, date(2026, 1, 5), specific) == uri
    assert urls.is_absolute_iri(uri)


@given(st.text(), st.text())
def test_two_minted_ids_differ_when_what_they_stand_for_does(one: str, other: str) -> None:
    day = date(2026, 1, 5)
    assert (urls.tag_uri("example.org", day, one) == urls.tag_uri("example.org", day, other)) is (
        one == other
    )


# ---------------------------------------------------------------- absolute links

BASE = "https://example.org/news/page?q=1#f"


@pytest.mark.parametrize(
    ("link", "absolute"),
    [
        ("https://other.example/a?b=c#d", "https://other.example/a?b=c#d"),
        ("story.html", "https://example.org/news/story.html"),
        ("/story", "https://example.org/story"),
        ("../../../x", "https://example.org/x"),
        ("?p=2", "https://example.org/news/page?p=2"),
        ("#top", "https://example.org/news/page?q=1#top"),
        ("//cdn.example/x", "https://cdn.example/x"),
        (" \x01 http://a.example/ ", "http://a.example/"),
        ("\u3000http://a.example/!\xa0", "http://a.example/!"),
        ("http://a.exa\nmple/x\ty", "http://a.example/xy"),
        ("http://a.example/ü b", "http://a.example/ü%20b"),
        ("http://a.example/%zz%", "http://a.example/%25zz%25"),
        ("http://a.example/\u202egnp.exe", "http://a.example/%E2%80%AEgnp.exe"),
        ('http://a.example/"<x>`{|}^\\', "http://a.example/%22%3Cx%3E%60%7B%7C%7D%5E%5C"),
        ("http://a.example/?f[a]=1", "http://a.example/?f[a]=1"),
        ("http://exämple.example/", "http://exämple.example/"),
        ("HTTP://A.EXAMPLE:8080/", "HTTP://A.EXAMPLE:8080/"),
        ("a\\b?c\\d", "https://example.org/news/a/b?c%5Cd"),
        ("\\\\other.example\\x", "https://other.example/x"),
        ("news/2024:1", "https://example.org/news/news/2024:1"),
        ("www.other.example/a?b", "http://www.other.example/a?b"),
        (" WWW.Other.example", "http://WWW.Other.example"),
        ("example.org/a", "https://example.org/a"),
        ("Example.org/a?b", "https://Example.org/a?b"),
        ("other.example/a", "https://example.org/news/other.example/a"),
        ("example.org", "https://example.org/news/example.org"),
        ("www.html", "https://example.org/news/www.html"),
        ("www.a b.example", "https://example.org/news/www.a%20b.example"),
        ("http://[2001:db8::1]/", "http://[2001:db8::1]/"),
        ("http://a.example/\x07\ud800", "http://a.example/%07%3F"),
    ],
)
def test_a_link_is_made_absolute(link: str, absolute: str) -> None:
    assert urls.resolve(BASE, link) == absolute


@pytest.mark.parametrize(
    "link",
    [
        "",
        "  ",
        "javascript:alert(1)",
        "JaVaScRiPt:x",
        " javascript:x",
        "java\tscript:x",
        "java\nscript:x",
        "\x01javascript:x",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "view-source:javascript:x",
        "blob:http://x/1",
        "mailto:a@b.example",
        "feed:javascript:x",
        "http://user:secret@site.example/",
        "//user@site.example/",
        "http://site.example\\@evil.example/",
        "https:evil.example",
        "http:///x",
        "http://[::bad",
        "//[::bad",
        "http://site.example:99999/",
        "http://a b.example/",
        "//\u2100.example/",
        "http://x／y/",
        f"http://{'a' * 300}.example/",
    ],
)
def test_a_link_that_leads_nowhere_good_is_dropped(link: str) -> None:
    assert urls.resolve(BASE, link) is None


def test_the_name_of_a_site_before_a_path_is_its_host() -> None:
    assert urls.with_scheme("example.org/a", None, "https://www.example.org/feed") == "//example.org/a"
    assert urls.with_scheme("example.org/a", None, "https://other.example/feed") == "example.org/a"
    assert urls.with_scheme("news/a", "http://news/feed") == "news/a"


@pytest.mark.parametrize("base", [None, "", "news/", "mailto:a@b.example", "http://[::bad", "file:///etc/"])
def test_without_a_base_only_absolute_links_are_kept(base: str | None) -> None:
    assert urls.resolve(base, "story.html") is None
    assert urls.resolve(base, "www.example.org/a") is None
    assert urls.resolve(base, "https://example.org/a") == "https://example.org/a"


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("https://example.org/a?b[c]=d#e", True),
        ("http://exämple.example/ä", True),
        ("http://127.0.0.1:8000/", True),
        (" https://example.org/", False),
        ("https://example.org/a b", False),
        ("https://example.org/\n", False),
        ("//example.org/", False),
        ("example.org", False),
        ("https://a:b@example.org/", False),
    ],
)
def test_only_a_link_that_can_be_opened_as_it_stands_is_one(text: str, good: bool) -> None:
    assert (urls.resolve(None, text) == text) is good


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://Example.ORG.:443/a", "example.org"),
        ("http://exämple.example", "xn--exmple-cua.example"),
        ("http://[2001:DB8:0:0::1]:80/", "2001:db8::1"),
        ("http://[::ffff:127.0.0.1]/", "::ffff:7f00:1"),
        ("http://[::FFFF:0:0]/", "::ffff:0:0"),
        ("http://user:pw@example.org/", "example.org"),
        ("http://127.0.0.2:8100/feed", "127.0.0.2"),
        ("http://example.org:65535/", "example.org"),
        ("http://example.org:65536/", None),
        ("ftp://example.org/", None),
        ("http:///x", None),
        ("http://[::bad/", None),
        ("http://a\\b/", None),
        ("", None),
    ],
)
def test_politeness_is_counted_by_host_name(url: str, name: str | None) -> None:
    assert urls.host(url) == name


FRAGMENTS = st.sampled_from(
    [
        "http://",
        "https://",
        "www.",
        "example.org",
        "[::1]",
        "[",
        "]",
        ":80",
        ":",
        "@",
        "/",
        "//",
        "\\",
        "?",
        "&",
        "=",
        "#",
        "#!",
        "%",
        "%zz",
        "..",
        "ä",
        "İ",
        "／",
        "。",
        "\u202e",
        "\x00",
        "\ud800",
        " ",
        "\n",
        "utm_a=b",
        "index.html",
        ";jsessionid=1",
        "javascript:",
        "urn:",
    ]
)


@given(st.lists(FRAGMENTS | st.text(max_size=4)).map("".join), st.none() | st.lists(FRAGMENTS).map("".join))
def test_no_link_is_too_strange(link: str, base: str | None) -> None:
    absolute = urls.resolve(base, link)
    if absolute is not None:
        assert urls.resolve(None, absolute) == absolute
        assert urls.host(absolute)
        assert "".join(absolute.split()) == absolute
    form = urls.canonical(link)
    if form is not None and not form.startswith("www."):
        assert urls.canonical("http://www." + form) in (form, None)
    urls.is_home_page(link)
    urls.loose_id(link)
    urls.is_absolute_iri(link)
    urls.host(link)
    urls.permitted(link, ())


@pytest.mark.parametrize(
    "link",
    [
        "http://" + "a" * 70_000,
        "http://" + "ä." * 35_000,
        "http://a.example/" + "l" * 70_000,
        "http://a.example/" + "é" * 70_000,
        "http://a.example/?" + "a&" * 35_000,
        "http://a.example/" + "../" * 23_000,
        "http://a.example/" + "%" * 70_000,
        "[" * 70_000,
        "http://a.example/" + ";jsessionid" * 7_000,
        "www." * 17_000,
        "a:" * 35_000,
        " " * 70_000,
        "http://" + "@" * 70_000,
    ],
)
def test_a_link_of_70_kb_holds_nobody_up(link: str) -> None:
    started = time.thread_time()
    for use in (
        urls.canonical,
        urls.is_home_page,
        urls.loose_id,
        urls.is_absolute_iri,
        urls.host,
    ):
        use(link)
    urls.resolve(BASE, link)
    assert time.thread_time() - started < 3


# ---------------------------------------------------------------- addresses

PUBLIC = """
8.8.8.8 1.1.1.1 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1 192.0.1.1 193.0.0.1 198.17.255.255
198.20.0.1 223.255.255.255 2606:4700::1111 2a00:1450:4009::200e 2001:4860:4860::8888 2620:4f:8000::1
::ffff:8.8.8.8 ::ffff:808:808 ::8.8.8.8 64:ff9b::8.8.8.8 64:ff9b:1::8.8.8.8 64:ff9b:1:808:8:800::
2002:808:808::1 2001:0:808:808:0:0:f7f7:f7f7
""".split()  # noqa: SIM905

NOT_PUBLIC = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254
169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.9 192.0.0.170 192.0.2.1 192.88.99.1
192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
255.255.255.255 :: ::1 fe80::1 fe80::1%lo fec0::1 fc00::1 fd00::1 fd00:ec2::254 ff02::1 ff0e::1 100::1
2001:db8::1 2001:2::1 2001:10::1 2001:20::1 3fff::1 5f00::1 4000::1 ::ffff:127.0.0.1 ::ffff:7f00:1
::ffff:169.254.169.254 ::ffff:10.0.0.1 ::ffff:0:127.0.0.1 ::127.0.0.1 ::10.0.0.1 ::2 64:ff9b::127.0.0.1
64:ff9b::a9fe:a9fe 64:ff9b:1::10.0.0.1 64:ff9b:1::169.254.169.254 64:ff9b:1:: 64:ff9b:2::8.8.8.8
64:ff9b:1:a00:0:100:808:808 64:ff9b:1:a:0:1:808:808 64:ff9b:1:0:a:0:108:808 2002:7f00:1::1
64:ff9b:1:cb00:71:100:808:808 64:ff9b:1:cb:0:7101:808:808 64:ff9b:1:0:cb:71:108:808
2002:a00:1::8.8.8.8 2002:a9fe:a9fe:: 2002:c0a8:101::1 2001:0:7f00:1:0:0:f7f7:f7f7
2001:0:808:808:0:0:80ff:fffe 2001::1 2606:4700::1111%eth0 ::ffff:8.8.8.8%lo 127.1 2130706433 0x7f000001
0177.0.0.1 127.0.0.1. 8.8.8.8:80 [::1] localhost 8.8.8 8.8.8.8/32 ٨.8.8.8
""".split()  # noqa: SIM905


@pytest.mark.parametrize("address", PUBLIC)
def test_the_hub_connects_to_public_addresses(address: str) -> None:
    assert urls.is_public(address)
    assert urls.permitted(address, ())


@pytest.mark.parametrize("address", ["", " 8.8.8.8", "8.8.8.8\n", *NOT_PUBLIC])
def test_the_hub_connects_to_no_other_addresses(address: str) -> None:
    assert not urls.is_public(address)
    assert not urls.permitted(address, ())


LOOPBACK = IPv4Network("127.0.0.0/8")


@pytest.mark.parametrize(
    ("address", "allow", "expected"),
    [
        ("127.0.0.1", "127.0.0.0/8", True),
        ("127.0.0.1", "10.0.0.0/8", False),
        ("::ffff:127.0.0.1", "127.0.0.0/8", True),
        ("::ffff:127.0.0.1", "127.0.0.1/32", True),
        ("::ffff:127.0.0.1", "127.0.0.0/32", False),
        ("::ffff:10.0.0.1", "127.0.0.0/8", False),
        ("64:ff9b::127.0.0.1", "127.0.0.0/8", True),
        ("2002:7f00:1::1", "127.0.0.0/8", True),
        ("2001:0:7f00:1:0:0:f7f7:f7f7", "127.0.0.0/8", True),
        ("2001:0:7f00:1:0:0:f5ff:fffe", "127.0.0.0/8", False),
        ("::1", "127.0.0.0/8", False),
        ("::1", "::1/128", True),
        ("::ffff:127.0.0.1", "::1/128", False),
        ("::ffff:127.0.0.1", "::ffff:0:0/96", True),
        ("fd00::1", "fd00::/8", True),
        ("fe80::1%lo", "fe80::/10", False),
        ("8.8.8.8", "127.0.0.0/8", True),
        ("localhost", "127.0.0.0/8", False),
    ],
)
def test_an_admin_may_allow_more_addresses(address: str, allow: str, expected: bool) -> None:
    network: IPv4Network | IPv6Network = ip_network(allow)
    assert urls.permitted(address, (network,)) is expected
    assert urls.permitted(address, (IPv4Network("192.0.2.0/32"), network)) is expected


@given(st.ip_addresses(v=4).map(str))
def test_an_address_inside_another_is_judged_alike(address: str) -> None:
    verdict = urls.is_public(address)
    assert urls.is_public(f"::ffff:{address}") is verdict
    assert urls.is_public(f"64:ff9b::{address}") is verdict
    if address != "0.0.0.0":
        assert urls.is_public(f"64:ff9b:1::{address}") in (verdict, False)
    assert urls.permitted(f"::ffff:{address}", (LOOPBACK,)) is urls.permitted(address, (LOOPBACK,))
