"""The values the stages hand to one another, in Atom's words (RFC 4287).

All are frozen. Datetimes are aware and in UTC; texts are plain unless the
field says HTML, and HTML is always sanitised.
"""

from hub.model.asked import And, Filter, Not, Or, Selection, Term
from hub.model.entry import (
    Category,
    Direction,
    Enclosure,
    Entry,
    EntryKeys,
    FeedInfo,
    Kind,
    Person,
    Sketch,
    Source,
    Tag,
    digest,
)
from hub.model.members import Feed, FeedKey, Member, MemberType, Republish
from hub.model.polled import (
    ChangedEntry,
    FeedState,
    FeedUpdate,
    Gathered,
    NewEntry,
    Outcome,
    PollResult,
    RelinkedEntry,
    Validators,
)
from hub.model.settings import FetchPolicy, HubSettings, MergedFeed, TagField, TagRule
from hub.model.stored import (
    Candidate,
    Known,
    KnownEntry,
    Overruling,
    RelatedStory,
    Ruling,
    Rulings,
    StoredEntry,
    Story,
)

__all__ = [
    "And",
    "Candidate",
    "Category",
    "ChangedEntry",
    "Direction",
    "Enclosure",
    "Entry",
    "EntryKeys",
    "Feed",
    "FeedInfo",
    "FeedKey",
    "FeedState",
    "FeedUpdate",
    "FetchPolicy",
    "Filter",
    "Gathered",
    "HubSettings",
    "Kind",
    "Known",
    "KnownEntry",
    "Member",
    "MemberType",
    "MergedFeed",
    "NewEntry",
    "Not",
    "Or",
    "Outcome",
    "Overruling",
    "Person",
    "PollResult",
    "RelatedStory",
    "RelinkedEntry",
    "Republish",
    "Ruling",
    "Rulings",
    "Selection",
    "Sketch",
    "Source",
    "StoredEntry",
    "Story",
    "Tag",
    "TagField",
    "TagRule",
    "Term",
    "Validators",
    "digest",
]
