"""What was gathered of a feed, what is stored and the moment, to a FeedUpdate: an intent. Pure.

`update` has the order of it, and `entries` what becomes of one entry. Each of the
others answers one question: has an entry `changes` that readers are told of, what
else of it is taken (`refreshing`), is it our own news come back (`reshares`), how
much of what a feed held before is told (`backlog`), what is older than the hub
keeps (`keeping`), what did a member take back (`withdrawals`); `feedstate` is what
is remembered of the feed.
"""

from hub.decide.update import decide

__all__ = ["decide"]
