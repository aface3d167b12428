"""Tells people of incidents, by mail and by webhook: each change once, several in a message.

What is to be told is in the store, and how far each channel has told it. So
whoever is killed loses nothing. One that ends between a message's arrival and
the note of it sends it again, under the same id. What messages are made and
sent with is loaded with the first one: most rounds have none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from math import inf
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, get_args

from msgspec import Struct
from msgspec.structs import replace

from hub.config import Config
from hub.errors import AlertError, FetchError, StoreError
from hub.fetch import Outcome
from hub.model import Channel, Incident, MailServer, Way
from hub.polls import Polls, utc_now
from hub.report import say
from hub.said import minute
from hub.store import Store

if TYPE_CHECKING:
    from email.message import EmailMessage

    from hub.alerts.message import Message

# Seconds between two looks.
_LOOKS = 5.0
# What fails together is found out one after the other: so long it is waited for more of it.
_GATHERS = timedelta(minutes=5)
_BETWEEN = timedelta(minutes=15)
# After a failure, doubled with each up to the longest.
_AGAIN, _LONGEST = timedelta(minutes=5), timedelta(hours=1)
_MOST_DOUBLED = 4
# What a webhook may ask for at most (`hub.fetch.answer.retry_after`).
_ASKED_AT_MOST = timedelta(days=30)
# Servers that do not know who sends take mail at the second or third time (greylisting); so often all wait
# for an addressee that is refused for now.
_WAIT_FOR_ALL = 2
# Seconds in which a mail that is on its way when the hub ends may arrive.
_LAST = 3.0


class _Ended(Struct, frozen=True):
    """What became of a message: None, or why it was not sent."""

    channel: Channel
    revision: int
    error: AlertError | None


class Post:
    """The mail that is on its way, if one is: it goes on while feeds.yaml changes."""

    def __init__(self) -> None:
        self.thread: Thread | None = None
        self.ended: SimpleQueue[_Ended] = SimpleQueue()


class Alerting:
    """Tells of the incidents of a store, in the thread of whoever polls.

    `look` sees whether there is something to tell or to note, `act` does it.
    Mail is sent in a thread, and webhooks are asked by way of `polls`, so that
    no poll waits for either. `at_once` is for who has just looked at all feeds,
    so that nothing is waited for. `post` is that of the one before, in this process.
    """

    def __init__(
        self,
        store: Store,
        polls: Polls,
        config: Config,
        *,
        now: Callable[[], datetime] = utc_now,
        at_once: bool = False,
        post: Post | None = None,
    ) -> None:
        self._store = store
        self._polls = polls
        self._config = config
        self._now = now
        self._gathers = timedelta() if at_once else _GATHERS
        self._looked = -inf
        self._post = post or Post()
        self._under_way: dict[Way, Thread | None] = {}
        if self._post.thread is not None:
            self._under_way["mail"] = self._post.thread
        self._ended: list[_Ended] = []
        self._to_tell = False
        self._in_use = frozenset(_in_use(config))

    @property
    def under_way(self) -> bool:
        """Whether a mail is on its way."""
        return any(self._under_way.values())

    def look(self) -> bool:
        """Whether there is something to tell, or what became of a mail to note."""
        self._take_what_ended()
        if time.monotonic() - self._looked >= _LOOKS:
            self._looked = time.monotonic()
            self._to_tell = any(True for _ in self._find())
        return bool(self._to_tell or self._ended)

    def act(self) -> None:
        """Note and begin what `look` saw."""
        ended, self._ended = self._ended, []
        for each in ended:
            self._note(each)
        if self._to_tell:
            self._to_tell = False
            # As it is by now: another process may have told it meanwhile.
            for channel, incidents in list(self._find()):
                self._tell(channel, incidents)

    def close(self) -> None:
        """Wait a moment for a mail that is on its way, and note what became of it. Raises StoreError."""
        for thread in self._under_way.values():
            if thread is not None:
                thread.join(_LAST)
        self._take_what_ended()
        for each in self._ended:
            self._note(each)
        self._ended = []

    def _take_what_ended(self) -> None:
        while True:
            try:
                self._ended.append(self._post.ended.get_nowait())
            except Empty:
                return

    # ------------------------------------------------------------ what there is to tell

    def _find(self) -> Iterator[tuple[Channel, Sequence[Incident]]]:
        now = self._now()
        kept = self._store.channels()
        for way in get_args(Way):
            channel = kept.get(way)
            if way not in self._in_use:
                if channel is not None:
                    self._store.drop_channel(way)
                continue
            if channel is None:
                channel = Channel(way=way, since=now)
                self._store.keep_channel(channel)
            if way in self._under_way or not _may_send(channel, now):
                continue
            untold = self._store.untold(channel)
            first = min((each.changed for each in untold if each.changed), default=None)
            # The clock was ahead where it is yet to come.
            if first is not None and not first <= now < first + self._gathers:
                yield channel, untold

    # ------------------------------------------------------------ telling

    def _tell(self, channel: Channel, incidents: Sequence[Incident]) -> None:
        from hub.alerts.message import compose

        now = self._now()
        tried = replace(channel, tries=channel.tries + 1, due=now + _later(channel.tries))
        # Before it is sent: a hub that ends here does not send again and again.
        self._store.keep_channel(tried)
        self._under_way[channel.way] = None
        revision = incidents[-1].revision
        try:
            self._begin(tried, compose(incidents, self._config), revision)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the polls go on
            self._note(_Ended(tried, revision, _fault(error)))

    def _begin(self, channel: Channel, message: Message, revision: int) -> None:
        """Have a message be on its way."""
        from hub.alerts import webhook
        from hub.alerts.message import mail

        alerts = self._config.hub.alerts
        if channel.way == "webhook":
            assert alerts.webhook is not None
            request = webhook.request(alerts.webhook, message, self._config)
            self._polls.ask(request, partial(self._was_posted, alerts.webhook, channel, revision))
            return
        assert alerts.server is not None
        written = mail(message, self._config, self._now())
        told = partial(self._was_mailed, channel, revision)
        all_or_none = channel.tries <= _WAIT_FOR_ALL
        thread = Thread(
            target=_mail,
            args=(alerts.server, written, told),
            kwargs={"all_or_none": all_or_none},
            name="mail",
            daemon=True,
        )
        thread.start()
        self._under_way["mail"] = self._post.thread = thread

    def _was_mailed(self, channel: Channel, revision: int, error: AlertError | None) -> None:
        """What became of a mail; called from its thread."""
        self._post.ended.put(_Ended(channel, revision, error))
        self._polls.wake()

    def _was_posted(self, url: str, channel: Channel, revision: int, outcome: Outcome) -> None:
        from hub.alerts import webhook

        error = webhook.failure(url, outcome) if isinstance(outcome, FetchError) else None
        self._note(_Ended(channel, revision, error))

    def _note(self, ended: _Ended) -> None:
        channel, error, now = ended.channel, ended.error, self._now()
        del self._under_way[channel.way]
        if channel.way == "mail":
            self._post.thread = None
        if error is None:
            if channel.error:
                say(f"The {channel.way} that tells of feeds goes out again.")
            self._store.keep_channel(
                replace(channel, told=ended.revision, tries=0, due=None, sent=now, error="", remedy="")
            )
            return
        assert channel.due is not None
        due = max(channel.due, now + timedelta(seconds=error.retry_after or 0))
        say(error.problem, f"    {error.remedy}", f"    It is tried again at {minute(due)}.")
        self._store.keep_channel(replace(channel, due=due, error=error.problem, remedy=error.remedy))


def _in_use(config: Config) -> Iterator[Way]:
    if config.hub.alerts.mail:
        yield "mail"
    if config.hub.alerts.webhook is not None:
        yield "webhook"


def _may_send(channel: Channel, now: datetime) -> bool:
    if channel.sent is not None and channel.sent <= now < channel.sent + _BETWEEN:
        return False
    # The clock was ahead where it is due later than it can be.
    longest = _LONGEST if channel.way == "mail" else _ASKED_AT_MOST
    return channel.due is None or not now < channel.due <= now + longest


def _later(tries: int) -> timedelta:
    doubled: int = 2 ** min(tries, _MOST_DOUBLED)
    return min(_AGAIN * doubled, _LONGEST)


def _fault(error: Exception) -> AlertError:
    return AlertError(f"A message was not sent, by a fault of the hub: {error!r}.", "Please report it.")


def _mail(
    server: MailServer,
    written: EmailMessage,
    told: Callable[[AlertError | None], None],
    *,
    all_or_none: bool,
) -> None:
    from hub.alerts import smtp

    try:
        refused = smtp.send(server, written, all_or_none=all_or_none)
    except AlertError as error:
        told(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told and tried again
        told(_fault(error))
    else:
        if refused:
            say(
                f"The mail server {server.host} takes no mail for {', '.join(refused)}.",
                "    The others have it. Look at the addresses of hub.alerts.mail.",
            )
        told(None)
