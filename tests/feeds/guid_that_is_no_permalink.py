EXPECTED = (
    {"title": "Stroke pathway", "id": "https://east.example/stroke", "link": "https://east.example/stroke"},
    {"title": "Falls in care homes", "id": "4711", "link": None},
    {"title": "Frailty", "id": "news/frailty", "link": None},
    {"title": "Diabetes", "id": "https://east.example/?p=12", "link": None},
    {"title": "Asthma", "id": "4712", "link": "https://east.example/asthma/"},
)
