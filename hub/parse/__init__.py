"""What servers send, to entries as the publisher wrote them: feeds (`feed`), and sites without (`sites`).

Neither is loaded before a document has to be read, which most polls never come to.
"""
