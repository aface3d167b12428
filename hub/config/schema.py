"""The keys of feeds.yaml: one model for its values, its messages and its JSON Schema."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic.json_schema import GenerateJsonSchema

from hub.config.kinds import AddressKeys, SelectKeys
from hub.config.services import Issuer, MailAddress, Mailer, WhoMayCome
from hub.config.values import (
    BaseUrl,
    Contact,
    Duration,
    Entries,
    EntryKind,
    Host,
    HowMuch,
    HowTrusted,
    IdentifyBy,
    Keep,
    Language,
    Range,
    Redirects,
    Size,
    Slug,
    Text,
    Threshold,
    Timeout,
    Timezone,
    Type,
    Url,
    Weighted,
    Where,
    Words,
    YesOrNo,
    duration_text,
    in_order,
    not_empty,
    shown,
)
from hub.model import FetchPolicy, HubSettings, TagField
from hub.phrases import MOST_MENTIONS, read_phrase

_FETCH = FetchPolicy()
_HUB = HubSettings()
_EVERYWHERE: tuple[TagField, ...] = ("title", "text", "category")


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _needs_one_of(key: str, *others: str) -> dict[str, Any]:
    """That a list which is not empty has one of the others beside it, as JSON Schema says it."""
    return {
        "if": {"required": [key], "properties": {key: {"type": "array", "minItems": 1}}},
        "then": {"anyOf": [{"required": [other]} for other in others]},
    }


class EveryKeys(_Keys):
    """Bounds of the time between two polls of one feed."""

    min: Duration = Field(default=_HUB.every_min, description="No feed is polled oftener than this.")
    max: Duration = Field(default=_HUB.every_max, description="No feed is polled more seldom than this.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        in_order(self.min, self.max)
        return self


class FeedEveryKeys(_Keys):
    """Bounds of the time between two polls of this feed; what is left out is as for every feed."""

    min: Duration | None = Field(default=None, description="It is polled no oftener than this.")
    max: Duration | None = Field(default=None, description="It is polled no more seldom than this.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min is not None and self.max is not None:
            in_order(self.min, self.max)
        return self


class FetchKeys(_Keys):
    """How members' feeds are fetched."""

    allow: tuple[Range, ...] = Field(
        default=(),
        description="Ranges of addresses that may be fetched besides public ones, such as 10.0.0.0/8.",
    )
    host_delay: Duration = Field(
        default=_FETCH.host_delay, description="Time between two fetches of one host."
    )
    connect: Timeout = Field(default=_FETCH.connect, description="Longest time to connect.")
    first_byte: Timeout = Field(
        default=_FETCH.first_byte, description="Longest wait for an answer, or silence within it."
    )
    whole: Timeout = Field(
        default=_FETCH.whole, description="Longest time for a fetch with all its redirects."
    )
    redirects: Redirects = Field(default=_FETCH.redirects, description="How many redirects are followed.")
    size: Size = Field(
        default=_FETCH.size,
        description="How much of a feed is read, unpacked.",
        json_schema_extra={"default": "20MB"},
    )
    entries: Entries = Field(
        default=_FETCH.entries, description="How many entries of a feed are read, its first."
    )


class MetricsKeys(_Keys):
    """Who may read /metrics."""

    allow: tuple[Range, ...] = Field(
        default=(), description="Ranges of addresses that may read it besides loopback."
    )


class AlertsKeys(_Keys):
    """Who is told when a feed breaks, and when it is well again."""

    model_config = ConfigDict(json_schema_extra={"allOf": [_needs_one_of("mail", "smtp")]})

    mail: tuple[MailAddress, ...] = Field(default=(), description="Addresses that are told by e-mail.")
    smtp: Mailer | None = Field(
        default=None,
        description="The mail server that takes it, such as smtp://user@mail.example.org:587; its password"
        " is in the file that HUB_SMTP_PASSWORD_FILE names, or in HUB_SMTP_PASSWORD.",
    )
    from_: MailAddress | None = Field(
        default=None,
        alias="from",
        description="Whom the mail is from; without it, the hub's contact, if that is such an address,"
        " or the first of `mail`.",
    )
    webhook: Url | None = Field(
        default=None,
        description="An address that is told by POST, as chat programs have it; JSON with `text`.",
    )

    @model_validator(mode="after")
    def _mail_has_its_server(self) -> Self:
        if self.mail and self.smtp is None:
            raise ValueError("`mail` takes a mail server; write `smtp` too, such as smtp://localhost")
        return self


class SignInKeys(_Keys):
    """The organisation's own sign-in for admins: an OpenID provider, such as Entra ID, Google or Keycloak."""

    issuer: Issuer = Field(
        description="The provider's address, as the `issuer` of its /.well-known/openid-configuration has it."
    )
    client_id: Text = Field(
        description="What the provider knows the hub by. The secret for it is never in this file: it is in"
        " HUB_SIGN_IN_SECRET, or in the file that HUB_SIGN_IN_SECRET_FILE names."
    )
    name: Text = Field(default="your organisation", description="What admins call it: `Sign in with …`.")
    allow: tuple[WhoMayCome, ...] = Field(
        default=(),
        description="Who becomes an admin by signing in there: verified e-mail addresses, domains of them"
        " (@example.org), or claims of the ID token (roles=hub-admin).",
    )
    editors: tuple[WhoMayCome, ...] = Field(
        default=(),
        description="Who else becomes an editor so, who decides on news and changes neither feeds.yaml nor"
        " accounts; the same as of `allow`.",
    )
    passwords: YesOrNo = Field(default=True, description="Whether admins may sign in with passwords too.")


class HubKeys(_Keys):
    """The hub itself."""

    title: Text = Field(default=_HUB.title, description="What the network's news is called.")
    url: BaseUrl | None = Field(
        default=None, description="Where readers find the hub; without it, the address that `hub run` serves."
    )
    timezone: Timezone = Field(default=_HUB.timezone, description="An IANA time zone, such as Europe/London.")
    language: Language = Field(
        default=_HUB.language,
        description="Of merged feeds, of feeds that name none and, if it is en, cy, de or fr, of pages.",
    )
    contact: Contact | None = Field(
        default=None,
        description="An e-mail or web address; members' servers see it in the User-Agent, readers on pages.",
    )
    every: EveryKeys = Field(
        default_factory=EveryKeys, description="Bounds of the time between two polls of one feed."
    )
    keep: Keep | None = Field(
        default=None,
        description="How long after its date news is kept that its feed has no more; without it, for ever.",
    )
    fetch: FetchKeys = Field(default_factory=FetchKeys, description="How members' feeds are fetched.")
    websub: YesOrNo = Field(
        default=_HUB.websub,
        description="Whether the hub subscribes to feeds that are pushed, and pushes its own merged feeds,"
        " if its url can be reached.",
    )
    metrics: MetricsKeys = Field(default_factory=MetricsKeys, description="Who may read /metrics.")
    alerts: AlertsKeys = Field(
        default_factory=AlertsKeys, description="Who is told when a feed breaks, and when it is well again."
    )
    sign_in: SignInKeys | None = Field(
        default=None,
        description="The organisation's own sign-in for admins; without it, they have passwords alone.",
    )


Alternative = Annotated[
    Annotated[Url, Tag("\0url")] | Annotated[AddressKeys, Tag("\0keys")],
    Discriminator(lambda value: "\0keys" if isinstance(value, dict) else "\0url"),
]
"""An address alone, or one with its kind. The tags, which no file can hold, are left out of messages."""


class FeedKeys(AddressKeys):
    """A document a member publishes and the hub polls, or a site that it reads as one."""

    else_: tuple[Alternative, ...] = Field(
        default=(), alias="else", description="Addresses tried in order when the url is no feed."
    )
    name: Slug = Field(
        default="news", description="What the feed is known by within its member, so that its url may change."
    )
    tags: tuple[Slug, ...] = Field(default=(), description="Terms of tags given to all its entries.")
    identify_by: IdentifyBy | None = Field(
        default=None,
        description="What its entries are told apart by; without it, what its own documents show to hold.",
    )
    every: FeedEveryKeys = Field(
        default_factory=FeedEveryKeys,
        description="Bounds of the time between two polls of it, in place of the hub's.",
    )
    size: Size | None = Field(
        default=None, description="How much of it is read, unpacked, in place of the hub's fetch.size."
    )
    entries: Entries | None = Field(
        default=None, description="How many of its entries are read, in place of the hub's fetch.entries."
    )
    paused: YesOrNo = Field(
        default=False, description="Whether it is left alone for now. What it published stays."
    )

    @property
    def addresses(self) -> tuple[AddressKeys, ...]:
        """All its addresses, in order."""
        others = (each if isinstance(each, AddressKeys) else AddressKeys(url=each) for each in self.else_)
        return (self, *others)


class MemberKeys(_Keys):
    """An organisation of the network."""

    slug: Slug = Field(
        description="What the member is known by, in addresses and filters. It should never change."
    )
    name: Text = Field(description="What the member is called.")
    type: Type = Field(
        default="member", description="A member of the network, its national body, or a partner."
    )
    region: Text | None = Field(default=None, description="Where the member works; filters can ask for it.")
    homepage: Url | None = Field(default=None, description="The member's own site.")
    republish: HowMuch = Field(default="full", description="How much of its news every output may carry.")
    former_hosts: tuple[Host, ...] = Field(
        default=(),
        description="Hosts that its site was on before: links and ids there are known as its present ones.",
    )
    trust: HowTrusted = Field(
        default="usual",
        description="Whether its news waits for an admin: all of it (hold), none (always), or what is odd.",
    )
    alerts: tuple[MailAddress, ...] = Field(
        default=(),
        description="Whom to tell by e-mail when one of this member's feeds needs somebody there, and when"
        " it is well again; by way of hub.alerts.smtp.",
    )
    feeds: tuple[FeedKeys, ...] = Field(default=(), description="The feeds it publishes; all are polled.")


class TagKeys(_Keys):
    """A rule: which entries get a tag."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                _needs_one_of("not", "any", "all", "categories"),
                _needs_one_of("except", "any", "all"),
            ]
        }
    )

    term: Slug = Field(
        description="What the tag is known by, in addresses and filters. It should never change."
    )
    label: Text | None = Field(
        default=None, description="What readers see; without it, the term in plain words."
    )
    broader: Slug | None = Field(
        default=None, description="The term of a broader tag, which every entry with this one has as well."
    )
    kind: EntryKind | None = Field(
        default=None, description="What an entry with this tag is; the first such rule of the file decides."
    )
    any: tuple[Weighted, ...] = Field(
        default=(),
        description="Words or phrases of which an entry has one or more; a weight may follow: `a phrase: 2`.",
    )
    threshold: Threshold = Field(
        default=1,
        description="What the phrases of `any` have to come to: weight times mentions, three for a title.",
    )
    all: tuple[Words, ...] = Field(
        default=(), description="Words or phrases of which an entry has every one."
    )
    not_: tuple[Words, ...] = Field(
        default=(), alias="not", description="Words or phrases of which an entry has none."
    )
    except_: tuple[Words, ...] = Field(
        default=(),
        alias="except",
        description="Phrases within which nothing counts, such as an organisation's name.",
    )
    in_: Annotated[tuple[Where, ...], AfterValidator(not_empty)] = Field(
        default=_EVERYWHERE,
        alias="in",
        description="Where the words are looked for.",
        json_schema_extra={"minItems": 1},
    )
    categories: tuple[Text, ...] = Field(default=(), description="Publishers' categories that mean this tag.")
    for_: str | None = Field(
        default=None,
        alias="for",
        description="Whose entries it is for: member:, type:, region:, joined by and, or, not, brackets.",
    )

    @model_validator(mode="after")
    def _has_something_to_find(self) -> Self:
        if self.not_ and not (self.any or self.all or self.categories):
            raise ValueError("`not` alone finds nothing; write `any`, `all` or `categories` too")
        if self.except_ and not (self.any or self.all):
            raise ValueError("`except` takes from what `any` and `all` find; write one of those too")
        return self

    @model_validator(mode="after")
    def _counts_to_its_threshold(self) -> Self:
        if self.threshold > 1 and not self.any:
            raise ValueError("`threshold` counts the phrases of `any`; write those too")
        if self.threshold == 1 and any(weight > 1 for _, weight in self.any):
            raise ValueError("weights count towards a `threshold`; write that too, or leave them out")
        most = sum(weight for _, weight in self.any) * MOST_MENTIONS * len(self.in_)
        if self.any and self.threshold > most:
            raise ValueError(
                f"the phrases of `any` come to {most} at most, never to the threshold of {self.threshold}; "
                "lower it, or give them weights"
            )
        return self

    @model_validator(mode="after")
    def _counts_nothing_twice(self) -> Self:
        seen = set()
        for phrase, _ in self.any:
            parts = tuple(sorted((wording.parts for wording in read_phrase(phrase)), key=str))
            if parts in seen:
                raise ValueError(f"{shown(phrase)} stands twice in `any` and would count twice; keep one")
            seen.add(parts)
        return self


class MergedFeedKeys(_Keys):
    """A feed the hub publishes, at /feeds/merged/SLUG.atom."""

    slug: Slug = Field(description="Its name in its address. It should never change.")
    title: Text = Field(description="What readers see it called.")
    filter: str = Field(
        description="Which news it holds: tag:, kind:, member:, type:, region:; and, or, not, brackets."
    )


def _alerts_in_the_hub(**of: Any) -> dict[str, Any]:
    """That hub.alerts is such a mapping, as JSON Schema says it."""
    hub = {"required": ["alerts"], "properties": {"alerts": {"type": "object", **of}}}
    return {"required": ["hub"], "properties": {"hub": {"type": "object", **hub}}}


_LIST_WITH_SOMETHING = {"type": "array", "minItems": 1}
_TELLS_MEMBERS: dict[str, Any] = {
    "required": ["members"],
    "properties": {
        "members": {
            "type": "array",
            "contains": {"required": ["alerts"], "properties": {"alerts": _LIST_WITH_SOMETHING}},
        }
    },
}


class FileKeys(_Keys):
    """A network: its hub, its members and their feeds, its tags and its merged feeds."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                {"if": _TELLS_MEMBERS, "then": _alerts_in_the_hub(required=["smtp"])},
                {
                    "if": _alerts_in_the_hub(
                        anyOf=[
                            {"required": [key], "properties": {key: {"type": "string"}}}
                            for key in ("smtp", "from")
                        ],
                        **{"not": {"required": ["mail"], "properties": {"mail": _LIST_WITH_SOMETHING}}},
                    ),
                    "then": _TELLS_MEMBERS,
                },
            ]
        }
    )

    hub: HubKeys = Field(default_factory=HubKeys, description="The hub itself.")
    members: tuple[MemberKeys, ...] = Field(
        default=(), description="The organisations whose feeds are polled."
    )
    tags: tuple[TagKeys, ...] = Field(default=(), description="The rules that say which news gets which tag.")
    merged_feeds: tuple[MergedFeedKeys, ...] = Field(
        default=(), description="Feeds the hub publishes besides its usual ones."
    )


KEYS: dict[tuple[str, ...], type[BaseModel]] = {
    (): FileKeys,
    ("hub",): HubKeys,
    ("hub", "every"): EveryKeys,
    ("hub", "fetch"): FetchKeys,
    ("hub", "metrics"): MetricsKeys,
    ("hub", "alerts"): AlertsKeys,
    ("hub", "sign_in"): SignInKeys,
    ("members",): MemberKeys,
    ("members", "feeds"): FeedKeys,
    ("members", "feeds", "select"): SelectKeys,
    ("members", "feeds", "else"): AddressKeys,
    ("members", "feeds", "else", "select"): SelectKeys,
    ("members", "feeds", "every"): FeedEveryKeys,
    ("tags",): TagKeys,
    ("merged_feeds",): MergedFeedKeys,
}
"""Which keys stand at which place, the numbers of lists left out."""


def keys_at(place: tuple[str, ...]) -> tuple[str, ...]:
    """The keys that may stand at a place; none where it holds no mapping."""
    model = KEYS.get(place)
    return tuple(field.alias or name for name, field in model.model_fields.items()) if model else ()


class _Generate(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's name
        # "Host Delay" beside host_delay tells an editor's user nothing.
        return False

    def default_schema(self, schema: Any) -> Any:
        # A key with nothing after it counts as not given.
        written = super().default_schema(schema)
        if "type" not in written:
            default = {"default": written.pop("default")} if "default" in written else {}
            return {**self.get_union_of_schemas([written, {"type": "null"}]), **default}
        types = written["type"] if isinstance(written["type"], list) else [written["type"]]
        enum = {"enum": [*written["enum"], None]} if "enum" in written else {}
        return {**written, "type": [*types, "null"], **enum}

    def encode_default(self, dft: Any) -> Any:
        return duration_text(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of feeds.yaml (draft 2020-12), for editors that check and complete it."""
    schema = FileKeys.model_json_schema(by_alias=True, schema_generator=_Generate)
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema, "title": "feeds.yaml"}
