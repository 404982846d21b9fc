"""Takes the words of the code and the templates into every catalogue, and compiles them: ``make language``.

New words arrive without a translation, words that are gone leave. Sorted and without places or dates, so that two
changes rarely touch the same lines. What stands above the first empty line of a catalogue is left as it is.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parents[1]
CATALOGUES: Final = ROOT / "locales"
PLACES: Final = [("chatapp/**.py", "python"), ("templates/**.html", "jinja2")]
# As chatapp/web/templating.py sets the environment up.
OPTIONS: Final = {"templates/**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}
WIDTH: Final = 120


def words() -> Catalog:
    """All that is to be translated."""
    found = Catalog(charset="utf-8")
    for folder in ("chatapp", "templates"):
        parts = extract_from_dir(
            ROOT / folder,
            [(pattern.removeprefix(f"{folder}/"), method) for pattern, method in PLACES],
            {pattern.removeprefix(f"{folder}/"): options for pattern, options in OPTIONS.items()},
            keywords=DEFAULT_KEYWORDS,
            # By default folders whose names begin with _ are passed over.
            directory_filter=lambda _folder: True,
        )
        for _file, _line, message, _comments, context in parts:
            found.add(message, context=context)
    return found


def paths() -> Iterator[Path]:
    return CATALOGUES.glob("*/LC_MESSAGES/messages.po")


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parents[1].name)


def renewed(catalogue: Catalog, template: Catalog) -> Catalog:
    catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    return catalogue


def text(catalogue: Catalog, head: str) -> str:
    """As it stands in the file, under the same head, which is the translators'."""
    written = io.BytesIO()
    write_po(written, catalogue, width=WIDTH, sort_output=True, no_location=True, omit_header=True)
    return f"{head}\n\n{written.getvalue().decode()}"


def compiled(catalogue: Catalog) -> bytes:
    """The same bytes for the same words, whenever."""
    catalogue.creation_date = catalogue.revision_date = datetime(2000, 1, 1, tzinfo=UTC)
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


if __name__ == "__main__":
    template = words()
    for path in paths():
        catalogue = renewed(read(path), template)
        path.write_text(text(catalogue, path.read_text().partition("\n\n")[0]))
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
        missing = sum(1 for message in catalogue if message.id and not message.string)
        print(f"{path.relative_to(ROOT)}: {len(catalogue)} messages, {missing} without a translation")
