"""A mail server on loopback, which keeps what it is sent."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Mailbox:
    """What came in `mails`, and for whom each in `to`. It answers a message with `says`, once `held` lets it.

    `refused` are addresses for which it takes no mail, `deferred` those for which it takes none just now,
    `tried` the passwords that were tried, `at_once` how many it was sent at most at one time.
    """

    port: int
    says: str = "250 OK"
    mails: list[EmailMessage] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    deferred: set[str] = field(default_factory=set)
    tried: list[tuple[str, str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    coming: int = 0
    at_once: int = 0

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 no such user"
        if address in self.deferred:
            return "450 greylisted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.coming += 1
        self.at_once = max(self.at_once, self.coming)
        while not self.held.is_set():
            await asyncio.sleep(0.02)
        self.coming -= 1
        if self.says.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.sizes.append(max(map(len, content.split(b"\r\n"))))
            assert server.transport is not None
            self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
            self.to.append(list(envelope.rcpt_tos))
            written = message_from_bytes(content, policy=default)
            assert isinstance(written, EmailMessage)
            self.mails.append(written)
        return self.says


@contextmanager
def mailbox(
    *, tls: ssl.SSLContext | None = None, from_the_beginning: bool = False, password: str | None = None
) -> Iterator[Mailbox]:
    """A mail server on a free port, for as long as the block lasts.

    With `tls` it has STARTTLS, or TLS `from_the_beginning`. With a `password` it takes mail of `hub` alone.
    """
    loop = asyncio.new_event_loop()
    made = Mailbox(0)
    made.held.set()

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        made.tried.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=made.tried[-1] == ("hub", password), handled=False)

    def begin() -> SMTP:
        with warnings.catch_warnings():
            # It warns of what is dangerous on other than loopback.
            warnings.simplefilter("ignore")
            return SMTP(
                made,
                hostname="localhost",
                tls_context=None if from_the_beginning else tls,
                authenticator=authenticate if password else None,
                auth_required=password is not None,
                auth_require_tls=False,
                loop=loop,
            )

    begun = loop.create_server(begin, "127.0.0.1", 0, ssl=tls if from_the_beginning else None)
    server = loop.run_until_complete(begun)
    made.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def end() -> None:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.05)

    try:
        yield made
    finally:
        made.held.set()
        asyncio.run_coroutine_threadsafe(end(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def talker(answers: Mapping[str, Iterable[bytes]], greeting: bytes = b"220 here\r\n") -> Iterator[int]:
    """A server on loopback that says so to each command, part by part, else 250; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            with suppress(OSError):
                connection, _ = server.accept()
                with connection, connection.makefile("rb") as asked:
                    connection.sendall(greeting)
                    for line in asked:
                        for part in answers.get(line.decode().split()[0].upper(), [b"250 fine\r\n"]):
                            connection.sendall(part)

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate of localhost that it signed itself, and the context of a server that has it."""
    written, key = folder / "localhost.pem", folder / "localhost.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-batch"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(written)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(written, key)
    return written, context
