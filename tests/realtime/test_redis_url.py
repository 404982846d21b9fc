"""A bus that asks for what is not keeps the chat from starting, in words; nothing is connected to."""

from __future__ import annotations

import pytest

from chatapp.app import bus_of
from chatapp.settings import Settings, SettingsError


@pytest.mark.parametrize("query", ["nonsense=1", "socket_timeout=soon"])
def test_what_redis_py_does_not_take_is_named(query: str) -> None:
    settings = Settings(
        database_url="postgresql://localhost/chat", redis_url=f"redis://:mysecretkey@localhost:6379?{query}"
    )
    with pytest.raises(SettingsError) as caught:
        bus_of(settings, "epoch")
    (sentence,) = caught.value.problems
    assert sentence.startswith("CHATAPP_REDIS_URL")
    assert query.partition("=")[0] in sentence
    assert "mysecretkey" not in sentence


def test_what_redis_py_takes_is_taken() -> None:
    url = "rediss://:mysecretkey@localhost:6379/1?ssl_cert_reqs=required&health_check_interval=30"
    assert bus_of(Settings(database_url="postgresql://localhost/chat", redis_url=url), "epoch") is not None
