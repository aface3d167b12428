"""feeds.yaml: read, checked and watched here; edited by `hub.config.edit`.

Every error names the file, the line and the key, and says what to do.
"""

from hub.config.reading import Config, load, parse, plain_feed, shipped_file
from hub.config.schema import json_schema
from hub.config.values import check_url
from hub.config.watching import Watched

__all__ = ["Config", "Watched", "check_url", "json_schema", "load", "parse", "plain_feed", "shipped_file"]
