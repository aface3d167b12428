"""What the commands say, have kept in Audit, and end with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hub.errors import HubError

if TYPE_CHECKING:
    from hub.admin.desk import Desk
    from hub.audit import Decision
    from hub.model import Did

EXIT_FAILED, EXIT_USAGE, EXIT_STOPPED = 1, 2, 130
"""The statuses a command ends with besides 0: it failed, was misused, or was told to end."""


def desk_of(database: str, config: Path = Path("feeds.yaml")) -> Desk:
    """What does what commands ask for; of what is the case already it does it again."""
    from hub.admin.desk import Desk

    return Desk(config, database, again=True)


def decided(database: str, action: str, decision: Decision, said: str = "") -> None:
    """Do what a command decided, which Audit keeps, and say what was done, or `said` in its place."""
    from hub import audit

    did, _ = audit.carry_out(database, action, decision, who=_giver(), now=datetime.now(UTC))
    click.echo(said or did.said)


def _giver() -> str:
    """Who gave the command that runs, as Audit has it."""
    from hub import audit

    context = click.get_current_context()
    return audit.giver(f"hub{context.command_path.removeprefix(context.find_root().command_path)}")


def done(database: str, action: str, did: Did | None, said: str = "") -> None:
    """Have Audit keep what a command did, if that is anything, and say it, or `said` in its place."""
    from hub import audit

    problem = None
    try:
        if did:
            audit.record_command(database, action, did, who=_giver(), now=datetime.now(UTC))
    except audit.NotRecordedError as error:
        problem = error
    click.echo(did.said if did and not said else said)
    if problem:
        tell(problem)


def tell(error: HubError) -> None:
    """Say an error, and beneath it what to do."""
    click.echo(error.problem, err=True)
    if error.remedy:
        click.echo(f"    {error.remedy}", err=True)
