from datetime import UTC, datetime

EXPECTED = (
    {"id": "summer", "published": datetime(2026, 7, 1, 8, 30, tzinfo=UTC), "updated": None},
    {"id": "no zone", "published": datetime(2026, 7, 1, 8, 30, tzinfo=UTC)},
    {"id": "in figures", "published": datetime(2026, 1, 5, 9, 30, tzinfo=UTC)},
    {"id": "none", "published": None},
    {
        "id": "both",
        "published": datetime(2026, 6, 30, 23, 0, tzinfo=UTC),
        "updated": datetime(2026, 7, 1, 23, 0, tzinfo=UTC),
    },
)
