"""The rules of WebSub (W3C Recommendation, 2018), for a subscriber and for a hub. Pure.

    offers      what a feed says of where its news is pushed from
    subscribing what to ask which hub now: subscribe, renew, unsubscribe
    callbacks   what to answer a hub: verification of intent, signatures
    subscribers what others may ask of the hub itself, for its merged feeds, and what they are sent

A hub, in the first three, is the server that a feed names to push its news. It
asks nothing of us and sends nothing but to a subscription's callback, whose
address nobody else knows. `hub.polling.subscriber` asks, `hub.web.websub` answers. In
the last we are the hub: `hub.web.subscribers` takes what is asked, `hub.polling.sender`
asks the callbacks and sends.
"""
