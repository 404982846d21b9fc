"""Writes emoji.json, and emoji.zh-Hans.json, from an unpacked `npm pack emojibase-data@17.0.0`:
python strip.py path/to/package."""

import json
import sys
from pathlib import Path

COMPONENTS = 2
# Where two lists give one name to different emoji, the first stands: GitHub's, Slack's, Emojibase's.
LISTS = ("github", "iamcal", "emojibase")
# Emojibase's own are of several hands, some in traditional characters.
GROUPS_IN_CHINESE = ("表情与情感", "人物与身体", "动物与自然", "食物与饮料", "旅行与地点", "活动", "物品", "符号", "旗帜")


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


def translated(english: list[dict], package: Path) -> list[dict]:
    """The same with Chinese names, found by Chinese words and by all that finds them in English."""
    chinese = {character(emoji): emoji for emoji in json.loads((package / "zh" / "data.json").read_text())}
    rows = [[renamed(each, chinese[each["emoji"]]) for each in group["emoji"]] for group in english]
    return [{"name": name, "emoji": emoji} for name, emoji in zip(GROUPS_IN_CHINESE, rows, strict=True)]


def renamed(row: dict, emoji: dict) -> dict:
    words = [word for word in emoji.get("tags", []) if word not in emoji["label"]]
    return {**row, "name": emoji["label"], "keywords": [*words, row["name"], *row["keywords"]]}


def write(name: str, table: list[dict]) -> None:
    whole = json.dumps(table, ensure_ascii=False, separators=(",", ":"))
    Path(__file__).with_name(name).write_text(whole + "\n")


source = Path(sys.argv[1])
english = groups(source)
write("emoji.json", english)
write("emoji.zh-Hans.json", translated(english, source))
