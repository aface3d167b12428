"""Links: their form for comparison, made absolute, and which addresses may be connected to.

Nothing here raises for any text. The only module that knows w3lib.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from unicodedata import normalize
from urllib.parse import quote, urljoin

from hub.model import Feed, Member, digest

# ---------------------------------------------------------------- characters

# What may stand in a URL beyond ASCII: RFC 3987's ucschar (§2.2) without what
# cannot be seen, which is white space, joiners and the controls of direction
# that §4.1 refuses.
_UNICODE = (
    "\u00a1-\u167f\u1681-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\u2fff\u3001-\ud7ff"
    "\uf900-\ufdcf\ufdf0-\ufefe\uff00-\uffef"
    "\U00010000-\U0001fffd\U00020000-\U0002fffd\U00030000-\U0003fffd\U000e1000-\U000efffd"
)
_UNRESERVED = rf"A-Za-z0-9._~\-{_UNICODE}"
_PCHAR = rf"(?:[{_UNRESERVED}!$&'()*+,;=:@]|%[0-9A-Fa-f]{{2}})"

_ILLEGAL = re.compile(rf"[^{_UNRESERVED}!$&'()*+,;=:@/?#\[\]%]|%(?![0-9A-Fa-f]{{2}})")
# And what nobody sees that copied a link.
_BROWSERS_STRIP = "".join(map(chr, range(33))) + "\u200b\u200e\u200f\u2060\ufeff"
_BROWSERS_DROP = str.maketrans("", "", "\t\n\r")

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_HOST_ALONE = re.compile(r"www\.(?:[\w-]+\.)+[^\W\d_]{2,}(?=[/?#]|$)", re.IGNORECASE)
_WEB = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)
_ASCII_HOST = re.compile(r"[a-z0-9_\-]+(?:\.[a-z0-9_\-]+)*")
_PARTS_AN_ADDRESS = frozenset("/?#@:")
_AUTHORITY = re.compile(
    rf"(?:\[([0-9A-Fa-f:.]{{2,45}})\]|([A-Za-z0-9._\-{_UNICODE}]{{1,254}}))(?::([0-9]{{0,5}}))?"
)
# Most links, which need nothing done to them: ASCII, legal, without a port.
_ORDINARY = re.compile(
    r"https?://(?![^/?#]{0,252}\.\.)[a-z0-9](?:[a-z0-9.\-]{0,250}[a-z0-9])?"
    r"(?:[/?#](?:[A-Za-z0-9._~!$&'()*+,;=:@/?#\-]++|%[0-9A-Fa-f]{2})*+)?"
)


def _percent(match: re.Match[str]) -> str:
    return quote(match[0], safe="", errors="replace")


def legal(link: str) -> str:
    """A link with what may not stand in a URL percent-encoded (RFC 3986 §2.1), the rest as it was."""
    return _ILLEGAL.sub(_percent, link)


# ---------------------------------------------------------------- absolute links


def _host(authority: str) -> str | None:
    """The host of an authority without userinfo, None where it is not a good one."""
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return None
    address, name, port = match.groups()
    if port and int(port) > 65535:
        return None
    if address:
        try:
            parsed = IPv6Address(address)
        except ValueError:
            return None
        if parsed.ipv4_mapped is None:
            return str(parsed)
        # From Python 3.13 on its last part would be written as an IPv4 address.
        high, low = divmod(int(parsed.ipv4_mapped), 1 << 16)
        return f"::ffff:{high:x}:{low:x}"
    name = name.lower()
    if not name.isascii():
        # Python's `urlsplit` raises ValueError for them, also where IDNA leaves them as they are.
        if not _PARTS_AN_ADDRESS.isdisjoint(normalize("NFKC", name)):
            return None
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    name = name.removesuffix(".")
    # Again, and after IDNA: it turns some letters into `/`, `:` or `@`.
    return name if len(name) <= 253 and _ASCII_HOST.fullmatch(name) else None


@lru_cache(maxsize=256)
def host(url: str) -> str | None:
    """The host name of an http(s) URL: lower case, IDNA, without port or last dot; None where there is none.

    An IPv6 address comes in its shortest form, without brackets.
    """
    match = _WEB.match(url)
    return _host(match[1].rpartition("@")[2]) if match and "\\" not in match[1] else None


def bare_host(url: str) -> str:
    """The host name without `www.`, as hosts are compared; empty where there is none."""
    return (host(url) or "").removeprefix("www.")


def with_scheme(link: str, *own: str | None) -> str:
    """A link with `http://` before it where it begins with `www.` and a host, else as it is.

    With `//` where it begins with the host of one of its site's `own`
    addresses: its scheme is then the document's.
    """
    if _HOST_ALONE.match(link):
        return f"http://{link}"
    name, slash, _ = link.partition("/")
    if slash and "." in name:
        hosts = (bare_host(each or "") for each in own)
        return f"//{link}" if name.lower() in hosts else link
    return link


def resolve(base: str | None, link: str) -> str | None:
    """The absolute http(s) URL of a link found in a document at `base` (RFC 3986 §5.2).

    Read as browsers read it, but for `with_scheme`: surrounding white space
    and control characters, and line breaks inside, do not count, and `\\` in a
    path is `/`. What may not stand in a URL is percent-encoded, the rest kept.
    None for other schemes, for an empty link, for one with a user name in it,
    and for what cannot be made absolute.
    """
    if _ORDINARY.fullmatch(link):
        return link
    link = link.strip().strip(_BROWSERS_STRIP).translate(_BROWSERS_DROP)
    if not link:
        return None
    if not _SCHEME.match(link):
        if base is None or not _WEB.match(base):
            return None
        end = re.search("[?#]", link)
        at = end.start() if end else len(link)
        try:
            link = urljoin(base, with_scheme(link[:at].replace("\\", "/") + link[at:], base))
        except ValueError:
            return None
    match = _WEB.match(link)
    if match is None or _host(match[1]) is None:
        return None
    return match[0] + legal(link[match.end() :])


# ---------------------------------------------------------------- comparing links

# Parameters that say who sent the reader, or number the visit, and never which
# page to show. Only names that mean nothing else: `ref`, `source` or `cmp` may
# well name a page.
_TRACKING = re.compile(
    r"""
      utm_.* | _ga | _gl | g?clid | gclsrc | [dw]clid | gbraid | wbraid | srsltid   # Google's
    | fbclid | igshid | twclid | ttclid | li_fat_id | rdt_cid | msclkid | ys?clid   # other networks'
    | mc_[ce]id | mkt_tok | vero_.* | oly_(?:anon|enc)_id | wickedid                # newsletters
    | _?hsa_.* | _hsenc | _hsmi | __hs(?:sc|tc|fp) | hsctatracking                  # HubSpot
    | (?:mtm|pk|piwik|matomo)_.*                                                    # Matomo
    | xtor | at_(?:medium|campaign|link_\w+|format|ptr_name) | ns_(?:mchannel|source|campaign|linkname|fee)
    | phpsessid | jsessionid
    """,
    re.IGNORECASE | re.VERBOSE,
)

_CANONICAL = re.compile(r"(https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(#!.*)?")
_SESSION = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)
# Most links, of which nothing is to be taken away but their ends.
_SIMPLE = re.compile(
    r"https?://(?:www\.)?+((?:[a-z0-9][a-z0-9-]{0,38}\.){1,5}[a-z]{2,24}(?:/[A-Za-z0-9_-][A-Za-z0-9_~.-]*+)*+/?)"
)
# A server answers with these where the link ends in `/`.
_INDEX = re.compile(r"/index\.(?:html?|php)$", re.IGNORECASE)


@lru_cache(maxsize=256)
def canonical(link: str) -> str | None:
    """The form of a link for comparison, such as `example.org/news/1?id=5`; None for what is no http(s) link.

    Two links with the same form lead to the same page: it has no scheme,
    `www.`, default port, fragment (but for `#!`), last slash, `index.html` or
    tracking parameters, the host in lower case and IDNA, the query sorted and
    percent-encoding made alike. It is no URL and is never published.
    """
    if simple := _SIMPLE.fullmatch(link):
        return _INDEX.sub("/", simple[1]).rstrip("/")
    url = resolve(None, link.replace("&amp;", "&"))
    if url is None:
        return None
    try:
        # Not before a link needs it: it brings the whole of urllib.request.
        from w3lib.url import canonicalize_url

        match = _CANONICAL.match(canonicalize_url(url, keep_fragments=True))
    except ValueError:
        return None
    if match is None:
        return None
    scheme, authority, path, query, fragment = match.groups()
    authority = authority.removesuffix(":80" if scheme == "http" else ":443")
    name, dot, port = authority.partition(".:")
    authority = f"{name}:{port}" if dot else authority.removesuffix(".")
    path = _INDEX.sub("/", _SESSION.sub("", path)).rstrip("/")
    if query:
        query = "&".join(part for part in query.split("&") if not _TRACKING.fullmatch(part.partition("=")[0]))
    return f"{authority.removeprefix('www.')}{path}{'?' + query if query else ''}{fragment or ''}"


# ---------------------------------------------------------------- sites that moved

NO_HOSTS: Mapping[str, str] = {}
"""No site has moved."""


def present_hosts(members: Iterable[Member], feeds: Iterable[Feed]) -> dict[str, str]:
    """The host that each of the members' former hosts is now.

    It is that of the member's homepage or, where it has none, of its first
    feed; without `www.`, as they are compared.
    """
    of_feeds: dict[str, str] = {}
    for feed in feeds:
        of_feeds.setdefault(feed.key.member, feed.url)
    return {
        former: now.removeprefix("www.")
        for member in members
        for former in member.former_hosts
        if (now := host(member.homepage or of_feeds.get(member.slug, ""))) is not None
    }


def at_present(link: str, hosts: Mapping[str, str]) -> str:
    """A link with the host that its own is now, for comparing; as it stands where that has not moved."""
    if not hosts or not (match := _WEB.match(link)):
        return link
    now = hosts.get(bare_host(link))
    return f"{link[: match.start(1)]}{now}{link[match.end() :]}" if now else link


# ---------------------------------------------------------------- whose host it is

Owners = Mapping[str, frozenset[str]]
"""The slugs of the members that are on a host, by its name without `www.`."""
NO_OWNERS: Owners = {}
"""No host is known to be a member's."""


def owners(members: Sequence[Member], feeds: Iterable[Feed]) -> Owners:
    """Who is where: each member on the hosts of its homepage and its feeds, and on its former ones."""
    addresses = [(member.slug, member.homepage or "") for member in members]
    addresses += [(feed.key.member, each) for feed in feeds for each in (feed.url, *feed.alternatives)]
    named = [(former, member.slug) for member in members for former in member.former_hosts]
    named += [(now.removeprefix("www."), slug) for slug, address in addresses if (now := host(address))]
    found: dict[str, frozenset[str]] = {}
    for name, slug in named:
        found[name] = found.get(name, frozenset()) | {slug}
    return found


# RFC 4151 §2.1: who mints such ids is named by a host of his, or by a mail address there.
_MINTED_BY = re.compile(r"tag:(?:[^@,/?#]*@)?([^@,/?#]+),", re.IGNORECASE)


def is_anothers(address: str, member: str, owners: Owners) -> bool:
    """Whether an address is on a host that other members are on (`owners`), and this one is not.

    A `tag:` id is on the host of whoever minted it.
    """
    minted = _MINTED_BY.match(address)
    name = minted[1].lower() if minted else host(address) or ""
    whose = owners.get(name.removeprefix("www."))
    return whose is not None and member not in whose


# ---------------------------------------------------------------- parameters, home pages, ids


def without_tracking(link: str) -> str:
    """A link without the parameters that say where its reader came from, the rest as written."""
    address, asks, rest = link.partition("?")
    if not asks:
        return link
    query, mark, fragment = rest.partition("#")
    kept = [part for part in query.split("&") if not _TRACKING.fullmatch(part.partition("=")[0])]
    return f"{address}{'?' + '&'.join(kept) if kept else ''}{mark}{fragment}"


# Surely more than the root of a site, whatever a canonical form leaves out.
_HAS_A_PATH = re.compile(
    r"https?://[^/?#\s]+/(?:\?p=\d+|(?!index\.)[\w-][^/?#;%\s]*(?:/(?!\.)[^/?#;%\s]*)*)", re.IGNORECASE
)


def is_home_page(link: str) -> bool:
    """Whether a link leads to the root of a site, and so is no evidence that two entries are the same.

    WordPress's `/?p=12` is an entry's page, not a home page.
    """
    if _HAS_A_PATH.fullmatch(link):
        return False
    form = canonical(link)
    return form is not None and not re.search("[/?#]", form)


def is_of_comments(feed: str) -> bool:
    """Whether a feed has what readers wrote below the news, by its address as WordPress has it."""
    return "/comments/" in feed


_LOOSE = re.compile(r"(?:https?://(?:www\.)?|www\.)([^/?#]+[^?#]*)", re.IGNORECASE)


def loose_id(id: str) -> str:
    """An id by which it is still recognised after http became https, `www.` or a last slash came or went.

    What does not look like a URL keeps its case: `aB1` and `Ab1` are two ids.
    """
    text = id.strip()
    match = _LOOSE.match(text)
    if match is None:
        return text.lower() if text[:9].lower() == "urn:uuid:" else text
    return match[1].rstrip("/").lower() + text[match.end() :]


def loose_id_key(id: str | None, hosts: Mapping[str, str]) -> str | None:
    """The digest of a loose id, on the host that its own is now."""
    return digest(loose_id(at_present(id, hosts))) if id else None


def link_key(link: str | None, canonical: str | None) -> str | None:
    """The digest of a canonical link; None for a home page's."""
    return digest(canonical) if canonical and link and not is_home_page(link) else None


# ---------------------------------------------------------------- ids that may be published

_IRI = (
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]+):"
    rf"(?P<rest>(?://(?:(?:[{_UNRESERVED}!$&'()*+,;=:]|%[0-9A-Fa-f]{{2}})*+@)?"
    rf"(?P<host>\[[0-9A-Fa-f:.]+\]|(?:[{_UNRESERVED}!$&'()*+,;=]|%[0-9A-Fa-f]{{2}})*+)(?::[0-9]*)?(?=[/?#]|\Z))?"
    rf"(?:{_PCHAR}|/)*+(?:\?(?:{_PCHAR}|[/?])*+)?(?:\#(?:{_PCHAR}|[/?])*+)?)"
)
_URN = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-]{0,31}:.")
# Characters: an id goes wherever its entry goes, in whatever part that is republished.
_LONGEST_ID = 2_000
# They name no thing in the world, only what a browser is to do.
_NO_ID = frozenset({"javascript", "vbscript", "data", "file", "about", "blob", "view-source"})


def is_absolute_iri(text: str) -> bool:
    """Whether a text can be an `atom:id`: an absolute IRI (RFC 3987 §2.2, RFC 4287 §4.2.6), not too long."""
    match = _iri().fullmatch(text) if len(text) <= _LONGEST_ID else None
    if match is None or not match["rest"]:
        return False
    scheme = match["scheme"].lower()
    if scheme in ("http", "https"):
        return bool(match["host"])
    return scheme not in _NO_ID and (scheme != "urn" or _URN.match(match["rest"]) is not None)


@cache
def _iri() -> re.Pattern[str]:
    # A fiftieth of a poll's start: not before there is an id to look at.
    return re.compile(_IRI)


def tag_uri(authority: str, day: date, specific: str) -> str:
    """A `tag:` URI (RFC 4151 §2.1), for a day on which `authority`, a host name, was its minter's.

    What may not stand in one is percent-encoded in `specific`, so that two
    differ when their `specific` does, and is `-` in `authority`.
    """
    name = re.sub(r"[^a-z0-9.\-]", "-", _host(authority) or authority.lower()).strip("-.") or "localhost"
    rest = quote(specific.encode("utf-8", "surrogatepass"), safe="/?:@!$&'()*+,;=-._~")
    return f"tag:{name},{day.isoformat()}:{rest}"


# ---------------------------------------------------------------- addresses

# Written out (IANA's special-purpose registries): what the standard library
# calls global has changed between its versions.
_NOT_PUBLIC_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carriers' NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, where clouds keep their metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# All that IANA has given out for the public internet is in 2000::/3.
_GLOBAL_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
_V4_AT_THE_END = tuple(
    IPv6Network(network)
    for network in (
        "::ffff:0:0/96",  # IPv4-mapped
        "::/96",  # IPv4-compatible
        "64:ff9b::/96",  # NAT64 (RFC 6052)
    )
)
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")

Network = IPv4Network | IPv6Network


def _inside(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that a packet to an IPv6 one may end up at."""
    bits = int(address)
    if any(address in network for network in _V4_AT_THE_END):
        numbers = [bits]
    elif address in _SIX_TO_FOUR:
        numbers = [bits >> 80]
    elif address in _TEREDO:
        numbers = [bits >> 64, ~bits]
    elif address in _NAT64_LOCAL:
        # A network chooses how long its prefix is (RFC 6052 §2.2), and bits
        # 64 to 71 are skipped: any of the places may be the one that counts.
        places = [
            (bits >> 48 & 0xFFFF0000) | (bits >> 40 & 0xFFFF),
            (bits >> 40 & 0xFF000000) | (bits >> 32 & 0xFFFFFF),
            bits >> 24,
            bits,
        ]
        numbers = [place for place in places if place & 0xFF000000] or [0]  # 0.x.x.x is nowhere
    else:
        numbers = []
    return tuple(IPv4Address(number & 0xFFFFFFFF) for number in numbers)


def _allowed(address: IPv4Address | IPv6Address, allow: tuple[Network, ...]) -> bool:
    return any(address in network for network in allow)


def permitted(address: str, allow: tuple[Network, ...]) -> bool:
    """Whether the hub may connect to an IP address: a public one, or one in `allow`.

    An IPv6 address that holds an IPv4 one (mapped, compatible, NAT64, 6to4,
    Teredo) is judged by the one inside, unless `allow` names it as it stands.
    False for anything but an address in its standard form, a zone id too.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return _allowed(parsed, allow) or not _allowed(parsed, _NOT_PUBLIC_V4)
    if parsed.scope_id is not None:
        return False
    if _allowed(parsed, allow):
        return True
    inside = _inside(parsed)
    if inside:
        return all(_allowed(inner, allow) or not _allowed(inner, _NOT_PUBLIC_V4) for inner in inside)
    return parsed in _GLOBAL_V6 and not _allowed(parsed, _NOT_PUBLIC_V6)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet's, for one receiver (unicast)."""
    return permitted(address, ())


def on_this_machine(url: str) -> bool:
    """Whether an address names a loopback address, so that what is sent there leaves this machine nowhere."""
    try:
        return ip_address(host(url) or "").is_loopback
    except ValueError:
        return False
