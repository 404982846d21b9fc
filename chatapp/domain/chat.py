"""The chat as one object: what the doors hold in their hands."""

from __future__ import annotations

import msgspec

from chatapp.core.limits import Limits
from chatapp.domain.access import Access
from chatapp.domain.accounts import Accounts
from chatapp.domain.audit_log import AuditLog
from chatapp.domain.files import Files
from chatapp.domain.housekeeping import Housekeeping
from chatapp.domain.invites import Invites
from chatapp.domain.letters import Letters
from chatapp.domain.links import Links
from chatapp.domain.memberships import Memberships
from chatapp.domain.messages import Messages
from chatapp.domain.notifications import Notifications
from chatapp.domain.outbox import Outbox
from chatapp.domain.people import People
from chatapp.domain.pins import Pins
from chatapp.domain.presence import Whereabouts
from chatapp.domain.push import Push
from chatapp.domain.reactions import Reactions
from chatapp.domain.rooms import Rooms
from chatapp.domain.search import Search
from chatapp.domain.sign_in import SignIn
from chatapp.domain.tickets import Tickets
from chatapp.realtime.hub import Hub
from chatapp.settings import Settings


class Chat(msgspec.Struct, frozen=True):
    """Everything people may do here, by noun."""

    settings: Settings
    access: Access
    accounts: Accounts
    people: People
    links: Links
    letters: Letters
    sign_in: SignIn
    tickets: Tickets
    invites: Invites
    rooms: Rooms
    memberships: Memberships
    messages: Messages
    reactions: Reactions
    pins: Pins
    presence: Whereabouts
    notifications: Notifications
    push: Push
    search: Search
    files: Files
    audit_log: AuditLog
    outbox: Outbox
    housekeeping: Housekeeping
    limits: Limits
    hub: Hub

    @property
    def epoch(self) -> str:
        """Which life of the database this is."""
        return self.messages.epoch

    async def is_ready(self) -> bool:
        """Whether the database can be read and written, and the process is not about to end."""
        return not self.hub.is_draining and await self.housekeeping.is_database_well()
