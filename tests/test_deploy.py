"""What lies in deploy/ fits together, and the rest: names, files, settings, the recipe for nginx."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from configparser import ConfigParser
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

import pytest
from packaging.requirements import Requirement

from chatapp.settings import Settings
from tests.support.proxies import recipe
from tests.support.source import ROOT

DEPLOY: Final = ROOT / "deploy"
# Of the projects themselves.
OFFICIAL: Final = {"nginx", "postgres", "redis", "python"}
# The extras for those who run it.
SERVED: Final = ("postgres", "push", "redis", "speed")
# Where nginx's image puts its log, so that `docker compose logs` shows it and it does not grow in the container.
STREAMS: Final = {"/dev/stdout": "/var/log/nginx/chat.log", "/dev/stderr": "/var/log/nginx/chat-error.log"}
BALANCED: Final = re.compile(r"upstream chatapp \{.*?^\}\n", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def compose() -> Any:
    return importlib.import_module("yaml").safe_load((DEPLOY / "compose.yaml").read_text())


def of_app(compose: Any) -> Iterator[Any]:
    return (service for service in compose["services"].values() if service.get("image") == "chatapp")


def test_there_are_two_of_the_app_and_one_of_everything_else(compose: Any) -> None:
    assert len(list(of_app(compose))) == 2
    assert set(compose["services"]) == {"app1", "app2", "nginx", "postgres", "redis"}
    one, other = of_app(compose)
    assert {name for name in one if one[name] != other.get(name)} == {"networks"}


def test_images_are_official_and_of_a_version(compose: Any) -> None:
    named = [service["image"] for service in compose["services"].values() if "build" not in service]
    named += re.findall(r"^FROM (\S+)", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    for image in named:
        found = re.fullmatch(r"docker\.io/library/(\w+):[\w.-]+", image)
        assert found, image
        assert found[1] in OFFICIAL
        assert not image.endswith("latest")


def test_the_app_is_built_from_files_that_are_there(compose: Any) -> None:
    for service in of_app(compose):
        assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text()
    kept = re.findall(r"^!(\S+)", ignored, re.MULTILINE)
    assert [name for name in kept if not (ROOT / name).exists()] == []
    assert {
        "setup.cfg",
        "requirements.lock",
        "chatapp",
        "docs/protocol.md",
        "static",
        "templates",
        "migrations",
    } <= set(kept)


def test_the_image_has_every_extra() -> None:
    read = ConfigParser()
    read.read(ROOT / "setup.cfg")
    extras = read["options.extras_require"]
    wanted = {Requirement(line).name for name in SERVED for line in extras[name].split()}
    text = (DEPLOY / "Containerfile").read_text()
    assert wanted <= set(re.findall(r"([\w-]+)==", text))
    assert set(extras) == {*SERVED, "test", "dev"}


def test_whatever_is_used_is_declared(compose: Any) -> None:
    services = compose["services"].values()
    assert {name for service in services for name in service.get("secrets", ())} == set(compose["secrets"])
    mounts = [mount.split(":")[0] for service in services for mount in service.get("volumes", ())]
    assert {name for name in mounts if not name.startswith(".")} == set(compose["volumes"])
    awaited = {name for service in services for name in service.get("depends_on", ())}
    assert awaited <= set(compose["services"])
    assert all("healthcheck" in service for service in services)
    assert all(service["restart"] == "unless-stopped" for service in services)


def test_settings_are_ours_and_secrets_come_from_files(compose: Any) -> None:
    known = dict(_settings())
    for service in of_app(compose):
        for name, value in service["environment"].items():
            plain = name.removesuffix("_FILE")
            assert plain in known, name
            assert known[plain] == name.endswith("_FILE")
            if name.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    for name in re.findall(r"CHATAPP_\w+", (DEPLOY / "Containerfile").read_text()):
        assert name in known


def _settings() -> Iterator[tuple[str, bool]]:
    for name, spec in Settings.__dataclass_fields__.items():
        yield f"CHATAPP_{name.upper()}", spec.metadata["secret"]


def test_addresses_are_those_that_nginx_and_the_app_know(compose: Any) -> None:
    addresses = {
        name: service["networks"]["inside"]["ipv4_address"]
        for name, service in compose["services"].items()
        if isinstance(service["networks"], dict)
    }
    served = re.findall(r"server (\S+):8080", (DEPLOY / "nginx.conf").read_text())
    assert served == [addresses["app1"], addresses["app2"]]
    assert {service["environment"]["CHATAPP_TRUSTED_PROXIES"] for service in of_app(compose)} == {addresses["nginx"]}


def test_no_other_gets_an_address_that_is_given_to_one(compose: Any) -> None:
    (network,) = compose["networks"]["inside"]["ipam"]["config"]
    handed_out = IPv4Network(network["ip_range"])
    assert handed_out.subnet_of(IPv4Network(network["subnet"]))
    for service in compose["services"].values():
        if isinstance(service["networks"], dict):
            assert IPv4Address(service["networks"]["inside"]["ipv4_address"]) not in handed_out


def test_nobody_is_root_who_need_not_be_or_writes_where_nothing_is_kept(compose: Any) -> None:
    assert re.search(r"^USER chatapp$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    assert compose["services"]["redis"]["user"] == "redis"
    for service in (*of_app(compose), compose["services"]["redis"]):
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_no_secret_stands_in_an_argument(compose: Any) -> None:
    *_, script = compose["services"]["redis"]["command"]
    command, written = script.split("\n", 1)
    assert command == "exec redis-server - <<END"
    assert "requirepass $$(cat /run/secrets/redis_password)" in written


def test_logs_do_not_grow_for_ever(compose: Any) -> None:
    for service in compose["services"].values():
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    text = (DEPLOY / "nginx.conf").read_text()
    assert set(re.findall(r"^ +(?:access|error)_log +(\S+)", text, re.MULTILINE)) == set(STREAMS)


def test_the_database_is_ready_when_others_can_reach_it(compose: Any) -> None:
    assert "--host=127.0.0.1" in compose["services"]["postgres"]["healthcheck"]["test"]


def test_open_sockets_do_not_keep_nginx_from_ending(compose: Any) -> None:
    assert compose["services"]["nginx"]["stop_signal"] == "SIGTERM"


def test_addresses_of_people_are_their_own(compose: Any) -> None:
    assert all(port.startswith("0.0.0.0:") for port in compose["services"]["nginx"]["ports"])


def test_what_is_set_once_is_there_for_every_command() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?", (DEPLOY / "compose.yaml").read_text()))
    page = (ROOT / "docs" / "operating.md").read_text()
    kept = re.findall(r"^echo (\w+)=\S+ > \.env$", page, re.MULTILINE)
    assert set(kept) == asked
    assert not re.search(r"=\S+ docker compose", page)


def test_nginx_does_what_the_recipe_says_with_two_behind_it() -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    page = (ROOT / "docs" / "operating.md").read_text()
    found = BALANCED.search(text)
    assert found
    # The page shows the same, with the addresses of two machines.
    shown = BALANCED.search(page)
    assert shown
    assert re.sub(r"server \S+:", "server :", found[0]) == re.sub(r"server \S+:", "server :", shown[0])
    more = re.search(r"^ *proxy_pass +http://chatapp;\n.*?proxy_connect_timeout.*?\n", text, re.MULTILINE | re.DOTALL)
    assert more
    assert re.sub(r"(?m)^ +", "", more[0]) in re.sub(r"(?m)^ +", "", page)
    for stream, file in STREAMS.items():
        text = text.replace(stream, file)
    rest = text.replace(found[0], "").replace(more[0], "        proxy_pass         http://127.0.0.1:8080;\n")
    assert rest.split("\n", 1)[1] == recipe()


def test_nothing_secret_is_in_the_folder() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/deploy/.env", "/deploy/secrets/", "/deploy/tls/"} <= set(ignored)
