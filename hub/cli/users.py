"""The commands that say who may use the admin pages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hub.cli.options import cli, with_config, with_database
from hub.cli.telling import decided

if TYPE_CHECKING:
    from hub.model import Role


@cli.group()
def user() -> None:
    """Say who may use the admin pages, at /admin/."""


def _role(_context: click.Context, _option: click.Parameter, written: str) -> Role:
    from hub.model import Role

    try:
        return Role.read(written)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error


@user.command("add")
@click.argument("name")
@click.option(
    "--role",
    default="admin",
    show_default=True,
    callback=_role,
    metavar="ROLE",
    help="What NAME may do: admin, editor (decides on news), or member:SLUG (an editor of that member).",
)
@with_config
@with_database
def user_add(name: str, role: Role, config: Path, database: str) -> None:
    """Print a link at which NAME makes an account. A password is chosen there."""
    from hub.admin import users

    said, decision = users.add(config, name, role, now=datetime.now(UTC))
    decided(database, "invite", decision, said)


@user.command("reset")
@click.argument("name")
@with_config
@with_database
def user_reset(name: str, config: Path, database: str) -> None:
    """Print a link at which NAME chooses another password."""
    from hub.admin import users

    said, decision = users.reset(config, name, now=datetime.now(UTC))
    decided(database, "invite", decision, said)


@user.command("role")
@click.argument("name")
@click.argument("role", callback=_role)
@with_config
@with_database
def user_role(name: str, role: Role, config: Path, database: str) -> None:
    """Give the account NAME another ROLE: admin, editor, or member:SLUG."""
    from hub.admin import users

    decided(database, "role", users.give_role(config, name, role))


@user.command("remove")
@click.argument("name")
@with_database
def user_remove(name: str, database: str) -> None:
    """Remove the account NAME, which ends its sessions."""
    from hub.admin import users

    decided(database, "remove-account", users.remove(name, now=datetime.now(UTC)))


@user.command("list")
@with_database
def user_list(database: str) -> None:
    """List the accounts."""
    from hub.admin import users

    click.echo(users.listed(database, now=datetime.now(UTC)))
