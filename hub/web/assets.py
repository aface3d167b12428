"""The templates and the files that go with them, as shipped and as a network overrides them."""

from __future__ import annotations

import hashlib
import mimetypes
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from markupsafe import Markup
from msgspec import Struct

from hub.errors import ConfigError
from hub.language import Language
from hub.publish.http import Rendered
from hub.web.words import with_code

STATIC = "static"


def shipped() -> Path:
    """The folder of templates that comes with the hub."""
    package = Path(__file__).resolve().parent.parent
    # A wheel carries them inside the package; a checkout has them beside it.
    installed = package / "templates"
    return installed if installed.is_dir() else package.parent / "templates"


def environment(override: Path | None) -> Environment:
    """Templates that escape everything and refuse unknown names; those in `override` stand before ours.

    Their filter `code` is for sentences with commands between backticks.
    Raises ConfigError for an override that cannot be used, with its line.
    """
    folders = [shipped()] if override is None else [override, shipped()]
    found = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    found.install_null_translations(newstyle=True)  # type: ignore[attr-defined] # the extension's
    found.filters["code"] = with_code
    if override is not None:
        _check(override, found)
    return found


@cache
def words(language: Language) -> Mapping[str, object]:
    """What templates say the hub's own words with, in a language: Jinja's i18n extension calls these.

    Messages are HTML, and what is put into them is escaped unless it is HTML too.
    """

    def said(message: str, context: str | None, values: Mapping[str, object]) -> Markup:
        return Markup(language.message(message, context)) % values  # noqa: S704 - ours, as templates are

    @cache
    def whole(message: str, context: str | None = None) -> Markup:
        return said(message, context, {})

    def gettext(message: str, /, **values: object) -> Markup:
        return said(message, None, values) if values else whole(message)

    def pgettext(context: str, message: str, /, **values: object) -> Markup:
        return said(message, context, values) if values else whole(message, context)

    def ngettext(one: str, many: str, num: int, /, **values: object) -> Markup:
        plural = Markup(language.plural(one, many, num))  # noqa: S704 - the same
        return plural % {**values, "num": language.number(num)}

    return {"language": language, "gettext": gettext, "pgettext": pgettext, "ngettext": ngettext}


def _check(override: Path, found: Environment) -> None:
    if not override.is_dir():
        raise ConfigError(f"{override}: there is no such folder", "Give --templates a folder of templates.")
    for file in sorted(override.rglob("*.html")):
        within = file.relative_to(override)
        if within.parts[0] == STATIC or any(part.startswith(".") for part in within.parts):
            continue
        try:
            found.get_template(within.as_posix())
        except TemplateSyntaxError as error:
            problem = f"{error.filename or file}:{error.lineno}: {error.message}"
            raise ConfigError(problem, "Mend this template, or take it away to have ours.") from error
        except (TemplateError, OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{file}: {error}", "Mend this template, or take it away to have ours."
            ) from error


def sources(override: Path | None) -> Iterator[tuple[str, bytes]]:
    """What templates are made of, as it stands: every file that may be one or that one may include.

    No template is in the static folder or hidden, as what versions of them are kept in is.
    """
    for folder in [shipped()] if override is None else [override, shipped()]:
        for path, folders, names in os.walk(folder):
            within = Path(path).relative_to(folder)
            folders[:] = sorted(
                name for name in folders if not name.startswith(".") and within / name != Path(STATIC)
            )
            for name in sorted(names):
                file = folder / within / name
                if not name.startswith(".") and file.is_file():
                    yield str(within / name), file.read_bytes()


class Asset(Struct, frozen=True):
    """A file beside the templates. `version` changes with its bytes."""

    rendered: Rendered
    version: str


def assets(override: Path | None) -> Mapping[str, Asset]:
    """Every file of the static folders by its path in there, overrides before ours.

    They are read once, so that no address can ever reach another file.
    """
    found: dict[str, Asset] = {}
    for folder in [shipped()] if override is None else [shipped(), override]:
        root = folder / STATIC
        for file in sorted(root.rglob("*")):
            if file.is_file():
                found[file.relative_to(root).as_posix()] = _asset(file)
    return found


def _asset(file: Path) -> Asset:
    body = file.read_bytes()
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    if media_type.startswith("text/") or media_type == "image/svg+xml":
        media_type += "; charset=utf-8"
    modified = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return Asset(
        Rendered(body=body, media_type=media_type, last_modified=modified),
        version=hashlib.blake2b(body, digest_size=8).hexdigest(),
    )
