"""Drafts the next migration from the difference to storage/tables.py, for a person to finish."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from chatapp.storage.migrate import upgrade


def draft(revision: str, title: str) -> None:
    """Write versions/<revision>_<title>.py, held against a file that has every migration so far."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    with tempfile.TemporaryDirectory() as folder:
        upgrade(Path(folder) / "chatapp.db")
        with sa.create_engine(f"sqlite:///{folder}/chatapp.db").connect() as connection:
            config.attributes["connection"] = connection
            command.revision(config, title, autogenerate=True, rev_id=revision)


if __name__ == "__main__":
    revision, _, title = (sys.argv[1] if len(sys.argv) > 1 else "").partition("_")
    if not (revision.isdigit() and title):
        sys.exit("Give it the next number and a name: make migration NAME=0003_reactions")
    draft(revision, title)
