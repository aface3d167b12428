"""The curves of `bench scale` as PNG: `python -m bench.draw build/bench.json` draws them beside the file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot

_POLLS = "a poll, "


def draw(file: Path) -> list[Path]:
    """Draw two files: what polls and what pages take, the more is stored."""
    found: dict[str, dict[str, dict[str, float]]] = json.loads(file.read_text())
    sizes = sorted(found, key=int)
    kinds = list(found[sizes[0]])
    drawn = []
    for name, title, shown in (
        ("polls", "A poll, from what was gathered to the commit", [k for k in kinds if k.startswith(_POLLS)]),
        ("pages", "A page or feed with nothing kept", [k for k in kinds if not k.startswith(_POLLS)]),
    ):
        figure, axes = pyplot.subplots(figsize=(9, 5.5), layout="constrained")
        stored = [int(size) for size in sizes]
        for kind in shown:
            median, p99 = (
                [found[size][kind][which] for size in sizes] for which in ("processor's", "its p99")
            )
            (line,) = axes.plot(stored, median, marker="o", label=kind)
            axes.plot(stored, p99, linestyle=":", marker=".", color=line.get_color())
        axes.set(xscale="log", xlabel="entries stored", ylabel="milliseconds of processor time")
        axes.set_ylim(bottom=0)
        axes.set_title(f"{title}: median, dotted the 99th percentile", loc="left")
        axes.grid(visible=True, alpha=0.3)
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
        drawn.append(file.with_name(f"{file.stem}-{name}.png"))
        figure.savefig(drawn[-1], dpi=110)
    return drawn


if __name__ == "__main__":
    print("Curves:", *draw(Path(sys.argv[1])))
