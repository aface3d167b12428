"""Documents of every kind, as a member's server may send them, to entries or a sentence for the admin."""

from __future__ import annotations

import codecs
import gzip
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hub import markup
from hub.errors import NotAFeed, ParseError
from hub.parse.dates import read_date
from hub.parse.daytexts import read_day
from hub.parse.decode import decode
from hub.parse.document import ParsedFeed, Text
from hub.parse.feed import MOST_ENTRIES, parse

URL = "https://east.example/feed"
LONDON = ZoneInfo("Europe/London")
MORE = "to read more, raise its entries, or hub.fetch.entries, in feeds.yaml"


def read(document: str | bytes, *, content_type: str | None = None) -> ParsedFeed:
    body = document.encode() if isinstance(document, str) else document
    return parse(body, url=URL, content_type=content_type, zone=LONDON)


def refusal(document: str | bytes) -> ParseError:
    with pytest.raises(ParseError) as caught:
        read(document)
    assert caught.value.remedy.endswith(".")
    return caught.value


def rss(items: str, *, channel: str = "", declarations: str = "") -> str:
    return f"<rss version='2.0' {declarations}><channel><title>News</title>{channel}{items}</channel></rss>"


def titles(feed: ParsedFeed) -> list[str | None]:
    return [entry.title.value if entry.title else None for entry in feed.entries]


# ---------------------------------------------------------------- bytes → text

CAFE = "<rss><title>Café — “news” №1</title></rss>"
CAFE_1252 = "<rss><title>Café — “news”</title></rss>"


def declared(encoding: str, text: str) -> str:
    return f"<?xml version='1.0' encoding='{encoding}'?>{text}"


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        # A mark decides, whatever else is claimed.
        (codecs.BOM_UTF8 + CAFE.encode(), "text/xml; charset=iso-8859-1", CAFE),
        (codecs.BOM_UTF16_LE + CAFE.encode("utf-16-le"), None, CAFE),
        (codecs.BOM_UTF16_BE + declared("utf-8", CAFE).encode("utf-16-be"), "text/xml; charset=utf-8", CAFE),
        (codecs.BOM_UTF32_LE + CAFE.encode("utf-32-le"), None, CAFE),
        (codecs.BOM_UTF32_BE + CAFE.encode("utf-32-be"), None, CAFE),
        # Without one, the zeros tell.
        (CAFE.encode("utf-16-le"), None, CAFE),
        (CAFE.encode("utf-16-be"), "application/xml; charset=utf-8", CAFE),
        (declared("utf-16", CAFE).encode("utf-16-be"), "application/xml; charset=utf-16", CAFE),
        (CAFE.encode("utf-32-be"), None, CAFE),
        (CAFE.encode("utf-32-le"), None, CAFE),
        # UTF-8 is UTF-8 whatever it is called: servers add a charset that nobody chose.
        (CAFE.encode(), "application/xml; charset=iso-8859-1", CAFE),
        (declared("windows-1252", CAFE).encode(), "text/xml", CAFE),
        # The header's charset before the declaration's.
        (declared("utf-8", "<a>Ж</a>").encode("koi8-r"), "text/xml; charset=koi8-r", "<a>Ж</a>"),
        (declared("koi8-r", "<a>Ж</a>").encode("koi8-r"), 'text/xml; charset="nonsense"', "<a>Ж</a>"),
        (declared("iso-2022-jp", "<a>日本</a>").encode("iso-2022-jp"), None, "<a>日本</a>"),
        (declared("gb2312", "<a>朱镕基</a>").encode("gb18030"), None, "<a>朱镕基</a>"),
        # Latin-1 as browsers read it.
        (declared("iso-8859-1", CAFE_1252).encode("cp1252"), None, CAFE_1252),
        (CAFE_1252.encode("cp1252"), "text/xml; charset=us-ascii", CAFE_1252),
        # Nobody who knows the encoding says that it is US-ASCII where it is not.
        (declared("windows-1251", "<a>Ж</a>").encode("cp1251"), "text/xml; charset=us-ascii", "<a>Ж</a>"),
        # With the characters that are no part of what the label names, but of what browsers read.
        (declared("euc-kr", "<a>똠방각하</a>").encode("cp949"), None, "<a>똠방각하</a>"),
        (declared("tis-620", "<a>“ข่าว”</a>").encode("cp874"), None, "<a>“ข่าว”</a>"),
        (declared("big5", "<a>喬治‧歐威爾～</a>").encode("cp950"), None, "<a>喬治‧歐威爾～</a>"),
        (declared("big5", "<a>醫療 邨啲</a>").encode("big5hkscs"), None, "<a>醫療 邨啲</a>"),
        (declared("euc-jp", "<a>医療①</a>").encode("euc_jis_2004"), None, "<a>医療①</a>"),
        # Labels that browsers know and Python does not.
        (declared("windows-31j", "<a>医療①㈱</a>").encode("cp932"), None, "<a>医療①㈱</a>"),
        (declared("x-sjis", "<a>髙橋</a>").encode("cp932"), None, "<a>髙橋</a>"),
        (declared("x-euc-jp", "<a>医療</a>").encode("euc_jp"), None, "<a>医療</a>"),
        (declared("windows-949", "<a>뷁</a>").encode("cp949"), None, "<a>뷁</a>"),
        (declared("windows-874", "<a>ข่าว</a>").encode("cp874"), None, "<a>ข่าว</a>"),
        (declared("iso-8859-8-i", "<a>חדשות</a>").encode("iso8859_8"), None, "<a>חדשות</a>"),
        (declared("x-gbk", "<a>卫生 镕</a>").encode("gb18030"), None, "<a>卫生 镕</a>"),
        # Labels of what is no text, or runs: the document is read as if they were not there.
        (b"<a>plain</a>", "text/xml; charset=base64", "<a>plain</a>"),
        (b"<a>plain</a>", "text/xml; charset=x-user-defined", "<a>plain</a>"),
        (b"<a>plain</a>", "text/xml; charset=punycode", "<a>plain</a>"),
        (b"<a>\\u003cscript></a>", "text/xml; charset=unicode_escape", "<a>\\u003cscript></a>"),
        (b"<a>+ADw-script+AD4-</a>", "text/xml; charset=utf-7", "<a>+ADw-script+AD4-</a>"),
        # U+FFFD that was published is no damage.
        ("<a>\ufffd</a>".encode(), None, "<a>\ufffd</a>"),
    ],
)
def test_a_document_is_read_in_the_encoding_it_is_in(
    body: bytes, content_type: str | None, text: str
) -> None:
    decoded = decode(body, content_type)
    assert decoded.text == text
    assert decoded.remarks == ()


def test_one_broken_byte_costs_one_character() -> None:
    body = f"<a>{'é' * 20}</a>".encode() + b"\xff"
    # Also where the server claims latin-1, in which every byte is something.
    decoded = decode(body, "text/xml; charset=iso-8859-1")
    assert decoded.text == f"<a>{'é' * 20}</a>\ufffd"
    assert decoded.remarks == ("1 broken bytes were replaced by \ufffd",)


def test_a_broken_character_does_not_change_the_encoding_of_the_others() -> None:
    body = declared("shift_jis", "<a>日本語の新聞</a>").encode("shift_jis").replace(b"</a>", b"\x81</a>")
    assert decode(body, None).text.startswith("<a>日本語の新聞")


def test_what_never_was_utf8_is_read_as_windows_1252() -> None:
    decoded = decode(declared("utf-8", CAFE_1252).encode("cp1252"), "text/xml; charset=utf-8")
    assert decoded.text == CAFE_1252
    assert decoded.remarks == ("it is not in the encoding it declares; read as windows-1252",)


@pytest.mark.parametrize(
    ("written", "legal"),
    [
        ("a\x00b\x08c\x0bd\x1fe\ufffef", "abcdef"),
        ("a&#0;b&#x1F;c&#xD800;d&#xFFFE;e&#x110000;f", "abcdef"),
        ("a&#0 b&#55555555555555555555;c&#" + "9" * 5000 + ";d", "a bcd"),
    ],
)
def test_characters_that_xml_forbids_are_left_out_and_told(written: str, legal: str) -> None:
    decoded = decode(f"<a>{written}</a>".encode(), None)
    assert decoded.text == f"<a>{legal}</a>"
    assert decoded.remarks == ("characters that XML does not allow were left out",)


@pytest.mark.parametrize(
    ("written", "read", "left_out"),
    [
        ("a&#55357;&#56832;b&#xD83D;&#xde00;c&#55357;&#x0DE00;", "a😀b😀c😀", False),
        ("&#55357;&#55357;&#56832;&#56832; &#56832;&#55357;", "😀 ", True),
        ("&#55000;&#57999;", "\ud6d8\ue28f", False),
    ],
)
def test_a_character_written_as_two_halves_is_read_as_the_one_it_is(
    written: str, read: str, left_out: bool
) -> None:
    decoded = decode(f"<a>{written}</a>".encode(), None)
    assert decoded.text == f"<a>{read}</a>"
    assert bool(decoded.remarks) == left_out


def test_references_to_good_characters_stay() -> None:
    assert decode(b"<a>&#9;&#233;&#x1F600;&#38;</a>", None).text == "<a>&#9;&#233;&#x1F600;&#38;</a>"


# ---------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        # British zone names.
        ("Wed, 01 Jul 2026 09:30:00 BST", "2026-07-01 08:30"),
        ("2026-07-01 09:30:00 BST", "2026-07-01 08:30"),
        ("Wed, 01 Jul 2026 09:30:00 GMT", "2026-07-01 09:30"),
        ("Wed, 01 Jul 2026 09:30:00 GMT+0100 (British Summer Time)", "2026-07-01 08:30"),
        ("2026-07-01 09:30:00 UTC", "2026-07-01 09:30"),
        # Others.
        ("Wed, 01 Jul 2026 09:30:00 -0500", "2026-07-01 14:30"),
        ("Wed, 01 Jul 26 09:30 EST", "2026-07-01 14:30"),
        ("Wed, 01 Jul 26 09:30:29 -0800", "2026-07-01 17:30:29"),
        ("2026-07-01T09:30:00.123456+02:00", "2026-07-01 07:30"),
        ("20260701T093000Z", "2026-07-01 09:30"),
        # No zone: the hub's own, London's summer and winter time.
        ("2026-07-01T09:30:00", "2026-07-01 08:30"),
        ("2026-01-14 09:30", "2026-01-14 09:30"),
        ("Wed, 01 Jul 2026 09:30:00", "2026-07-01 08:30"),
        ("2026-07-01", "2026-06-30 23:00"),
        ("1 July 2026", "2026-06-30 23:00"),
        # The day comes first.
        ("05/01/2026", "2026-01-05 00:00"),
        ("05/07/2026 14:30", "2026-07-05 13:30"),
        ("31.12.2026", "2026-12-31 00:00"),
        ("25/06/2026 - 10:00", "2026-06-25 09:00"),
        ("05/01/2026 2:30 PM", "2026-01-05 14:30"),
        # As Drupal writes: the weekday says which of the figures is the month, where it can be but one.
        ("Wed, 03/04/2026 - 09:00", "2026-03-04 09:00"),
        ("Tue, 10/02/2026 - 09:00", "2026-02-10 09:00"),
        ("Wed, 03/25/2026 - 09:00", "2026-03-25 09:00"),
        ("Mon, 05/01/2026", "2026-01-05 00:00"),
        ("Tue, 05/01/2026", "2026-01-05 00:00"),
        ("Tuesday, March 3, 2026 - 09:00", "2026-03-03 09:00"),
        ("Tuesday, 10 February 2026 - 09:00", "2026-02-10 09:00"),
        ('<time datetime="2026-03-05T10:00:00Z" title="Thursday, 5 March">Thu</time>', "2026-03-05 10:00"),
        (f'<time title="{"x" * 200}" datetime="2026-03-05T10:00:00Z">Thu</time>', "2026-03-05 10:00"),
        # As programs write.
        ("Thu Jun 25 10:00:00 +0000 2026", "2026-06-25 10:00"),
        ("Thu Jun 25 10:00:00 GMT 2026", "2026-06-25 10:00"),
        ("2026-06-25T10:00:00+01:00[Europe/London]", "2026-06-25 09:00"),
        ("2026-06-25t10:00:00z", "2026-06-25 10:00"),
        ("Thu, 25 Jun 2026 10:00:00 CEST", "2026-06-25 08:00"),
        ("Thu, 25 Jun 2026 10:00:00 UTC+0200", "2026-06-25 08:00"),
        # Zones of Asia and the South, and hours from Greenwich.
        ("Wed, 01 Jul 2026 09:30:00 JST", "2026-07-01 00:30"),
        ("Wed, 01 Jul 2026 09:30:00 KST", "2026-07-01 00:30"),
        ("Wed, 01 Jul 2026 09:30:00 HKT", "2026-07-01 01:30"),
        ("Wed, 01 Jul 2026 09:30:00 SGT", "2026-07-01 01:30"),
        ("Wed, 01 Jul 2026 09:30:00 AWST", "2026-07-01 01:30"),
        ("Wed, 01 Jul 2026 09:30:00 ACST", "2026-07-01 00:00"),
        ("Wed, 14 Jan 2026 09:30:00 ACDT", "2026-01-13 23:00"),
        ("Wed, 01 Jul 2026 09:30:00 AEST (Sydney)", "2026-06-30 23:30"),
        ("Wed, 14 Jan 2026 09:30:00 AEDT", "2026-01-13 22:30"),
        ("Wed, 01 Jul 2026 09:30:00 NZST", "2026-06-30 21:30"),
        ("Wed, 14 Jan 2026 09:30:00 NZDT", "2026-01-13 20:30"),
        ("Wed, 01 Jul 2026 09:30:00 MSK", "2026-07-01 06:30"),
        ("Wed, 01 Jul 2026 09:30:00 SAST", "2026-07-01 07:30"),
        ("Wed, 01 Jul 2026 09:30:00 WET", "2026-07-01 09:30"),
        ("Wed Jul 01 09:30:00 JST 2026", "2026-07-01 00:30"),
        ("2026-07-01 09:30:00 JST", "2026-07-01 00:30"),
        ("Wed, 01 Jul 2026 09:30:00 UTC+2", "2026-07-01 07:30"),
        ("Wed, 01 Jul 2026 09:30:00 GMT-5", "2026-07-01 14:30"),
        ("2026-07-01 09:30 GMT+5:30", "2026-07-01 04:00"),
        ("Wed, 01 Jul 2026 09:30:00 GMT +10", "2026-06-30 23:30"),
        # Zones in other words and figures than the standards'.
        ("Tue, 15 Sep 2026 08:32:21 -500", "2026-09-15 13:32:21"),
        ("Tue, 15 Sep 2026 08:32:21 +530", "2026-09-15 03:02:21"),
        ("Tue, 15 Sep 2026 08:32 +100", "2026-09-15 07:32"),
        ("Tue, 15 Sep 2026 08:32:21 -5:00", "2026-09-15 13:32:21"),
        ("Tue, 15 Sep 2026 08:32:21 +02", "2026-09-15 06:32:21"),
        ("Tue, 15 Sep 2026 08:32:21+0200", "2026-09-15 06:32:21"),
        ("Tue, 15 Sep 2026 08:32:21,123 +0200", "2026-09-15 06:32:21"),
        ("Tue,15 Sep 26 08:32 +01:00 (BST)", "2026-09-15 07:32"),
        ("Tue, 15 Sep 2026 08:32:21 +2400 (none)", "2026-09-14 08:32:21"),
        ("Tue Sep 15 08:32:21 -500 2026", "2026-09-15 13:32:21"),
        ("Tue Sep 15 08:32:21 +05:30 2026", "2026-09-15 03:02:21"),
        ("Tue, 2026/09/15 08:32:21 +0200", "2026-09-15 06:32:21"),
        ("Tue, 2026/09/15 08:32:21 JST", "2026-09-14 23:32:21"),
        ("Tue, 2026/09/15 08:32:21 EDT", "2026-09-15 12:32:21"),
        ("2026-09-15T08:32:21 EST", "2026-09-15 13:32:21"),
        ("2026-09-15 08:32:21 PDT", "2026-09-15 15:32:21"),
        ("2026-09-15 08:32:21 -0400 EDT", "2026-09-15 12:32:21"),
        ("2026-09-15T08:32:21 +0100 (BST)", "2026-09-15 07:32:21"),
        ("2026-09-15T08:32:21-5:00", "2026-09-15 13:32:21"),
        ("2026-09-15T08:32 -5:00", "2026-09-15 13:32"),
        ("2026-09-15T08:32:21 +5:30", "2026-09-15 03:02:21"),
        ("2026-09-15T08:32:21+1", "2026-09-15 07:32:21"),
        ("2026-09-15 08:32:21.123 +0530", "2026-09-15 03:02:21"),
        ("2026-09-15  8:32:21 +0530", "2026-09-15 03:02:21"),
        ("2026-9-5T8:32 +05:30", "2026-09-05 03:02"),
        ("2026-09-15T08:32:21 PM", "2026-09-15 19:32:21"),
        ("2026-09-15T8:32 p.m. EST", "2026-09-16 01:32"),
        ("2026-06-31T08:32:21 +0530", "2026-07-01 03:02:21"),
        # RFC 850's, and PHP's for cookies.
        ("Tuesday, 15-Sep-26 08:32:21 GMT", "2026-09-15 08:32:21"),
        ("Tue, 15-Sep-2026 08:32:21 EST", "2026-09-15 13:32:21"),
        # A name that is nobody's, or that of several: India, Israel and Ireland.
        ("Wed, 01 Jul 2026 09:30:00 IST", "2026-07-01 08:30"),
        ("2026-07-01 09:30 XYZ", "2026-07-01 08:30"),
        # As people write.
        ("Wednesday, July 1st, 2026 10:30 pm", "2026-07-01 21:30"),
        ("mer, 01 jul 2026 09:30:00 +0000", "2026-07-01 09:30"),
        ("Wed(nesday), 1 Jul(y) 2026 09:30:00 +0000", "2026-07-01 09:30"),
        # Seconds and milliseconds since 1970.
        ("1782898200", "2026-07-01 09:30"),
        ("1782898200000", "2026-07-01 09:30"),
        # Past the end of a minute, a day and a month.
        ("2016-12-31T23:59:60Z", "2017-01-01 00:00"),
        ("Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01 00:00"),
        ("2026-07-01T24:00:00Z", "2026-07-02 00:00"),
        ("2026-06-31T09:30:00Z", "2026-07-01 09:30"),
        ("9999-12-31T23:00:00Z", "9999-12-31 23:00"),
    ],
)
def test_a_date_is_the_moment_its_publisher_meant(written: str, moment: str) -> None:
    assert read_date(written, LONDON) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "never",
        "insert date here",
        "1/25/2026",
        "0000-00-00T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "Mon, 01 Jan 0001 00:00:00 +1400",
        "9999-12-31T23:59:59-01:00",
        "1" * 40,
        "Wed, 01 Jul " + "2" * 5000,
        "Wed, 30 Feb 2026 10:00:00 GMT",
        # Zones that are none.
        "Tue, 15 Sep 2026 08:32:21 +12345",
        "Tue, 15 Sep 2026 08:32:21 +50",
        "Tue, 15 Sep 2026 08:32:21 -990",
        "Tue, 15 Sep 2026 08:32:21 -99:00",
        "2026-09-15T08:32:21 -5:0",
        "2026-09-15T08:32 +0:99",
        # From ten to two.
        "15 September 2026 10:00-2:00",
        # What programs have for none.
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Thu, 01 Jan 1970 01:00:00 +0100",
        "1969-12-31T19:00:00-05:00",
        "Mon, 01 Jan 1900 00:00:00 GMT",
        "1753-01-01",
        "Sat, 30 Dec 1899 00:00:00 GMT",
        "Mon, 30 Nov -1 00:00:00 +0000",
        "Mon, 30 Nov -0001 00:00:00 +0000",
        # Parts of dates, which would have to be completed from the clock.
        "12",
        "--0312",
        "-04",
        None,
        20260701,
        {"date": "2026-07-01"},
    ],
)
def test_what_is_no_date_is_none(written: object) -> None:
    assert read_date(written, LONDON) is None


@pytest.mark.parametrize(
    ("written", "language", "day"),
    [
        ("1er décembre 2026", "fr", "2026-12-01"),
        ("Publié le 1er décembre 2026", "fr", "2026-12-01"),
        ("1º de dezembro de 2026", "pt_BR", "2026-12-01"),
        ("1.º de diciembre de 2026", "es", "2026-12-01"),
        ("1 de diciembre del 2026", "es", "2026-12-01"),
        ("1° dicembre 2026", "it", "2026-12-01"),
        ("1st December 2026", "en", "2026-12-01"),
        ("9. desember 2026", "no", "2026-12-09"),
        ("2026年12月9日(水)", "ja", "2026-12-09"),
        ("公開日2026年2月9日", None, "2026-02-09"),
        ("2026년 12월 9일", "ko", "2026-12-09"),
        ("1af Rhagfyr 2026", "cy", "2026-12-01"),
        ("2il Rhagfyr 2026", "cy", "2026-12-02"),
        ("3ydd Rhagfyr 2026", "cy", "2026-12-03"),
        ("5ed Rhagfyr 2026", "cy", "2026-12-05"),
        ("9fed Rhagfyr 2026", "cy", "2026-12-09"),
        ("11eg Rhagfyr 2026", "cy", "2026-12-11"),
        ("Cyhoeddwyd 23ain Tachwedd 2026", "cy", "2026-11-23"),
        ("1er décembre", "fr", None),
        ("2026年12月", "ja", None),
    ],
)
def test_a_day_is_read_as_pages_of_its_language_have_it(
    written: str, language: str | None, day: str | None
) -> None:
    moment = read_day(written, LONDON, language=language)
    assert (moment.astimezone(LONDON).date().isoformat() if moment else None) == day


@pytest.mark.parametrize("type", ["", "<!DOCTYPE rss [<!ENTITY a 'b'>]>"])
def test_an_item_says_its_language_where_it_is_not_the_feeds(type: str) -> None:
    items = "<item><title>Un</title><dc:language>cy</dc:language></item><item><title>Two</title></item>"
    namespace = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    channel = f"<channel><language>en</language>{items}</channel>"
    feed = read(f'{type}<rss version="2.0" {namespace}>{channel}</rss>')
    assert (feed.language, [entry.language for entry in feed.entries]) == ("en", ["cy", None])


@pytest.mark.parametrize(
    ("written", "language", "moment"),
    [
        ("Mi, 09 Dez 2026 10:00:00 +0100", "", "2026-12-09 09:00"),
        ("Fr, 01 Mai 2026 10:00:00", "", "2026-05-01 09:00"),
        ("mer., 09 déc. 2026 10:00:00 +0100", "", "2026-12-09 09:00"),
        ("Mer, 09 Rhag 2026 10:00:00 GMT", "", "2026-12-09 10:00"),
        ("śr., 09 gru 2026 10:00:00 +0100", "pl", "2026-12-09 09:00"),
        ("2026/12/09", "", "2026-12-09 00:00"),
        ("2026/05/01 10:30", "", "2026-05-01 09:30"),
        ("Mi, 30 Feb 2026 10:00:00 +0100", "", None),
        ("Mi, 09 Dez 2026 25:00:00 +0100", "", None),
    ],
)
def test_a_feeds_date_in_another_language_than_english_is_read(
    written: str, language: str, moment: str | None
) -> None:
    channel = f"<language>{language}</language>" if language else ""
    item = f"<item><guid>1</guid><title>News</title><pubDate>{written}</pubDate></item>"
    # A document that is not well-formed is read in another way.
    for broken in ("", "<br>"):
        (entry,) = read(rss(item + broken, channel=channel)).entries
        assert entry.published == (datetime.fromisoformat(moment).replace(tzinfo=UTC) if moment else None)
        assert entry.unread_date == ("" if moment else written)


# ---------------------------------------------------------------- what is packed

PLAIN = rss("<item><guid>1</guid><title>Ward opens</title></item>").encode()


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(PLAIN),
        gzip.compress(PLAIN[:20]) + gzip.compress(b"") + gzip.compress(PLAIN[20:]),
        gzip.compress(PLAIN) + bytes(20),
        gzip.compress(PLAIN) + b"rubbish" * 20,
        gzip.compress(PLAIN) + bytes(40_000),
    ],
)
def test_a_gzip_file_is_read_in_all_its_members_whatever_stands_behind_them(packed: bytes) -> None:
    feed = read(packed)
    assert titles(feed) == ["Ward opens"]
    assert feed.remarks == (*read(PLAIN).remarks, "it came as a gzip file")


def test_a_gzip_file_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    items = "".join(f"<item><guid>{n}</guid><title>News {n}</title></item>" for n in range(400))
    feed = read(gzip.compress(rss(items).encode())[:-600])
    assert titles(feed)[:3] == ["News 0", "News 1", "News 2"]
    assert len(feed.entries) < 400


@pytest.mark.parametrize("members", [1, 1024])
def test_no_more_of_a_gzip_file_is_unpacked_than_may_be_read(members: int) -> None:
    bomb = gzip.compress(bytes((8 << 20) // members)) * members
    with pytest.raises(ParseError, match="larger than 4 MB when it is unpacked") as refused:
        parse(bomb, url=URL, content_type=None, zone=LONDON, most_bytes=4 << 20)
    assert refused.value.reason == "too-large"
    assert "feeds.yaml" in refused.value.remedy


# ---------------------------------------------------------------- what is no feed


@pytest.mark.parametrize(
    ("document", "sentence", "reason"),
    [
        ("", f"{URL} answered with nothing: the document is empty.", "empty"),
        (" \r\n", f"{URL} answered with nothing: the document is empty.", "empty"),
        (
            gzip.compress(PLAIN)[:-8] + bytes(8),
            f"{URL} is a gzip file that cannot be unpacked: Error -3 while decompressing data:"
            " incorrect data check.",
            "compressed",
        ),
        (
            "<!-- mine --><!DOCTYPE opml><opml version='2.0'><body/></opml>",
            f"{URL} is a list of feeds (OPML), not a feed.",
            "not-a-feed",
        ),
        (
            declared("utf-8", "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'/>"),
            f"{URL} is a sitemap, not a feed.",
            "not-a-feed",
        ),
        (b"%PDF-1.7 \xe2\xe3", f"{URL} is a PDF document, not a feed.", "not-a-feed"),
        (b"\x89PNG\r\n\x1a\n<svg>", f"{URL} is a picture, not a feed.", "not-a-feed"),
        (
            "Service unavailable,\n\ntry again.",
            f"{URL} is plain text, not a feed. It begins: Service unavailable, try again.",
            "not-a-feed",
        ),
        (
            bytes(range(128, 255)),
            f"{URL} is data of another kind, not a feed: there is no XML in it.",
            "not-a-feed",
        ),
        (
            "<?xml-stylesheet href='x'?><note><to>Tove</to></note>",
            f"{URL} is XML, but not a feed: its outermost element is <note>.",
            "not-a-feed",
        ),
        ('{"items": [{"id": 1}]}', f"{URL} is JSON, but not a JSON Feed.", "not-a-feed"),
        ('[{"title": {"rendered": "<p>x</p>"}}]', f"{URL} is JSON, but not a JSON Feed.", "not-a-feed"),
        (
            '{"version": "https://jsonfeed.org/version/1.1", "items": [',
            f"{URL} answered with broken JSON: Expecting value at line 1, column 59.",
            "broken-json",
        ),
        (
            "<!DOCTYPE html><title>Log in</title><p>Log in",
            f"{URL} is an HTML page, not a feed, and names none.",
            "not-a-feed",
        ),
        (
            "<p>Not found",
            f"{URL} is an HTML page, not a feed, and names none.",
            "not-a-feed",
        ),
        (
            "<html><link rel=alternate type=application/rss+xml href=/comments/feed/>",
            f"{URL} is an HTML page, not a feed, and names none but of comments.",
            "not-a-feed",
        ),
    ],
)
def test_an_admin_is_told_what_stands_there_instead_of_a_feed(
    document: str | bytes, sentence: str, reason: str
) -> None:
    error = refusal(document)
    assert (error.problem, error.reason) == (sentence, reason)


def test_a_page_instead_of_a_feed_names_the_feeds_it_advertises() -> None:
    error = refusal("""<!doctype html><html><head><base href="/news/">
        <link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed/">
        <link rel="alternate" type="application/rss+xml" title="News" href="feed.xml">
        <LINK REL="home ALTERNATE" TYPE="application/atom+xml; charset=utf-8" HREF="//cdn.example/atom">
        <link rel="alternate" type="application/feed+json" href="feed.json">
        <link rel="alternate" type="application/rss+xml" href="feed.xml">
        <link rel="alternate" type="text/xml" href="old.xml"><link rel="feed" href="older.xml">
        <link rel="sitemap" type="application/xml" href="sitemap.xml">
        <link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
        <link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2">
        <link rel="stylesheet" type="text/css" href="style.css">
        </head><body><p>News</body></html>""")
    assert isinstance(error, NotAFeed)
    assert error.advertised == (
        "https://east.example/news/feed.xml",
        "https://cdn.example/atom",
        "https://east.example/news/feed.json",
        "https://east.example/news/old.xml",
        "https://east.example/news/older.xml",
    )
    assert error.problem == (
        f"{URL} is an HTML page, not a feed. It names these feeds: {', '.join(error.advertised)}."
    )


def test_a_document_that_names_a_file_is_no_way_to_read_it() -> None:
    assert "is plain text, not a feed. It begins: /etc/passwd" in refusal("/etc/passwd").problem
    assert "is plain text" in refusal("http://127.0.0.1/").problem


# ---------------------------------------------------------------- what is read all the same


def test_an_empty_feed_is_a_feed() -> None:
    feed = read(rss(""))
    assert (feed.title, feed.entries, feed.remarks) == ("News", (), ())


def test_an_old_feed_whose_version_nobody_knows_is_read() -> None:
    feed = read("""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://channel.netscape.com/rdf/simple/0.9/">
        <item><title>Old news</title><link>http://east.example/1</link></item></rdf:RDF>""")
    assert titles(feed) == ["Old news"]


def test_a_broken_document_is_read_as_far_as_possible_and_its_admin_told_where_it_breaks() -> None:
    feed = read(
        "<?xml version='1.0'?>\n<rss version='2.0'><channel>\n<item><title>A</title></item>\n"
        "<item><title>B & C</title></item></channel></rss>"
    )
    assert titles(feed) == ["A", "B & C"]
    assert feed.remarks == (
        "it is not well-formed at line 4, column 16, where an & that stands for itself is not written &amp;",
    )
    broken = read(rss("<item><title>A</title></item></wrong>"))
    assert titles(broken) == ["A"]
    assert broken.remarks == (
        "it is not well-formed at line 1, column 80 (mismatched tag); read as far as possible",
    )


@pytest.mark.parametrize(
    ("before", "line", "column"),
    [
        ("<?xml version='1.0'?>", 1, 21),
        ("\r\n\n\r  <?xml version='1.0'\n?>\n", 6, 0),
        ("<b>Warning</b>: of the server\nin line 3\n<?xml version='1.0'?> ", 3, 22),
    ],
)
def test_where_a_document_breaks_is_told_by_its_own_lines_whatever_stands_before(
    before: str, line: int, column: int
) -> None:
    broken = rss("<item><title>A</title></item></wrong>")
    assert f"not well-formed at line {line}, column {80 + column} (mism" in read(before + broken).remarks[-1]
    bare = rss("<item><title>A & B</title></item>")
    at = bare.index("&") + 1
    assert f"not well-formed at line {line}, column {at + column}, where" in read(before + bare).remarks[-1]


def test_where_json_breaks_is_told_by_its_own_lines_too() -> None:
    assert "Expecting value at line 3, column 14." in refusal('\n\n {"version": x}').problem


@pytest.mark.parametrize(
    ("document", "format", "by_feedparser"),
    [
        (rss("<item><title>A</title></item>"), "RSS 2.0", False),
        (rss("<item><title>A & B</title></item>"), "RSS 2.0", True),
        ("<feed xmlns='http://www.w3.org/2005/Atom'><title>A</title></feed>", "Atom 1.0", False),
        ('{"version": "https://jsonfeed.org/version/1.1", "items": []}', "JSON Feed 1.1", False),
    ],
)
def test_it_is_known_what_a_document_is_written_in_and_who_read_it(
    document: str, format: str, by_feedparser: bool
) -> None:
    feed = read(document)
    assert (feed.format, feed.by_feedparser) == (format, by_feedparser)


@pytest.mark.parametrize("also", ["", "<br>"])
@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("R&D strategy, Q&A and AT&T", "R&D strategy, Q&A and AT&T"),
        ("R&amp;D & Tom &#38; Jerry", "R&D & Tom & Jerry"),
        ("a&copy=1", "a&copy=1"),
        ("<![CDATA[R&D]]>, R&D", "R&D, R&D"),
    ],
)
def test_an_ampersand_that_is_not_written_as_xml_has_it_stands_for_itself(
    written: str, title: str, also: str
) -> None:
    guid = "<guid isPermaLink='false'>r&d</guid>"
    link = "<link>http://east.example/?a=1&copy=2</link>"
    feed = read(rss(f"{also}<item><title>{written}</title>{link}{guid}</item>"))
    (entry,) = feed.entries
    assert entry.title is not None
    assert markup.title_text(entry.title.value, type=entry.title.type) == title
    assert (entry.id, entry.link) == ("r&d", "http://east.example/?a=1&copy=2")


def test_where_a_document_breaks_is_said_by_its_own_lines_also_behind_empty_links() -> None:
    remarks = read(rss("<item><link\n\n/><link>\n</link><title>R&D</title></item>")).remarks
    assert len(remarks) == 1
    assert "not well-formed at line 4, " in remarks[0]


@pytest.mark.parametrize("sound", [True, False])
@pytest.mark.parametrize("empty", ["", "<link/>", "<link\n/>", "<link></link>", "<link>\n</link>"])
def test_a_guid_that_is_a_pages_address_is_the_link_also_beside_an_empty_one(empty: str, sound: bool) -> None:
    page = "https://east.example/1"
    also = "" if sound else "<description>R&D</description>"
    for item in (f"{empty}<guid>{page}</guid>", f"<guid>{page}</guid>{empty}"):
        (entry,) = read(rss(f"<item>{item}{also}</item>")).entries
        assert (entry.id, entry.link) == (page, page)
    (entry,) = read(rss(f"<item>{empty}<guid isPermaLink='false'>{page}</guid>{also}</item>")).entries
    assert (entry.id, entry.link) == (page, None)


@pytest.mark.parametrize(
    "broken",
    [
        # Each of these ends feedparser in an exception.
        "<image></width></image> & ",
        "<p:chapters xmlns:p='http://podlove.org/simple-chapters'><p:chapter title='x'/></p:chapters>",
        "<x:y xmlns:x='a\u00a0b'/>",
        "<item><title>A & &#&#0;99999999999999;</title></item>",
    ],
)
def test_nonsense_beside_the_news_does_not_lose_it(broken: str) -> None:
    assert "Good news" in titles(read(rss(f"{broken}<item><title>Good news</title></item>")))


def test_a_document_that_breaks_off_keeps_what_came_before() -> None:
    feed = read(rss("<item><title>A</title></item><item><title>B</title><descr")[:-16])
    assert titles(feed)[0] == "A"
    assert len(feed.remarks) == 1


@pytest.mark.parametrize(
    "before",
    ["\n \n", "Warning: Undefined index in /srv/plugin.php on line 7\n", "<!-- cached -->\n", "\ufeff"],
)
def test_what_a_server_prints_before_a_feed_does_not_hide_it(before: str) -> None:
    feed = read(before + declared("utf-8", rss("<item><title>Café</title></item>")))
    assert titles(feed) == ["Café"]


def test_a_stylesheet_is_no_sign_that_a_document_begins_late() -> None:
    feed = read(
        "<!-- made by hand -->\n<?xml-stylesheet href='feed.xsl'?>\n" + rss("<item><title>A</title></item>")
    )
    assert (titles(feed), feed.remarks) == (["A"], ())


def test_a_feed_of_years_is_read_to_a_limit_from_its_beginning() -> None:
    items = "".join(f"<item><guid>{number}</guid></item>" for number in range(MOST_ENTRIES + 10))
    feed = read(rss(items))
    assert [entry.id for entry in feed.entries] == [str(number) for number in range(MOST_ENTRIES)]
    assert feed.remarks == (
        f"it holds {MOST_ENTRIES + 10} entries; the first {MOST_ENTRIES} were read; {MORE}",
    )


@pytest.mark.parametrize("between", ["", "\n", "\n  "])
def test_short_texts_that_a_document_declares_are_put_where_it_names_them(between: str) -> None:
    declarations = (
        '<!ENTITY nbsp "&#160;">',
        "<!ENTITY org 'The \"R&amp;D\" Network'>",
        '<!ENTITY no "">',
        '<!ENTITY amp "&#38;#38;">',
        '<!ENTITY reg "&#38;#174;">',
    )
    feed = read(
        f"<?xml version='1.0'?>{between}<!DOCTYPE rss [{between}{between.join(declarations)}]>"
        + rss(
            "<item><title>A&nbsp;day &amp; night of &org;&reg;&no;</title><guid>&org;</guid>"
            '<enclosure url="/a.mp3" title="&org;"/>'
            "<description><![CDATA[Write &org; &amp; see.]]></description></item>"
        )
    )
    (entry,) = feed.entries
    assert (titles(feed), entry.id) == (['A\xa0day & night of The "R&D" Network®'], 'The "R&D" Network')
    assert entry.summary is not None
    assert entry.summary.value == "Write &org; &amp; see."
    assert feed.remarks == ()


@pytest.mark.parametrize(
    "declared",
    [
        "'&other;'><!ENTITY other '&org;'",
        "'<b>Org</b>'",
        f"'{'a' * 201}'",
        "SYSTEM 'file:///etc/passwd'",
        "PUBLIC '-//W3C//ENTITIES' 'https://east.example/org.ent'",
    ],
    ids=["of others", "markup", "long", "a file", "elsewhere"],
)
def test_what_a_document_declares_otherwise_is_left_out_and_its_admin_told(declared: str) -> None:
    feed = read(f"<!DOCTYPE rss [<!ENTITY org {declared}>]>" + rss("<item><title>By &org;!</title></item>"))
    assert titles(feed) == ["By !"]
    assert feed.remarks == (
        "its document type declares &org;, which is no short text or is named too often; it was left out",
    )


def test_a_text_that_is_named_very_often_is_left_out_at_some_point() -> None:
    items = f"<item><title>{'&a;' * 10_000}</title></item>"
    feed = read(f"<!DOCTYPE rss [<!ENTITY a '{'a' * 200}'>]>" + rss(items))
    assert 900_000 < len(titles(feed)[0] or "") < 1_100_000
    assert feed.remarks == (
        "its document type declares &a;, which is no short text or is named too often; it was left out",
    )


def test_an_entity_that_grows_without_end_is_not_expanded() -> None:
    entities = "".join(f"<!ENTITY e{n + 1} '{f'&e{n};' * 10}'>" for n in range(9))
    feed = read(
        f"<!DOCTYPE rss [<!ENTITY e0 'ha'>{entities}]>"
        + rss("<item><title>&e9;</title><guid>1</guid></item>")
    )
    assert [entry.id for entry in feed.entries] == ["1"]
    assert len(titles(feed)[0] or "") < 1000


# ---------------------------------------------------------------- traps of feedparser's

MEDIA = "xmlns:media='http://search.yahoo.com/mrss/'"
ITUNES = "xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'"


def texts(feed: ParsedFeed) -> tuple[str | None, str | None]:
    entry = feed.entries[0]
    return entry.summary.value if entry.summary else None, entry.content.value if entry.content else None


@pytest.mark.parametrize("order", [1, -1])
def test_the_caption_of_a_picture_is_not_the_news(order: int) -> None:
    caption = "<media:content url='/a.jpg'><media:description>The mayor.</media:description></media:content>"
    item = "".join([caption, "<description>All about the bridge.</description>"][::order])
    assert texts(read(rss(f"<item>{item}</item>", declarations=MEDIA))) == ("All about the bridge.", None)


def test_a_caption_is_better_than_nothing() -> None:
    item = "<item><media:group><media:description>Our new film.</media:description></media:group></item>"
    assert texts(read(rss(item, declarations=MEDIA))) == ("Our new film.", None)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("<itunes:summary>All of it.</itunes:summary>", (None, "All of it.")),
        (
            "<description>Short.</description><itunes:summary>All of it at length.</itunes:summary>",
            ("Short.", "All of it at length."),
        ),
        (
            "<itunes:summary>Short.</itunes:summary><description>All &lt;b&gt;of&lt;/b&gt; it.</description>",
            ("All <b>of</b> it.", None),
        ),
    ],
)
def test_an_episode_has_the_longer_of_its_two_texts(
    item: str, expected: tuple[str | None, str | None]
) -> None:
    assert texts(read(rss(f"<item>{item}</item>", declarations=ITUNES))) == expected


@pytest.mark.parametrize("broken", ["", "<where>&nbsp;"])
@pytest.mark.parametrize(
    ("image", "addresses"),
    [
        ("<image><title>A</title><url> /a.jpg </url></image>", ["https://east.example/a.jpg"]),
        ("<image>https://cdn.example/a.jpg</image>", ["https://cdn.example/a.jpg"]),
        ("<image>A view of the ward</image>", []),
        ("<itunes:image href='/b.jpg'/><image><url>/a.jpg</url></image>", ["/b.jpg"]),
    ],
)
def test_an_item_has_the_picture_that_its_image_names(image: str, addresses: list[str], broken: str) -> None:
    channel = "<image><url>/logo.png</url></image>"
    feed = read(rss(f"{channel}<item><title>B</title>{image}</item>{broken}", declarations=ITUNES))
    assert [each.url for each in feed.entries[0].images] == addresses
    assert titles(feed) == ["B"]


@pytest.mark.parametrize("broken", ["", "<where>&nbsp;"])
@pytest.mark.parametrize(
    ("original", "link"),
    [
        ("<f:origLink> https://east.example/a?b&amp;c </f:origLink>", "https://east.example/a?b&c"),
        ("<f:origLink>/a</f:origLink>", "http://feedproxy.example/1"),
        ("<f:origLink>javascript:alert(1)</f:origLink>", "http://feedproxy.example/1"),
    ],
)
def test_a_link_is_the_publishers_where_feedburner_put_its_own_in_its_place(
    original: str, link: str, broken: str
) -> None:
    item = f"<item><link>http://feedproxy.example/1</link>{original}</item>{broken}"
    feed = read(rss(item, declarations="xmlns:f='http://rssnamespace.org/feedburner/ext/1.0'"))
    assert feed.entries[0].link == link


@pytest.mark.parametrize(
    ("sides", "text", "is_picture"),
    [
        ("height='72' width='72'", "&lt;img src='/a.jpg'/>", False),
        ("height='72' width='72'", "The first words", True),
        ("height='90' width='120'", "&lt;img src='/a.jpg'/>", True),
        ("height='72'", "&lt;img src='/a.jpg'/>", True),
    ],
)
def test_a_thumbnail_as_small_as_a_stamp_is_no_picture_beside_that_of_the_text(
    sides: str, text: str, is_picture: bool
) -> None:
    thumbnail = f"<media:thumbnail url='https://b.example/s72-c/a.jpg' {sides}/>"
    item = f"<item><description>{text}</description>{thumbnail}</item>"
    media = "xmlns:media='http://search.yahoo.com/mrss/'"
    assert bool(read(rss(item, declarations=media)).entries[0].images) == is_picture


@pytest.mark.parametrize("type", ["", "<!DOCTYPE feed [<!ENTITY a 'b'>]>"])
def test_a_file_whose_type_nobody_says_has_none(type: str) -> None:
    files = '<link rel="enclosure" href="/a.mp3"/><link rel="enclosure" href="/a.jpg" length="9"/>'
    entry = read(f'{type}<feed xmlns="http://www.w3.org/2005/Atom"><entry>{files}</entry></feed>').entries[0]
    recording, picture = "https://east.example/a.mp3", "https://east.example/a.jpg"
    assert [(each.url, each.type) for each in entry.enclosures] == [(recording, None), (picture, None)]
    assert [(each.url, each.type) for each in entry.images] == [(picture, None)]
    entry = read(rss('<item><enclosure url="/a.jpg"/><enclosure url="/b.pdf"/></item>')).entries[0]
    assert [each.url for each in entry.images] == ["/a.jpg"]


@pytest.mark.parametrize("broken", ["", "<where>&nbsp;"])
def test_so_is_a_file_where_there_is_one(broken: str) -> None:
    file = "<enclosure url='http://feedproxy.example/{}' type='audio/mpeg' length='9'/>"
    original = "<f:origEnclosureLink>https://east.example/a.mp3</f:origEnclosureLink>"
    for files, found in (
        (file.format(1), ["https://east.example/a.mp3"]),
        (file.format(1) + file.format(2), ["http://feedproxy.example/1", "http://feedproxy.example/2"]),
    ):
        document = rss(
            f"<item><title>A</title>{files}{original}</item>{broken}",
            declarations="xmlns:f='http://rssnamespace.org/feedburner/ext/1.0'",
        )
        assert [each.url for each in read(document).entries[0].enclosures] == found


@pytest.mark.parametrize("broken", ["", "<where>&nbsp;"])
@pytest.mark.parametrize("link", ["<link>www.east.example/1</link>", "<link href='www.east.example/1'/>"])
def test_a_link_that_begins_with_a_host_leads_there(link: str, broken: str) -> None:
    feed = read(rss(f"<item>{link}<title>A</title></item>{broken}"))
    assert feed.entries[0].link == "http://www.east.example/1"
    # Also without `www.` where the host is the feed's, or the one that the feed says is its site's.
    link = link.replace("www.", "")
    feed = read(rss(f"<item>{link}<title>A</title></item>{broken}"))
    assert feed.entries[0].link == "https://east.example/1"
    site = "<link>http://west.example/news</link>"
    feed = read(rss(f"{site}<item>{link.replace('east', 'west')}<title>A</title></item>{broken}"))
    assert feed.entries[0].link == "https://west.example/1"


@pytest.mark.parametrize("broken", ["", "<where>&nbsp;"])
@pytest.mark.parametrize(
    ("written", "people"),
    [
        ("Ann Lee (mailto:ann@east.example)", [("Ann Lee", "ann@east.example")]),
        ("mailto:ann@east.example", [(None, "ann@east.example")]),
        ("ann@east.example, Ann Lee", [("Ann Lee", "ann@east.example")]),
        ("ann@east.example - Ann Lee", [("Ann Lee", "ann@east.example")]),
        ("Ann (AL) &lt;ann@east.example&gt;", [("Ann (AL)", "ann@east.example")]),
        ("ann@east.example (Ann (AL) Lee)", [("Ann (AL) Lee", "ann@east.example")]),
        (
            "ann@east.example (Ann Lee), bob@west.example (Bob Roe)",
            [("Ann Lee", "ann@east.example"), ("Bob Roe", "bob@west.example")],
        ),
        ("Ann Lee - of the desk", [("Ann Lee - of the desk", None)]),
    ],
)
def test_people_are_told_from_their_addresses_and_from_each_other(
    written: str, people: list[tuple[str | None, str]], broken: str
) -> None:
    (entry,) = read(rss(f"<item><author>{written}</author><title>A</title></item>{broken}")).entries
    assert [(author.name, author.email) for author in entry.authors] == people


def test_a_title_in_rss_says_nothing_of_its_type_and_in_atom_it_does() -> None:
    assert said(read(rss("<item><title>A &lt; B</title></item>")).entries[0].title) == ("A < B", None)
    atom = "<feed xmlns='http://www.w3.org/2005/Atom'><entry>{}</entry></feed>"
    plain, html = "<title>AT&amp;amp;T</title>", "<title type='html'>AT&amp;amp;T</title>"
    assert said(read(atom.format(plain)).entries[0].title) == ("AT&amp;T", "text")
    assert said(read(atom.format(html)).entries[0].title) == ("AT&amp;T", "html")


def test_an_id_is_kept_as_it_is_written() -> None:
    atom = "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='http://east.example/'>{}</feed>"
    feed = read(
        atom.format("<entry><id>news/1</id></entry><entry><id> HTTP://East.example:80/%7e/ </id></entry>")
    )
    assert [entry.id for entry in feed.entries] == ["news/1", "HTTP://East.example:80/%7e/"]


def said(text: Text | None) -> tuple[str, str | None] | None:
    return (text.value, text.type) if text else None


# ---------------------------------------------------------------- JSON Feed


def json_feed(*items: object, **feed: object) -> ParsedFeed:
    document = {"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": items, **feed}
    return read(json.dumps(document))


def test_a_json_feed_is_read_as_it_says() -> None:
    entry = json_feed(
        {
            "id": "1",
            "url": "/one",
            "external_url": "https://elsewhere.example/",
            "title": "A < B",
            "content_html": "<p>Words</p>",
            "content_text": "Words",
            "summary": "Few",
            "date_published": "2026-07-01T09:30:00+01:00",
            "date_modified": "2026-07-02T09:30:00",
            "authors": [{"name": "Ann", "url": "https://ann.example/"}, {}, "Bob"],
            "tags": ["stroke", 7, ""],
            "image": "a.jpg",
            "language": "en-GB",
            "attachments": [
                {"url": "/a.pdf", "mime_type": "application/pdf", "size_in_bytes": 1200, "title": "Report"},
                {"mime_type": "application/pdf"},
            ],
        }
    ).entries[0]
    assert (entry.id, entry.link, entry.language) == ("1", "/one", "en-GB")
    assert said(entry.title) == ("A < B", "text")
    assert said(entry.content) == ("<p>Words</p>", "html")
    assert said(entry.summary) == ("Few", "text")
    assert entry.published == datetime(2026, 7, 1, 8, 30, tzinfo=UTC)
    assert entry.updated == datetime(2026, 7, 2, 8, 30, tzinfo=UTC)
    assert [(author.name, author.uri) for author in entry.authors] == [("Ann", "https://ann.example/")]
    assert [term.term for term in entry.categories] == ["stroke"]
    assert [image.url for image in entry.images] == ["a.jpg"]
    enclosures = [(each.url, each.type, each.length, each.title) for each in entry.enclosures]
    assert enclosures == [("/a.pdf", "application/pdf", "1200", "Report")]


@pytest.mark.parametrize(("written", "id"), [("a", "a"), (7, "7"), (3.5, "3.5"), (True, None), (["a"], None)])
def test_a_number_is_an_id_as_it_is_written(written: object, id: str | None) -> None:
    assert json_feed({"id": written, "title": "x"}).entries[0].id == id


def test_json_of_odd_types_costs_those_fields_alone() -> None:
    feed = json_feed(
        {
            "id": "1",
            "title": 5,
            "url": {},
            "authors": "Ann",
            "tags": {},
            "date_published": [],
            "attachments": [3],
        },
        "no item",
        title=["News"],
        authors={"name": "Ann"},
    )
    assert [(entry.id, entry.title, entry.link) for entry in feed.entries] == [("1", None, None)]
    assert feed.remarks == ("1 of its 2 items are no items, and were left out",)


def test_json_escapes_name_no_character_that_cannot_be_stored() -> None:
    items = '[{"id": "a\\ud800\\u0000b", "title": "c\\uffff"}]'
    entry = read(f'{{"version": "https://jsonfeed.org/version/1", "items": {items}}}').entries[0]
    assert (entry.id, said(entry.title)) == ("ab", ("c", "text"))


def test_a_json_feed_of_years_is_read_to_a_limit() -> None:
    feed = json_feed(*({"id": str(number)} for number in range(MOST_ENTRIES + 1)))
    assert len(feed.entries) == MOST_ENTRIES
    assert feed.remarks == (f"it holds {MOST_ENTRIES + 1} items; the first {MOST_ENTRIES} were read; {MORE}",)


def test_of_very_many_categories_the_first_are_read() -> None:
    many = "".join(f"<category>c{number}</category>" for number in range(600))
    (entry,) = read(rss(f"<item><title>Ward opens</title>{many}</item>")).entries
    assert [category.term for category in entry.categories] == [f"c{number}" for number in range(500)]


def test_xhtml_with_a_line_break_is_content_and_no_summary_besides() -> None:
    (entry,) = read(
        "<feed xmlns='http://www.w3.org/2005/Atom'><id>urn:f</id><title>f</title>"
        "<updated>2026-11-26T10:00:00Z</updated><entry><id>urn:1</id><title>Ward</title>"
        "<updated>2026-11-26T10:00:00Z</updated><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>"
        "<p>The ward opens<br/>on Monday</p></div></content></entry></feed>"
    ).entries
    assert entry.summary is None
    assert entry.content is not None
    assert entry.content.value == "<p>The ward opens<br>on Monday</p>"


@pytest.mark.parametrize("attributes", ["", " a='b'"])
@pytest.mark.parametrize(
    "name",
    ["authors", "links", "title_detail", "summary_detail", "description_detail", "itunes:summary_detail"],
)
def test_an_element_called_as_feedparsers_own_lists_costs_nothing(name: str, attributes: str) -> None:
    odd = f"<{name}{attributes}>Odd</{name}>"
    item = (
        "<title>Ward opens</title><link>https://east.example/1</link><dc:creator>Ann</dc:creator>"
        "<description>On Monday.</description><itunes:summary>An episode.</itunes:summary>"
    )
    spaces = " ".join(
        (
            "xmlns:dc='http://purl.org/dc/elements/1.1/'",
            "xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'",
        )
    )
    plain = read(rss(f"<item>{item}</item>", declarations=spaces))
    feed = read(rss(f"<item>{odd}{item}{odd}</item>", channel=odd, declarations=spaces))
    assert feed.entries == plain.entries


def test_where_a_document_with_lines_before_its_type_breaks_is_said_by_its_own_lines() -> None:
    document = "<!-- News -->\n\n<!DOCTYPE rss>\n" + rss("\n<item><title>Ward</item>")
    assert "line 5, column" in " ".join(read(document).remarks)
