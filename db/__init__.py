"""The store of the service: SQLAlchemy Core, SQLite by default."""
