from hub.model import Category, Enclosure, Person

EXPECTED = (
    {
        # Each author has what is said of that one.
        "authors": (Person("Jane", email="jane@trust.london"), Person("Joe")),
        # Of two languages the first, as long as the entry says none.
        "link": "https://east.example/1",
        "content": "<p>1 High St<br>Leeds</p>",
        "categories": (Category("Health & Care", None, "Health & Care"),),
        # No portrait of its author; and what is called a picture is one.
        "image": "https://east.example/photo.jpg?width=460",
        "enclosures": (Enclosure("https://east.example/film.mp4", "video/mp4"),),
    },
    {
        # Its source's come before the feed's own (RFC 4287 §4.2.1).
        "authors": (Person("Sam of the west"),),
        "link": "https://east.example/2",
        # Where a word may be broken is no part of it.
        "text": "Ein Gesundheitszentrum",
    },
)
