"""The commands that decide on news, and say why it is as it is."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from hub.cli.options import cli, with_config, with_database, with_member
from hub.cli.telling import EXIT_FAILED, decided, desk_of


@cli.group()
def story() -> None:
    """Decide which entries are the same news. No poll undoes it."""


@story.command("merge")
@click.argument("link")
@click.argument("into", metavar="OTHER_LINK")
@with_member
@with_database
def story_merge(link: str, into: str, member: str | None, database: str) -> None:
    """Put the story of LINK into that of OTHER_LINK."""
    decided(database, "merge", desk_of(database).merge(link, into, member=member, into_of=member))


@story.command("split")
@click.argument("link")
@with_member
@with_database
def story_split(link: str, member: str | None, database: str) -> None:
    """Take LINK out of its story, apart from the others for good."""
    decided(database, "split", desk_of(database).split(link, member=member, alone=False))


@story.command("not-a-copy")
@click.argument("link")
@with_member
@with_database
def story_not_a_copy(link: str, member: str | None, database: str) -> None:
    """Keep LINK in a story of its own, whatever else is published."""
    decided(database, "not-a-copy", desk_of(database).split(link, member=member, alone=True))


@story.command("lead")
@click.argument("link")
@with_member
@with_database
def story_lead(link: str, member: str | None, database: str) -> None:
    """Have LINK lead its story."""
    decided(database, "lead", desk_of(database).lead(link, member=member))


@cli.command()
@click.argument("link")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="The last day, as 2026-12-24."
)
@with_member
@with_config
@with_database
def pin(link: str, until: datetime | None, member: str | None, config: Path, database: str) -> None:
    """Have the story of LINK stand on the home page. It is pinned there beside the latest news."""
    from hub.admin.pins import hubs_day

    last_day = until and until.date()
    today = hubs_day(config, datetime.now(UTC), needed=last_day is not None)
    decided(database, "pin", desk_of(database).pin(link, member=member, last_day=last_day, today=today))


@cli.command()
@click.argument("link")
@with_member
@with_database
def unpin(link: str, member: str | None, database: str) -> None:
    """Take the story of LINK from the home page."""
    today = datetime.now(UTC).date()
    decided(database, "unpin", desk_of(database).unpin(link, member=member, today=today))


@cli.command()
@click.option("--from", "first", default="", metavar="DAY", help="The first day, as 2026-01-01; else a year.")
@click.option("--to", "last", default="", metavar="DAY", help="The last day; else today.")
@click.option("--csv", "as_table", is_flag=True, help="Print each piece of it, as a table for spreadsheets.")
@with_config
@with_database
def published(first: str, last: str, as_table: bool, config: Path, database: str) -> None:
    """Count who published what, and with whom, for reports."""
    from hub.admin.published import report

    try:
        found = report(config, database, first, last, as_table=as_table, now=datetime.now(UTC))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    # A table has its own ends of lines.
    click.echo(found, nl=not as_table)


@cli.command()
@click.option("--csv", "as_table", is_flag=True, help="Print it as a table for spreadsheets.")
@with_config
@with_database
def readers(as_table: bool, config: Path, database: str) -> None:
    """Tell how many read each merged feed."""
    from hub.admin.readers import report

    # A table has its own ends of lines.
    click.echo(report(config, database, as_table=as_table, now=datetime.now(UTC)), nl=not as_table)


@cli.command()
@with_database
def held(database: str) -> None:
    """List what waits for an admin, with the reasons."""
    from hub.admin import moderation

    click.echo(moderation.held(database))


@cli.command()
@click.argument("what", metavar="LINK|MEMBER[/NAME]")
@with_member
@with_database
def release(what: str, member: str | None, database: str) -> None:
    """Publish LINK, or all that waits of a MEMBER or a feed of it. It holds whatever the rules say."""
    decided(database, "release", desk_of(database).release(what, member=member))


@cli.command()
@click.argument("what", metavar="LINK|MEMBER[/NAME]")
@click.option("--why", default="", help="The reason, which readers see.")
@with_member
@with_database
def withdraw(what: str, why: str, member: str | None, database: str) -> None:
    """Withdraw LINK, or drop what waits of a MEMBER or feed. It holds whatever polls bring."""
    decided(database, "withdraw", desk_of(database).withdraw(what, member=member, why=why, role="admin"))


@cli.command()
@click.argument("link", metavar="LINK|URL|MEMBER[/NAME]")
@with_config
@with_database
def explain(link: str, config: Path, database: str) -> None:
    """Say why LINK is here as it is, or how a feed is doing."""
    from hub.admin import explain as explaining

    said, is_here = explaining.run(config, database, link, now=datetime.now(UTC))
    click.echo(said)
    if not is_here:
        sys.exit(EXIT_FAILED)


@cli.command()
@click.argument("link")
@with_member
@with_database
def revisions(link: str, member: str | None, database: str) -> None:
    """Show what the entry at LINK said before, word by word."""
    from hub.admin import revisions as revising

    click.echo(revising.run(database, link, member=member))


@cli.command()
@click.argument("link")
@click.argument("term")
@click.option("--undo", is_flag=True, help="Leave it to the rules again whether the story has the tag.")
@with_member
@with_config
@with_database
def tag(link: str, term: str, undo: bool, member: str | None, config: Path, database: str) -> None:
    """Give the story of LINK the tag TERM. It holds whatever the rules say. LINK may be an id."""
    desk = desk_of(database, config)
    if undo:
        decided(database, "leave", desk.leave_to_rules(link, term, member=member))
    else:
        decided(database, "tag", desk.tag(link, term, member=member))


@cli.command()
@click.argument("link")
@click.argument("term")
@with_member
@with_config
@with_database
def untag(link: str, term: str, member: str | None, config: Path, database: str) -> None:
    """Take the tag TERM from the story of LINK. It holds whatever the rules say. LINK may be an id."""
    decided(database, "untag", desk_of(database, config).untag(link, term, member=member))
