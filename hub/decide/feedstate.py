"""What is remembered of a feed after a poll or a push: how it went, and when to ask again. Pure."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from hub import schedule
from hub.model import ASKED_FOR, FeedInfo, FeedState, FeedUpdate, Gathered, Move, Validators


def after_poll(
    update: FeedUpdate, recent: tuple[datetime, ...], move: Move | None, jitter: float
) -> FeedState:
    """A feed after a poll; `recent` are its last publications and `move` is where it leads by now."""
    state, gathered, now = update.state, update.gathered, update.now
    failed = gathered.outcome == "failed"
    failures = state.failures + 1 if failed else 0
    # No later than now: whoever stored it may have had a clock that was ahead.
    failing_since = min(state.failing_since or now, now)
    reason_since = min(state.reason_since or now, now) if gathered.reason == state.reason else now
    not_before = None
    if gathered.retry_after is not None:
        not_before = now + gathered.retry_after
    read = gathered.outcome == "fetched" and not gathered.unchanged
    wishes = gathered.wishes if read else state.wishes
    # The push that should have brought what is new did not come: nobody relies on its hub until one does.
    pushed_until = None if update.new else state.pushed_until
    due, why = schedule.next_poll(
        now,
        every_min=state.feed.every_min,
        every_max=state.feed.every_max,
        failures=failures,
        failing_for=now - failing_since,
        not_before=not_before,
        recent=recent,
        wishes=wishes,
        fresh_for=gathered.fresh_for,
        read_in_part=gathered.read_in_part,
        pushed_until=pushed_until,
        jitter=jitter,
    )
    # Asked all the same, by an admin, what was gone is not back before it answers.
    gone = (state.gone or (now if gathered.gone else None)) if failed else None
    polled = replace(
        state,
        feed=gathered.feed,
        polled=now,
        next_poll=None if gone else due,
        next_poll_why="its server said that it is gone for good (410)" if gone else why,
        not_before=not_before,
        gone=gone,
        failures=failures,
        failing_since=failing_since if failed else None,
        reason_since=reason_since if failed else None,
        error=gathered.error if failed else None,
        remedy=gathered.remedy if failed else None,
        reason=gathered.reason if failed else None,
        wishes=wishes,
        recent=recent,
        move=move,
        pushed_until=pushed_until,
    )
    if state.next_poll_why == ASKED_FOR and state.next_poll and state.next_poll > gathered.started:
        # An admin asked for it after this poll had begun, which may have been answered before.
        polled = replace(polled, next_poll=state.next_poll, next_poll_why=ASKED_FOR)
    return polled if failed else _answered(polled, update, read=read)


def _answered(polled: FeedState, update: FeedUpdate, *, read: bool) -> FeedState:
    """A feed after a poll that did not fail; `read` is whether there was a document to read."""
    state, gathered = update.state, update.gathered
    validators = gathered.validators
    if gathered.unchanged and not (state.etag or state.last_modified):
        # The document may be half of one still, of which `hub.poll.read` keeps no validators.
        validators = Validators()
    answered = replace(
        polled,
        succeeded=update.now,
        used_url=gathered.url,
        named_at=gathered.named_at,
        etag=validators.etag,
        last_modified=validators.last_modified,
        validated_at=validators.url,
        body_digest=gathered.body_digest or state.body_digest,
        listings=gathered.listings,
    )
    if not read:
        return answered
    if update.put_off:
        answered = _to_be_read_again(answered)
    return replace(
        answered,
        remarks=gathered.remarks,
        info=_info(gathered, state.info, news=_is_news(update)),
        offer=gathered.offer,
        reshares=update.reshares,
    )


def _to_be_read_again(state: FeedState) -> FeedState:
    """A feed whose next poll reads its document, though that be the same as its last."""
    return replace(
        state,
        etag=None,
        last_modified=None,
        body_digest=None,
        listings=tuple(replace(each, etag=None, last_modified=None, digest=None) for each in state.listings),
    )


def after_push(update: FeedUpdate, recent: tuple[datetime, ...]) -> FeedState:
    """A feed after a push, which says nothing of its address, and so of when to ask there."""
    state, gathered = update.state, update.gathered
    if gathered.outcome == "failed":
        return state
    if update.changed or update.put_off:
        # What was read there last may be what it goes back to.
        state = _to_be_read_again(state)
    info = _info(gathered, state.info, news=True) if _is_news(update) else state.info
    return replace(state, info=info, recent=recent, pushed_until=gathered.pushed_until)


def _info(gathered: Gathered, before: FeedInfo, *, news: bool) -> FeedInfo:
    """What the feed says of itself; its date moves only with its news.

    Many feeds put the moment of the request there, and a merged feed that
    told it would change at every poll. What a document without entries says
    is passed over, since it may well say "Down for maintenance".
    """
    said = gathered.info or FeedInfo()
    if before == FeedInfo():
        return said
    if not gathered.entries:
        return before
    return said if news else replace(said, updated=before.updated)


def _is_news(update: FeedUpdate) -> bool:
    """Whether it brought what readers are shown: of what waits for an admin they are to see nothing."""
    shown = any(new.withheld is None for new in update.new)
    return bool(shown or update.settled or any(each.told == "yes" for each in update.changed))
