"""What a hub does by itself: polls every feed that is due, once or for ever, and what goes with that.

`rounds` has the order of it, for a round and for a hub that runs; `polls` has many
polls at once under way, whose documents other processes parse (`reading`), and
asks whether a site is away or this machine cut off (`outage`). With workers
`handing` gives out what is due, and a `worker` takes it. Between polls
`subscriber` asks to be pushed to, `sender` pushes merged feeds to others,
`noticing` looks for feeds that need somebody, `alerting` tells people, and
`keeping` takes away what is old.
"""
