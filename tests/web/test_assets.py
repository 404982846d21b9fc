"""Static files: found under their hash, never outside the folder."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from chatapp.core.errors import NotFound
from chatapp.places import folder
from chatapp.web.assets import TYPES, Assets


@pytest.fixture
def root(tmp_path: Path) -> Path:
    static = tmp_path / "static"
    for name in ("css", "js"):
        (static / name).mkdir(parents=True)
    (static / "css" / "ORDER").write_text("# first\nb.css\na.css\n")
    (static / "css" / "a.css").write_text("a{}")
    (static / "css" / "b.css").write_text("b{}")
    (static / "js" / "app.js").write_text("import './x.js';" * 50)
    (static / "js" / "x.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    return static


def parts(url: str) -> tuple[str, str]:
    _, _, digest, path = url.split("/", 3)
    return digest, path


def test_sheets_are_one_file_in_the_given_order(root: Path) -> None:
    assets = Assets(root)
    assert assets.find(*parts(assets.url("app.css"))).body == b"b{}\na{}"


def test_an_address_changes_with_the_content_and_only_then(root: Path) -> None:
    before = Assets(root)
    assert Assets(root).url("js/app.js") == before.url("js/app.js")
    (root / "js" / "x.js").write_text("2")
    after = Assets(root)
    assert after.url("js/app.js") != before.url("js/app.js")
    assert after.url("app.css") == before.url("app.css")


def test_modules_share_a_folder(root: Path) -> None:
    assets = Assets(root)
    assert parts(assets.url("js/app.js"))[0] == parts(assets.url("js/x.js"))[0]


def test_text_is_compressed_where_that_helps(root: Path) -> None:
    assets = Assets(root)
    digest, path = parts(assets.url("js/app.js"))
    assert gzip.decompress(assets.find(digest, path).compressed) == assets.find(digest, path).body
    assert assets.find(digest, "js/x.js").compressed == b""


def test_remarks_of_authors_are_not_sent_and_lines_keep_their_numbers(root: Path) -> None:
    script = '/**\n * why\n */\nconst a = "/* no */"; // yes\n  // gone\nuse(a, "// no"); /* kept */\n'
    (root / "js" / "x.js").write_text(script)
    (root / "css" / "a.css").write_text("/* why */\n  a {\n    color: red;\n  }\n")
    assets = Assets(root)
    digest, path = parts(assets.url("js/x.js"))
    sent = assets.find(digest, path).body.decode()
    assert sent == '\n\n\nconst a = "/* no */"; // yes\n\nuse(a, "// no"); /* kept */\n'
    assert assets.find(*parts(assets.url("app.css"))).body == b"b{}\na{color:red;}"


def test_styles_lose_space_and_nothing_else(root: Path) -> None:
    sheet = """@media (width < 760px) {
  a:is(.b, .c) > :focus,
  d :hover {
    margin: 0 auto; inset: calc(1px + 2px);
    content: "· ·";
  }
}
"""
    (root / "css" / "a.css").write_text(sheet)
    assets = Assets(root)
    tight = '@media (width < 760px){a:is(.b,.c) > :focus,d :hover{margin:0 auto;inset:calc(1px + 2px);content:"· ·";}}'
    assert assets.find(*parts(assets.url("app.css"))).body.decode() == "b{}\n" + tight


def test_no_sheet_has_a_string_that_would_be_tightened() -> None:
    for sheet in (folder("static") / "css").glob("*.css"):
        strings = re.findall(r'"([^"\n]*)"', sheet.read_text())
        assert [string for string in strings if set(",;{}") & set(string)] == []


def test_what_is_text_says_in_which_letters() -> None:
    binary = {".png", ".ico", ".woff2"}
    # JSON is UTF-8 by its own definition.
    plain = {suffix for suffix, kind in TYPES.items() if "charset=utf-8" not in kind and "json" not in kind}
    assert plain == binary


@pytest.mark.parametrize("path", ["../secret.txt", "js/../../secret.txt", "/etc/passwd", "css/a.css", "css/ORDER", ""])
def test_nothing_else_is_found(root: Path, path: str) -> None:
    assets = Assets(root)
    digest, _ = parts(assets.url("js/app.js"))
    with pytest.raises(NotFound):
        assets.find(digest, path)


def test_another_hash_finds_nothing(root: Path) -> None:
    with pytest.raises(NotFound):
        Assets(root).find("000000000000", "js/app.js")


def test_a_page_cannot_link_to_what_does_not_exist(root: Path) -> None:
    with pytest.raises(KeyError):
        Assets(root).url("js/nowhere.js")


def test_while_developing_a_change_shows_at_once(root: Path) -> None:
    assets = Assets(root, is_debug=True)
    before = assets.url("app.css")
    (root / "css" / "a.css").write_text("a{color:red}")
    assert assets.url("app.css") != before


def test_every_sheet_is_in_the_order() -> None:
    css = folder("static") / "css"
    listed = [line for line in (css / "ORDER").read_text().split("\n") if line and not line.startswith("#")]
    assert sorted(listed) == sorted(path.name for path in css.glob("*.css"))


def test_no_string_of_a_script_goes_over_the_end_of_a_line() -> None:
    """Indentation is not sent, and would be missing in it."""
    files = list((folder("static") / "js").glob("*.js"))
    assert len(files) > 10
    for file in files:
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", file.read_text(), flags=re.DOTALL)
        assert [line for line in code.splitlines() if line.count("`") % 2] == [], file
