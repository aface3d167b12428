"""What exists is documented, and what is documented exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from hub.cli import cli
from hub.config import shipped_file
from tests.conftest import ROOT

COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
DESIGN = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")


def commands(group: click.Group = cli, prefix: str = "hub") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda value: str(value))
def test_what_a_command_does_is_said_whole_where_commands_are_listed(
    name: str, command: click.Command
) -> None:
    group: click.Group = cli
    for each in name.split()[1:-1]:
        found = group.commands[each]
        assert isinstance(found, click.Group)
        group = found
    listed = CliRunner().invoke(group, ["--help"], terminal_width=80).output
    (row,) = (line for line in listed.splitlines() if line.startswith(f"  {name.split()[-1]} "))
    assert not row.endswith("...")


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda value: str(value))
def test_every_command_and_its_options_are_documented(name: str, command: click.Command) -> None:
    row = next((line for line in COMMANDS.splitlines() if line.startswith(f"| `{name}")), None)
    assert row, f"docs/commands.md has no row for {name}"
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name not in ("config", "database"):
            assert any(option in row for option in parameter.opts), f"{name} {parameter.opts}"


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda value: str(value))
def test_every_command_but_the_demo_takes_a_feeds_yaml_and_a_database(
    name: str, command: click.Command
) -> None:
    called = [*name.split()[1:], "--config", "feeds.yaml", "--database", "sqlite:///hub.db", "--help"]
    assert CliRunner().invoke(cli, called).exit_code == (2 if name == "hub demo" else 0)


def test_no_command_is_documented_that_is_not_there() -> None:
    documented = re.findall(r"^\| `(hub [a-z]+(?: [a-z-]+)?)", COMMANDS, re.MULTILINE)
    assert set(documented) == {name for name, _ in commands()}


def test_the_readmes_targets_are_the_makefiles() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?:`|^    )make ([a-z]+)", README, re.MULTILINE))
    assert {"run", "test", "demo"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_module_has_its_place_in_the_design() -> None:
    for path in (ROOT / "hub").iterdir():
        if path.name.startswith("__"):
            continue
        name = f"{path.name}/" if path.is_dir() else path.stem
        assert f"`{name}`" in DESIGN, name


def test_the_shipped_file_is_the_one_in_the_checkout() -> None:
    assert shipped_file().resolve() == ROOT / "feeds.yaml"


DOCUMENTS = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))


def anchors(document: Path) -> set[str]:
    """What headings of a document are called in an address, as GitHub has it."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_in_a_document_leads_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if not link.startswith("https://"):
            path, _, heading = link.partition("#")
            target = document.parent / path if path else document
            assert target.exists(), link
            assert not heading or heading in anchors(target), link
