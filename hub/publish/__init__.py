"""Stories to bytes: what readers, other programs and other hubs get from us.

Everything published passes `hub.publish.item`, which keeps what a member does
not let us carry. The renderers are pure: the same items give the same bytes.
"""
