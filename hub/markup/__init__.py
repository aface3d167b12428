"""What others wrote, made fit to publish: HTML made safe with its links absolute, and plain words."""

from hub.markup.meant import as_html, is_html, plain, title_text, without_references
from hub.markup.sanitise import Cleaned, clean, is_content, within_page
from hub.markup.text import direction, escape, excerpt, line, only_xml, with_code, words

__all__ = [
    "Cleaned",
    "as_html",
    "clean",
    "direction",
    "escape",
    "excerpt",
    "is_content",
    "is_html",
    "line",
    "only_xml",
    "plain",
    "title_text",
    "with_code",
    "within_page",
    "without_references",
    "words",
]
