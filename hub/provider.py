"""The organisation's own sign-in, asked over the network: what it is, its keys, and who signed in there.

By libcurl, as members' feeds are asked, and by no library for clients of OAuth: those bring an HTTP client
that connects to any address, and keep what they have to know again in a cookie that is signed by a key.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

from msgspec import Struct

from hub import machine, openid
from hub.errors import FetchError, SignInError
from hub.model import HubSettings, SignIn, Subject

if TYPE_CHECKING:
    from hub.fetch.exchange import Answered

SECRET, SECRET_FILE = "HUB_SIGN_IN_SECRET", "HUB_SIGN_IN_SECRET_FILE"
# Seconds for which what a provider says of itself holds, and after which one that failed is asked again.
_KEPT, _AGAIN_AFTER = 3600.0, 15.0
_DOWN = "Try again in a minute."


class _Known(Struct, frozen=True):
    """What a provider said of itself, whether at a `public` address; until then, of `time.monotonic`."""

    issuer: str
    said: openid.Provider | SignInError
    public: bool
    until: float


class Provider:
    """It, for many threads. Each question to it takes some seconds at most."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self._known: _Known | None = None
        self._keys: tuple[str, bytes] | None = None

    def hindrance(self) -> SignInError | None:
        """What this machine lacks for it; None where it lacks nothing."""
        if find_spec("joserfc") is None:
            return SignInError(
                "Signing in by hub.sign_in takes joserfc, which is not installed.",
                "Install it where the hub is: pip install joserfc.",
            )
        try:
            self._secret()
        except SignInError as error:
            return error
        return None

    def question(self, hub: HubSettings, token: str, *, back: str) -> str:
        """Where to send a browser that keeps a token, to come `back` from there. Raises SignInError."""
        if hindrance := self.hindrance():
            raise hindrance
        said, _ = self._said(hub)
        return openid.question(said, _settings(hub), openid.journey(token), back=back)

    def subject(
        self, hub: HubSettings, token: str, code: str, *, issuer: str | None, back: str, now: datetime
    ) -> Subject:
        """Who signed in, by the code that such a browser came back with, and by the issuer that it named.

        Raises SignInError.
        """
        settings, journey = _settings(hub), openid.journey(token)
        said, public = self._said(hub)
        # Another provider's code would be shown to this one, or this one's answer be taken for another's.
        if issuer not in ((settings.issuer,) if said.names_itself else (settings.issuer, None)):
            raise SignInError(
                f"Your browser was sent back by another than {settings.issuer}.",
                "Begin again at the sign-in page.",
            )
        form, headers = openid.exchange(said, settings, journey, back=back, code=code, secret=self._secret())
        answered = _ask(hub, said.token, public_only=public, form=form, headers=headers)
        id_token = openid.read_exchanged(answered.status, answered.body, settings)
        if self._keys is not None and self._keys[0] == said.keys:
            try:
                return openid.read_subject(id_token, self._keys[1], settings, journey, now=now)
            except openid.KeyUnknownError:
                # Providers change their keys every few weeks.
                self._keys = None
        answered = _ask(hub, said.keys, public_only=public)
        _must_be_ok(answered, said.keys, settings)
        subject = openid.read_subject(id_token, answered.body, settings, journey, now=now)
        self._keys = said.keys, answered.body
        return subject

    def _said(self, hub: HubSettings) -> tuple[openid.Provider, bool]:
        """What it says of itself, and whether at a public address. Raises SignInError."""
        issuer, known = _settings(hub).issuer, self._known
        if known is None or known.issuer != issuer or known.until < time.monotonic():
            known = self._known = _look(hub)
        if isinstance(known.said, SignInError):
            raise known.said
        return known.said, known.public

    def _secret(self) -> str:
        try:
            found = machine.secret(self._environment, SECRET, SECRET_FILE).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SignInError(
                f"The file that {SECRET_FILE} names cannot be read ({type(error).__name__}).",
                "Let the hub's user read it.",
            ) from error
        if not found:
            raise SignInError(
                "The hub has no client secret for hub.sign_in.",
                f"Put it into a file that the hub's user alone may read, and name that by {SECRET_FILE}.",
            )
        return found


def _look(hub: HubSettings) -> _Known:
    settings = _settings(hub)
    # Discovery §4.
    url = settings.issuer.removesuffix("/") + openid.WELL_KNOWN
    try:
        answered = _ask(hub, url)
        _must_be_ok(answered, url, settings)
        said = openid.read_provider(answered.body, settings)
    except SignInError as error:
        return _Known(settings.issuer, error, False, time.monotonic() + _AGAIN_AFTER)
    return _Known(settings.issuer, said, answered.public, time.monotonic() + _KEPT)


def _ask(
    hub: HubSettings,
    url: str,
    *,
    public_only: bool = False,
    form: str | None = None,
    headers: Mapping[str, str] = {},
) -> Answered:
    # Who has no such sign-in, or is not at it, loads no libcurl to serve pages.
    from hub.fetch.exchange import ask

    try:
        return ask(url, hub.fetch, hub.user_agent, form=form, headers=headers, public_only=public_only)
    except FetchError as error:
        said = f"{_settings(hub).name} cannot be asked. {error.problem}"
        raise SignInError(said, error.remedy or _DOWN) from error


def _must_be_ok(answered: Answered, url: str, settings: SignIn) -> None:
    if answered.status != 200:
        raise SignInError(
            f"{settings.name} cannot be asked: {url} answers {answered.status}.",
            f"{_DOWN} If it lasts, look whether hub.sign_in.issuer in feeds.yaml is right.",
        )


def _settings(hub: HubSettings) -> SignIn:
    assert hub.sign_in is not None
    return hub.sign_in
