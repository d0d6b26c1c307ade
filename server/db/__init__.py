"""The door to PostgreSQL: a pool, and numbered migrations."""
