"""`hub export`: the whole site and its merged feeds as static files."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from hub.config import Config, load
from hub.errors import ConfigError, HubError
from hub.export.folder import Folder, open_folder
from hub.polling.rounds import sync_beside
from hub.report import say
from hub.said import counted
from hub.signals import interrupting
from hub.store import database_file, existing_store, on_server
from hub.web.static import Place, StaticSite

_TOLD_EVERY = 30.0  # seconds


def run(path: Path, database: str, root: Path, *, templates: Path | None, now: datetime) -> str:
    """Write the site to a folder; what was done. Raises HubError."""
    config = load(path)
    _refuse(config, path, database, root)
    with interrupting(), closing(existing_store(database)) as store, open_folder(root) as folder:
        sync_beside(store, config, database, path)
        with store.of_one_moment():
            site = StaticSite(store, config, templates=templates, now=now)
            if folder.holds(site.state):
                _write(site, site.fresh, folder, stories=False)
            else:
                stories = folder.state_of_stories != site.state_of_stories
                folder.begin()
                _write(
                    site,
                    _told(site.places(folder.has), folder, store.totals().stories),
                    folder,
                    stories=stories,
                )
                folder.finish(site.state, site.state_of_stories)
    return _done(folder)


def _write(site: StaticSite, places: Iterable[Place], folder: Folder, *, stories: bool) -> None:
    """Write what stands at these places; pages of stories that are there already only with `stories`."""
    for place in places:
        if place.is_story and not stories and folder.keep(place.file):
            continue
        body = site.make(place)
        if body is not None and not site.leads_on(place):
            folder.put(place.file, body)


def _refuse(config: Config, path: Path, database: str, root: Path) -> None:
    """Refuse what would be no site, or would be served besides. Raises HubError."""
    if config.hub.url is None:
        raise ConfigError(
            f"{path} does not say where readers will find the site: hub.url is missing.",
            "Feeds have absolute addresses, so write there what the folder's is, such as"
            " https://news.example.org/.",
        )
    for file in (path, *(() if on_server(database) else (database_file(database),))):
        # Also by a link that stands there: web servers follow it.
        stands = (file.resolve(), file.parent.resolve() / file.name)
        if any(each.is_relative_to(root.resolve()) for each in stands):
            raise HubError(
                f"{root} holds {file}, which would be served to everybody.",
                "Name a folder that is the export's own.",
            )


def _told(places: Iterator[Place], folder: Folder, stories: int) -> Iterator[Place]:
    """The same places, with progress: by stories, which most are, on a terminal; else in lines."""
    if not sys.stderr.isatty():
        yield from _told_in_lines(places, folder)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("Exporting"), BarColumn(), MofNCompleteColumn(), TextColumn("stories"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(file=sys.stderr)) as bar:
        task = bar.add_task("", total=stories)
        for place in places:
            yield place
            bar.update(task, advance=place.is_story)


def _told_in_lines(places: Iterator[Place], folder: Folder) -> Iterator[Place]:
    told = time.monotonic()
    for number, place in enumerate(places, start=1):
        yield place
        if time.monotonic() > told + _TOLD_EVERY:
            told = time.monotonic()
            say(f"{counted(number, 'file', 'files')} done, {folder.written:,} of them written.")


def _done(folder: Folder) -> str:
    written, removed = f"{folder.written:,} written", f"{folder.removed:,} taken away"
    return f"{folder.root}: {counted(len(folder), 'file', 'files')}, {written}, {removed}."
