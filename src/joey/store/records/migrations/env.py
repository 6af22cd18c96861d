"""How Alembic reaches the database: on the connection it is given, never by a URL of its own."""

from alembic import context

from joey.store.records.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
