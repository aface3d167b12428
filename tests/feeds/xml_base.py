EXPECTED = (
    {
        "id": "one",
        "link": "https://cdn.example/site/2026/one.html",
        "content": '<a href="https://cdn.example/site/2026/report.pdf">Report</a>',
    },
    {
        "id": "two",
        "link": "https://east.example/two",
        "content": (
            '<img src="https://cdn.example/img/a.png"'
            ' srcset="https://cdn.example/img/a.png 1x, https://cdn.example/img/b.png 2x" alt="A graph">'
        ),
        "image": "https://cdn.example/img/a.png",
    },
)
