"""Which member a feed that was looked at seems to be of. Pure."""

from __future__ import annotations

from hub import urls
from hub.config.reading import Config
from hub.model import Look


def seems_of(look: Look, config: Config) -> str:
    """The member that is called as what was found, or is at home nearest to it; empty where none alone is.

    What is beneath nobody's homepage is the only member's whose homepage is on the host.
    """
    best = look.best
    named = [each.slug for each in config.members if each.name.casefold() == best.title.casefold()]
    homes = {each.slug: each.homepage for each in config.members if each.homepage}
    places = [each for each in (look.asked, best.url, best.homepage) if each]
    beneath = {slug: max(_depth(home, place) for place in places) for slug, home in homes.items()}
    deepest = max(beneath.values(), default=0)
    near = [slug for slug, depth in beneath.items() if depth == deepest > 0]
    hosts = {urls.bare_host(each) for each in places}
    there = [slug for slug, home in homes.items() if urls.bare_host(home) in hosts]
    found = next((slugs for slugs in (named, near, there) if slugs), [])
    return found[0] if len(found) == 1 else ""


def _depth(home: str, place: str) -> int:
    """How long a homepage is that an address is beneath, as they are compared; 0 where it is not."""
    above, path = urls.canonical(home) or "", (urls.canonical(place) or "").partition("?")[0]
    return len(above) if f"{path}/".startswith(f"{above}/") else 0
