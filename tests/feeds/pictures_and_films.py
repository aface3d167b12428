from hub.model import Enclosure

EXPECTED = (
    {
        "title": "A photograph with a caption",
        "text": "A new ward opens.",
        "image": "https://east.example/mayor.jpg",
        "enclosures": (),
    },
    {
        "title": "An episode",
        "text": "We talk to nurses.",
        "image": "https://east.example/1.jpg",
        "enclosures": (Enclosure("https://east.example/1.mp3", "audio/mpeg", 5650889),),
    },
    {
        "title": "A picture in the text, and a counter",
        "text": "Long.",
        "excerpt": "Short.",
        "image": "https://east.example/ward.jpg",
    },
    {
        "title": "",
        "summary": '<img src="https://east.example/ward.jpg" alt="">',
        "image": "https://east.example/ward.jpg",
    },
)
