"""Proves that #general has no hole: every number from 1 to the last is there once. Exit code 1 when one is missing."""

import json
import os
import sys
from typing import Any
from urllib.request import Request, urlopen

room = os.environ["CHAT_URL"] + "/api/v1/rooms/general/messages?limit=100&after="
headers = {"Authorization": "Bearer " + os.environ["CHAT_TOKEN"]}
page: dict[str, Any] = {"index": 1}
seen = 0
while seen < page["index"]:
    with urlopen(Request(f"{room}{seen}", headers=headers)) as answer:  # noqa: S310 - the chat's own address
        page = json.load(answer)
    for index in (message["index"] for message in page["messages"]):
        if index != seen + 1:
            sys.exit(f"A hole: {index} follows {seen}.")
        seen = index
    if not page["messages"] and seen < page["index"]:
        sys.exit(f"A hole: nothing follows {seen}.")
print(f"Complete up to number {seen}.")
