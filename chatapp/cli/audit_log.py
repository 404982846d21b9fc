"""The audit log, from the command line."""

from __future__ import annotations

from typing import Final

import click

from chatapp.cli.process import read_settings, run
from chatapp.core.audit_log import Entry, Wanted
from chatapp.core.events import timestamp
from chatapp.domain.audit_log import AuditLog
from chatapp.settings import Settings
from chatapp.storage import opening

# Below what a database counts to.
MOST: Final = 2**53


@click.command("audit-log")
@click.option("--who", default="", help="Only what this name did or had done to it.")
@click.option("--action", default="", help="Only this action, as in account.disabled.")
@click.option("--limit", type=click.IntRange(1, MOST), default=100, show_default=True, help="How many entries.")
def audit_log(who: str, action: str, limit: int) -> None:
    """Print who did what to whom, from where and when, newest first; separated by tabs.

    A server may run meanwhile: nothing is changed. "audit" checks that no entry was changed or taken out.
    """
    wanted = Wanted(who=who.lower(), action=action)
    run(_print(read_settings(), wanted, limit))


async def _print(settings: Settings, wanted: Wanted, limit: int) -> None:
    async with opening.beside(settings) as database:
        for entry in await AuditLog(database=database).latest(wanted, limit):
            click.echo(_line(entry))


def _line(entry: Entry) -> str:
    return "\t".join(
        (timestamp(entry.at), entry.actor or "-", entry.action, entry.target or "-", entry.address or "-", entry.detail)
    )
