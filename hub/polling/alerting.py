"""Tells people of incidents, by mail and by webhook: each change once, several in a message.

The network's office is told of all incidents. Members' own people are told, by mail, of those
that they can do something about.

The store has what is to be told, and how far each channel has told it. So a hub that is killed
loses nothing; if it is killed between a message's arrival and the note of that, it sends the
message again, under the same id. What makes and sends messages is loaded with the first
one: most rounds have none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from math import inf
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from hub.config import Config
from hub.errors import AlertError, FetchError, StoreError
from hub.fetch import Outcome
from hub.incidents import asks_member, for_member, is_ours
from hub.model import MAIL, WEBHOOK, Channel, Channels, Incident, MailServer, Way
from hub.polling.polls import Polls, utc_now
from hub.report import say
from hub.said import minute
from hub.store import Store

if TYPE_CHECKING:
    from email.message import EmailMessage

    from hub.alerts.letter import Letter
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
# Mails to members that are on their way at once: what breaks at a host may be of hundreds.
_AT_ONCE = 4
# Seconds in which mails that are on their way when the hub ends may arrive.
_LAST = 3.0


class _Sent(Struct, frozen=True):
    """A message on its way: its channel as it will be if the message `arrived`, and if it `failed`."""

    arrived: Channel
    failed: Channel

    @property
    def way(self) -> Way:
        return self.failed.way


class _Ended(Struct, frozen=True):
    """A message that was on its way, with why it did not arrive; no error if it did."""

    sent: _Sent
    error: AlertError | None


class Post:
    """The mails that are on their way. They outlast the `Alerting` that sent them when feeds.yaml changes."""

    def __init__(self) -> None:
        self.threads: dict[Way, Thread] = {}
        self.ended: SimpleQueue[_Ended] = SimpleQueue()


class Alerting:
    """Tells of the incidents of a store, in the thread that polls.

    `look` says whether there is anything to tell or to note, `act` does it. Mail is sent
    in threads of its own, and webhooks are asked by the fetcher of `polls`, so that no poll
    waits for either. With `at_once` incidents are not gathered for a while: all feeds have
    just been looked at. `post` are the mails that an earlier `Alerting` of this process sent.
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
        # The ways by which a message is on its way: mails, and the webhook.
        self._under_way: set[Way] = set(self._post.threads)
        self._to_tell = False
        self._goes_on = True
        self._in_use = tuple(_in_use(config))

    @property
    def under_way(self) -> bool:
        """Whether mails are on their way."""
        return bool(self._post.threads)

    def begin(self) -> Channels:
        """The channels in use, by feeds.yaml: new ones begin now, and those no longer in use are dropped."""
        kept, now = dict(self._store.channels()), self._now()
        for way in kept.keys() - set(self._in_use):
            self._store.drop_channel(way)
            del kept[way]
        for way in self._in_use:
            if way not in kept:
                # The office is told of what lasts, members of what begins.
                told = self._store.last_revision() if way.member else 0
                kept[way] = Channel(way=way, since=now, told=told)
            elif kept[way].since > now:
                # The clock was ahead. What was over before `since` is not told.
                kept[way] = replace(kept[way], since=now)
            else:
                continue
            self._store.keep_channel(kept[way])
        return kept

    def wind_up(self) -> None:
        """Begin no more messages."""
        self._goes_on = False

    def look(self) -> bool:
        """Whether there is anything to tell, or to note of a mail that was on its way."""
        if time.monotonic() - self._looked >= _LOOKS:
            self._looked = time.monotonic()
            self._to_tell = bool(self._find())
        return self._to_tell or not self._post.ended.empty()

    def act(self) -> None:
        """Note and begin what `look` saw."""
        ended = self._note_what_ended()
        if self._to_tell or ended:
            self._to_tell = False
            # Found once more: another process may have told it, and mails that ended make room for others.
            for channel, incidents in self._find():
                self._tell(channel, incidents)

    def close(self) -> None:
        """Wait a moment for mails that are on their way, and note what became of them. Raises StoreError."""
        until = time.monotonic() + _LAST
        for thread in self._post.threads.values():
            thread.join(max(0.0, until - time.monotonic()))
        self._note_what_ended()

    def _note_what_ended(self) -> bool:
        """Note what became of mails; whether any ended. Where the database refuses, the rest is for later."""
        has_ended = False
        while not self._post.ended.empty():
            has_ended = True
            self._note(self._post.ended.get())
        return has_ended

    # ------------------------------------------------------------ what there is to tell

    def _find(self) -> Sequence[tuple[Channel, Sequence[Incident]]]:
        """What is told now by which channels: the office's, and of members' those that failed least."""
        if not self._goes_on:
            return ()
        now = self._now()
        kept = self.begin()
        untold = self._store.untold() if kept else {}
        found: list[tuple[Channel, Sequence[Incident]]] = []
        for way in self._in_use:
            if way in self._under_way or not _may_send(kept[way], now):
                continue
            told: Sequence[Incident] = untold.get(way, ())
            if way.member:
                told = for_member(told, kept[way].lasting)
            if not told and kept[way].tries:
                # What could not be told has passed, and nothing is tried again.
                self._store.keep_channel(_in_order(kept[way]))
            first = min((each.changed for each in told if each.changed), default=None)
            # The clock was ahead where it is yet to come.
            if first is not None and not first <= now < first + self._gathers:
                found.append((kept[way], told))
        others = [each for each in found if each[0].way.member]
        if others and is_ours(self._store.feed_states()):
            others = []
        others.sort(key=lambda each: each[0].tries)
        free = _AT_ONCE - sum(bool(way.member) for way in self._under_way)
        return [*(each for each in found if not each[0].way.member), *others[: max(0, free)]]

    # ------------------------------------------------------------ telling

    def _tell(self, channel: Channel, incidents: Sequence[Incident]) -> None:
        sent = _sent(channel, incidents, self._now())
        # Before it is sent: a hub that ends here does not send again and again. It may have arrived.
        self._store.keep_channel(replace(sent.failed, lasting=channel.lasting | sent.arrived.lasting))
        self._under_way.add(channel.way)
        try:
            self._begin(sent, incidents)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the polls go on
            self._note(_Ended(sent, _fault(error)))

    def _begin(self, sent: _Sent, incidents: Sequence[Incident]) -> None:
        """Send a message on its way."""
        from hub.alerts import members, message

        if sent.way.member:
            self._mail(sent, members.compose(sent.way.member, incidents, self._config))
        elif sent.way == MAIL:
            self._mail(sent, message.compose(incidents, self._config))
        else:
            self._post_to_webhook(sent, message.compose(incidents, self._config))

    def _post_to_webhook(self, sent: _Sent, message: Message) -> None:
        from hub.alerts import webhook

        url = self._config.hub.alerts.webhook
        assert url is not None
        self._polls.ask(webhook.request(url, message, self._config), partial(self._was_posted, url, sent))

    def _mail(self, sent: _Sent, letter: Letter) -> None:
        from hub.alerts.letter import mail

        server = self._config.hub.alerts.server
        assert server is not None
        written = mail(letter, self._config, self._now())
        thread = Thread(
            target=_mail,
            args=(server, written, sent.way, partial(self._was_mailed, sent)),
            kwargs={"all_or_none": sent.failed.tries <= _WAIT_FOR_ALL},
            name="mail",
            daemon=True,
        )
        thread.start()
        self._post.threads[sent.way] = thread

    def _was_mailed(self, sent: _Sent, error: AlertError | None) -> None:
        """What became of a mail; called from its thread."""
        self._post.ended.put(_Ended(sent, error))
        self._polls.wake()

    def _was_posted(self, url: str, sent: _Sent, outcome: Outcome) -> None:
        from hub.alerts import webhook

        error = webhook.failure(url, outcome) if isinstance(outcome, FetchError) else None
        self._note(_Ended(sent, error))

    def _note(self, ended: _Ended) -> None:
        failed, error, now = ended.sent.failed, ended.error, self._now()
        self._under_way.remove(failed.way)
        self._post.threads.pop(failed.way, None)
        if error is None:
            if failed.error:
                say(f"The {_which(failed.way)} goes out again.")
            self._store.keep_channel(replace(ended.sent.arrived, sent=now))
            return
        assert failed.due is not None
        due = max(failed.due, now + timedelta(seconds=error.retry_after or 0))
        whose = f"To the member {failed.way.member}: " if failed.way.member else ""
        say(f"{whose}{error.problem}", f"    {error.remedy}", f"    It is tried again at {minute(due)}.")
        self._store.keep_channel(replace(failed, due=due, error=error.problem, remedy=error.remedy))


def _in_use(config: Config) -> Iterator[Way]:
    if config.hub.alerts.mail:
        yield MAIL
    if config.hub.alerts.webhook is not None:
        yield WEBHOOK
    yield from (Way("mail", slug) for slug in config.told)


def _sent(channel: Channel, incidents: Sequence[Incident], now: datetime) -> _Sent:
    """The channel as it will be after a message that tells of these incidents."""
    told = frozenset(each.number for each in incidents)
    asking = frozenset(each.number for each in incidents if asks_member(each))
    return _Sent(
        arrived=replace(
            _in_order(channel),
            told=incidents[-1].revision,
            lasting=(channel.lasting - told) | asking if channel.way.member else channel.lasting,
        ),
        failed=replace(channel, tries=channel.tries + 1, due=now + _later(channel.tries)),
    )


def _in_order(channel: Channel) -> Channel:
    """The channel without what went wrong before."""
    return replace(channel, tries=0, due=None, error="", remedy="")


def _which(way: Way) -> str:
    return f"mail that tells {way.member} of its feeds" if way.member else f"{way.by} that tells of feeds"


def _may_send(channel: Channel, now: datetime) -> bool:
    if channel.sent is not None and channel.sent <= now < channel.sent + _BETWEEN:
        return False
    # The clock was ahead where it is due later than it can be.
    longest = _LONGEST if channel.way.by == "mail" else _ASKED_AT_MOST
    return channel.due is None or not now < channel.due <= now + longest


def _later(tries: int) -> timedelta:
    doubled: int = 2 ** min(tries, _MOST_DOUBLED)
    return min(_AGAIN * doubled, _LONGEST)


def _fault(error: Exception) -> AlertError:
    return AlertError(f"A message was not sent, by a fault of the hub: {error!r}.", "Please report it.")


def _mail(
    server: MailServer,
    written: EmailMessage,
    way: Way,
    told: Callable[[AlertError | None], None],
    *,
    all_or_none: bool,
) -> None:
    from hub.alerts import smtp

    named = f"`alerts` of the member {way.member}" if way.member else smtp.OFFICE
    try:
        refused = smtp.send(server, written, all_or_none=all_or_none, named=named)
    except AlertError as error:
        told(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told and tried again
        told(_fault(error))
    else:
        if refused:
            say(
                f"The mail server {server.host} takes no mail for {', '.join(refused)}.",
                f"    The others have it. Look at the addresses of {named}.",
            )
        told(None)
