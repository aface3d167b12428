"""What the hub and an OpenID provider say to each other, when an admin signs in there. Pure.

The authorization code flow of OpenID Connect Core 1.0 (§3.1) with PKCE (RFC 7636). Whatever the hub
has to know again, when the browser comes back, is made of one random token that the browser keeps in a
cookie. joserfc looks after signatures (RFC 7515) and is imported by who comes back alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec import Struct

from hub import urls
from hub.errors import SignInError
from hub.model import Role, SignIn, Subject, account_name_problem
from hub.said import as_written

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

WELL_KNOWN = "/.well-known/openid-configuration"
"""What stands after an issuer where it says what it is (OpenID Connect Discovery 1.0 §4)."""

# Signatures by a key that nobody but the provider has. With `none` there is no signature, and for those by
# a shared secret (HS256) whoever knows the public key could pass it off as one (RFC 8725 §2.1, §3.1).
_ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519", "EdDSA"),
)
# Seconds by which the clocks of two machines that are set over the network may differ.
_SKEW = 60
# Seconds within which an ID token is asked for after it was made: it comes at once.
_OLDEST = 600
_SCOPE = "openid email profile"
# OpenID Connect Core 1.0 §2.
_LONGEST_SUB = 255
_TRY_AGAIN = "Begin again at the sign-in page."


class KeyUnknownError(SignInError):
    """None of the keys that are known made a signature: the provider may have others by now."""


class Provider(Struct, frozen=True, kw_only=True):
    """What a provider says of itself (OpenID Connect Discovery 1.0 §3).

    `authorization` is where browsers are sent, `token` where codes are
    exchanged, `keys` where its keys are. Of a client's secret it takes a
    `basic` header, else a field of the form. It `names_itself` when it sends
    browsers back (RFC 9207).
    """

    authorization: str
    token: str
    keys: str
    basic: bool
    names_itself: bool


class Journey(Struct, frozen=True, kw_only=True):
    """What one way to a provider and back is known by: each value is of no use without the others.

    `state` comes back with the browser, `nonce` in the ID token, and by
    `verifier` the provider sees that its code is asked for by who had it made.
    """

    state: str
    nonce: str
    verifier: str


class _Keys(Struct, frozen=True):
    """A provider's keys (RFC 7517 §5)."""

    keys: list[dict[str, Any]]


def journey(token: str) -> Journey:
    """What goes with the random token of a browser; who sees one of the three knows nothing of the token."""

    def of(what: str) -> str:
        return _base64url(hmac.new(token.encode(), what.encode(), hashlib.sha256).digest())

    return Journey(state=of("state"), nonce=of("nonce"), verifier=of("verifier"))


def read_provider(body: bytes, settings: SignIn) -> Provider:
    """A provider's document about itself. Raises SignInError."""
    said = _object(body, f"what {settings.issuer}{WELL_KNOWN} answers")
    issuer = said.get("issuer")
    # Else somebody else's tokens would be taken for its (Discovery §4.3), so without any likeness.
    if issuer != settings.issuer:
        raise SignInError(
            f"{settings.issuer}{WELL_KNOWN} is of the issuer {_shown(issuer)}, and not of {settings.issuer}.",
            "Write hub.sign_in.issuer in feeds.yaml as it stands there, to the last slash.",
        )
    methods = said.get("token_endpoint_auth_methods_supported")
    basic = not isinstance(methods, list) or "client_secret_basic" in methods
    if isinstance(methods, list) and not basic and "client_secret_post" not in methods:
        raise SignInError(
            f"{settings.issuer} takes no secret of its clients, but {_shown(', '.join(map(str, methods)))}.",
            "Have it take client_secret_basic.",
        )
    return Provider(
        authorization=_endpoint(said, "authorization_endpoint", settings),
        token=_endpoint(said, "token_endpoint", settings),
        keys=_endpoint(said, "jwks_uri", settings),
        basic=basic,
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )


def question(provider: Provider, settings: SignIn, journey: Journey, *, back: str) -> str:
    """The address at the provider where somebody says who they are, and from where they come `back`."""
    challenge = _base64url(hashlib.sha256(journey.verifier.encode()).digest())
    fields = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": back,
        "scope": _SCOPE,
        "state": journey.state,
        "nonce": journey.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    joined = "&" if urlsplit(provider.authorization).query else "?"
    return f"{provider.authorization}{joined}{urlencode(fields)}"


def exchange(
    provider: Provider, settings: SignIn, journey: Journey, *, back: str, code: str, secret: str
) -> tuple[str, dict[str, str]]:
    """The form by which a code is exchanged, and the headers that go with it (RFC 6749 §4.1.3, §2.3.1)."""
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "code_verifier": journey.verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if provider.basic:
        both = f"{quote(settings.client_id, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(both.encode()).decode()}"
    else:
        fields |= {"client_id": settings.client_id, "client_secret": secret}
    return urlencode(fields), headers


def read_exchanged(status: int, body: bytes, settings: SignIn) -> str:
    """The ID token of what a code was exchanged for. Raises SignInError."""
    if status != 200:
        try:
            error = str(_object(body, "").get("error", ""))
        except SignInError:
            error = ""
        raise _not_exchanged(settings, status, error)
    token = _object(body, f"what {settings.name} gives for a code").get("id_token")
    if not isinstance(token, str):
        raise SignInError(
            f"{settings.name} does not say who signed in: there is no ID token.",
            "See to it that the hub is an OpenID Connect client there.",
        )
    return token


def _not_exchanged(settings: SignIn, status: int, error: str) -> SignInError:
    if error == "invalid_grant":
        return SignInError(f"What {settings.name} sent you back with was used, or is too old.", _TRY_AGAIN)
    if error in ("invalid_client", "unauthorized_client") or status == 401:
        return SignInError(
            f"{settings.name} does not take the hub's client_id and secret ({_shown(error or status)}).",
            "Compare hub.sign_in.client_id with what stands there, and make a new secret if it has expired.",
        )
    return SignInError(
        f"{settings.name} does not say who signed in; it answers {status} ({_shown(error or 'no reason')}).",
        "Look up the hub's client there: its redirect URI and its secret.",
    )


def not_let_in(settings: SignIn, error: str) -> SignInError:
    """What a browser brings that comes back without a code (Core §3.1.2.6)."""
    if error == "access_denied":
        return SignInError(f"{settings.name} did not let you in, or you turned back.", _TRY_AGAIN)
    return SignInError(
        f"{settings.name} does not say who signed in ({_shown(error or 'no code')}).",
        "Look up the hub's client there: its redirect URI, and who may use it.",
    )


def read_subject(token: str, keys: bytes, settings: SignIn, journey: Journey, *, now: datetime) -> Subject:
    """Whom an ID token is of, by the keys of its provider (OpenID Connect Core 1.0 §3.1.3.7).

    Raises KeyUnknownError where none of the keys signed it, SignInError for all else that is wrong with it.
    """
    from joserfc import jwt
    from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError

    try:
        read = jwt.decode(token, _key_set(keys), algorithms=_ALGORITHMS)
        seconds = int(now.timestamp())
        jwt.JWTClaimsRegistry(
            now=seconds,
            leeway=_SKEW,
            iss={"essential": True, "value": settings.issuer},
            sub={"essential": True},
            aud={"essential": True, "value": settings.client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": journey.nonce},
        ).validate(read.claims)
    except (BadSignatureError, InvalidKeyIdError) as error:
        raise KeyUnknownError(*_does_not_hold(settings, "it is signed by a key that is not its")) from error
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise SignInError(*_does_not_hold(settings, str(error))) from error
    claims = read.claims
    # The registry takes a token that is for others too, whom we do not know.
    if claims["aud"] not in (settings.client_id, [settings.client_id]):
        raise SignInError(*_does_not_hold(settings, "it is for others too"))
    if claims.get("azp", settings.client_id) != settings.client_id:
        raise SignInError(*_does_not_hold(settings, "it was given to another"))
    if claims["iat"] < seconds - _OLDEST:
        raise SignInError(*_does_not_hold(settings, "it is old"))
    # Half a character (a lone surrogate) is in no database.
    if not 0 < len(claims["sub"]) <= _LONGEST_SUB or not claims["sub"].isprintable():
        raise SignInError(*_does_not_hold(settings, "it says not of whom it is"))
    return _subject(claims, settings)


def _does_not_hold(settings: SignIn, why: str) -> tuple[str, str]:
    said = f"What {settings.name} says of who signed in does not hold ({as_written(why, most=100)})."
    return said, f"{_TRY_AGAIN} If it lasts, compare the hub's clock and hub.sign_in with what stands there."


def _key_set(keys: bytes) -> KeySet:
    from joserfc.jwk import KeySet

    return KeySet.import_key_set({"keys": msgspec.json.decode(keys, type=_Keys).keys})


def _subject(claims: Mapping[str, Any], settings: SignIn) -> Subject:
    name = ""
    email = claims.get("email")
    # A provider that does not say so may let people write anybody's address there (Core §5.7), as Entra does.
    if claims.get("email_verified") is True and isinstance(email, str) and email.isascii():
        # Beyond ASCII there are letters whose small ones are others' (the Kelvin sign).
        name = email.lower() if email.count("@") == 1 else ""
    called = claims.get("preferred_username")
    rule, role = next(_let_in_by(settings, name, claims), ("", None))
    return Subject(
        issuer=settings.issuer,
        sub=claims["sub"],
        name=name,
        called=as_written(called, most=64) if isinstance(called, str) else "",
        rule=rule,
        role=role,
    )


def _let_in_by(settings: SignIn, name: str, claims: Mapping[str, Any]) -> Iterator[tuple[str, Role]]:
    """The rules that somebody fits, each with what they are by it; those that give most first."""
    for allow, role in ((settings.allow, Role("admin")), (settings.editors, Role("editor"))):
        for rule in _fitting(allow, name, claims):
            yield rule, role


def _fitting(allow: Iterable[str], name: str, claims: Mapping[str, Any]) -> Iterator[str]:
    """Those of `allow` that somebody fits."""
    for rule in allow:
        claim, is_claim, value = rule.partition("=")
        if is_claim:
            said = claims.get(claim)
            if value == said or (isinstance(said, list) and value in said):
                yield rule
        elif name and (name == rule or (rule.startswith("@") and name.endswith(rule))):
            yield rule


def account_name(subject: Subject) -> str:
    """What an account that is made for somebody is called; empty where there is no name for it."""
    for name in (subject.name, subject.called):
        if name.isascii() and not account_name_problem(name.lower()):
            return name.lower()
    return ""


def _endpoint(said: Mapping[str, Any], key: str, settings: SignIn) -> str:
    url = said.get(key)
    here = urls.on_this_machine(settings.issuer)
    if isinstance(url, str) and (
        (url.startswith("https://") and urls.host(url))
        or (here and url.startswith("http://") and urls.on_this_machine(url))
    ):
        return url
    raise SignInError(
        f"{settings.issuer}{WELL_KNOWN} names no {key} that is encrypted, but {_shown(url)}.",
        "Look whether hub.sign_in.issuer in feeds.yaml is the address of an OpenID provider.",
    )


def _object(body: bytes, what: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise SignInError(
            f"There is no JSON in {what}.", "Look whether hub.sign_in.issuer in feeds.yaml is right."
        ) from error


def _shown(value: object) -> str:
    return f"‘{as_written(str(value), most=100)}’"


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
