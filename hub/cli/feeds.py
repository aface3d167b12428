"""The commands that look after feeds.yaml, and apply it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from hub.cli.options import cli, with_config, with_database
from hub.cli.telling import EXIT_FAILED, decided, desk_of, done, tell


@cli.group()
def feeds() -> None:
    """Look after feeds.yaml."""


@feeds.command("check")
@click.argument("url", required=False)
@click.option("--document", is_flag=True, help="Show the document there, with what is wrong at which line.")
@with_config
def feeds_check(url: str | None, document: bool, config: Path) -> None:
    """Check feeds.yaml, or show what the feed at URL holds."""
    from hub.admin import feedlist

    if not document:
        click.echo(feedlist.preview(url, config) if url else feedlist.check(config))
        return
    if url is None:
        raise click.UsageError("--document needs the URL of the document.")
    said, is_read = feedlist.document(url, config)
    click.echo(said)
    if not is_read:
        sys.exit(EXIT_FAILED)


@feeds.command("add")
@click.argument("url")
@click.option("--member", help="The member's slug; a new member is made from the feed's title.")
@click.option("--name", help="What to call this feed among the member's; `news` unless said.")
@click.option("--unseen", is_flag=True, help="Add it without looking at it first.")
@with_config
@with_database
def feeds_add(
    url: str, member: str | None, name: str | None, unseen: bool, config: Path, database: str
) -> None:
    """Add the feed at URL to feeds.yaml."""
    from hub.admin import feedlist

    said, did = feedlist.add(config, url, member=member, name=name, unseen=unseen)
    done(database, "add-feed", did, said)


@feeds.command("remove")
@click.argument("feed", metavar="URL|MEMBER[/NAME]")
@click.option("--entries", is_flag=True, help="Take its entries out of the database too.")
@with_config
@with_database
def feeds_remove(feed: str, entries: bool, config: Path, database: str) -> None:
    """Take a feed out of feeds.yaml. Its entries stay published unless --entries is given."""
    desk = desk_of(database, config)
    if entries:
        decided(database, "remove", desk.remove_with_entries(feed))
    else:
        did = desk.remove(feed)
        done(database, "remove", did, f"{did.said} `--entries` would take that too.")


@feeds.command("pause")
@click.argument("feeds", metavar="URL|MEMBER[/NAME]...", nargs=-1, required=True)
@with_config
@with_database
def feeds_pause(feeds: Sequence[str], config: Path, database: str) -> None:
    """Leave feeds alone until they are resumed. What they published stays."""
    done(database, "pause", desk_of(database, config).pause(feeds, paused=True))


@feeds.command("resume")
@click.argument("feeds", metavar="URL|MEMBER[/NAME]...", nargs=-1, required=True)
@with_config
@with_database
def feeds_resume(feeds: Sequence[str], config: Path, database: str) -> None:
    """Ask feeds again that were paused."""
    done(database, "resume", desk_of(database, config).pause(feeds, paused=False))


@feeds.command("moved")
@click.argument("feed", metavar="[URL|MEMBER[/NAME]]", required=False)
@click.option("--apply", is_flag=True, help="Make the change, comments kept.")
@with_config
@with_database
def feeds_moved(feed: str | None, apply: bool, config: Path, database: str) -> None:
    """Show which feeds redirect for good, or change feeds.yaml for them."""
    from hub.admin import feedlist

    said, as_proposed, did = feedlist.moved(config, database, feed, apply=apply, now=datetime.now(UTC))
    done(database, "move-feeds", did, said)
    if apply and not as_proposed:
        sys.exit(EXIT_FAILED)


@feeds.command("import")
@click.argument("file", type=click.File("rb"))
@with_config
@with_database
def feeds_import(file: Any, config: Path, database: str) -> None:
    """Add the feeds of an OPML FILE to feeds.yaml. - is standard input."""
    from hub.admin import feedlist

    said, did = feedlist.import_opml(config, file.read())
    done(database, "import-feeds", did, said)


@feeds.command("export")
@with_config
def feeds_export(config: Path) -> None:
    """Print the members' feeds as OPML."""
    from hub.admin import feedlist

    click.echo(feedlist.export_opml(config), nl=False)


@cli.group()
def alerts() -> None:
    """Tell people when a feed breaks (hub.alerts in feeds.yaml)."""


@alerts.command("test")
@with_config
def alerts_test(config: Path) -> None:
    """Send a sample to the network's own people whom feeds.yaml names. Say what came of it."""
    from hub.alerts import trial

    said, failed = trial.run(config, now=datetime.now(UTC))
    if said:
        click.echo(said)
    for error in failed:
        tell(error)
    if failed:
        sys.exit(EXIT_FAILED)


@cli.command()
@click.option("--plan", is_flag=True, help="Show what would change, with samples, and write nothing.")
@with_config
@with_database
def retag(plan: bool, config: Path, database: str) -> None:
    """Apply feeds.yaml's tag rules to the entries that are stored."""
    from hub.admin import retag as retagging
    from hub.model import Did

    if plan:
        click.echo(retagging.plan(config, database))
        return
    changed, entries = retagging.run(config, database)
    said = f"{changed} of {entries} entries changed their tags."
    did = Did(about="feeds.yaml", said=f"The tag rules were applied to what is stored: {said}")
    done(database, "retag", did, said)
