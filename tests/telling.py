"""A hub whose poller a test steps, to see whom it tells of feeds, and when."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from hub.model import Channel, FeedKey, Way
from hub.polling import rounds
from hub.polling.alerting import Alerting, Post
from hub.polling.noticing import Noticing
from tests.commands import SOON
from tests.mailbox import Mailbox
from tests.web_hub import NETWORK, Hub, a_hub, news
from tests.websub_reader import Reader

AWAY = "https://wessex.example/feed/ has nobody there"
ALLOWED = "fetch: {allow: [127.0.0.0/8], host_delay: 0s}"
PLACE = "url: https://news.example.org"


class Telling:
    """A hub whose poller the test steps, and whose clock it sets."""

    def __init__(self, hub: Hub, stack: ExitStack) -> None:
        self.hub = hub
        self._stack = stack
        self.configure()

    def configure(
        self,
        *keys: str,
        allowed: str = ALLOWED,
        members: Mapping[str, str] | None = None,
        network: str = NETWORK,
    ) -> None:
        """Go on with another feeds.yaml, and another process; `members` have such addresses, by slug."""
        alerts = f"\n  alerts: {{{', '.join(keys)}}}" if keys else ""
        text = network.replace("hub:\n", f"hub:\n  {PLACE}\n  {allowed}{alerts}\n")
        for slug, addresses in (members or {}).items():
            text = text.replace(f"slug: {slug}\n", f"slug: {slug}\n    alerts: [{addresses}]\n")
        self.hub.configure(text)
        self.restart()

    def by_mail(self, post: Mailbox) -> None:
        self.configure(f"mail: [news@example.org, two@example.org], smtp: 'smtp://127.0.0.1:{post.port}'")

    def by_webhook(self, reader: Reader, allowed: str = ALLOWED) -> None:
        self.configure(f"webhook: '{reader.url}/hook/s3cret'", allowed=allowed)

    def restart(self, post: Post | None = None) -> None:
        """Begin again, in another process or, with its `post`, the same."""
        self._stack.close()
        self.polls = self._stack.enter_context(rounds.open_polls(self.hub.config, self.hub.store))
        self.alerting = Alerting(
            self.hub.store, self.polls, self.hub.config, now=lambda: self.hub.now, post=post
        )

    def look(self) -> bool:
        """See what there is to tell, as if a while had passed."""
        Noticing(self.hub.store, self.hub.config, now=lambda: self.hub.now).once()
        self.alerting._looked = float("-inf")
        return self.alerting.look()

    def step(self, **after: float) -> None:
        """What the poller does at a tick so much later, until nothing is under way."""
        self.hub.now += timedelta(**after)
        until = time.monotonic() + SOON
        while self.look() or self.polls.unfinished or self.alerting.under_way:
            self.alerting.act()
            self.polls.step(0.05)
            assert time.monotonic() < until, "it goes on for ever"

    def break_down(self, *keys: FeedKey) -> None:
        for hours in (2, 1):
            for key in keys:
                self.hub.fail(key, AWAY, "connect", at=self.hub.now - timedelta(hours=hours))

    def mend(self, key: FeedKey) -> None:
        self.hub.publish(key, news(f"{key} {self.hub.now}"), at=self.hub.now)

    def channel(self, way: Way) -> Channel:
        return self.hub.store.channels()[way]


def a_telling(folder: Path, database: str) -> Iterator[Telling]:
    """Such a hub with a database of this kind, closed afterwards."""
    with ExitStack() as stack:
        for hub in a_hub(folder, database):
            with stack:
                yield Telling(hub, stack)


def subjects(post: Mailbox) -> list[str]:
    return [str(each["Subject"]).partition("] ")[2] for each in post.mails]
