"""An OpenID provider on loopback, with keys of its own: it does as one has to, or as it is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "news-hub", "a secret: of/the client"

Claims = dict[str, Any]


class OpenIdProvider:
    """`who` are the claims of whoever signs in next; `told` changes those of a token before it is signed.

    What it was asked is in `asked`, path by path; it answers while `answering` is set, and with another
    `status` where one is set for the last part of a path. Once it `leads_on` whoever is to sign in to
    another address of its own.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.who: Claims = {"sub": "number-1", "email": "anna@nhs.example", "email_verified": True}
        self.told: Callable[[Claims], Claims | None] = lambda _: None
        self.sign: Callable[[Claims], str] = self.signed
        self.keys = [_first_key()]
        self.names_itself = False
        self.leads_on = ""
        self.methods: list[str] | None = None
        self.document: Claims = {}
        self.asked: list[str] = []
        self.status: dict[str, int] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.answering = threading.Event()
        self.answering.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self._server.server_port}/realm"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def settings(self, *, more: str = "") -> str:
        """What feeds.yaml says of it."""
        return f"{{issuer: '{self.issuer}', client_id: {CLIENT}, name: NHS Mail{more}}}"

    def close(self) -> None:
        self.answering.set()
        self._server.shutdown()
        self._server.server_close()

    def signed(self, claims: Claims, *, alg: str = "RS256") -> str:
        """An ID token, by its newest key."""
        key = self.keys[-1]
        return jwt.encode({"alg": alg, "kid": key.kid}, claims, key)

    def unsigned(self, claims: Claims) -> str:
        """One without a signature (RFC 7519 §6.1)."""
        head, body = (_base64url(json.dumps(part).encode()) for part in ({"alg": "none"}, claims))
        return f"{head}.{body}."

    def by_public_key(self, claims: Claims) -> str:
        """One that is signed with what everybody knows, as if that were a secret that is shared."""
        key = self.keys[-1]
        head = {"alg": "HS256", "kid": key.kid}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (head, claims))
        # By hand: joserfc takes no such secret.
        mac = hmac.new(key.as_pem(private=False), signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{_base64url(mac)}"

    def rotate(self) -> None:
        """Have another key, and forget the one before."""
        self.keys = [_key()]

    def code(self, query: dict[str, str]) -> str:
        """A code for whoever signed in, by what the hub asked."""
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        return code

    def back(self, address: str) -> str:
        """Where a browser is sent back to that was sent to an address, and signs in there."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        fields = {"code": self.code(query), "state": query["state"]}
        if self.names_itself:
            fields["iss"] = self.issuer
        return f"{query['redirect_uri']}?{urlencode(fields)}"

    def _described(self) -> Claims:
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_response_iss_parameter_supported": self.names_itself,
        }
        if self.methods is not None:
            said["token_endpoint_auth_methods_supported"] = self.methods
        return {**said, **self.document}

    def _exchanged(self, form: dict[str, str], authorization: str) -> tuple[int, Claims]:
        if self.methods in (None, ["client_secret_basic"]):
            sent = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
            client, secret = (unquote(each) for each in sent)
        else:
            client, secret = form["client_id"], form["client_secret"]
        if (client, secret) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form["code"], None)
        challenge = _base64url(hashlib.sha256(form["code_verifier"].encode()).digest())
        if (
            asked is None
            or form["redirect_uri"] != asked["redirect_uri"]
            or challenge != asked["code_challenge"]
        ):
            return 400, {"error": "invalid_grant"}
        seconds = int(self._now().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "exp": seconds + 300,
            "iat": seconds,
            "nonce": asked["nonce"],
            **self.who,
        }
        claims = self.told(claims) or claims
        token = self.sign({name: value for name, value in claims.items() if value is not None})
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": token}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, _, _ = self.path.partition("?")
                provider.asked.append(path)
                provider.answering.wait()
                if path == "/realm/authorize" and provider.leads_on:
                    self.send_response(302)
                    self.send_header("Location", self.path.replace("/realm", provider.leads_on, 1))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    provider.leads_on = ""
                elif path == "/realm/authorize":
                    body = (
                        "<!doctype html><title>NHS Mail</title><link rel=icon href='data:,'>"
                        f"<form method=post action='{escape(self.path)}'>"
                        "<button>Sign in as Anna</button></form>"
                    )
                    self._send(200, body.encode(), "text/html")
                elif path == "/realm/keys":
                    self._json(path, KeySet(list(provider.keys)).as_dict(private=False))
                elif path == "/realm/.well-known/openid-configuration":
                    self._json(path, provider._described())
                else:
                    self._send(404, b"", "text/plain")

            def do_POST(self) -> None:
                path, _, _ = self.path.partition("?")
                provider.asked.append(path)
                provider.answering.wait()
                sent = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
                if path == "/realm/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider.back(self.path))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                form = {name: values[0] for name, values in parse_qs(sent).items()}
                status, answer = provider._exchanged(form, self.headers.get("Authorization", ""))
                self._json(path, answer, status)

            def _json(self, path: str, answer: object, status: int = 200) -> None:
                status = provider.status.get(path.rpartition("/")[2], status)
                self._send(status, json.dumps(answer).encode(), "application/json")

            def _send(self, status: int, body: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


@contextmanager
def a_provider(now: Callable[[], datetime]) -> Iterator[OpenIdProvider]:
    made = OpenIdProvider(now)
    try:
        yield made
    finally:
        made.close()


@cache
def _first_key() -> RSAKey:
    # It takes a while to find one.
    return _key()


def _key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
