"""What admins do, by commands and by pages alike.

The commands call these functions; the pages call `desk`, which calls them too, and
has each decision recorded. `undoing` takes decisions back.
"""
