"""What is asked of a store as one: all of it is done, or nothing, and nobody sees a part of it."""

from __future__ import annotations

from contextlib import closing, suppress

import pytest

from hub.errors import StoreError
from hub.model import AuditRecord
from hub.store import Store, existing_store, open_store
from tests.admin_hub import AdminHub
from tests.test_kill_decisions import decisions, hub
from tests.test_web_admin_actions import OTHER, OURS
from tests.web_hub import ago

__all__ = ["hub"]


def record(store: Store, action: str) -> int:
    return store.record(AuditRecord(moment=ago(), who="anna", action=action, about="", said=""))


def standing(store: Store) -> str:
    (found,) = store.find(OTHER.link or "")
    return found.standing


def key(store: Store) -> int:
    return store.find(OTHER.link or "")[0].key


def test_others_see_all_of_it_or_nothing_and_write_after_it(hub: AdminHub) -> None:
    with closing(existing_store(hub.database)) as store, closing(existing_store(hub.database)) as other:
        before = other.version()
        with store.all_or_nothing():
            store.withdraw([key(store)], "a slip")
            record(store, "withdraw")
            assert (standing(store), decisions(store)) == ("withdrawn", ["withdraw"])
            assert (standing(other), decisions(other), other.version()) == ("published", [], before)
            with pytest.raises(StoreError, match="held by another"), other._writing_within(0):  # type: ignore[attr-defined]
                pass
        assert (standing(other), decisions(other)) == ("withdrawn", ["withdraw"])
        assert other.version() != before
        assert store.check() == ()


def test_an_error_undoes_all_of_it_and_the_store_goes_on(hub: AdminHub) -> None:
    with closing(existing_store(hub.database)) as store:
        before = store.version()
        with suppress(ZeroDivisionError), store.all_or_nothing():
            store.withdraw([key(store)], "a slip")
            with store.all_or_nothing():
                record(store, "withdraw")
            raise ZeroDivisionError
        assert (standing(store), decisions(store), store.version()) == ("published", [], before)
        assert store.check() == ()
        store.withdraw([key(store)], "a slip")
    with closing(open_store(hub.database)) as store:
        assert standing(store) == "withdrawn"


def test_what_a_part_of_it_refuses_is_undone_and_the_rest_is_done(hub: AdminHub) -> None:
    with closing(existing_store(hub.database)) as store:
        ours = store.find(OURS.link or "")[0].key
        with store.all_or_nothing():
            record(store, "pin")
            with suppress(ZeroDivisionError), store._writing():  # type: ignore[attr-defined]
                store.pin(ours, ago(), last_day=None)
                store.withdraw([key(store)], "a slip")
                raise ZeroDivisionError
            # Also what the database itself refuses.
            with suppress(StoreError):
                store.pin(-1, ago(), last_day=None)
            with suppress(StoreError), store._writing():  # type: ignore[attr-defined]
                store._execute("INSERT INTO pins (story, made) VALUES (NULL, NULL)")  # type: ignore[attr-defined]
            record(store, "tag")
        assert (standing(store), decisions(store)) == ("published", ["tag", "pin"])
        assert store.pin_of(ours) is None
        assert store.check() == ()
