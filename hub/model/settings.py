"""What feeds.yaml settles for the whole hub: its own settings, tags' rules, merged feeds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from msgspec import Struct

from hub import __version__
from hub.model.entry import Kind
from hub.model.selection import Filter

TagField = Literal["title", "text", "category"]


class TagRule(Struct, frozen=True, kw_only=True):
    """When an entry gets a tag (`tags:` in feeds.yaml).

    An entry gets it if it has one of `any`, if there are such (with a `threshold`, enough of them); and all
    of `all`; and none of `not_`.

    fields      where phrases are looked for
    except_     phrases within which `any` and `all` are not looked for
    weights     phrases of `any` that count for more than 1; what is found has to come to `threshold`
    categories  publishers' terms that mean this tag
    members     the slugs of the members that the rule is for, None for all
    kind        what an entry with this tag is
    broader     the term of a tag that every such entry has as well
    """

    term: str
    label: str
    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    not_: tuple[str, ...] = ()
    except_: tuple[str, ...] = ()
    fields: tuple[TagField, ...] = ("title", "text", "category")
    categories: tuple[str, ...] = ()
    weights: Mapping[str, int] = {}
    threshold: int = 1
    members: frozenset[str] | None = None
    kind: Kind | None = None
    broader: str | None = None


class MergedFeed(Struct, frozen=True, kw_only=True):
    """A feed the hub publishes because feeds.yaml defines it."""

    slug: str
    title: str
    filter: Filter


ROBOT_NAME = "news-hub"
"""What the hub's User-Agent begins with, and a site's rules may name it by (RFC 9309 §2.2.1)."""


def size_text(size: int) -> str:
    """So many bytes for people: `500 KB`, `20 MB`."""
    return f"{size / 2**20:.3g} MB" if size >= 2**20 else f"{size / 2**10:.3g} KB"


class FetchPolicy(Struct, frozen=True, kw_only=True):
    """How the hub fetches.

    `allow` are address ranges that may be fetched besides public ones.
    `host_delay` is the time between two fetches of one host. `connect` bounds
    the connection, `first_byte` the wait for the headers and any later
    silence, `whole` the fetch with all its redirects. Of a body `size` bytes
    are read, after decompression, and `entries` of a feed, where the feed
    itself says nothing else.
    """

    allow: tuple[IPv4Network | IPv6Network, ...] = ()
    host_delay: timedelta = timedelta(seconds=1)
    connect: timedelta = timedelta(seconds=10)
    first_byte: timedelta = timedelta(seconds=20)
    whole: timedelta = timedelta(seconds=60)
    redirects: int = 10
    size: int = 20 * 1024 * 1024
    entries: int = 5_000


class MailServer(Struct, frozen=True, kw_only=True):
    """A server that takes mail (SMTP). With `tls` the connection begins encrypted (RFC 8314 §3.3).

    Else it becomes so where the server offers that (STARTTLS), and always
    before a password is sent, which goes with `user`.
    """

    host: str
    port: int
    user: str | None = None
    tls: bool = False


class Alerts(Struct, frozen=True, kw_only=True):
    """Who is told when a feed breaks or is well again: by mail, from `sender` by way of `server`.

    And by a POST to `webhook`, None where nobody is told so. These are the network's office. Members' own
    people are told by way of the same server; what they answer goes to `reply_to`, None for the sender.
    """

    mail: tuple[str, ...] = ()
    sender: str = ""
    reply_to: str | None = None
    server: MailServer | None = None
    webhook: str | None = None


class SignIn(Struct, frozen=True, kw_only=True):
    """The organisation's own sign-in for admins, an OpenID provider.

    `issuer` is compared as it is written, `client_id` is what the provider knows the
    hub by, `name` what admins call it. Of `allow` and `editors` each is an e-mail address, a domain
    as `@example.org`, or `claim=value` of an ID token: whom one of `allow` fits is an admin, and
    whom else one of `editors` fits is an editor. Without `passwords` nobody signs in with one.
    """

    issuer: str
    client_id: str
    name: str
    allow: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()
    passwords: bool = True


class HubSettings(Struct, frozen=True, kw_only=True):
    """What feeds.yaml says of the hub itself (`hub:`).

    `url` is where readers find it, without a trailing slash, None when the
    file does not say. `timezone` is an IANA name. A feed is polled no oftener
    than `every_min` and no more seldom than `every_max`. `metrics_allow` are
    the addresses besides loopback that may read /metrics. With `websub` the
    hub subscribes to feeds that are pushed, and others to its own. `sign_in` is None where admins
    sign in with passwords alone. Entries are kept as long after their dates as `keep` says, None for ever.
    """

    title: str = "News"
    url: str | None = None
    timezone: str = "UTC"
    language: str = "en"
    contact: str | None = None
    every_min: timedelta = timedelta(minutes=15)
    every_max: timedelta = timedelta(days=1)
    keep: timedelta | None = None
    fetch: FetchPolicy = FetchPolicy()
    websub: bool = True
    metrics_allow: tuple[IPv4Network | IPv6Network, ...] = ()
    alerts: Alerts = Alerts()
    sign_in: SignIn | None = None

    @property
    def user_agent(self) -> str:
        """Who we are, where to read about us and whom to write to (RFC 9110 §10.1.5)."""
        about = [part for part in (f"+{self.url}/" if self.url else "", self.contact or "") if part]
        return f"{ROBOT_NAME}/{__version__}" + (f" ({'; '.join(about)})" if about else "")
