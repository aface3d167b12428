"""The rules of a WebSub subscriber (W3C Recommendation WebSub, 2018). Pure.

    offers      what a feed says of where its news is pushed from
    subscribing what to ask which hub now: subscribe, renew, unsubscribe
    callbacks   what to answer a hub: verification of intent, signatures

A hub, here, is the server that a feed names to push its news. It asks nothing
of us and sends nothing but to a subscription's callback, whose address nobody
else knows. `hub.subscriber` asks, `hub.web.websub` answers.
"""
