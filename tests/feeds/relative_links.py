from hub.model import Enclosure

EXPECTED = (
    {
        "link": "https://www.east.example/2026/stroke/",
        "summary": (
            '<a href="https://www.east.example/2026/stroke/report.pdf">Report</a>'
            ' <a href="https://www.east.example/all">All</a>'
        ),
        "enclosures": (Enclosure("https://east.example/files/report.pdf", "application/pdf", 1200),),
    },
    {
        "link": "https://elsewhere.example/2026/study/",
        "summary": '<a href="https://www.east.example/report.pdf">Our view</a>',
    },
    {"link": None, "summary": "<a>Here</a>"},
)
