from hub.model import Person

EXPECTED = (
    {
        "id": "tag:east.example,2026:1",
        "link": "https://east.example/stroke",
        # The feed's author is its entries' where they name none (RFC 4287 §4.2.1).
        "authors": (Person("The news desk", uri="https://east.example/desk"),),
    },
    {
        "id": "tag:east.example,2026:2",
        "link": None,
        "authors": (Person("Ann Other", email="ann@east.example"),),
    },
)
