"""What tests share: a site, a hub with a clock, a PostgreSQL, and where the corpus and the benches are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.signals import told_for
from tests.moments import Moments, moments
from tests.site import Site, serving

ROOT = Path(__file__).resolve().parent.parent
_shared = ROOT.parent / "shared"
SHARED: Path | None = _shared if (_shared / "corpus").is_dir() else None

# In CI a test that cannot run is a fault, so there nothing is skipped.
needs_shared = pytest.mark.skipif(
    SHARED is None and not os.environ.get("CI"), reason="needs ../shared beside the checkout"
)

# Images of containers set this. Each process that a test starts would then compile the hub anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(autouse=True)
def _nobody_is_told_to_end() -> Iterator[None]:
    """What is told to end waits for little, as would all tests that follow in the same process."""
    yield
    assert not told_for(), "A signal was sent to the process of the tests: send it to another."


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Moments]:
    with moments(tmp_path) as running:
        yield running


@pytest.fixture
def postgresql() -> Iterator[str]:
    """The address of an empty database of a real server."""
    from tests.postgresql import new_database

    with new_database() as address:
        yield address
