"""A sample of a message, sent by each of the office's channels, so that an admin sees that it arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from hub.alerts import smtp, webhook
from hub.alerts.letter import mail
from hub.alerts.message import Message, compose
from hub.config import Config, load
from hub.errors import AlertError, ConfigError, FetchError
from hub.fetch.curl import CurlFetcher
from hub.model import FeedKey, Incident

_SAMPLE = "This is a test"


def run(path: Path, *, now: datetime) -> tuple[str, tuple[AlertError, ...]]:
    """Send samples; what was sent, in sentences, and what went wrong. Raises ConfigError."""
    config = load(path)
    channels = tuple(_channels(config, now))
    if not channels and config.told:
        raise ConfigError(
            f"{path} tells members alone when a feed breaks, and those are sent no sample.",
            "Write an address of your own in hub.alerts.mail, if only to see that mail arrives.",
        )
    if not channels:
        raise ConfigError(
            f"{path} tells nobody when a feed breaks: it has no hub.alerts.",
            "Write whom to tell, as docs/feeds-yaml.md has it under hub.alerts.",
        )
    sent, failed = [], []
    for send in channels:
        try:
            sent.append(send())
        except AlertError as error:
            failed.append(error)
    return "\n".join(sent), tuple(failed)


def _channels(config: Config, now: datetime) -> Iterator[Callable[[], str]]:
    alerts, message = config.hub.alerts, _sample(config, now)
    if alerts.mail:
        yield lambda: _mail(config, message, now)
    if alerts.webhook is not None:
        url = alerts.webhook
        yield lambda: _post(url, config, message)


def _sample(config: Config, now: datetime) -> Message:
    """A message that says what it is; one of another moment is another one."""
    feed = next(
        ((feed.key, feed.url) for feed in config.feeds), (FeedKey("sample"), "https://example.org/feed/")
    )
    incident = Incident(
        feed=feed[0],
        url=feed[1],
        state="broken",
        headline="nothing is the matter",
        sentence=f"{_SAMPLE} of what the hub sends when a feed needs somebody. Nothing has happened.",
        remedy="Nothing need be done.",
        began=now - timedelta(hours=1),
        noticed=now,
        changed=now,
    )
    message = compose([incident], config)
    subject = f"[{config.hub.title}] {_SAMPLE} of messages about feeds"
    return replace(message, subject=subject, text=f"{_SAMPLE}, nothing has happened.\n{message.text}")


def _mail(config: Config, message: Message, now: datetime) -> str:
    alerts = config.hub.alerts
    assert alerts.server is not None
    where = f"{alerts.server.host}:{alerts.server.port}"
    refused = smtp.send(alerts.server, mail(message, config, now))
    if refused:
        raise AlertError(
            f"The mail server {where} takes no mail for {', '.join(refused)}; the others have it.",
            f"Look at the addresses of {smtp.OFFICE}.",
        )
    return f"The mail server {where} took a mail for {', '.join(alerts.mail)}. Look whether it arrives."


def _post(url: str, config: Config, message: Message) -> str:
    with closing(CurlFetcher(config.hub.fetch, config.hub.user_agent)) as fetcher:
        fetcher.submit(url, webhook.request(url, message, config))
        while not (outcomes := fetcher.wait(None)):
            pass
    (_, outcome), *_ = outcomes
    if isinstance(outcome, FetchError):
        raise webhook.failure(url, outcome)
    return "The webhook took a message. Look whether it is shown."
