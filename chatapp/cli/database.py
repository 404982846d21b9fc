"""Looking after the database file."""

from __future__ import annotations

from pathlib import Path

import click

from chatapp.cli.process import FAILED, read_settings
from chatapp.storage import integrity


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path, dir_okay=False))
def audit(path: Path | None) -> int:
    """Check a database file and print what is wrong with it; exit code 1 when something is.

    PATH is the data folder's database unless given: a backup, or a copy. Looked at are the file's structure, holes
    and doubles in the rooms' logs, the checksum of every message, rows that belong to nothing, and the counters
    against the rows. Nothing is changed, and a server may run meanwhile.
    """
    report = integrity.audit(path or read_settings().database_path)
    for finding in report.findings:
        click.echo(finding.sentence)
    if report.count > len(report.findings):
        click.echo(f"And {report.count - len(report.findings)} more.")
    click.echo(report.summary())
    return 0 if report.is_sound else FAILED
