"""Polls as jobs of the distributed engine (Procrastinate): who gives them out, and who takes them.

A job is one shard of the hosts. Whoever has it asks the store what is due there, so that one
that is done twice, or again after a crash, does no harm and loses nothing; and so the
engine's tables hold nothing that has to last.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from importlib import metadata, resources
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any

from msgspec import Struct

from hub import urls
from hub.errors import HubError, StoreError
from hub.model import FeedState
from hub.store import shown
from hub.store.postgres.server import Server, asked_for
from hub.store.postgres.workers import END_GONE, GONE_AFTER, make_tables, use_tables, use_tables_too

try:
    from procrastinate import (
        App,
        BaseConnector,
        BaseRetryStrategy,
        PsycopgConnector,
        RetryDecision,
        SyncPsycopgConnector,
        exceptions,
        sql,
    )
    from procrastinate.jobs import Job as EnginesJob
    from procrastinate.sync_psycopg_connector import wrap_exceptions
    from procrastinate.worker import Worker
except ImportError as no_engine:
    raise StoreError(
        f"Work is handed out to workers by Procrastinate, which cannot be loaded: {no_engine}.",
        "Install it where the hub is: pip install procrastinate.",
    ) from no_engine

SHARDS = 64
"""Into so many parts hosts are divided. One is one worker's at a time."""

# A digest that no feeds.yaml has.
_NO_FILES = ""
_TASK = "hub.poll_shard"
_QUEUE = "polls"
# How many shards a worker is at together: of four workers each has its part.
_TOGETHER = 16
# In seconds. The engine tells a worker of new jobs, but not of those whose worker is gone.
_LOOKS = 1.0
_SIGN_OF_LIFE = 3.0
# How soon a job is offered again that its worker has another feeds.yaml for.
_OFFERED_AGAIN = 2
# In seconds: what ends well ends within them.
_ENDS_WITHIN = 5.0
_TICK = 0.05

# What goes wrong with the engine, the hub tells itself.
for _name in ("procrastinate", "psycopg.pool"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


def host_of(state: FeedState) -> str:
    """The host at which a feed was found last."""
    return urls.host(state.used_url or state.feed.url) or ""


def shard_of(host: str) -> int:
    """The shard of a host."""
    return int.from_bytes(sha256(host.encode()).digest()[:4], "big") % SHARDS


class Queue:
    """The jobs of a database, for the hub that gives them out. Any method raises StoreError."""

    def __init__(self, url: str) -> None:
        make_ready(url)
        self._url = url
        self._connector = SyncPsycopgConnector(
            **_pool(url, most=1), connection_class=Server, configure=use_tables
        )
        self._app = _app(self._connector)
        with _errors(url):
            self._app.open()

    def close(self) -> None:
        with suppress(exceptions.ConnectorException):
            self._app.close()

    def outstanding(self, digest: str) -> frozenset[int]:
        """The shards of which there is a job.

        One whose worker is gone is another's from now on, and one by a feeds.yaml of
        another digest does not begin.
        """
        with _errors(self._url):
            # First what it holds: at its hosts nobody else can be, and nothing can be stored.
            self._connector.execute_query_all(query=END_GONE)
            stalled = self._connector.execute_query_all(
                query=sql.queries["select_stalled_jobs_by_heartbeat"],
                queue=_QUEUE,
                task_name=None,
                seconds_since_heartbeat=GONE_AFTER,
            )
            for row in stalled:
                # It may have ended this moment.
                with suppress(exceptions.ConnectorException):
                    self._app.job_manager.retry_job_by_id(row["id"], retry_at=datetime.now(UTC))
            for job in self._jobs(status="todo"):
                if job.task_kwargs["config"] != digest:
                    assert job.id is not None
                    self._app.job_manager.cancel_job_by_id(job.id, delete_job=True)
            return self._shards()

    def add(self, shards: Iterable[int], digest: str) -> None:
        """Have these shards be polled by workers whose feeds.yaml has this digest."""
        with _errors(self._url):
            for shard in sorted(shards):
                deferrer = self._app.configure_task(
                    _TASK, queue=_QUEUE, lock=f"shard {shard}", queueing_lock=f"shard {shard}"
                )
                with suppress(exceptions.AlreadyEnqueued):
                    deferrer.defer(shard=shard, config=digest)

    def take_back(self) -> frozenset[int]:
        """Have no job begin any more; the shards of those that have begun."""
        return self.outstanding(_NO_FILES)

    def _shards(self) -> frozenset[int]:
        return frozenset(int(str(job.task_kwargs["shard"])) for job in self._jobs())

    def _jobs(self, status: str | None = None) -> list[EnginesJob]:
        return self._app.job_manager.list_jobs(queue=_QUEUE, status=status)


class Job(Struct, frozen=True, eq=False):
    """A shard to poll now. Whoever took it says when that has been done, or given up."""

    shard: int
    _ended: Future[None]

    def end(self) -> None:
        """Say that what was due there has been polled, or is left: then it is due still."""
        with suppress(InvalidStateError):  # it may have ended before
            self._ended.set_result(None)


class Taker:
    """Takes jobs in a thread of its own, sixteen at a time, for as long as the block lasts.

    `came` is called from that thread when there are some to be had by `taken`. All that
    were must have ended when the block does.
    """

    def __init__(self, url: str, digest: str, came: Callable[[], None]) -> None:
        self._url = url
        self._digest = digest
        self._came = came
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._thread = Thread(target=self._run, name="jobs", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        self._error: HubError | None = None
        self._worker: Worker | None = None

    def __enter__(self) -> Taker:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        until = time.monotonic() + _ENDS_WITHIN
        while self._thread.is_alive() and time.monotonic() < until:
            for job in self.taken():
                job.end()
            self._thread.join(_TICK)

    def taken(self) -> list[Job]:
        """The jobs that came since."""
        jobs = []
        with suppress(Empty):
            while True:
                jobs.append(self._jobs.get_nowait())
        return jobs

    @property
    def number(self) -> int | None:
        """Which worker this is to the engine, once it is one."""
        return self._worker.worker_id if self._worker is not None else None

    def stop(self) -> None:
        """Take no more jobs."""
        # Once: the engine's second time is to leave things as they are.
        if self._stopped:
            return
        self._stopped = True
        loop, task = self._loop, self._task
        if loop is not None and task is not None:
            with suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(task.cancel)

    def look(self) -> None:
        """Raises HubError where no jobs come any more."""
        if self._error is not None:
            raise self._error
        if not self._thread.is_alive() and not self._stopped:
            raise StoreError(
                "What takes jobs has ended, as it does where it cannot tell the database that it is there.",
                "It begins again by itself. If this lasts, look whether the server lets in enough connections"
                " (max_connections).",
            )

    def _run(self) -> None:
        try:
            with _errors(self._url):
                asyncio.run(self._work())
        except HubError as error:
            self._error = self._error or error
        finally:
            self._came()

    def _raised(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """End with what a task of the engine's raised, such as that the end of a job cannot be written.

        The job would be this worker's as long as that lives, and nobody would do it.
        """
        error = context.get("exception")
        if not isinstance(error, exceptions.ConnectorException):
            loop.default_exception_handler(context)
            return
        self._error = self._error or _known(self._url, error)
        self.stop()
        self._came()

    async def _work(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._loop.set_exception_handler(self._raised)
        app = _app(PsycopgConnector(**_pool(self._url, most=4), configure=use_tables_too))
        app.task(name=_TASK, queue=_QUEUE, retry=_ForAnother())(self._poll_shard)
        with suppress(asyncio.CancelledError):
            if self._stopped:
                return
            async with app.open_async():
                self._worker = Worker(
                    app,
                    queues=[_QUEUE],
                    concurrency=_TOGETHER,
                    fetch_job_polling_interval=_LOOKS,
                    update_heartbeat_interval=_SIGN_OF_LIFE,
                    # Before that `hub run` has taken them out, and ended what they hold.
                    stalled_worker_timeout=4 * GONE_AFTER,
                    install_signal_handlers=False,
                    delete_jobs="always",
                )
                await self._worker.run()  # type: ignore[no-untyped-call]

    async def _poll_shard(self, shard: int, config: str) -> None:
        if config != self._digest:
            raise _AnotherFile
        if self._stopped:
            return
        ended: Future[None] = Future()
        self._jobs.put(Job(shard, ended))
        self._came()
        await asyncio.wrap_future(ended)


class _AnotherFile(Exception):
    """The feeds.yaml of this worker is another than the one by which a job goes."""


class _ForAnother(BaseRetryStrategy):
    """Offers such a job again, for a worker that has the same."""

    def get_retry_decision(
        self,
        *,
        exception: BaseException,
        job: EnginesJob,  # noqa: ARG002 - the engine passes it
    ) -> RetryDecision | None:
        if isinstance(exception, _AnotherFile):
            return RetryDecision(retry_in={"seconds": _OFFERED_AGAIN})
        return None


def make_ready(url: str) -> None:
    """See that the engine's tables are there, as this version of it has them. Raises StoreError."""
    script = (resources.files("procrastinate.sql") / "schema.sql").read_text(encoding="utf-8")
    make_tables(url, script, metadata.version("procrastinate"))


def _app(connector: BaseConnector) -> App:
    return App(connector=connector)


def _pool(url: str, *, most: int) -> dict[str, Any]:
    return {"min_size": 1, "max_size": most, "kwargs": asked_for(url), "timeout": 10.0}


@contextmanager
def _errors(url: str) -> Iterator[None]:
    """What the engine raises becomes a StoreError that an admin can read."""
    try:
        with wrap_exceptions():
            yield
    except exceptions.ConnectorException as error:
        raise _known(url, error) from error


def _known(url: str, error: exceptions.ConnectorException) -> StoreError:
    said = next(iter(str(error.__cause__ or error).splitlines()), "")
    return StoreError(
        f"The jobs in the database {shown(url)} cannot be reached: {said}.",
        "See that the server runs and can be reached from here.",
    )
