"""What lies in deploy/ fits together, and the rest: names, files, settings, the recipe for nginx."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from configparser import ConfigParser
from typing import Any, Final

import pytest
from packaging.requirements import Requirement

from chatapp.settings import Settings
from tests.support.nginx import recipe
from tests.support.source import ROOT

DEPLOY: Final = ROOT / "deploy"
# Of the projects themselves.
OFFICIAL: Final = {"nginx", "postgres", "redis", "python"}
# The extras for those who run it.
SERVED: Final = ("postgres", "push", "redis", "speed")
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
    assert {"setup.cfg", "requirements.lock", "chatapp", "static", "templates", "migrations"} <= set(kept)


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
    rest = text.replace(found[0], "").replace(more[0], "        proxy_pass         http://127.0.0.1:8080;\n")
    assert rest.split("\n", 1)[1] == recipe()


def test_nothing_secret_is_in_the_folder() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/deploy/secrets/", "/deploy/tls/"} <= set(ignored)
