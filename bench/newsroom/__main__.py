"""The command: news with the right answers, one JSON object a line."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from typing import Any

from bench import newsroom
from bench.newsroom import entries


def counts(made: list[dict[str, Any]]) -> dict[str, Any]:
    """How many there are of what."""
    stories = Counter(entry["gold"]["story"] for entry in made)

    def of(name: str) -> dict[str, int]:
        return dict(Counter(str(entry["gold"][name]) for entry in made).most_common())

    return {
        "entries": len(made),
        "stories": len(stories),
        "multi": sum(number > 1 for number in stories.values()),
        "pairs": sum(number * (number - 1) // 2 for number in stories.values()),
        "largest": max(stories.values(), default=0),
        "kinds": of("kind"),
        "variants": of("variant"),
        "ambiguous": sum(entry["gold"]["ambiguous"] for entry in made),
        "series": dict(
            Counter(str(entry["gold"]["series"]).partition(":")[0] for entry in made).most_common()
        ),
        "languages": dict(Counter(entry["lang"] for entry in made).most_common()),
        "no_text": sum(not (entry["summary"] or entry["content"]) for entry in made),
        "bytes": sum(len(json.dumps(entry, ensure_ascii=False).encode()) for entry in made),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.newsroom",
        description=newsroom.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--stories", type=int, default=1200, help="how many different ones; copies come on top"
    )
    parser.add_argument("--stats", action="store_true", help="counts alone")
    parser.add_argument("--no-gold", action="store_true", help="what a hub would see")
    asked = parser.parse_args()
    made = entries(asked.seed, asked.stories)
    if asked.stats:
        print(json.dumps(counts(made), indent=1))
        return
    for entry in made:
        shown = {name: value for name, value in entry.items() if name != "gold" or not asked.no_gold}
        sys.stdout.write(json.dumps(shown, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
