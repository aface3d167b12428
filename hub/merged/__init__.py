"""The merged feeds: which there are, where they are found, and what each holds now.

    addresses   where everything the hub serves is found
    catalogue   every merged feed, with its title and its addresses
    feeds       what each holds, rendered in a format
    published   what members published in a time, for reports

Made of feeds.yaml and the store, for whoever gives them to readers.
"""
