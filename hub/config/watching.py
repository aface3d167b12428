"""The feeds.yaml of a hub that runs: read again when it changes, the last good one kept."""

from __future__ import annotations

from pathlib import Path

from hub.config.reading import Config, load
from hub.errors import ConfigError

_Signature = tuple[int, int, int, int, int]


class Watched:
    """A file and the last good Config read from it. Raises ConfigError where there is none to begin with."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Before it is read: a change while it is read then differs from this.
        self._signature = _signature(path)
        self._unusable = False
        self.current: Config = load(path)

    def refresh(self) -> bool:
        """Read the file if it has changed; whether `current` is another now, or the file's again.

        Costs one look at the directory otherwise. Raises ConfigError when the
        file has become unusable, once for each change; `current` stays the
        last good one.
        """
        signature = _signature(self.path)
        if signature == self._signature:
            return False
        self._signature = signature
        try:
            config = load(self.path)
        except ConfigError as error:
            self._unusable = True
            raise ConfigError(
                error.problems, f"The hub goes on with what it read before. {error.remedy}".strip()
            ) from error
        mended, self._unusable = self._unusable, False
        if config.digest == self.current.digest:
            return mended
        self.current = config
        return True


def _signature(path: Path) -> _Signature | None:
    """What changes with a file's content; None where there is no file to look at."""
    try:
        stat = path.stat()
    except OSError:
        # Reading it will say why.
        return None
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
