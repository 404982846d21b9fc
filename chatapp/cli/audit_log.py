"""The audit log, from the command line."""

from __future__ import annotations

import click

from chatapp.cli.process import ONE_PROCESS, offline
from chatapp.core.audit_log import Entry, Wanted
from chatapp.core.events import timestamp
from chatapp.domain.chat import Chat


@click.command("audit-log", epilog=ONE_PROCESS)
@click.option("--who", default="", help="Only what this name did or had done to it.")
@click.option("--action", default="", help="Only this action, as in account.disabled.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="How many entries.")
def audit_log(who: str, action: str, limit: int) -> None:
    """Print who did what to whom, from where and when, newest first; separated by tabs.

    "audit" checks that no entry was changed or taken out.
    """

    async def work(chat: Chat) -> None:
        for entry in await chat.audit_log.latest(Wanted(who=who.lower(), action=action), limit):
            click.echo(_line(entry))

    offline(work)


def _line(entry: Entry) -> str:
    return "\t".join(
        (timestamp(entry.at), entry.actor or "-", entry.action, entry.target or "-", entry.address or "-", entry.detail)
    )
