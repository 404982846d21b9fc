"""Runs the migrations on the connection that storage/migrate.py hands in."""

from alembic import context

from chatapp.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
    # SQLite rolls schema changes back as well; Alembic assumes it does not.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
