"""What the tests share: where the corpus and the benches are, when they are here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
_shared = ROOT.parent / "shared"
SHARED: Path | None = _shared if (_shared / "corpus").is_dir() else None

# In CI a test that cannot run is a fault, so there nothing is skipped.
needs_shared = pytest.mark.skipif(
    SHARED is None and not os.environ.get("CI"), reason="needs ../shared beside the checkout"
)
