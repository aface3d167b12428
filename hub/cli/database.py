"""The commands that keep the database."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from hub.cli.options import cli, with_database
from hub.cli.telling import EXIT_FAILED, done


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@with_database
def backup(file: Path, database: str) -> None:
    """Write a consistent copy of the database to FILE. A hub may run meanwhile."""
    from hub.signals import interrupting
    from hub.store import back_up

    with interrupting():
        back_up(database, file)
    click.echo(f"{file}: {file.stat().st_size:,} bytes.")


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@with_database
def restore(file: Path, database: str) -> None:
    """Put the backup FILE in the database's place. A file's is kept under another name."""
    from hub import mending
    from hub.model import Did
    from hub.store import shown

    said = mending.restore(database, file, now=datetime.now(UTC))
    done(database, "restore-backup", Did(about=shown(database), said=said))


@cli.command()
@click.option("--mend", is_flag=True, help="First make anew what is made of the entries.")
@with_database
def check(database: str, mend: bool) -> None:
    """Check the database for damage."""
    from hub import mending
    from hub.model import Did
    from hub.store import shown

    problems = mending.mended(database) if mend else mending.checked(database)
    said = "\n".join(problems) or f"{shown(database)} is sound."
    made = f"What is made of the entries was made anew.\n{said}"
    done(database, "mend", Did(about=shown(database), said=made) if mend else None, said)
    if problems:
        remedy = mending.BACKUP if mend else mending.MEND
        click.echo(f"    {remedy}", err=True)
        sys.exit(EXIT_FAILED)
