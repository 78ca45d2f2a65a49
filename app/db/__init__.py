"""The store's own database: engine, tables, migrations."""
