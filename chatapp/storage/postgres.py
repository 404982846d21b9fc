"""A database on a PostgreSQL server, which several processes may share.

Rooms' numbers are given under locks of their rows. What the domain reads in a transaction stays so until its end: it
holds an advisory lock alone, which batches of journals hold together.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import sqlalchemy as sa
import structlog

from chatapp.core.clock import Clock, system_clock
from chatapp.core.errors import Unavailable
from chatapp.core.language import N_
from chatapp.storage import postgres_errors as errors
from chatapp.storage.database import Commit, Contended, Damaged, Database, Durability, Outdated, Row, Transaction, Work
from chatapp.storage.engine import AsyncConnection
from chatapp.storage.postgres_doubts import became_of
from chatapp.storage.postgres_engine import WHICH, Asked, Unstorable, engine, every, fetched, first, refuse_unstorable
from chatapp.storage.postgres_risks import risks_of
from chatapp.storage.postgres_writing import PROBE, REFUSED, RETRY_SECONDS, PostgresTransaction, writer_on
from chatapp.storage.statement import Statement
from chatapp.storage.tables import meta

READERS: Final = 4
# "chat" in ASCII: whoever else uses advisory locks in this database takes other numbers.
LOCK: Final = sa.bindparam("lock", 0x63686174, sa.BigInteger)
_number = sa.cast(sa.func.pg_current_xact_id(), sa.Text)
ALONE: Final = sa.select(sa.func.pg_advisory_xact_lock(LOCK), _number)
TOGETHER: Final = sa.select(sa.func.pg_advisory_xact_lock_shared(LOCK), _number)
REPLACED: Final = N_("Another database server has taken over. Whoever runs this server has to restart it.")
AGAIN_SECONDS: Final = 0.5

T = TypeVar("T")
C = TypeVar("C", bound=Commit)

log = structlog.get_logger()


class PostgresDatabase(Database):
    """Opened by :func:`open_postgres`. A server that is away, full, starting or read-only raises ``Unavailable``."""

    is_shared = True

    def __init__(self, url: str, folder: Path, durability: Durability, clock: Clock) -> None:
        super().__init__(folder, clock)
        self.has_refused = False
        self.is_damaged = False
        self._readers = engine(url, Asked(durability, is_reader=True), READERS)
        self._writers = engine(url, Asked(durability), 1)
        # Who waits for a turn here is woken by whoever leaves; who waits in the pool is not by one that failed.
        self._turns = asyncio.Semaphore(READERS)
        self._is_away = False
        # How often nothing was answered at all, each time after seconds.
        self._silences = 0
        # As the log has it, until something is written.
        self._refusal = ""
        self._identity = ""
        # Commits of which nobody knows what became: the connection was lost before the answer came.
        self._doubts: list[tuple[str, Commit]] = []
        self._settling: asyncio.Task[None] | None = None

    async def one(self, statement: sa.Executable) -> Row | None:
        with suppress(Unstorable):
            return await self._read(lambda connection: first(connection, statement))
        return None

    async def all(self, statement: sa.Executable) -> Sequence[Row]:
        with suppress(Unstorable):
            return await self._read(lambda connection: every(connection, statement))
        return []

    async def hot(self, statement: Statement, **named: Any) -> list[Any]:
        sql, values = statement.postgres.sql, statement.postgres.values(**named)
        with suppress(Unstorable):
            refuse_unstorable(values)
            return await self._read(lambda connection: fetched(connection, sql, values))
        return []

    @asynccontextmanager
    async def transaction(self, *, alone: bool = True) -> AsyncIterator[Transaction]:
        async with self._written(ALONE if alone else TOGETHER, self._transaction) as transaction:
            yield transaction

    async def batch(self, work: Work[T]) -> T:
        async with self._written(TOGETHER, writer_on) as writer:
            return await work(writer)

    async def is_well(self) -> bool:
        try:
            await self.one(sa.select(meta.c.key).limit(1))
            if self.has_refused or self._doubts:
                async with self.transaction() as tx:
                    for statement in PROBE:
                        await tx.execute(statement)
                self.has_refused = False
        except Unavailable:
            return False
        return not self.is_damaged

    async def risks(self) -> list[str]:
        return await risks_of(self)

    async def close(self) -> None:
        if self._settling is not None:
            self._settling.cancel()
            await asyncio.wait([self._settling])
        await self._readers.dispose()
        await self._writers.dispose()

    @asynccontextmanager
    async def _turn(self, line: asyncio.Lock | asyncio.Semaphore) -> AsyncIterator[None]:
        """Whoever waits while the server is found to be silent does not find that out again, one after the other."""
        silences = self._silences
        async with line:
            if self._is_away and self._silences != silences:
                raise Unavailable(REFUSED, retry_after=RETRY_SECONDS)
            yield

    # Reading

    async def _read(self, ask: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        with self._guarded():
            try:
                return await self._read_once(ask)
            except errors.FAMILY as error:
                if not errors.is_lost(error):
                    raise
            # Cut off in the middle: a new connection may do.
            return await self._read_once(ask)

    async def _read_once(self, ask: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self._turn(self._turns), self._readers.connect() as connection:
            try:
                answer = await ask(connection)
            except BaseException as error:
                if errors.is_lost(error) or not isinstance(error, Exception):
                    await asyncio.shield(connection.invalidate())
                raise
        self._is_back()
        return answer

    # Writing

    @asynccontextmanager
    async def _written(self, lock: sa.Select[Any], make: Callable[[AsyncConnection], Awaitable[C]]) -> AsyncIterator[C]:
        """One transaction under that lock: committed and announced, or rolled back."""
        async with self._turn(self.write_lock):
            with self._guarded():
                connection, number = await self._begun(lock)
                try:
                    commit = await make(connection)
                    yield commit
                    await self._commit(connection, number, commit)
                except BaseException as error:
                    await asyncio.shield(self._give_back(connection, error))
                    raise
                await connection.close()
            self._refusal = ""
            # Inside the lock, so that announcements keep the order of commits.
            commit.announce()

    async def _begun(self, lock: sa.Select[Any]) -> tuple[AsyncConnection, str]:
        """A connection with a transaction that holds the lock, and the number of the transaction."""
        try:
            return await self._begun_once(lock)
        except errors.FAMILY as error:
            if not errors.is_lost(error):
                raise
        return await self._begun_once(lock)

    async def _begun_once(self, lock: sa.Select[Any]) -> tuple[AsyncConnection, str]:
        connection = await self._writers.connect()
        try:
            await self._refuse_another(connection)
            number = str((await connection.execute(lock)).one()[1])
            await self._settle(connection)
        except BaseException as error:
            await asyncio.shield(self._give_back(connection, error))
            raise
        self._is_back()
        return connection, number

    async def _refuse_another(self, connection: AsyncConnection) -> None:
        """What has taken over may lack answered changes, and would give their numbers out again in this epoch."""
        if "identity" not in connection.info:
            identity = (await connection.execute(WHICH)).scalar_one()
            self._identity = self._identity or identity
            if identity != self._identity:
                log.error("database.replaced")
                raise Unavailable(REPLACED)
            connection.info["identity"] = identity

    async def _commit(self, connection: AsyncConnection, number: str, commit: Commit) -> None:
        try:
            await connection.commit()
        except BaseException as error:
            if errors.is_lost(error) or isinstance(error, asyncio.CancelledError):
                log.warning("commit.unknown", error=errors.sentence(error))
                self._doubts.append((number, commit))
                if self._settling is None or self._settling.done():
                    self._settling = asyncio.create_task(self._settle_soon(), name="settling")
            raise

    async def _give_back(self, connection: AsyncConnection, error: BaseException) -> None:
        with suppress(*errors.FAMILY):
            if errors.is_lost(error) or errors.is_read_only(error) or isinstance(error, asyncio.CancelledError):
                await connection.invalidate()
            await connection.close()

    async def _transaction(self, connection: AsyncConnection) -> Transaction:
        return PostgresTransaction(connection, self.clock())

    # What became of a commit

    async def _settle(self, connection: AsyncConnection) -> None:
        """Tell of the commits in doubt that have come about, before anything newer is told."""
        while self._doubts:
            number, commit = self._doubts[0]
            became = await became_of(connection, number, commit)
            if became == "in progress":
                raise Unavailable(REFUSED, retry_after=RETRY_SECONDS)
            del self._doubts[0]
            log.info("commit.settled", became=became)
            if became == "committed":
                commit.announce()

    async def _settle_soon(self) -> None:
        while self._doubts:
            await asyncio.sleep(AGAIN_SECONDS)
            with suppress(Unavailable):
                async with self.transaction():
                    pass

    # How it is doing

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Whatever passes by itself is ``Unavailable``, not a bug."""
        try:
            yield
        except Outdated:
            if not self.outdated.is_set():
                log.error("database.outdated", detail="A newer version has taken it over. This one ends.")
            self.outdated.set()
            raise
        except errors.FAMILY as error:
            if errors.is_contention(error):
                raise Contended(REFUSED, retry_after=RETRY_SECONDS) from error
            if not errors.is_passing(error):
                raise
            self._note(error)
            raise (Damaged if errors.is_damage(error) else Unavailable)(REFUSED, retry_after=RETRY_SECONDS) from error

    def _note(self, error: BaseException) -> None:
        self.has_refused = True
        if errors.is_damage(error) and not self.is_damaged:
            self.is_damaged = True
            log.error("database.damaged", error=errors.sentence(error), detail="See: chatapp audit")
        elif errors.is_lost(error):
            if not self._is_away:
                log.error("database.gone", error=errors.sentence(error))
            self._is_away = True
            self._silences += isinstance(errors.cause(error), TimeoutError)
        elif errors.state(error) != self._refusal:
            self._refusal = errors.state(error)
            log.error("database.refused", error=errors.sentence(error))

    def _is_back(self) -> None:
        if self._is_away:
            log.error("database.back")
        self._is_away = False


@asynccontextmanager
async def open_postgres(
    url: str, *, folder: Path, durability: Durability = "full", clock: Clock = system_clock
) -> AsyncIterator[PostgresDatabase]:
    """Open a migrated database; the folder is that of the secrets."""
    database = PostgresDatabase(url, folder, durability, clock)
    try:
        yield database
    finally:
        await database.close()
