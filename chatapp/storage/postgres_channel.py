"""What processes call to each other over the PostgreSQL server they share: LISTEN and NOTIFY on a connection for it.

It needs a session of the server: through a pooler that gives one per transaction nothing is heard.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import asyncpg

from chatapp.core.errors import Unavailable
from chatapp.storage import postgres_errors as errors

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 10.0
NOTIFY: Final = "SELECT pg_notify($1, said) FROM unnest($2::text[]) WITH ORDINALITY AS hints(said, n) ORDER BY n"


class Channel:
    """An open one."""

    def __init__(self, connection: asyncpg.Connection[Any], name: str) -> None:
        self._connection = connection
        self._name = name

    async def call(self, said: Sequence[str]) -> None:
        """To everybody who listens, oneself too, in this order. Raises ``Unavailable`` when the connection is over."""
        with _guarded():
            await self._connection.execute(NOTIFY, self._name, list(_each_its_own(said)))


@asynccontextmanager
async def channel(
    url: str, name: str, heard: Callable[[str], None], ended: Callable[[], None]
) -> AsyncIterator[Channel]:
    """Listen under that name until the block ends; ``ended`` is called when the server hangs up before.

    Raises ``Unavailable``.
    """
    with _guarded():
        connection = await asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS,
            command_timeout=ANSWER_SECONDS,
            server_settings={"application_name": "chatapp bus"},
        )
    try:
        connection.add_termination_listener(lambda _connection: ended())
        with _guarded():
            await connection.execute("SET synchronous_commit = off")
            await connection.add_listener(name, lambda _connection, _pid, _channel, said: heard(str(said)))
        yield Channel(connection, name)
    finally:
        connection.terminate()


def _each_its_own(said: Sequence[str]) -> Iterator[str]:
    """PostgreSQL tells what is said twice in a transaction once; space after JSON says nothing."""
    times: Counter[str] = Counter()
    for each in said:
        yield each + " " * times[each]
        times[each] += 1


@contextmanager
def _guarded() -> Iterator[None]:
    try:
        yield
    except errors.FAMILY as error:
        raise Unavailable(errors.sentence(error)) from error
