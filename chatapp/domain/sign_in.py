"""Who is asking: passwords become sessions, and sessions and tokens become people again."""

from __future__ import annotations

from typing import Any, Final

from chatapp.core import tokens, validation
from chatapp.core.credentials import LONGEST_ADDRESS, LONGEST_USER_AGENT, Session, Token, TokenKind, storable
from chatapp.core.errors import Conflict, Forbidden, NotFound, Unauthenticated, invalid
from chatapp.core.language import _
from chatapp.core.limits import Limits
from chatapp.core.models import Identity, Person
from chatapp.core.notices import SessionEnded, TokenEnded
from chatapp.core.tokens import Claims
from chatapp.domain import endings
from chatapp.domain.news import News
from chatapp.domain.passwords import Passwords
from chatapp.settings import Settings
from chatapp.storage import audit_log, people, sessions
from chatapp.storage import tokens as token_rows
from chatapp.storage.database import Database, Transaction
from chatapp.storage.secrets import Secrets

SECOND_MS: Final = 1000
DAY_MS: Final = 86_400_000
UNREMEMBERED_IDLE_MS: Final = DAY_MS
MOST_TOKENS: Final = 100
MOST_TOKEN_DAYS: Final = 365
# What somebody shows to get a token: the credential of a request, or the hash that their password fits.
Proof = Identity | str
Made = tuple[Token, str]


class SignIn:
    """Every refusal of a credential looks the same: None, or ``Unauthenticated`` with one sentence."""

    def __init__(
        self,
        *,
        database: Database,
        news: News,
        limits: Limits,
        passwords: Passwords,
        secrets: Secrets,
        settings: Settings,
    ) -> None:
        self._database = database
        self._news = news
        self._limits = limits
        self._passwords = passwords
        self._jwt_keys = secrets.jwt_keys
        self._shared_secret = settings.shared_jwt_secret
        self._shared_audience = settings.shared_jwt_audience
        self._is_weak_allowed = settings.allow_weak_shared_secret
        self._idle_ms = settings.session_idle_days * DAY_MS
        self._life_ms = settings.session_days * DAY_MS
        self._seen: dict[str, int] = {}
        self._used: dict[int, int] = {}

    # Passwords

    async def with_password(
        self, name_or_email: str, password: str, *, remember: bool, address: str, user_agent: str, device: str = ""
    ) -> tuple[str, Person]:
        """A new session's secret, for the cookie. Raises as :meth:`Passwords.owner`."""
        while True:
            person, password_hash = await self._passwords.owner(name_or_email, password, address=address, device=device)
            better = await self._passwords.improved(password, password_hash)
            session, secret = self._new_session(person, remember, address, user_agent)
            async with self._database.transaction() as tx:
                # Otherwise the password changed while it was being checked: ask for the new one.
                if await people.password_hash(tx, person.id) == password_hash:
                    person = await endings.active(tx, person)
                    await people.update(tx, person.id, password_hash=better)
                    await self._begin(tx, person, session)
                    return secret, person

    async def check_password(self, name_or_email: str, password: str, *, address: str) -> tuple[Person, Proof]:
        """Whose name and password these are, without a session. Raises as :meth:`with_password`."""
        return await self._passwords.owner(name_or_email, password, address=address)

    def device_of(self, person: Person) -> str:
        """A cookie for the browser they have just logged in with; see :meth:`Passwords.device_of`."""
        return self._passwords.device_of(person)

    async def start_session(self, person: Person, *, remember: bool, address: str, user_agent: str) -> str:
        """The secret for the cookie of somebody who has just proved who they are in another way."""
        session, secret = self._new_session(person, remember, address, user_agent)
        async with self._database.transaction() as tx:
            await self._begin(tx, await endings.active(tx, person), session)
        return secret

    # Credentials

    async def by_session(self, secret: str) -> Identity | None:
        if not secret:
            return None
        found = await sessions.by_digest(self._database, tokens.digest(secret))
        if found is None or not self._is_alive(*found):
            return None
        identity = Identity(found[1], session_digest=found[0].digest, expires_at=found[0].expires_at)
        self.note_seen(identity)
        return identity

    async def by_token(self, token: str) -> Identity | None:
        if not token or len(token) > tokens.LONGEST:
            return None
        kind = tokens.kind_of(token)
        if kind is not None:
            return await self._by_digest(kind, tokens.digest(token))
        if tokens.is_ours(token, self._jwt_keys):
            claims = tokens.read_own(token, self._jwt_keys, self._now())
            return await self._by_claims(claims) if claims else None
        return await self._by_shared_secret(token)

    async def is_valid(self, identity: Identity) -> bool:
        """Whether what was true when the identity was found still is."""
        if identity.session_digest is not None:
            session = await sessions.by_digest(self._database, identity.session_digest)
            return session is not None and self._is_alive(*session)
        if identity.token_id is not None:
            token = await token_rows.by_id(self._database, identity.token_id)
            return token is not None and self._is_good(*token)
        person = await people.by_id(self._database, identity.person.id)
        return person is not None and not person.is_disabled and not identity.is_expired(self._database.clock())

    def seconds_left(self, identity: Identity) -> float | None:
        """Until the credential ends by itself, 0 or less when it has; None when it does not."""
        return None if identity.expires_at is None else (identity.expires_at - self._database.clock()) / SECOND_MS

    def note_seen(self, identity: Identity) -> None:
        """Remember that the credential is in use; written down by housekeeping, not by every request."""
        now = self._database.clock()
        if identity.session_digest is not None:
            self._seen[identity.session_digest] = now
        elif identity.token_id is not None:
            self._used[identity.token_id] = now

    def seen(self) -> tuple[dict[str, int], dict[int, int]]:
        """What was noted and not written down: moments by session digest, and by token id."""
        return dict(self._seen), dict(self._used)

    def forget_seen(self, seen: dict[str, int], used: dict[int, int]) -> None:
        """That is written down now; what was noted since stays."""
        self._seen = dict(self._seen.items() - seen.items())
        self._used = dict(self._used.items() - used.items())

    # Sessions

    async def log_out(self, identity: Identity) -> None:
        """Without a pace: whoever wants to go must be let go, and each costs a login, which has one."""
        if identity.session_digest is not None:
            async with self._database.transaction() as tx:
                if await self._end(tx, identity.person, identity.session_digest):
                    await audit_log.note(tx, identity.person, "logout")

    async def end_session(self, actor: Person, digest: str) -> None:
        """One of the actor's own sessions. Raises ``NotFound``."""
        self._limits.act("settings", actor.id)
        async with self._database.transaction() as tx:
            if not (tokens.is_digest(digest) and await self._end(tx, actor, digest)):
                raise NotFound
            await audit_log.note(tx, actor, "session.ended")

    async def end_other_sessions(self, identity: Identity) -> None:
        self._limits.act("settings", identity.person.id)
        async with self._database.transaction() as tx:
            ended = await sessions.delete_of(tx, identity.person.id, except_digest=identity.session_digest)
            if ended:
                await audit_log.note(tx, identity.person, "sessions.ended", count=len(ended))
            await self._news.say(tx, *map(SessionEnded, ended))

    async def sessions(self, actor: Person) -> list[Session]:
        """The actor's, newest first."""
        found = await sessions.of_person(self._database, actor.id)
        return [session for session in found if self._is_alive(session, actor)]

    # Tokens

    async def tokens(self, actor: Person) -> list[Token]:
        """The actor's, newest first."""
        found = await token_rows.of_person(self._database, actor.id)
        return [token for token in found if self._is_good(token, actor)]

    async def create_token(self, actor: Person, name: str, days: int | None, by: Proof | None = None) -> Made:
        """A personal token and its secret, which is shown now and never again. ``None`` days: it does not expire.
        Raises ``Unauthenticated`` or ``Conflict`` where the proof is over by now, ``Forbidden`` where it is a token."""
        secret, name = tokens.new_token("personal"), validation.token_name(name)
        return await self._insert_token(actor, "personal", name, tokens.digest(secret), days, by), secret

    async def create_jwt(self, actor: Person, days: int = 30, by: Proof | None = None) -> Made:
        """A token that says in itself who bears it; revocable all the same. Raises as above."""
        jti = tokens.new_secret()
        token = await self._insert_token(actor, "jwt", "JWT", tokens.digest(jti), days, by)
        issued, expires = token.created_at // SECOND_MS, (token.expires_at or 0) // SECOND_MS
        claims = Claims(str(actor.id), actor.username, issued, expires, jti)
        return token, tokens.sign(claims, self._jwt_keys)

    async def revoke_token(self, actor: Person, token_id: int) -> None:
        """One of the actor's own. Raises ``NotFound``."""
        async with self._database.transaction() as tx:
            if not await token_rows.delete(tx, actor.id, token_id):
                raise NotFound
            await audit_log.note(tx, actor, "token.revoked", f"token {token_id}")
            await self._news.say(tx, TokenEnded(token_id))

    def _new_session(self, person: Person, is_remembered: bool, address: str, user_agent: str) -> tuple[Session, str]:
        secret, now = tokens.new_secret(), self._database.clock()
        session = Session(
            digest=tokens.digest(secret),
            person_id=person.id,
            created_at=now,
            seen_at=now,
            expires_at=now + self._life_ms,
            is_remembered=is_remembered,
            address=storable(address, LONGEST_ADDRESS),
            user_agent=storable(user_agent, LONGEST_USER_AGENT),
        )
        return session, secret

    async def _begin(self, tx: Transaction, person: Person, session: Session) -> None:
        ended = await endings.make_room(tx, self._news, person, self._seen)
        await sessions.insert(tx, session)
        await audit_log.note(tx, person, "login.ok", sessions_ended=ended or None)

    async def _end(self, tx: Transaction, person: Person, digest: str) -> bool:
        was_there = await sessions.delete(tx, person.id, digest)
        await self._news.say(tx, SessionEnded(digest))
        return was_there

    async def _insert_token(
        self, actor: Person, kind: TokenKind, name: str, digest: str, days: int | None, by: Proof | None
    ) -> Token:
        if days is not None and not 1 <= days <= MOST_TOKEN_DAYS:
            raise invalid("days", _("A token lasts 1 to {n} days.").format(n=MOST_TOKEN_DAYS))
        self._limits.act("token", actor.id)
        now = self._database.clock()
        async with self._database.transaction() as tx:
            person = await endings.active(tx, actor)
            await self._check(tx, person, by)
            if not person.is_verified:
                raise Forbidden(_("Please confirm your e-mail address first."))
            if len(await token_rows.of_person(tx, person.id)) >= MOST_TOKENS:
                raise Conflict(_("You have {n} tokens. Revoke one that you no longer need.").format(n=MOST_TOKENS))
            expires_at = None if days is None else now + days * DAY_MS
            kept = dict[str, Any](kind=kind, name=name, digest=digest, at=now, expires_at=expires_at)
            token = await token_rows.insert(tx, person_id=person.id, **kept)
            await audit_log.note(tx, person, "token.made", f"token {token.id}", name=name, kind=kind, days=days)
        return token

    async def _check(self, tx: Transaction, person: Person, by: Proof | None) -> None:
        """As it is now. A token makes no other, which would outlive it."""
        if isinstance(by, str):
            await endings.still_fits(tx, person, by)
        elif by is not None:
            if by.session_digest is None:
                raise Forbidden(_("A token makes no other token. Log in for that."))
            theirs = [each for each in await sessions.of_person(tx, person.id) if self._is_alive(each, person)]
            if by.session_digest not in {each.digest for each in theirs}:
                raise Unauthenticated

    async def _by_digest(self, kind: TokenKind, digest: str) -> Identity | None:
        found = await token_rows.by_digest(self._database, digest)
        if found is None or found[0].kind != kind or not self._is_good(*found):
            return None
        identity = Identity(found[1], token_id=found[0].id, expires_at=found[0].expires_at)
        self.note_seen(identity)
        return identity

    async def _by_claims(self, claims: Claims) -> Identity | None:
        identity = await self._by_digest("jwt", tokens.digest(claims.jti))
        return identity if identity and str(identity.person.id) == claims.sub else None

    async def _by_shared_secret(self, token: str) -> Identity | None:
        named = tokens.read_shared(
            token,
            self._shared_secret,
            self._now(),
            audience=self._shared_audience,
            is_weak_allowed=self._is_weak_allowed,
        )
        name = named.username.lower() if named else ""
        if named is None or not validation.is_username(name):
            return None
        person = await people.by_username(self._database, name)
        is_good = person is not None and person.is_verified and not person.is_disabled
        return Identity(person, expires_at=named.expires_at) if person and is_good else None

    def _is_alive(self, session: Session, person: Person) -> bool:
        now = self._database.clock()
        seen_at = max(session.seen_at, self._seen.get(session.digest, 0))
        idle_ms = self._idle_ms if session.is_remembered else UNREMEMBERED_IDLE_MS
        return not person.is_disabled and now < session.expires_at and now - seen_at < idle_ms

    def _is_good(self, token: Token, person: Person) -> bool:
        is_expired = token.expires_at is not None and token.expires_at <= self._database.clock()
        return person.is_verified and not person.is_disabled and not is_expired

    def _now(self) -> int:
        return self._database.clock() // SECOND_MS
