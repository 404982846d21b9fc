"""The bus on PostgreSQL's LISTEN and NOTIFY, by a connection of its own.

It needs a session of the server: through a pooler that gives one per transaction nothing is heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from chatapp.realtime.bus import Bus, Gone, Line

CHANNEL: Final = "chatapp"
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 10.0
# A connection that was cut without a word is found out by asking.
ASK_SECONDS: Final = 10.0
NOTIFY: Final = "SELECT pg_notify($1, said) FROM unnest($2::text[]) WITH ORDINALITY AS hints(said, n) ORDER BY n"
FAMILY: Final = (
    *(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError),
    *(OSError, TimeoutError),
)


class PostgresLine(Line):
    """On that connection."""

    def __init__(self, connection: asyncpg.Connection[Any]) -> None:
        self._connection = connection

    async def send(self, hints: Sequence[bytes]) -> None:
        try:
            await self._connection.execute(NOTIFY, CHANNEL, [hint.decode() for hint in hints])
        except FAMILY as error:
            raise Gone(str(error) or type(error).__name__) from error


class PostgresBus(Bus):
    """Of the processes on one database."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Line]:
        try:
            connection = await asyncpg.connect(
                self._url,
                timeout=CONNECT_SECONDS,
                command_timeout=ANSWER_SECONDS,
                server_settings={"application_name": "chatapp bus", "synchronous_commit": "off"},
            )
        except FAMILY as error:
            raise Gone(str(error) or type(error).__name__) from error
        asking = asyncio.create_task(self._ask(), name="bus asks")
        try:
            connection.add_termination_listener(lambda _connection: self.ended())
            await self._listen(connection)
            yield PostgresLine(connection)
        finally:
            asking.cancel()
            connection.terminate()

    async def _listen(self, connection: asyncpg.Connection[Any]) -> None:
        try:
            await connection.add_listener(CHANNEL, lambda _connection, _pid, _channel, said: self.take(str(said)))
        except FAMILY as error:
            raise Gone(str(error) or type(error).__name__) from error

    async def _ask(self) -> None:
        """Have something sent now and then, if it is nothing at all."""
        while True:
            await asyncio.sleep(ASK_SECONDS)
            self.ended()
