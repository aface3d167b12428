"""The commands. Each says what it does in a function's few lines; none decides anything.

Imports that are slow stand inside the command that needs them, so that
`hub --help` is quick.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from pathlib import Path

import click

from hub.cli import database, feeds, news, running, users  # noqa: F401 - each adds its commands to `cli`
from hub.cli.options import cli
from hub.cli.telling import EXIT_FAILED, EXIT_STOPPED, EXIT_USAGE, tell
from hub.errors import ConfigError, HubError, NotAnAddress
from hub.signals import hear_once

__all__ = ["OBJECTS_BETWEEN_COLLECTIONS", "cli", "main"]

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
OBJECTS_BETWEEN_COLLECTIONS = 50_000


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
        sys.exit(EXIT_STOPPED)
    except KeyboardInterrupt:
        sys.exit(EXIT_STOPPED)
    except HubError as error:
        tell(error)
        sys.exit(EXIT_USAGE if isinstance(error, ConfigError | NotAnAddress) else EXIT_FAILED)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        click.echo(
            f"Not all could be written: {error.strerror}.\n    Look at the disk's free space.", err=True
        )
        # Python would try it once more as it ends, and say so.
        sys.stdout = sys.stderr
        sys.exit(EXIT_FAILED)
    finally:
        # As it ends, Python looks for circles once more, among all that there is.
        gc.freeze()
