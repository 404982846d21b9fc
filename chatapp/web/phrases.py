"""The words that scripts show, from the same catalogue as the templates: with the page, and what is loaded late.

Plurals: one key per form."""

from __future__ import annotations

from collections.abc import Callable

from chatapp.web.language import _, ngettext


def phrases() -> dict[str, str]:
    """Those of a page, from key to sentence; ``{name}`` in a sentence is filled in by the page."""
    return _connection() | _timeline() | _sending() | _places()


def late_phrases() -> dict[str, str]:
    """Those of scripts that import ``words.js``, which are not part of a first view."""
    return _files() | _actions() | _switcher() | _completion() | _writing() | _keys() | _keys_for_messages() | _holes()


def _counted(key: str, form: Callable[[int], str]) -> dict[str, str]:
    """One key per form; where one is like many, the scripts take that of many."""
    one, many = form(1), form(2)
    return {f"{key}_other": many, **({f"{key}_one": one} if one != many else {})}


def _connection() -> dict[str, str]:
    return {
        "incomplete": _("Part of this page has not arrived yet."),
        "connecting": _("Connecting…"),
        "reconnecting_in": _("Connection lost. Reconnecting in {n} s"),
        "reconnecting": _("Connection lost. Reconnecting…"),
        "restarting_in": _("The server is restarting. Reconnecting in {n} s"),
        "restarting": _("The server is restarting. Reconnecting…"),
        "offline": _("You are offline. Messages wait here until you are back."),
        "try_now": _("Try now"),
        "updated": _("A newer version of this page is ready."),
        "reload": _("Reload"),
        "back_online": _("Connected again."),
    }


def _timeline() -> dict[str, str]:
    return {
        "today": _("Today"),
        "yesterday": _("Yesterday"),
        **_counted("new_messages", lambda n: ngettext("{n} new message", "{n} new messages", n)),
        "to_newest": _("Jump to the newest"),
        "loading_older": _("Loading older messages…"),
        "deleted_message": _("This message was deleted."),
        "damaged_message": _("This message is damaged on the server's disk."),
        "full_time": _("{date}, {time} {zone}"),
        "edited_at": _("Edited {time}"),
        "row_label": _("{name}, {time}"),
        "announce": _("{name}: {text}"),
        "file": _("File"),
    }


def _holes() -> dict[str, str]:
    return {
        # One is no plural form: a language without them says one number otherwise than a span, too.
        "hole": _("1 message is not loaded here (number {from})."),
        "holes": _("{n} messages are not loaded here (numbers {from}–{to})."),
        "hole_load": _("Load"),
        "hole_loading": _("Loading…"),
        "hole_retry": _("Retry"),
        "hole_failed": _("Loading it failed."),
        "holes_failed": _("Loading them failed."),
        "hole_lost": _("The server does not have it."),
        "holes_lost": _("The server does not have them."),
        "restored": _(
            "The chat was set back to an earlier state, as from a backup. What was written after that is gone."
        ),
    }


def _files() -> dict[str, str]:
    return {
        "files_chosen": _("Files to send"),
        "uploading": _("Uploading {name}"),
        "uploaded": _("{name} is uploaded."),
        "uploaded_looked_at": _("The server looks at it…"),
        "upload_broken": _("The upload was interrupted."),
        "upload_stalled": _("The upload has not moved for a minute."),
        "remove_file": _("Remove {name}"),
        "describe_file": _("What does {name} show?"),
        "file_too_large": _("A file may have {limit}; this one has more."),
        "file_empty": _("This file is empty."),
        "file_stuck": _("Not sent: a file failed. Remove it, or try it again."),
        "too_many_files": _("A message takes {n} files at most."),
    }


def _sending() -> dict[str, str]:
    return {
        "sending": _("Sending…"),
        "not_sent": _("Not sent."),
        "not_sent_offline": _("Not sent yet. It goes out when the connection is back."),
        "not_sent_reload": _("Not sent yet."),
        "not_sent_because": _("Not sent: {reason}"),
        "unavailable": _("The server cannot store messages at the moment. It is tried again."),
        "sends_again_in": _("Too many messages at once. Sending again in {n} s"),
        "typing_one": _("{name} is typing…"),
        "typing_two": _("{name} and {other} are typing…"),
        "typing_many": _("Several people are typing…"),
    }


def _actions() -> dict[str, str]:
    return {
        "reaction": _("{name}, {n}: {names}"),
        "you": _("you"),
        "and_more": _("{names} and {n} more"),
        "copied": _("Copied"),
        "deleting": _("This message is being deleted."),
        "not_deleted": _("Not deleted: {reason}"),
        "kept_message": _("The message stays."),
        "unsaved": _("Change not saved."),
        "edit_on": _("Go on"),
        "discard": _("Discard"),
        "not_saved": _("Not saved: there is no connection. Try again in a moment."),
        "not_saved_because": _("Not saved: {reason}"),
        "empty_message": _("A message cannot be empty. Delete it instead."),
        "changed_meanwhile": _("Changed meanwhile: saving replaces that."),
        "deleted_meanwhile": _("This message was deleted meanwhile, so nothing can be saved."),
        "not_connected": _("There is no connection. Try again in a moment."),
        "who_reacted": _("Who reacted"),
        "pick_emoji": _("Choose an emoji"),
        "find_emoji": _("Find an emoji"),
        "used_last": _("Used last"),
        "results": _("Results"),
        "loading_emoji": _("Loading…"),
        "no_emoji_found": _("No emoji is called that."),
        "marked_read": _("Marked as read."),
        "marked_unread": _("Marked as unread."),
        "mark_read": _("Mark as read"),
        "undo": _("Undo"),
    }


def _places() -> dict[str, str]:
    return {
        **_counted("unread", lambda n: ngettext("{n} unread", "{n} unread", n)),
        "presence_online": _("online"),
        "presence_away": _("away"),
        "presence_offline": _("offline"),
    }


def _switcher() -> dict[str, str]:
    return {
        "search_for": _("Search messages for “{words}”"),
        "no_rooms_found": _("No room matches."),
        "kind_direct": _("direct message"),
        "kind_open": _("open room"),
        "draft": _("Draft"),
    }


def _completion() -> dict[str, str]:
    return {
        **_counted("completions", lambda n: ngettext("{n} suggestion", "{n} suggestions", n)),
        "not_in_room": _("not in this room"),
        "calls_room": _("everybody in this room"),
        "calls_here": _("who is here now"),
    }


def _writing() -> dict[str, str]:
    return {
        "room_gone": _("You are no longer in this room."),
        "back_to_rooms": _("Back to your rooms"),
        **_counted("characters_left", lambda n: ngettext("{n} character left", "{n} characters left", n)),
        **_counted(
            "too_long",
            lambda n: ngettext(
                "{n} character over the limit. Shorten the message to send it.",
                "{n} characters over the limit. Shorten the message to send it.",
                n,
            ),
        ),
        "send_as_file": _("Send as a text file"),
        "keys_without_enter": _("Ctrl+Enter to send, Enter for a new line"),
        "keys_to_save": _("Ctrl+Enter to save, Esc to cancel"),
    }


def _keys() -> dict[str, str]:
    """What each row of the table of keys does, by its name there, under where it is pressed."""
    return {
        "keys_page": _("Everywhere"),
        "key_openSwitcher": _("Go to a room or person"),
        "key_previousRoom": _("Previous room"),
        "key_nextRoom": _("Next room"),
        "key_previousUnread": _("Previous unread room"),
        "key_nextUnread": _("Next unread room"),
        "key_oldestUnread": _("Oldest unread message"),
        "key_search": _("Search messages"),
        "key_nextRegion": _("Next part of the page"),
        "key_previousRegion": _("Previous part of the page"),
        "key_openShortcuts": _("Show keyboard shortcuts"),
        "key_attach": _("Attach files"),
        "key_type": _("Start typing to write a message"),
        "key_escape": _("Close the open layer, then go to the newest message"),
    }


def _keys_for_messages() -> dict[str, str]:
    return {
        "keys_composer": _("In the message box"),
        "key_sendByEnter": _("Send"),
        "key_send": _("Send, also on a touch keyboard"),
        "key_newline": _("New line"),
        "key_editLast": _("Edit the last message you wrote, from an empty box"),
        "key_scrollUp": _("Scroll the messages up"),
        "key_scrollDown": _("Scroll the messages down"),
        "keys_text": _("On selected words"),
        "key_bold": _("Bold"),
        "key_italic": _("Italic"),
        "key_code": _("Code"),
        "keys_log": _("In the message list"),
        "key_rowAbove": _("Message above"),
        "key_rowBelow": _("Message below"),
        "key_firstRow": _("First message shown"),
        "key_lastRow": _("Last message shown"),
        "key_replyRow": _("Reply to the message"),
        "key_editRow": _("Edit the message"),
        "key_reactRow": _("React to the message"),
        "key_unreadRow": _("Mark unread from the message on"),
        "key_deleteRow": _("Delete the message"),
        "key_copyRow": _("Copy the message's text"),
    }
