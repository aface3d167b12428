"""The hub: polls members' feeds, tells new from copied, and republishes them merged.

`docs/design.md` says what each module is for. The flow of one poll is told in
`hub.poll`, that of a round in `hub.polling.rounds`.
"""

__version__ = "0.1.0"
