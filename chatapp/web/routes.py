"""Every address of the pages and of REST, by noun. The sockets' two are in gateway/endpoint.py."""

from __future__ import annotations

from functools import cache

from aiohttp import web

from chatapp.web import assets, contract, manifest, probes, words, worker
from chatapp.web.api import candidates as api_candidates
from chatapp.web.api import changes as api_changes
from chatapp.web.api import commands as api_commands
from chatapp.web.api import files as api_files
from chatapp.web.api import levels as api_levels
from chatapp.web.api import me as api_me
from chatapp.web.api import members as api_members
from chatapp.web.api import messages as api_messages
from chatapp.web.api import notifications as api_notifications
from chatapp.web.api import pins as api_pins
from chatapp.web.api import push as api_push
from chatapp.web.api import reactions as api_reactions
from chatapp.web.api import reads as api_reads
from chatapp.web.api import rooms as api_rooms
from chatapp.web.api import search as api_search
from chatapp.web.api import server as api_server
from chatapp.web.api import tokens as api_tokens
from chatapp.web.api import unreads as api_unreads
from chatapp.web.api import users as api_users
from chatapp.web.api import ws_tickets as api_ws_tickets
from chatapp.web.pages import (
    administrators,
    audit_log,
    away,
    clocks,
    commands,
    deletions,
    densities,
    directs,
    disabled_users,
    files,
    home,
    invites,
    languages,
    levels,
    members,
    memberships,
    messages,
    notifications,
    other_sessions,
    passwords,
    people,
    pins,
    presence,
    profiles,
    push,
    quiet_hours,
    reactions,
    reads,
    registrations,
    resets,
    revisions,
    rooms,
    search,
    sessions,
    setup,
    sign_in,
    silence,
    themes,
    tokens,
    unreads,
    users,
    verifications,
)

API = "/api/v1"
ROOM = "/rooms/{slug}"
MESSAGE = ROOM + "/{index:[0-9]+}"
API_ROOM = API + "/rooms/{room}"
USER = "/admin/users/{username}"
API_MESSAGE = API_ROOM + "/messages/{index:[0-9]+}"


def setup_routes(app: web.Application) -> None:
    for resource in _resources():
        app.router.register_resource(resource)


# Cached as the templates are: the same for every application of a process.
@cache
def _resources() -> tuple[web.AbstractResource, ...]:
    table = web.UrlDispatcher()
    table.add_routes([*_probes(), *_accounts(), *_rooms(), *_settings(), *_administration(), *_api()])
    return tuple(table.resources())


def _probes() -> list[web.RouteDef]:
    return [
        web.get("/ping", probes.ping),
        web.get("/healthz", probes.healthz),
        web.get("/readyz", probes.readyz),
        web.get("/robots.txt", probes.robots),
        web.get("/api/docs", contract.show),
        web.get("/.well-known/security.txt", probes.security),
        web.get("/service-worker.js", worker.show),
        web.get("/manifest.webmanifest", manifest.show),
        web.get("/static/{digest}/{path:.+}", assets.show),
        web.get("/words/{tag}/{digest}", words.show),
    ]


def _accounts() -> list[web.RouteDef]:
    return [
        web.get("/", home.index),
        web.get("/setup", setup.new),
        web.post("/setup", setup.create),
        web.get("/login", sign_in.new),
        web.post("/login", sign_in.create),
        web.post("/logout", sign_in.destroy),
        web.get("/register", registrations.new),
        web.post("/register", registrations.create),
        web.get("/join/{code}", registrations.new),
        web.post("/join/{code}", registrations.create),
        web.get("/verify", verifications.show),
        web.post("/verify", verifications.create),
        web.get("/verify/{token}", verifications.edit),
        web.post("/verify/{token}", verifications.update),
        web.get("/forgot", resets.new),
        web.post("/forgot", resets.create),
        web.get("/reset/{token}", resets.edit),
        web.post("/reset/{token}", resets.update),
    ]


def _rooms() -> list[web.RouteDef]:
    return [
        web.get("/rooms", rooms.index),
        web.post("/rooms", rooms.create),
        web.get("/rooms/new", rooms.new),
        web.get(ROOM, rooms.show),
        web.get(ROOM + "/settings", rooms.edit),
        web.post(ROOM + "/settings", rooms.update),
        web.post(ROOM + "/level", levels.update),
        web.post(ROOM + "/join", memberships.create),
        web.post(ROOM + "/leave", memberships.destroy),
        web.post(ROOM + "/members", members.create),
        web.post(ROOM + "/members/{username}/remove", members.destroy),
        web.post(ROOM + "/read", reads.update),
        web.post(ROOM + "/read/undo", reads.destroy),
        web.post(ROOM + "/messages", messages.create),
        web.get(MESSAGE, messages.show),
        web.get(MESSAGE + "/edit", messages.edit),
        web.post(MESSAGE + "/edit", messages.update),
        web.get(MESSAGE + "/history", revisions.index),
        web.get(MESSAGE + "/delete", deletions.new),
        web.post(MESSAGE + "/delete", deletions.create),
        web.get("/commands", commands.index),
        web.get("/search", search.index),
        web.get(ROOM + "/files/{id:[0-9]+}/{name}", files.show),
        web.get(ROOM + "/thumbnails/{id:[0-9]+}", files.thumbnail),
        web.get(ROOM + "/pictures/{id:[0-9]+}", files.picture),
        web.post(MESSAGE + "/unread", unreads.create),
        web.get(MESSAGE + "/reactions", reactions.index),
        web.post(MESSAGE + "/reactions", reactions.create),
        web.post(MESSAGE + "/pin", pins.create),
        web.post(MESSAGE + "/unpin", pins.destroy),
        web.get(ROOM + "/pins", pins.index),
        web.get("/people", people.index),
        web.get("/people/{username}", people.show),
        web.post("/direct", directs.create),
    ]


def _settings() -> list[web.RouteDef]:
    return [
        web.get("/settings", profiles.index),
        web.get("/settings/profile", profiles.edit),
        web.post("/settings/profile", profiles.update),
        web.post("/settings/password", passwords.update),
        web.post("/settings/presence", presence.update),
        web.get("/settings/notifications", notifications.edit),
        web.post("/settings/notifications", notifications.update),
        web.post("/settings/quiet-hours", quiet_hours.update),
        web.post("/settings/silence", silence.update),
        web.post("/settings/push/test", push.create),
        web.post("/settings/push/remove", push.destroy),
        web.post("/settings/away", away.update),
        web.get("/settings/appearance", themes.edit),
        web.post("/settings/theme", themes.update),
        web.post("/settings/density", densities.update),
        web.post("/settings/clock", clocks.update),
        web.post("/language", languages.update),
        web.get("/settings/sessions", sessions.index),
        web.post("/settings/sessions/end", sessions.destroy),
        web.post("/settings/sessions/end-others", other_sessions.destroy),
        web.get("/settings/tokens", tokens.index),
        web.post("/settings/tokens", tokens.create),
        web.post("/settings/tokens/{id:[0-9]+}/revoke", tokens.destroy),
        web.get("/settings/invites", invites.index),
        web.post("/settings/invites", invites.create),
        web.post("/settings/invites/{id:[0-9]+}/revoke", invites.destroy),
    ]


def _administration() -> list[web.RouteDef]:
    return [
        web.get("/admin/users", users.index),
        web.get(USER, users.edit),
        web.post(USER + "/disable", disabled_users.create),
        web.post(USER + "/enable", disabled_users.destroy),
        web.post(USER + "/promote", administrators.create),
        web.post(USER + "/demote", administrators.destroy),
        web.get("/admin/audit", audit_log.index),
        web.post("/admin/audit/export", audit_log.create),
    ]


def _api() -> list[web.RouteDef]:
    return [
        web.get(API + "/server", api_server.show),
        web.post(API + "/tokens", api_tokens.create),
        web.delete(API + "/tokens/{id:[0-9]+}", api_tokens.destroy),
        web.post(API + "/ws-tickets", api_ws_tickets.create),
        web.get(API + "/me", api_me.show),
        web.get(API + "/me/notifications", api_notifications.show),
        web.put(API + "/me/push", api_push.update),
        web.delete(API + "/me/push", api_push.destroy),
        web.get(API + "/users", api_users.index),
        web.get(API + "/users/{username}", api_users.show),
        web.patch(API + "/users/{username}", api_users.update),
        web.get(API + "/rooms", api_rooms.index),
        web.post(API + "/rooms", api_rooms.create),
        web.get(API_ROOM, api_rooms.show),
        web.patch(API_ROOM, api_rooms.update),
        web.get(API_ROOM + "/members", api_members.index),
        web.get(API_ROOM + "/candidates", api_candidates.index),
        web.put(API_ROOM + "/members/{username}", api_members.update),
        web.delete(API_ROOM + "/members/{username}", api_members.destroy),
        web.get(API_ROOM + "/messages", api_messages.index),
        web.post(API_ROOM + "/messages", api_messages.create),
        web.get(API_MESSAGE, api_messages.show),
        web.patch(API_MESSAGE, api_messages.update),
        web.delete(API_MESSAGE, api_messages.destroy),
        web.put(API_MESSAGE + "/reactions/{emoji}", api_reactions.update),
        web.delete(API_MESSAGE + "/reactions/{emoji}", api_reactions.destroy),
        web.get(API_ROOM + "/pins", api_pins.index),
        web.put(API_MESSAGE + "/pin", api_pins.update),
        web.delete(API_MESSAGE + "/pin", api_pins.destroy),
        web.get(API + "/search", api_search.index),
        web.get(API + "/commands", api_commands.index),
        web.post(API + "/files", api_files.create),
        web.get(API_ROOM + "/changes", api_changes.index),
        web.put(API_ROOM + "/read", api_reads.update),
        web.delete(API_ROOM + "/read", api_reads.destroy),
        web.put(API_ROOM + "/unread", api_unreads.update),
        web.put(API_ROOM + "/level", api_levels.update),
    ]
