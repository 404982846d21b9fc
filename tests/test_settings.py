"""Settings fail early and say everything that is wrong; secrets stay secret."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Final

import pytest

from chatapp.settings import Settings, SettingsError

LONG_SECRET: Final = "s" * 32


def problems(**environ: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environ)
    return caught.value.problems


def test_nothing_needs_to_be_set() -> None:
    settings = Settings.from_env({"PATH": "/bin"})
    assert (settings.host, settings.port, settings.data) == ("127.0.0.1", 8080, Path("data"))
    assert settings == Settings()


def test_each_kind_of_setting_is_read() -> None:
    settings = Settings.from_env(
        {
            "CHATAPP_PORT": "0",
            "CHATAPP_DATA": "~/chat",
            "CHATAPP_BASE_URL": "https://chat.example.org/",
            "CHATAPP_DURABILITY": "normal",
            "CHATAPP_LIMITS": "off",
            "CHATAPP_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8,",
        }
    )
    assert settings.port == 0
    assert settings.data == Path.home() / "chat"
    assert settings.base_url == "https://chat.example.org"
    assert settings.is_https
    assert settings.durability == "normal"
    assert settings.limits is False
    assert settings.trusted_proxies == ("127.0.0.1", "10.0.0.0/8")


@pytest.mark.parametrize(
    ("word", "meaning"), [("1", True), ("On", True), ("yes", True), ("0", False), ("FALSE", False)]
)
def test_a_switch_takes_the_usual_words(word: str, meaning: bool) -> None:
    assert Settings.from_env({"CHATAPP_LIMITS": word}).limits is meaning


def test_a_misspelt_name_is_refused_with_a_suggestion() -> None:
    assert problems(CHATAPP_PROT="80") == ["There is no setting CHATAPP_PROT. Did you mean CHATAPP_PORT?"]


def test_names_of_the_test_suite_are_no_misspellings() -> None:
    names = {"CHATAPP_CHROMIUM": "/usr/bin/chromium", "CHATAPP_FIREFOX": "firefox", "CHATAPP_TEST_POSTGRES": ""}
    assert Settings.from_env(names) == Settings()


def test_all_problems_are_told_at_once() -> None:
    found = problems(CHATAPP_PORT="high", CHATAPP_DURABILITY="maybe", CHATAPP_LIMITS="perhaps", CHATAPP_MAX_CONTENT="0")
    assert found == [
        "CHATAPP_PORT: must be a whole number.",
        "CHATAPP_DURABILITY: must be one of full, normal.",
        "CHATAPP_LIMITS: must be on or off.",
        "CHATAPP_MAX_CONTENT: must be at least 1.",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHATAPP_PORT", "65536"),
        ("CHATAPP_PORT", "-1"),
        ("CHATAPP_BASE_URL", "chat.example.org"),
        ("CHATAPP_SMTP_URL", "mail.example.org:25"),
        ("CHATAPP_SECURITY_CONTACT", "security@example.org"),
        ("CHATAPP_SECURITY_CONTACT", "http://example.org/security"),
        ("CHATAPP_SECURITY_CONTACT", "https://[example.org"),
        ("CHATAPP_SECURITY_CONTACT", "https://example.org/a\nContact: mailto:eve@evil.example"),
        ("CHATAPP_SHARED_JWT_SECRET", "mysecretkey"),
        ("CHATAPP_DATABASE_URL", "mysql://ada:mysecretkey@127.0.0.1/chat"),
        ("CHATAPP_DATABASE_URL", "postgresql://ada:mysecretkey/1@127.0.0.1/chat"),
        ("CHATAPP_DATABASE_URL", "postgresql://ada:mysecretkey?1@127.0.0.1/chat"),
        ("CHATAPP_DATABASE_URL", "postgresql://ada:1#mysecretkey@127.0.0.1/chat"),
        ("CHATAPP_DATABASE_URL", "postgresql://ada:mysecretkey[1@127.0.0.1/chat"),
        ("CHATAPP_DATABASE_URL", "postgresql://ada:mysecretkey@1@127.0.0.1/chat"),
        ("CHATAPP_DATABASE_URL", "postgresql://ada:mysecretkey@127.0.0.1:65536/chat"),
    ],
)
def test_a_value_that_cannot_work_stops_the_start(name: str, value: str) -> None:
    (sentence,) = problems(**{name: value})
    assert sentence.startswith(name)
    assert "mysecretkey" not in sentence


@pytest.mark.parametrize(
    "rest", ["ada:a%2Fb@db/chat", "db1:5432,db2:5433/chat", "ada@[::1]:5432/chat", "/chat?host=/run"]
)
def test_a_database_is_named_as_postgresql_names_it(rest: str) -> None:
    assert Settings.from_env({"CHATAPP_DATABASE_URL": f"postgresql://{rest}"}).database_url.endswith(rest)


def test_a_weak_shared_secret_needs_consent_and_is_warned_about() -> None:
    weak = {"CHATAPP_SHARED_JWT_SECRET": "mysecretkey", "CHATAPP_ALLOW_WEAK_SHARED_SECRET": "1"}
    settings = Settings.from_env({**weak, "CHATAPP_SHARED_JWT_AUDIENCE": "chat"})
    assert ["weak" in warning for warning in settings.warnings()] == [True]
    strong = {"CHATAPP_SHARED_JWT_SECRET": LONG_SECRET, "CHATAPP_SHARED_JWT_AUDIENCE": "chat"}
    assert list(Settings.from_env(strong).warnings()) == []


@pytest.mark.parametrize(
    ("settings", "about"),
    [
        (Settings(host="::"), "CHATAPP_BASE_URL"),
        (Settings(host="192.0.2.1", base_url="http://chat.example.org"), "CHATAPP_BASE_URL"),
    ],
)
def test_what_weakens_the_installation_is_warned_about(settings: Settings, about: str) -> None:
    (warning,) = settings.warnings()
    assert warning.startswith(about)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        *(Settings(host=host) for host in ("::1", "localhost", "127.0.0.2")),
        Settings(host="::", base_url="https://chat.example.org"),
    ],
)
def test_an_ordinary_installation_is_warned_about_nothing(settings: Settings) -> None:
    assert list(settings.warnings()) == []


def test_running_without_limits_is_warned_about() -> None:
    assert "CHATAPP_LIMITS" in next(Settings(limits=False).warnings())


def test_a_shared_secret_without_an_audience_is_warned_about() -> None:
    assert "CHATAPP_SHARED_JWT_AUDIENCE" in next(Settings(shared_jwt_secret=LONG_SECRET).warnings())


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(LONG_SECRET + "\n")
    settings = Settings.from_env({"CHATAPP_SHARED_JWT_SECRET_FILE": str(file)})
    assert settings.shared_jwt_secret == LONG_SECRET


def test_a_secret_file_that_is_missing_stops_the_start(tmp_path: Path) -> None:
    (sentence,) = problems(CHATAPP_SMTP_URL_FILE=str(tmp_path / "nowhere"))
    assert sentence.startswith("CHATAPP_SMTP_URL:")


def test_what_is_no_secret_does_not_come_from_a_file() -> None:
    assert problems(CHATAPP_NAME_FILE="/etc/hostname")[0].startswith("There is no setting CHATAPP_NAME_FILE.")


def test_the_table_hides_secrets() -> None:
    settings = Settings(shared_jwt_secret=LONG_SECRET, smtp_url="smtp://ada:hunter2@localhost")
    values = {name: value for name, value, _, _ in settings.table()}
    assert values["CHATAPP_SHARED_JWT_SECRET"] == values["CHATAPP_SMTP_URL"] == "***"
    assert "hunter2" not in str(settings.table())


def test_every_setting_explains_itself() -> None:
    assert [spec.name for spec in dataclasses.fields(Settings) if not spec.metadata["help"].endswith(".")] == []


@pytest.mark.parametrize(
    ("url", "problems"),
    [
        ("postgresql://ada@db.example.org/chat", 0),
        ("postgres:///chat?host=/run/postgresql", 0),
        ("mysql://ada@db.example.org/chat", 1),
        ("chat", 1),
    ],
)
def test_a_database_is_on_postgresql_or_a_file(url: str, problems: int) -> None:
    said = list(Settings(database_url=url).problems())
    assert len(said) == problems
    assert all("CHATAPP_DATABASE_URL must be like postgresql://" in sentence for sentence in said)


@pytest.mark.parametrize(
    ("url", "database_url", "problems"),
    [
        ("redis://:secret@redis.example.org:6379", "postgresql://localhost/chat", 0),
        ("rediss://redis.example.org", "postgresql://localhost/chat", 0),
        ("http://redis.example.org", "postgresql://localhost/chat", 1),
        ("redis://localhost", "", 1),
    ],
)
def test_redis_stands_beside_a_database_that_processes_share(url: str, database_url: str, problems: int) -> None:
    said = list(Settings(redis_url=url, database_url=database_url).problems())
    assert len(said) == problems
    assert all("CHATAPP_REDIS_URL" in sentence for sentence in said)


@pytest.mark.parametrize(
    "rest",
    [":mysecretkey#1@127.0.0.1", ":mysecretkey/1@127.0.0.1", ":1/mysecretkey@127.0.0.1", ":mysecretkey@[::1:6379"],
)
def test_a_bus_that_cannot_be_read_stops_the_start(rest: str) -> None:
    (sentence,) = Settings(redis_url=f"redis://{rest}", database_url="postgresql://localhost/chat").problems()
    assert "CHATAPP_REDIS_URL cannot be read" in sentence
    assert "mysecretkey" not in sentence


@pytest.mark.parametrize("rest", ["localhost/chat?sslmode", "/chat?host=localhost&port=first", "local%00host/chat"])
def test_a_database_that_cannot_be_read_stops_the_start(rest: str) -> None:
    (sentence,) = Settings(database_url=f"postgresql://{rest}").problems()
    assert "CHATAPP_DATABASE_URL cannot be read" in sentence


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    (said,) = Settings(database_url="postgresql://localhost/chat").problems()
    assert "pip install 'chatapp[postgres]'" in said


@pytest.mark.parametrize(
    ("url", "is_warned_of"),
    [
        ("postgresql://ada:secret@db.example.org/chat", True),
        ("postgresql://ada:secret@db.example.org/chat?sslmode=require", True),
        ("postgresql://127.0.0.1,db.example.org:5433/chat", True),
        ("postgresql://ada:secret@db.example.org/chat?sslmode=verify-full&sslrootcert=/etc/ca.crt", False),
        ("postgresql://ada:secret@127.0.0.1:5433/chat", False),
        ("postgresql://[::1]:5433/chat", False),
        ("postgresql://localhost/chat", False),
        ("postgresql://[::1]/chat", False),
        ("postgresql:///chat?host=/run/postgresql", False),
        ("postgresql://ada@%2Frun%2Fpostgresql:5433/chat", False),
        ("postgresql:///chat?host=db.example.org", True),
    ],
)
def test_a_database_elsewhere_is_warned_of_unless_it_proves_who_it_is(url: str, is_warned_of: bool) -> None:
    said = [sentence for sentence in Settings(database_url=url).warnings() if "CHATAPP_DATABASE_URL" in sentence]
    assert len(said) == is_warned_of
    assert "secret" not in str(said)


@pytest.mark.parametrize(
    ("url", "is_warned_of"),
    [
        ("redis://127.0.0.1:6379", False),
        ("redis://:secret@localhost", False),
        ("rediss://:secret@redis.example.org", False),
        ("redis://:secret@redis.example.org:6379", True),
    ],
)
def test_a_bus_elsewhere_is_warned_of_unless_it_is_encrypted(url: str, is_warned_of: bool) -> None:
    said = [sentence for sentence in Settings(redis_url=url).warnings() if "CHATAPP_REDIS_URL" in sentence]
    assert len(said) == is_warned_of
    assert "secret" not in str(said)
