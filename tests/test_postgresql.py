"""What is the hub's own on PostgreSQL: addresses, locks, backups."""

import psycopg


def test_each_test_has_a_database_to_itself(postgresql: str) -> None:
    with psycopg.connect(postgresql) as connection:
        assert connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone() == (0,)
