"""What a hub does by itself: polls every feed that is due, once or for ever, and what goes with that.

`rounds` is one round, `forever` a hub that goes on. Both have many `polls` under
way at once, whose documents other processes parse (`reading`); where sites do not
answer, `outage` tells whether this machine is cut off. With workers, `handing`
gives out what is due and a `worker` takes it. Between polls `subscriber` asks
WebSub hubs to push to us, `sender` pushes merged feeds to their subscribers,
`noticing` looks for feeds that need somebody, `alerting` tells people, and
`keeping` takes away old news.
"""
