"""Is this entry new, changed, or a copy of another member's? With the reason.

Three questions, each answered without a database: which stored entry of its
own feed an entry is (`recognise`; where a site was made anew, `relaunch`), which
story of other feeds it belongs to (`copy_of`, by the verdicts of `judging`), and
what else is about the same (`related`). What is heavy for an entry is done where
it is read (`sketched`), so that asking costs little.
"""

from hub.stories.candidates import COMMON, likely
from hub.stories.copies import (
    Comparison,
    Verdict,
    catches_up,
    compared,
    copy_of,
    from_there,
    is_on_site_of,
    leads_instead,
)
from hub.stories.identity import has_moved, identity_after, is_renamed, renamed
from hub.stories.recognise import Recognised, is_rewritten, mark, recognise
from hub.stories.relaunch import alike, unknown
from hub.stories.sketch import sketched, title_number

__all__ = [
    "COMMON",
    "Comparison",
    "Recognised",
    "Verdict",
    "alike",
    "catches_up",
    "compared",
    "copy_of",
    "from_there",
    "has_moved",
    "identity_after",
    "is_on_site_of",
    "is_renamed",
    "is_rewritten",
    "leads_instead",
    "likely",
    "mark",
    "recognise",
    "renamed",
    "sketched",
    "title_number",
    "unknown",
]
