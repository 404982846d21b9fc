"""Being told of messages while no page is open: which browsers of somebody are, and trying it."""

from __future__ import annotations

from chatapp.core import push, tokens, validation
from chatapp.core.destinations import networks
from chatapp.core.errors import Forbidden, NotFound, Unavailable, invalid
from chatapp.core.language import _
from chatapp.core.limits import Limits
from chatapp.core.models import Identity, Person
from chatapp.core.push import PushKeys, Subscription
from chatapp.domain.pushing import Pushing
from chatapp.settings import Settings
from chatapp.storage import push as rows
from chatapp.storage import pushes
from chatapp.storage.database import Database
from chatapp.storage.push import Device


class Push:
    """One subscription for each session, which ends it."""

    def __init__(self, *, database: Database, limits: Limits, settings: Settings, pushing: Pushing) -> None:
        self._database = database
        self._limits = limits
        self._keys = pushing.keys
        self.pushing = pushing
        self._allowed = networks(settings.push_networks)

    @property
    def is_on(self) -> bool:
        return self.pushing.is_on

    @property
    def key(self) -> str:
        """What browsers are to be subscribed with; empty where none are told."""
        return self._keys.newest if self.is_on else ""

    async def subscribe(self, identity: Identity, found: Subscription) -> None:
        """Have this browser told from now on, until its session ends. Raises ``Invalid``."""
        self._check()
        digest = _session(identity)
        self._limits.act("settings", identity.person.id)
        validation.together(
            endpoint=lambda: push.endpoint(found.endpoint, self._allowed),
            p256dh=lambda: push.public_key(found.p256dh),
            auth=lambda: push.secret(found.auth),
            key=lambda: _known(found.key, self._keys),
        )
        async with self._database.transaction() as tx:
            await rows.subscribe(tx, digest, identity.person.id, found)

    async def unsubscribe(self, identity: Identity) -> None:
        """Have this browser told no more; nothing where it was not."""
        await self._remove(identity.person, _session(identity))

    async def remove(self, actor: Person, digest: str) -> None:
        """The browser of one of the actor's own sessions. Raises ``NotFound``."""
        if not (tokens.is_digest(digest) and await self._remove(actor, digest)):
            raise NotFound

    async def devices(self, actor: Person) -> list[Device]:
        """The actor's, newest first."""
        return await rows.devices(self._database, actor.id)

    async def is_subscribed(self, identity: Identity) -> bool:
        """Whether this browser is, and with a key that goes on."""
        if identity.session_digest is None:
            return False
        found = await rows.of_session(self._database, identity.session_digest)
        return found is not None and found[1].key == self.key

    async def test(self, identity: Identity) -> None:
        """Send this browser a notice. Raises ``NotFound`` where it is not subscribed."""
        self._check()
        digest = _session(identity)
        self._limits.act("settings", identity.person.id)
        async with self._database.transaction() as tx:
            found = await rows.of_session(tx, digest)
            if found is None:
                raise NotFound(_("Turn notifications on in this browser first."))
            await pushes.put_test(tx, found[0])
            tx.after_commit(self.pushing.wake)

    async def _remove(self, actor: Person, digest: str) -> bool:
        self._limits.act("settings", actor.id)
        async with self._database.transaction() as tx:
            return await rows.remove(tx, actor.id, digest)

    def _check(self) -> None:
        if not self.is_on:
            raise Unavailable(_("This chat sends no notifications to closed browsers."))


def _session(identity: Identity) -> str:
    if identity.session_digest is None:
        raise Forbidden(_("Only a browser that is logged in can be told."))
    return identity.session_digest


def _known(key: str, keys: PushKeys) -> str:
    if key not in keys:
        raise invalid("key", _("This key is not one of this chat."))
    return key
