"""The commands. Each says what it does in a function's few lines; none decides anything.

Imports that are slow stand inside the command that needs them, so that
`hub --help` is quick.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hub import __version__
from hub.errors import ConfigError, HubError, NotAnAddress
from hub.signals import hear_once

if TYPE_CHECKING:
    from hub.audit import Decision
    from hub.desk import Desk
    from hub.model import Did, Role

Command = TypeVar("Command", bound=Callable[..., Any])

_EXIT_FAILED, _EXIT_USAGE, _EXIT_STOPPED = 1, 2, 130
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
OBJECTS_BETWEEN_COLLECTIONS = 50_000


def _config(command: Command) -> Command:
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        default=Path("feeds.yaml"),
        envvar="HUB_CONFIG",
        show_default=True,
        help="The list of members and feeds. [env: HUB_CONFIG]",
    )(command)


def _database(command: Command) -> Command:
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


def _templates(command: Command) -> Command:
    return click.option(
        "--templates",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        help="A folder whose files replace single templates of the pages.",
    )(command)


def _served(command: Command) -> Command:
    command = _templates(command)
    command = click.option(
        "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port to serve."
    )(command)
    return click.option("--host", default="127.0.0.1", show_default=True, help="The address to serve.")(
        command
    )


def _desk(database: str, config: Path = Path("feeds.yaml")) -> Desk:
    from hub.desk import Desk

    return Desk(config, database, again=True)


def _decided(database: str, action: str, decision: Decision, said: str = "") -> None:
    """Do what a command decided, which Audit keeps, and say what was done, or `said` in its place."""
    from hub import audit

    did, _ = audit.carry_out(database, action, decision, who=_giver(), now=datetime.now(UTC))
    click.echo(said or did.said)


def _giver() -> str:
    """Who gave the command that runs, as Audit has it."""
    from hub import audit

    context = click.get_current_context()
    return audit.giver(f"hub{context.command_path.removeprefix(context.find_root().command_path)}")


def _done(database: str, action: str, did: Did | None, said: str = "") -> None:
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
        _tell(problem)


def _tell(error: HubError) -> None:
    click.echo(error.problem, err=True)
    if error.remedy:
        click.echo(f"    {error.remedy}", err=True)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hub")
def cli() -> None:
    """Polls the feeds of a network's members and republishes their news merged."""


@cli.command()
@_served
@_config
@_database
def run(host: str, port: int, templates: Path | None, config: Path, database: str) -> None:
    """Poll for ever and serve the web view."""
    from hub import service

    service.run(service.Place(config=config, database=database, host=host, port=port, templates=templates))


@cli.command()
@_served
@_config
@_database
def serve(host: str, port: int, templates: Path | None, config: Path, database: str) -> None:
    """Serve the web view alone."""
    from hub import service

    service.serve(service.Place(config=config, database=database, host=host, port=port, templates=templates))


@cli.command()
@_config
@_database
def worker(config: Path, database: str) -> None:
    """Poll for a `hub run`, with a database on a PostgreSQL server."""
    from hub import worker as working

    working.run(config, database)


@cli.command()
@click.argument("members", nargs=-1, metavar="[MEMBER]...")
@click.option("--all", "every", is_flag=True, help="Every feed, also those that are not due.")
@click.option("--json", "as_json", is_flag=True, help="Print the round's figures as one JSON object.")
@_config
@_database
def poll(members: Sequence[str], every: bool, as_json: bool, config: Path, database: str) -> None:
    """Poll the feeds that are due, or those of the MEMBERs named, once."""
    from hub import rounds

    if members and every:
        raise click.UsageError("Name members, or say --all: both at once leaves open what is meant.")
    figures = rounds.poll_once(config, database, members=members, every=every)
    click.echo(figures.as_json() if as_json else figures.as_text())
    if figures.stopped:
        sys.exit(_EXIT_STOPPED)
    # Of all feeds one is always unwell somewhere, and the round ran all the same.
    if figures.offline or (figures.failed and members):
        sys.exit(_EXIT_FAILED)


# Its feeds.yaml and its database are its own, and to pass over others that were named would mislead.
@cli.command(cls=click.Command)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port to serve."
)
def demo(port: int) -> None:
    """Show a network of sample members, polled and served on this machine alone."""
    from hub import demo as demonstration

    demonstration.run(port)


@cli.group()
def feeds() -> None:
    """Look after feeds.yaml."""


@feeds.command("check")
@click.argument("url", required=False)
@click.option("--document", is_flag=True, help="Show the document there, with what is wrong at which line.")
@_config
def feeds_check(url: str | None, document: bool, config: Path) -> None:
    """Check feeds.yaml, or show what the feed at URL holds."""
    from hub import feedlist

    if not document:
        click.echo(feedlist.preview(url, config) if url else feedlist.check(config))
        return
    if url is None:
        raise click.UsageError("--document needs the URL of the document.")
    said, is_read = feedlist.document(url, config)
    click.echo(said)
    if not is_read:
        sys.exit(_EXIT_FAILED)


@feeds.command("add")
@click.argument("url")
@click.option("--member", help="The member's slug; a new member is made from the feed's title.")
@click.option("--name", help="What to call this feed among the member's; `news` unless said.")
@click.option("--unseen", is_flag=True, help="Add it without looking at it first.")
@_config
@_database
def feeds_add(
    url: str, member: str | None, name: str | None, unseen: bool, config: Path, database: str
) -> None:
    """Add the feed at URL to feeds.yaml."""
    from hub import feedlist

    said, did = feedlist.add(config, url, member=member, name=name, unseen=unseen)
    _done(database, "add-feed", did, said)


@feeds.command("remove")
@click.argument("feed", metavar="URL|MEMBER[/NAME]")
@click.option("--entries", is_flag=True, help="Take its entries out of the database too.")
@_config
@_database
def feeds_remove(feed: str, entries: bool, config: Path, database: str) -> None:
    """Take a feed out of feeds.yaml. Its entries stay published unless --entries is given."""
    desk = _desk(database, config)
    if entries:
        _decided(database, "remove", desk.remove_with_entries(feed))
    else:
        did = desk.remove(feed)
        _done(database, "remove", did, f"{did.said} `--entries` would take that too.")


@feeds.command("pause")
@click.argument("feeds", metavar="URL|MEMBER[/NAME]...", nargs=-1, required=True)
@_config
@_database
def feeds_pause(feeds: Sequence[str], config: Path, database: str) -> None:
    """Leave feeds alone until they are resumed. What they published stays."""
    _done(database, "pause", _desk(database, config).pause(feeds, paused=True))


@feeds.command("resume")
@click.argument("feeds", metavar="URL|MEMBER[/NAME]...", nargs=-1, required=True)
@_config
@_database
def feeds_resume(feeds: Sequence[str], config: Path, database: str) -> None:
    """Ask feeds again that were paused."""
    _done(database, "resume", _desk(database, config).pause(feeds, paused=False))


@feeds.command("moved")
@click.argument("feed", metavar="[URL|MEMBER[/NAME]]", required=False)
@click.option("--apply", is_flag=True, help="Make the change, comments kept.")
@_config
@_database
def feeds_moved(feed: str | None, apply: bool, config: Path, database: str) -> None:
    """Show how feeds.yaml would change for feeds that redirect for good, or change it."""
    from hub import feedlist

    said, as_proposed, did = feedlist.moved(config, database, feed, apply=apply, now=datetime.now(UTC))
    _done(database, "move-feeds", did, said)
    if apply and not as_proposed:
        sys.exit(_EXIT_FAILED)


@feeds.command("import")
@click.argument("file", type=click.File("rb"))
@_config
@_database
def feeds_import(file: Any, config: Path, database: str) -> None:
    """Add the feeds of an OPML FILE to feeds.yaml (- for standard input)."""
    from hub import feedlist

    said, did = feedlist.import_opml(config, file.read())
    _done(database, "import-feeds", did, said)


@feeds.command("export")
@_config
def feeds_export(config: Path) -> None:
    """Print the members' feeds as OPML."""
    from hub import feedlist

    click.echo(feedlist.export_opml(config), nl=False)


@cli.group()
def alerts() -> None:
    """Tell people when a feed breaks, and when it is well again (hub.alerts in feeds.yaml)."""


@alerts.command("test")
@_config
def alerts_test(config: Path) -> None:
    """Send a sample to all whom feeds.yaml has told, and say what came of it."""
    from hub.alerts import trial

    said, failed = trial.run(config, now=datetime.now(UTC))
    if said:
        click.echo(said)
    for error in failed:
        _tell(error)
    if failed:
        sys.exit(_EXIT_FAILED)


@cli.command()
@click.option("--plan", is_flag=True, help="Show what would change, with samples, and write nothing.")
@_config
@_database
def retag(plan: bool, config: Path, database: str) -> None:
    """Apply feeds.yaml's tag rules to the entries that are stored."""
    from hub import retag as retagging
    from hub.model import Did

    if plan:
        click.echo(retagging.plan(config, database))
        return
    changed, entries = retagging.run(config, database)
    said = f"{changed} of {entries} entries changed their tags."
    did = Did(about="feeds.yaml", said=f"The tag rules were applied to what is stored: {said}")
    _done(database, "retag", did, said)


@cli.group()
def story() -> None:
    """Decide which entries are the same news. No poll undoes it."""


def _whose(command: Command) -> Command:
    return click.option(
        "--member", metavar="MEMBER[/NAME]", help="Whose entry is meant, where several have that link."
    )(command)


@story.command("merge")
@click.argument("link")
@click.argument("into", metavar="OTHER_LINK")
@_whose
@_database
def story_merge(link: str, into: str, member: str | None, database: str) -> None:
    """Put the story of LINK into that of OTHER_LINK."""
    _decided(database, "merge", _desk(database).merge(link, into, member=member, into_of=member))


@story.command("split")
@click.argument("link")
@_whose
@_database
def story_split(link: str, member: str | None, database: str) -> None:
    """Take LINK out of its story, apart from the others for good."""
    _decided(database, "split", _desk(database).split(link, member=member, alone=False))


@story.command("not-a-copy")
@click.argument("link")
@_whose
@_database
def story_not_a_copy(link: str, member: str | None, database: str) -> None:
    """Keep LINK in a story of its own, whatever else is published."""
    _decided(database, "not-a-copy", _desk(database).split(link, member=member, alone=True))


@story.command("lead")
@click.argument("link")
@_whose
@_database
def story_lead(link: str, member: str | None, database: str) -> None:
    """Have LINK lead its story."""
    _decided(database, "lead", _desk(database).lead(link, member=member))


@cli.command()
@click.argument("link")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="The last day, as 2026-12-24."
)
@_whose
@_config
@_database
def pin(link: str, until: datetime | None, member: str | None, config: Path, database: str) -> None:
    """Have the story of LINK stand on the home page, beside the latest news."""
    from hub.pins import hubs_day

    last_day = until and until.date()
    today = hubs_day(config, datetime.now(UTC), needed=last_day is not None)
    _decided(database, "pin", _desk(database).pin(link, member=member, last_day=last_day, today=today))


@cli.command()
@click.argument("link")
@_whose
@_database
def unpin(link: str, member: str | None, database: str) -> None:
    """Take the story of LINK from there."""
    today = datetime.now(UTC).date()
    _decided(database, "unpin", _desk(database).unpin(link, member=member, today=today))


@cli.command()
@_database
def held(database: str) -> None:
    """List what is not published until an admin says so, with the reasons."""
    from hub import moderation

    click.echo(moderation.held(database))


@cli.command()
@click.argument("what", metavar="LINK|MEMBER[/NAME]")
@_whose
@_database
def release(what: str, member: str | None, database: str) -> None:
    """Publish LINK, whatever the rules say, or all that waits of a MEMBER or a feed of it."""
    _decided(database, "release", _desk(database).release(what, member=member))


@cli.command()
@click.argument("what", metavar="LINK|MEMBER[/NAME]")
@click.option("--why", default="", help="The reason, which readers see.")
@_whose
@_database
def withdraw(what: str, why: str, member: str | None, database: str) -> None:
    """Withdraw LINK, whatever polls bring, or drop all that waits of a MEMBER or a feed of it."""
    _decided(database, "withdraw", _desk(database).withdraw(what, member=member, why=why))


@cli.command()
@click.argument("link", metavar="LINK|URL|MEMBER[/NAME]")
@_config
@_database
def explain(link: str, config: Path, database: str) -> None:
    """Say why LINK is here, dated, tagged and merged as it is, or why not; of a feed, how it is doing."""
    from hub import explain as explaining

    said, is_here = explaining.run(config, database, link, now=datetime.now(UTC))
    click.echo(said)
    if not is_here:
        sys.exit(_EXIT_FAILED)


@cli.command()
@click.argument("link")
@_whose
@_database
def revisions(link: str, member: str | None, database: str) -> None:
    """Show what the entry at LINK said before, and what became of it word by word."""
    from hub import revisions as revising

    click.echo(revising.run(database, link, member=member))


@cli.command()
@click.argument("link")
@click.argument("term")
@click.option("--undo", is_flag=True, help="Leave it to the rules again whether the story has the tag.")
@_whose
@_config
@_database
def tag(link: str, term: str, undo: bool, member: str | None, config: Path, database: str) -> None:
    """Give the tag TERM to the story with the entry at LINK (or with that id), whatever the rules say."""
    desk = _desk(database, config)
    if undo:
        _decided(database, "leave", desk.leave_to_rules(link, term, member=member))
    else:
        _decided(database, "tag", desk.tag(link, term, member=member))


@cli.command()
@click.argument("link")
@click.argument("term")
@_whose
@_config
@_database
def untag(link: str, term: str, member: str | None, config: Path, database: str) -> None:
    """Take the tag TERM from the story with the entry at LINK (or with that id), whatever the rules say."""
    _decided(database, "untag", _desk(database, config).untag(link, term, member=member))


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
@_config
@_database
def user_add(name: str, role: Role, config: Path, database: str) -> None:
    """Print a link at which NAME chooses a password, which makes the account."""
    from hub import users

    said, decision = users.add(config, name, role, now=datetime.now(UTC))
    _decided(database, "invite", decision, said)


@user.command("reset")
@click.argument("name")
@_config
@_database
def user_reset(name: str, config: Path, database: str) -> None:
    """Print a link at which NAME chooses another password."""
    from hub import users

    said, decision = users.reset(config, name, now=datetime.now(UTC))
    _decided(database, "invite", decision, said)


@user.command("role")
@click.argument("name")
@click.argument("role", callback=_role)
@_config
@_database
def user_role(name: str, role: Role, config: Path, database: str) -> None:
    """Give the account NAME another ROLE: admin, editor, or member:SLUG."""
    from hub import users

    _decided(database, "role", users.give_role(config, name, role))


@user.command("remove")
@click.argument("name")
@_database
def user_remove(name: str, database: str) -> None:
    """Remove the account NAME, which ends its sessions."""
    from hub import users

    _decided(database, "remove-account", users.remove(name, now=datetime.now(UTC)))


@user.command("list")
@_database
def user_list(database: str) -> None:
    """List the accounts."""
    from hub import users

    click.echo(users.listed(database, now=datetime.now(UTC)))


@cli.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@_templates
@_config
@_database
def export(folder: Path, templates: Path | None, config: Path, database: str) -> None:
    """Write the whole site and its merged feeds to DIR, as files for any web server."""
    from hub import export as exporting

    click.echo(exporting.run(config, database, folder, templates=templates, now=datetime.now(UTC)))


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@_database
def backup(file: Path, database: str) -> None:
    """Write a consistent copy of the database to FILE, also while a hub runs."""
    from hub.signals import interrupting
    from hub.store import back_up

    with interrupting():
        back_up(database, file)
    click.echo(f"{file}: {file.stat().st_size:,} bytes.")


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@_database
def restore(file: Path, database: str) -> None:
    """Put the backup FILE in the database's place. A file's is kept under another name."""
    from hub import mending
    from hub.model import Did
    from hub.store import shown

    said = mending.restore(database, file, now=datetime.now(UTC))
    _done(database, "restore-backup", Did(about=shown(database), said=said))


@cli.command()
@click.option("--mend", is_flag=True, help="First make anew what is made of the entries.")
@_database
def check(database: str, mend: bool) -> None:
    """Check the database for damage."""
    from hub import mending
    from hub.model import Did
    from hub.store import shown

    problems = mending.mended(database) if mend else mending.checked(database)
    said = "\n".join(problems) or f"{shown(database)} is sound."
    made = f"What is made of the entries was made anew.\n{said}"
    _done(database, "mend", Did(about=shown(database), said=made) if mend else None, said)
    if problems:
        remedy = mending.BACKUP if mend else mending.MEND
        click.echo(f"    {remedy}", err=True)
        sys.exit(_EXIT_FAILED)


def main() -> None:
    """Run the command line, telling errors as sentences."""
    # Where they are closed Python has none, nobody wants to hear, and nothing is said.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - to its end
    # Hardly anything of a round is in circles: to look for them at every 700 new objects takes
    # a fifteenth of it, and finds nothing.
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    hear_once()
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(_EXIT_STOPPED)
    except KeyboardInterrupt:
        sys.exit(_EXIT_STOPPED)
    except HubError as error:
        _tell(error)
        sys.exit(_EXIT_USAGE if isinstance(error, ConfigError | NotAnAddress) else _EXIT_FAILED)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        click.echo(
            f"Not all could be written: {error.strerror}.\n    Look at the disk's free space.", err=True
        )
        # Python would try it once more as it ends, and say so.
        sys.stdout = sys.stderr
        sys.exit(_EXIT_FAILED)
    finally:
        # As it ends, Python looks for circles once more, among all that there is.
        gc.freeze()
