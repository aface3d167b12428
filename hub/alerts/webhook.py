"""What is posted to a webhook, and what its answer means. Pure."""

from __future__ import annotations

from hub import urls
from hub.alerts.message import Message, posted
from hub.config import Config
from hub.errors import AlertError, FetchError
from hub.fetch import FetchRequest, Sent

# Bytes of an answer: chats say "ok".
_MOST_ANSWERED = 4096


# Reasons of answers that did not come, as they are told, with what to do.
_NO_ANSWER = {
    "tls": (
        "cannot be asked, since its certificate or encryption is not in order",
        "Look at the certificate of that host, which may have expired, and at this machine's list of"
        " authorities.",
    ),
    "timeout": ("did not answer in time", "It is asked again. If this lasts, look at what is behind it."),
    "broken-transfer": (
        "broke off its answer",
        "It is asked again. If this lasts, look at what is behind it.",
    ),
    "refused": (
        "is at an address that is not public",
        "If it shall be told there, add that address to hub.fetch.allow in feeds.yaml.",
    ),
}


def request(url: str, message: Message, config: Config) -> FetchRequest:
    """The POST of a message, which may take as long as any: who does not wait for its end sends it again."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": message.id}
    return FetchRequest(
        url=url,
        sent=Sent(body=posted(message, config), headers=headers),
        callback=True,
        most_bytes=_MOST_ANSWERED,
    )


def failure(url: str, error: FetchError) -> AlertError:
    """What an admin is told: never the address, by which whoever knows it can post there."""
    host = urls.host(url) or "that address"
    if error.status is not None:
        why = f"answered {error.status}"
        remedy = "Look whether hub.alerts.webhook is the address that the chat gave, and still holds."
    else:
        why, remedy = _NO_ANSWER.get(
            error.reason,
            (
                f"cannot be reached ({error.reason})",
                "Look at the host in hub.alerts.webhook, and at this machine's network.",
            ),
        )
    return AlertError(f"The webhook at {host} {why}.", remedy, retry_after=error.retry_after)
