"""What the commands take: the group they are in, and the options that several have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from hub import __version__

Command = TypeVar("Command", bound=Callable[..., Any])


def with_config(command: Command) -> Command:
    """Give a command --config, which it gets as `config`."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        default=Path("feeds.yaml"),
        envvar="HUB_CONFIG",
        show_default=True,
        help="The list of members and feeds. [env: HUB_CONFIG]",
    )(command)


def with_database(command: Command) -> Command:
    """Give a command --database, which it gets as `database`."""
    return click.option(
        "--database",
        default="sqlite:///hub.db",
        envvar="HUB_DATABASE",
        show_default=True,
        help="Where news is kept. [env: HUB_DATABASE]",
    )(command)


class _Command(click.Command):
    """One that takes --config and --database also where it has no use for them.

    So whoever has a hub elsewhere can say both to every command.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        used = {parameter.name for parameter in self.params}
        self.params += [
            click.Option([f"--{name}"], hidden=True, expose_value=False)
            for name in ("config", "database")
            if name not in used
        ]


class _Group(click.Group):
    command_class = _Command
    group_class = type


def with_templates(command: Command) -> Command:
    """Give a command --templates, which it gets as `templates`."""
    return click.option(
        "--templates",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        help="A folder whose files replace single templates of the pages.",
    )(command)


def with_address(command: Command) -> Command:
    """Give a command that serves --host, --port and --templates."""
    command = with_templates(command)
    command = click.option(
        "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port to serve."
    )(command)
    return click.option("--host", default="127.0.0.1", show_default=True, help="The address to serve.")(
        command
    )


def with_member(command: Command) -> Command:
    """Give a command --member, which it gets as `member`: whose entry is meant."""
    return click.option(
        "--member", metavar="MEMBER[/NAME]", help="Whose entry is meant, where several have that link."
    )(command)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hub")
def cli() -> None:
    """Polls the feeds of a network's members and republishes their news merged."""
