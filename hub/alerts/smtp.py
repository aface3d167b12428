"""A mail, handed to its server (SMTP: RFC 5321, 6409, 8314), with the password that feeds.yaml has not."""

from __future__ import annotations

import os
import smtplib
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from email.message import EmailMessage
from ipaddress import ip_address
from socket import SHUT_RDWR, socket
from threading import Timer
from typing import Any

from hub.errors import AlertError
from hub.machine import secret
from hub.model import MailServer

PASSWORD, PASSWORD_FILE = "HUB_SMTP_PASSWORD", "HUB_SMTP_PASSWORD_FILE"
# Seconds for each answer, of which a message has some ten.
_PATIENCE = 30.0
# For all of them, however slowly they come, and as long for the answer to the message itself. Servers look
# through that before they say that they have it: who does not wait sends it again (RFC 5321 §4.5.3.2.6).
_IN_ALL = 180.0
# What of feeds.yaml has the addresses of the network's own office.
OFFICE = "hub.alerts.mail"
_SETTING = f"Set {PASSWORD_FILE} (a file) or {PASSWORD} for the hub, as docs/operating.md has it."


def send(
    server: MailServer,
    written: EmailMessage,
    environment: Mapping[str, str] = os.environ,
    *,
    all_or_none: bool = False,
    named: str = OFFICE,
) -> tuple[str, ...]:
    """Hand a mail to a server; for which of its addressees that takes none, each with why.

    The others have it. Raises AlertError, and then none of them has. With `all_or_none` that is so too where
    the server wants to be asked again for one of them (a 4xx, RFC 5321 §4.2.1). `named` is what of feeds.yaml
    has the addressees.
    """
    began = time.monotonic()
    password = _password(environment) if server.user is not None else None
    context = ssl.create_default_context()
    try:
        connection = _connected(server, context)
        try:
            _encrypt(connection, server, context, needed=password is not None)
            if password is not None:
                connection.login(server.user or "", password)
            connection.all_or_none = all_or_none
            assert connection.sock is not None
            connection.sock.settimeout(_IN_ALL)
            refused = connection.send_message(written)
            # It has the mail, whatever it says to this.
            connection.sock.settimeout(_PATIENCE)
            with suppress(OSError, smtplib.SMTPException):
                connection.quit()
        finally:
            connection.close()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        overdue = time.monotonic() - began >= _IN_ALL
        raise _not_sent(server, TimeoutError() if overdue else error, named) from error
    return tuple(f"{address} ({code} {_text(said)})" for address, (code, said) in refused.items())


class _Connection(smtplib.SMTP):
    """A connection that ends after so many seconds in all: one answer may come byte by byte, for ever."""

    all_or_none = False

    def connect(self, *to: Any, **more: Any) -> tuple[int, bytes]:
        self._overdue = Timer(_IN_ALL, self._end)
        self._overdue.daemon = True
        self._overdue.start()
        try:
            return super().connect(*to, **more)
        except BaseException:
            self.close()
            raise

    def rcpt(self, recip: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        code, said = super().rcpt(recip, options)
        if self.all_or_none and 400 <= code < 500:
            raise smtplib.SMTPRecipientsRefused({recip: (code, said)})
        return code, said

    def close(self) -> None:
        self._overdue.cancel()
        super().close()

    def _end(self) -> None:
        # Whoever waits for an answer goes on; what they have of TLS is left to them.
        if self.sock is not None:
            with suppress(OSError):
                socket.shutdown(self.sock, SHUT_RDWR)


class _EncryptedConnection(_Connection, smtplib.SMTP_SSL):
    """A connection that is encrypted from the beginning (TLS)."""


def _encrypt(connection: _Connection, server: MailServer, context: ssl.SSLContext, *, needed: bool) -> None:
    connection.ehlo_or_helo_if_needed()
    if server.tls:
        return
    if connection.has_extn("starttls"):
        connection.starttls(context=context)
        connection.ehlo()
    elif needed and not _is_here(server.host):
        raise AlertError(
            f"The mail server {_where(server)} offers no encryption (STARTTLS), so no password is sent to"
            " it.",
            "Write smtps:// in hub.alerts.smtp if it has TLS from the beginning, or another port.",
        )


def _not_sent(
    server: MailServer, error: OSError | smtplib.SMTPException | ValueError, named: str
) -> AlertError:
    where = f"The mail server {_where(server)}"
    match error:
        case smtplib.SMTPResponseException() | smtplib.SMTPRecipientsRefused():
            return _refused(server, error, named)
        case smtplib.SMTPNotSupportedError():
            return AlertError(
                f"{where} takes no password: {error}.",
                "Leave the user out of hub.alerts.smtp, or name the port that is for users (587).",
            )
        case smtplib.SMTPServerDisconnected() if not isinstance(error.__context__, TimeoutError):
            return AlertError(
                f"{where} ended the connection before it had taken the mail.",
                "Look at its log. If this lasts, look at the port of hub.alerts.smtp, and whether the server"
                " wants TLS from the beginning (smtps://).",
            )
        case ssl.SSLError():
            why = getattr(error, "verify_message", "") or error.reason or error
            return AlertError(
                f"The connection to the mail server {_where(server)} could not be encrypted: {why}.",
                "Look at its certificate and its name; smtps:// is for TLS from the beginning (465), smtp://"
                " for STARTTLS (587).",
            )
        case TimeoutError() | smtplib.SMTPServerDisconnected():
            return AlertError(
                f"{where} does not answer in time.",
                "Look at the host and the port of hub.alerts.smtp, and at the firewall.",
            )
        case smtplib.SMTPException() | ValueError():
            return AlertError(
                f"{where} cannot be talked to: {_text(str(error))}.",
                "Look at the user in hub.alerts.smtp, and at how the server lets users in: the hub knows"
                " CRAM-MD5, PLAIN and LOGIN.",
            )
    return AlertError(
        f"{where} cannot be reached: {_text(error.strerror or str(error))}.",
        "Look at the host and the port of hub.alerts.smtp, and at the firewall.",
    )


def _refused(
    server: MailServer, error: smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused, named: str
) -> AlertError:
    """The error of a server that answered, and did not take the mail."""
    where = f"The mail server {_where(server)}"
    match error:
        case smtplib.SMTPResponseException(smtp_code=code) if code < 0:
            return AlertError(
                f"{where} does not answer as mail servers do: {_text(error.smtp_error)}.",
                "Look at the host and the port of hub.alerts.smtp.",
            )
        case smtplib.SMTPAuthenticationError():
            return AlertError(
                f"{where} does not take the password of {server.user}: {_said(error)}.",
                "Look at the user in hub.alerts.smtp, and at the password. " + _SETTING,
            )
        case smtplib.SMTPRecipientsRefused():
            (address, (code, said)), *_ = error.recipients.items()
            if 400 <= code < 500:
                return AlertError(
                    f"{where} takes no mail for {address} just now: {code} {_text(said)}.",
                    "It is asked again, for all of them. If this lasts, look at what it says.",
                )
            return AlertError(
                f"{where} takes no mail for {address}: {code} {_text(said)}.",
                f"Look at the addresses of {named}, and whether the server wants a user and password.",
            )
        case smtplib.SMTPSenderRefused(smtp_code=code) if 400 <= code < 500:
            return AlertError(
                f"{where} takes no mail from {error.sender} just now: {_said(error)}.",
                "It is asked again. If this lasts, look at what it says: it may be asked too often.",
            )
        case smtplib.SMTPSenderRefused():
            return AlertError(
                f"{where} takes no mail from {error.sender}: {_said(error)}.",
                "Write an address that it knows in hub.alerts.from, and a user in hub.alerts.smtp if need"
                " be.",
            )
    return AlertError(f"{where} did not take the mail: {_said(error)}.", "Look at what it says.")


def _where(server: MailServer) -> str:
    return f"[{server.host}]:{server.port}" if ":" in server.host else f"{server.host}:{server.port}"


def _connected(server: MailServer, context: ssl.SSLContext) -> _Connection:
    if server.tls:
        return _EncryptedConnection(server.host, server.port, timeout=_PATIENCE, context=context)
    return _Connection(server.host, server.port, timeout=_PATIENCE)


def _is_here(host: str) -> bool:
    """Whether a host is this machine, to which nobody listens on the way."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _password(environment: Mapping[str, str]) -> str:
    """The password of the mail server's user. Raises AlertError."""
    password = _written_password(environment)
    if not password.isascii():
        raise AlertError(
            "The password of the mail server's user has letters that are not in ASCII, which are not sent.",
            "Give the user another one.",
        )
    return password


def _written_password(environment: Mapping[str, str]) -> str:
    try:
        password = secret(environment, PASSWORD, PASSWORD_FILE)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise AlertError(
            f"The password of the mail server cannot be read from {environment[PASSWORD_FILE]}: {why}.",
            f"Look at the file that {PASSWORD_FILE} names, and whether the hub's user may read it.",
        ) from error
    if not password:
        raise AlertError("The mail server's user has no password here.", _SETTING)
    return password


def _said(error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_text(error.smtp_error)}"


def _text(said: bytes | str) -> str:
    """What a server said, on a line."""
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200].rstrip(".")
