"""Writes emoji.json from an unpacked `npm pack emojibase-data@17.0.0`: python strip.py path/to/package."""

import json
import sys
from pathlib import Path

COMPONENTS = 2
# Where two lists give one name to different emoji, the first stands: GitHub's, Slack's, Emojibase's.
LISTS = ("github", "iamcal", "emojibase")


def character(emoji: dict) -> str:
    """Fully qualified (UTS 51): with a variation selector where the character alone is drawn as text."""
    text = "".join(chr(int(code, 16)) for code in emoji["hexcode"].split("-"))
    return text + "\ufe0f" if emoji["type"] == 0 and "\ufe0f" not in text else text


def listed(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


def groups(package: Path) -> list[dict]:
    english = package / "en"
    lists = [json.loads((english / "shortcodes" / f"{name}.json").read_text()) for name in LISTS]
    first = {name: code for names in reversed(lists) for code, given in names.items() for name in listed(given)}
    own = [{c: [n for n in listed(given) if first[n] == c] for c, given in names.items()} for names in lists]
    found = json.loads((english / "messages.json").read_text())["groups"]
    every = sorted(json.loads((english / "data.json").read_text()), key=lambda emoji: emoji.get("order", 0))
    rows: dict[int, list[dict]] = {group["order"]: [] for group in found if group["order"] != COMPONENTS}
    for emoji in every:
        if emoji.get("group") in rows:
            rows[emoji["group"]].append(row(emoji, own))
    return [{"name": group["message"], "emoji": rows[group["order"]]} for group in found if group["order"] in rows]


def row(emoji: dict, lists: list[dict]) -> dict:
    short = list(dict.fromkeys(name for names in lists for name in names.get(emoji["hexcode"], [])))
    words = [word for word in emoji.get("tags", []) if word not in emoji["label"].split()]
    whole = {"emoji": character(emoji), "name": emoji["label"], "shortcodes": short, "keywords": words}
    skins = [character(skin) for skin in emoji.get("skins", [])]
    return {**whole, "skins": skins} if skins else whole


target = Path(__file__).with_name("emoji.json")
target.write_text(json.dumps(groups(Path(sys.argv[1])), ensure_ascii=False, separators=(",", ":")) + "\n")
