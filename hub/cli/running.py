"""The commands that poll, serve, and write the site."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from hub.cli.options import cli, with_address, with_config, with_database, with_templates
from hub.cli.telling import EXIT_FAILED, EXIT_STOPPED


@cli.command()
@with_address
@with_config
@with_database
def run(host: str, port: int, templates: Path | None, config: Path, database: str) -> None:
    """Poll for ever and serve the web view."""
    from hub import service

    service.run(service.Place(config=config, database=database, host=host, port=port, templates=templates))


@cli.command()
@with_address
@with_config
@with_database
def serve(host: str, port: int, templates: Path | None, config: Path, database: str) -> None:
    """Serve the web view alone."""
    from hub import service

    service.serve(service.Place(config=config, database=database, host=host, port=port, templates=templates))


@cli.command()
@with_config
@with_database
def worker(config: Path, database: str) -> None:
    """Poll for a `hub run`, with a database on a PostgreSQL server."""
    from hub.polling import worker as working

    working.run(config, database)


@cli.command()
@click.argument("members", nargs=-1, metavar="[MEMBER]...")
@click.option("--all", "every", is_flag=True, help="Every feed, also those that are not due.")
@click.option("--json", "as_json", is_flag=True, help="Print the round's figures as one JSON object.")
@with_config
@with_database
def poll(members: Sequence[str], every: bool, as_json: bool, config: Path, database: str) -> None:
    """Poll once the feeds that are due, or those of MEMBERs."""
    from hub.polling import rounds

    if members and every:
        raise click.UsageError("Name members, or say --all: both at once leaves open what is meant.")
    figures = rounds.poll_once(config, database, members=members, every=every)
    click.echo(figures.as_json() if as_json else figures.as_text())
    if figures.stopped:
        sys.exit(EXIT_STOPPED)
    # Of all feeds one is always unwell somewhere, and the round ran all the same.
    if figures.offline or (figures.failed and members):
        sys.exit(EXIT_FAILED)


# Its feeds.yaml and its database are its own, and to pass over others that were named would mislead.
@cli.command(cls=click.Command)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port to serve."
)
def demo(port: int) -> None:
    """Show a network of sample members, on this machine alone."""
    from hub import demo as demonstration

    demonstration.run(port)


@cli.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@with_templates
@with_config
@with_database
def export(folder: Path, templates: Path | None, config: Path, database: str) -> None:
    """Write the site and its merged feeds to DIR, as files. Any web server can show them."""
    from hub import export as exporting

    click.echo(exporting.run(config, database, folder, templates=templates, now=datetime.now(UTC)))
