"""A mail, handed to its server (SMTP: RFC 5321, 6409, 8314), with the password that feeds.yaml has not."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import suppress
from email.message import EmailMessage
from ipaddress import ip_address

from hub.errors import AlertError
from hub.machine import secret
from hub.model import MailServer

PASSWORD, PASSWORD_FILE = "HUB_SMTP_PASSWORD", "HUB_SMTP_PASSWORD_FILE"
# Seconds for each answer; a whole message has some ten.
_PATIENCE = 20.0
_SETTING = f"Set {PASSWORD_FILE} (a file) or {PASSWORD} for the hub, as docs/operating.md has it."


def send(
    server: MailServer, written: EmailMessage, environment: Mapping[str, str] = os.environ
) -> tuple[str, ...]:
    """Hand a mail to a server; which of its addressees that does not take mail for. Raises AlertError.

    None of them has it then; of those that are returned the others have.
    """
    password = _password(environment) if server.user is not None else None
    context = ssl.create_default_context()
    try:
        connection = _connected(server, context)
        try:
            _encrypt(connection, server, context, needed=password is not None)
            if password is not None:
                connection.login(server.user or "", password)
            refused = connection.send_message(written)
            # It has the mail, whatever it says to this.
            with suppress(OSError, smtplib.SMTPException):
                connection.quit()
        finally:
            connection.close()
    except (OSError, smtplib.SMTPException) as error:
        raise _not_sent(server, error) from error
    return tuple(refused)


def _encrypt(connection: smtplib.SMTP, server: MailServer, context: ssl.SSLContext, *, needed: bool) -> None:
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


def _not_sent(server: MailServer, error: OSError | smtplib.SMTPException) -> AlertError:
    where = f"The mail server {_where(server)}"
    match error:
        case smtplib.SMTPAuthenticationError():
            return AlertError(
                f"{where} does not take the password of {server.user}: {_said(error)}.",
                "Look at the user in hub.alerts.smtp, and at the password. " + _SETTING,
            )
        case smtplib.SMTPNotSupportedError():
            return AlertError(
                f"{where} takes no password: {error}.",
                "Leave the user out of hub.alerts.smtp, or name the port that is for users (587).",
            )
        case smtplib.SMTPRecipientsRefused():
            (address, (code, said)), *_ = error.recipients.items()
            return AlertError(
                f"{where} takes no mail for {address}: {code} {_text(said)}.",
                "Look at the addresses of hub.alerts.mail, and whether the server wants a user and password.",
            )
        case smtplib.SMTPSenderRefused():
            return AlertError(
                f"{where} takes no mail from {error.sender}: {_said(error)}.",
                "Write an address that it knows in hub.alerts.from, and a user in hub.alerts.smtp if need"
                " be.",
            )
        case smtplib.SMTPResponseException():
            return AlertError(f"{where} did not take the mail: {_said(error)}.", "Look at what it says.")
        case ssl.SSLError():
            why = getattr(error, "verify_message", "") or error.reason or error
            return AlertError(
                f"The connection to the mail server {_where(server)} could not be encrypted: {why}.",
                "Look at its certificate and its name; smtps:// is for TLS from the beginning (465), smtp://"
                " for STARTTLS (587).",
            )
    return AlertError(
        f"{where} cannot be reached: {_why(error)}.",
        "Look at the host and the port of hub.alerts.smtp, and at the firewall.",
    )


def _where(server: MailServer) -> str:
    return f"{server.host}:{server.port}"


def _connected(server: MailServer, context: ssl.SSLContext) -> smtplib.SMTP:
    if server.tls:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=_PATIENCE, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=_PATIENCE)


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


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"it did not answer in {_PATIENCE:.0f} seconds"
    return _text(error.strerror if isinstance(error, OSError) and error.strerror else str(error))
