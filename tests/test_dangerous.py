"""What an attacker would wish for is not in the code: text run as code, statements made of text, calls to anywhere."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import Final

from tests.support.source import PACKAGE, ROOT, SOURCES, imports, tree

SQL: Final = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|PRAGMA|VACUUM|ATTACH|CREATE|DROP|ALTER)\b")
# What is filled in there: pragmas written above it, a number, the columns of our own table.
WRITTEN_NEARBY: Final = {
    ("storage/sqlite_engine.py", "pragma"),
    ("storage/sqlite.py", "self._patience_ms"),
    ("storage/audit_log.py", "', '.join(_names)"),
    ("storage/sqlite_search.py", "pragma"),
    ("storage/sqlite_indexing.py", "name"),
}
# Statements with places, filled with question marks or the name of a column.
MARKED: Final = {
    ("storage/findings.py", "LOG"),
    ("storage/migrate.py", "beside"),
    ("storage/statement.py", "FROM_ARRAYS"),
    ("storage/statement.py", "self._text"),
}
BUILT_IN: Final = {"eval", "exec", "compile", "__import__"}
RUNS_TEXT: Final = {"os.system", "os.popen"}
RUNNERS: Final = {"subprocess", "pickle", "marshal", "shelve", "yaml", "xml", "lxml", "runpy", "ctypes", "pty", "code"}
DATABASE: Final = {"execute", "executemany", "execute_fetchall", "exec_driver_sql", "executescript"}
CALLERS: Final = {
    *("aiosmtplib", "ftplib", "http.client", "httpx", "requests", "smtplib", "ssl", "urllib.request", "urllib3"),
    *("aiohttp.ClientSession", "aiohttp.request", "aiohttp.TCPConnector"),
}
# A measurement starts the server it measures, and speaks to it as a client does.
STARTS_SERVERS: Final = {"bench/server.py"}
# A decoder of pictures runs apart from everything that it could harm.
STARTS_DECODERS: Final = {"storage/pictures.py"}
# Itself, once for each worker, to which it speaks over a pair of sockets.
STARTS_WORKERS: Final = {"cli/workers.py"}
ASKS_A_SERVER: Final = {"bench/asker.py"}
# To addresses of the internet only, whatever it is told.
COURIER: Final = "jobs/push.py"
CALLING: Final = {"ClientSession", "create_connection", "open_connection", "urlopen"}
PATTERNS: Final = {"compile", "match", "fullmatch", "search", "sub", "split", "findall", "finditer"}
GUESSABLE: Final = {"random", "uuid"}
SECRET_BYTES: Final = 16
# They tell apart, and keep nothing from anybody.
NO_SECRET: Final = {
    *("web/middlewares.py", "web/unreadable.py", "gateway/connection.py", "realtime/bus.py"),
    *("storage/backup.py", "storage/copying.py", "storage/mark.py", "storage/postgres_start.py", "storage/secrets.py"),
}
# It puts patterns together from the strings in it.
COMPOSES: Final = "core/text/languages.py"
SCRIPTS: Final = sorted((ROOT / "static" / "js").glob("*.js"))
TEMPLATES: Final = sorted((ROOT / "templates").rglob("*.html"))


@cache
def nodes() -> list[tuple[str, ast.AST]]:
    """Every node of the program, with its file."""
    return [(path.relative_to(PACKAGE).as_posix(), node) for path in SOURCES for node in ast.walk(tree(path))]


def called(node: ast.AST) -> str:
    """The last word of what is called; "" where nothing is."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def filled_in(text: ast.JoinedStr) -> list[str]:
    """The source of what an f-string is filled with, constants of a module left out."""
    values = [ast.unparse(part.value) for part in text.values if isinstance(part, ast.FormattedValue)]
    return [value for value in values if not re.fullmatch(r"_?[A-Z][A-Z_]*( [-+] \d+)?", value)]


def test_no_statement_is_put_together_from_text() -> None:
    found = [
        (place, value)
        for place, node in nodes()
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant)
        if SQL.match(str(node.values[0].value))
        for value in filled_in(node)
    ]
    assert set(found) <= WRITTEN_NEARBY
    summed = [
        (place, node.lineno)
        for place, node in nodes()
        if isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
        if SQL.match(node.left.value)
    ]
    assert summed == []


def test_every_format_is_written_in_the_code() -> None:
    found = {
        (place, ast.unparse(node.func.value))
        for place, node in nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in {"format", "format_map"} and not is_written(node.func.value)
    }
    assert {each for each in found if each[1] != "msgspec.json"} <= MARKED


def is_written(value: ast.expr) -> bool:
    """A string of the code, or the translation of one."""
    return isinstance(value, ast.Constant) or called(value) in {"_", "ngettext"}


def test_every_pattern_is_written_in_the_code() -> None:
    for place, node in nodes():
        if place == COMPOSES:
            continue
        is_pattern = isinstance(node, ast.Call) and ast.unparse(node.func) in {f"re.{name}" for name in PATTERNS}
        if is_pattern and isinstance(node, ast.Call):
            first = node.args[0]
            is_fixed = isinstance(first, ast.Constant) or (isinstance(first, ast.JoinedStr) and not filled_in(first))
            assert is_fixed, f"{place}:{node.lineno}"


def test_nothing_starts_a_program_or_runs_text_as_code() -> None:
    used = {
        path.relative_to(PACKAGE).as_posix()
        for path in SOURCES
        for name in imports(tree(path))
        if name.split(".")[0] in RUNNERS
    }
    assert used == STARTS_SERVERS | STARTS_DECODERS
    runs = [
        (place, ast.unparse(node))
        for place, node in nodes()
        if isinstance(node, ast.Call)
        if ast.unparse(node.func) in BUILT_IN | RUNS_TEXT
        or called(node).startswith(("create_subprocess", "exec", "spawn"))
        if called(node) not in DATABASE and place not in STARTS_WORKERS
    ]
    assert runs == []
    markup = re.compile(
        r"\beval\(|new Function|document\.write|insertAdjacentHTML|outerHTML|set(Timeout|Interval)\([\"'`]"
    )
    assert [path.name for path in SCRIPTS if markup.search(path.read_text())] == []


def test_markup_enters_a_page_at_one_place_only() -> None:
    sinks = [path.name for path in SCRIPTS for _ in re.findall(r"\.innerHTML\s*=|createHTML\(", path.read_text())]
    assert set(sinks) <= {"message.js"}
    unescaped = {path.name for path in TEMPLATES if re.search(r"\|\s*safe\b|autoescape false", path.read_text())}
    assert unescaped <= {"_message.html"}


def test_nothing_calls_out_but_the_postman_and_the_courier() -> None:
    used = {
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in SOURCES
        for name in imports(tree(path))
        if any(name == caller or name.startswith(caller + ".") for caller in CALLERS)
    }
    assert {place for place, _ in used} <= {"jobs/mail.py", COURIER}
    assert {place for place, node in nodes() if called(node) in CALLING} == ASKS_A_SERVER | STARTS_WORKERS | {COURIER}


def test_a_client_of_aiohttp_is_told_whom_to_trust() -> None:
    """What it has by itself trusts nobody, so that a start need not read the certificates: ``chatapp/__main__.py``."""
    texts = [path.read_text() for path in SOURCES]
    clients = [text for text in texts if re.search(r"\b(ClientSession|TCPConnector|webpush_async)\b", text)]
    assert [text for text in clients if "create_default_context" not in text] == []


def test_templates_come_from_files_only() -> None:
    made = [
        place for place, node in nodes() if called(node) in {"from_string", "Template", "DictLoader", "FunctionLoader"}
    ]
    assert made == []


def test_chance_comes_from_the_system_only() -> None:
    assert {name for path in SOURCES for name in imports(tree(path)) if name.split(".")[0] in GUESSABLE} == set()
    short = [
        (place, ast.unparse(node))
        for place, node in nodes()
        if called(node) in {"token_hex", "token_urlsafe", "token_bytes", "urandom"} and place not in NO_SECRET
        if isinstance(node, ast.Call) and is_under(node, SECRET_BYTES)
    ]
    assert short == []


def is_under(call: ast.Call, least: int) -> bool:
    """Whether fewer bytes are asked for; without a number Python gives 32."""
    return bool(call.args) and isinstance(call.args[0], ast.Constant) and int(str(call.args[0].value)) < least


def test_no_broken_hash_is_used() -> None:
    used = {
        node.attr
        for _, node in nodes()
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "hashlib"
    }
    assert used <= {"sha256", "_Hash"}
    assert "sha256" in used


def test_scripts_keep_what_others_name_in_maps() -> None:
    """A property whose name somebody chose could be ``__proto__``."""
    computed = re.compile(r"\w\[(?![\d\"'])[^\]]+\]\s*=(?!=)")
    assert [(path.name, found[0]) for path in SCRIPTS for found in computed.finditer(path.read_text())] == []


def test_of_cryptography_only_whole_recipes_are_used() -> None:
    """No block mode or padding of our own choosing, and a nonce at one place only."""
    used = {
        name.rsplit(".", 1)[1] for path in SOURCES for name in imports(tree(path)) if name.startswith("cryptography.")
    }
    # Keys of browsers and for push services are read and made, no more: what they seal is sealed by http_ece.
    keys = {"EllipticCurvePrivateKey", "ec", "serialization"}
    envelopes = {"AESGCM", "HKDF", "hashes", "InvalidTag", "Fernet", "InvalidToken", "MultiFernet"}
    assert used - keys == {"Argon2id", "InvalidKey"} | envelopes
    for place, wanted in (("push.py", keys), ("sealing.py", envelopes)):
        names = {name for name in imports(tree(PACKAGE / "core" / place)) if name.startswith("cryptography.")}
        assert {name.rsplit(".", 1)[1] for name in names} == wanted


def test_what_is_encrypted_is_encrypted_by_a_cipher_that_is_approved() -> None:
    """``Fernet`` (AES-128-CBC) reads what was sealed before, and seals nothing."""
    sealed = [(place, ast.unparse(node)) for place, node in nodes() if called(node) in {"encrypt", "encrypt_at_time"}]
    (call,) = [text for place, text in sealed if place == "core/sealing.py"]
    assert call.startswith("self._cipher(")
    assert {place for place, _ in sealed} == {"core/sealing.py", "core/push.py"}
