"""Find what people read, and bring the catalogues of French and Arabic up to date, or check that they are complete.

Usage: python .ci/messages.py [--check]

Messages are the arguments of ``_(…)`` (text), ``_n(one, many, count)`` (plural) and ``N_(…)`` (only marked) in the
code and the templates of ``src/wasl``; the sentences of errors, remedies, checks and verbs that ``sentences.py`` finds;
the help of the command line; and titles in the documents that ship.
Each stands in one gettext file per language, named after the package:
``web/console`` is ``console``, ``web`` is ``web``, any other package has its own name. Without ``--check`` new
messages are added without a translation and messages that no code uses are removed. With it the script fails on a
message without translation, on a sentence that `wasl.locale` would take for another one, on one that no code uses,
on places (``{name}``) that the translation has not or has besides, and on one English text with two translations.
"""

from __future__ import annotations

import string
import sys
import tomllib
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from sentences import escaped, sentences_of

from wasl.locale.sentences import Recognizer, literal_of

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "wasl"
CONFIG = ROOT / "config"
CATALOGUES = SOURCE / "locale" / "catalogues"
TRANSLATED = ("fr", "ar")
KEYWORDS: dict[str, Any] = {"_": None, "_n": (1, 2), "N_": None}
TEMPLATES = (".html", ".jinja", ".j2")
INNER = {("web", "console"): "console", ("compliance",): "dossier"}
"""Packages whose catalogue has another name than the package."""


def room_of(path: Path) -> str:
    """The catalogue in which the messages of a file stand."""
    parts = path.relative_to(SOURCE).parts[:-1]
    for inner, name in INNER.items():
        if parts[: len(inner)] == inner:
            return name
    return parts[0] if parts else "library"


def found() -> dict[str, set[Any]]:
    """The messages of every package: a text, or a pair for a plural."""
    rooms: dict[str, set[Any]] = {}
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix != ".py" and path.suffix not in TEMPLATES:
            continue
        content = path.read_bytes()
        if b"_(" not in content and b"_n(" not in content:
            continue
        method = "python" if path.suffix == ".py" else "jinja2.ext:babel_extract"
        options = {"trimmed": "true", "silent": "false"} if method != "python" else {}
        for _, message, _, _ in extract(method, BytesIO(content), KEYWORDS, (), options):
            rooms.setdefault(room_of(path), set()).add(message)
    for text in sentences_of():
        rooms.setdefault(room_of(text.path), set()).add(text.key)
    rooms["cli"] |= command_texts()
    rooms["documents"] = document_texts()
    return rooms


def document_texts() -> set[str]:
    """Titles of the policies that ship, and sources of the descriptions; other documents hold their translations."""
    policies = [tomllib.loads(path.read_text("utf-8")) for path in sorted((CONFIG / "disclosure").glob("*.toml"))]
    described = [tomllib.loads(path.read_text("utf-8")) for path in sorted((CONFIG / "publication").glob("*.toml"))]
    titles = {policy["title"] for policy in policies if policy.get("title")}
    sources = {source for one in described for source in one.get("sources", ())}
    return {escaped(text) for text in titles | sources}


def command_texts() -> set[str]:
    """Every text of the help of the command line."""
    import typer

    from wasl.cli.app import OVERVIEW, VERBS, build_app
    from wasl.cli.language import help_texts

    program = typer.main.get_command(build_app(list(dict.fromkeys(VERBS.values()))))
    return {escaped(text) for text in {*help_texts(program), *(word for pair in OVERVIEW.values() for word in pair)}}


def read(language: str, room: str) -> Catalog:
    """The catalogue file of a package; empty where there is none."""
    path = CATALOGUES / language / f"{room}.po"
    if not path.exists():
        return Catalog(locale=language)
    return read_po(BytesIO(path.read_bytes()), locale=language)


def update(rooms: dict[str, set[Any]]) -> None:
    """Write every catalogue file with exactly the messages of the code."""
    for language in TRANSLATED:
        folder = CATALOGUES / language
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.po"):
            if path.stem not in rooms:
                path.unlink()
        old = {room: {message.id: message for message in read(language, room) if message.id} for room in rooms}
        for room, wanted in rooms.items():
            elsewhere = {key: message for held in old.values() for key, message in held.items() if message.string}
            known = elsewhere | {key: message for key, message in old[room].items() if message.string}
            new = Catalog(locale=language, charset="utf-8")
            for key in sorted(wanted, key=str):
                translation = known[key].string if key in known else ("" if isinstance(key, str) else ())
                new.add(key, translation)
            raw = BytesIO()
            write_po(raw, new, width=0, omit_header=True, sort_output=False, no_location=True)
            header = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Language: {language}\\n"\n'
            header += f'"Plural-Forms: {new.plural_forms}\\n"\n\n'
            (folder / f"{room}.po").write_bytes(header.encode() + raw.getvalue().strip() + b"\n")


def mistaken(rooms: dict[str, set[Any]]) -> list[str]:
    """The sentences that are not recognized as what they are, and those that another message would take."""
    keys = {key for wanted in rooms.values() for key in wanted if isinstance(key, str)}
    recognizer = Recognizer(sorted(keys))
    faults = []
    for text in sentences_of():
        values = {name: f"\u27e8{number}\u27e9" for number, name in enumerate(sorted(places(text.key)))}
        found = recognizer.find(text.key.format(**values))
        if found is None or found[0].format(**found[1]) != text.key.format(**values):
            faults.append(f"{text.path.relative_to(ROOT)}:{text.line}: {text.key!r} is not recognized: {found}")
        elif found[0] != text.key and len(literal_of(found[0])) < len(literal_of(text.key)):
            faults.append(f"{text.path.relative_to(ROOT)}:{text.line}: {text.key!r} is taken for {found[0]!r}")
    return faults


def places(text: str) -> set[str]:
    """The names in braces of a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def faults_of(message: Message, *, forms: int) -> list[str]:
    """What is wrong with a translation."""
    shown = message.id if isinstance(message.id, str) else message.id[0]
    strings = [message.string] if isinstance(message.id, str) else list(message.string or ())
    if message.fuzzy or not strings or not all(strings) or (not isinstance(message.id, str) and len(strings) != forms):
        return [f"no translation of {shown!r}"]
    keys = [message.id] if isinstance(message.id, str) else list(message.id)
    wanted = set().union(*(places(key) for key in keys))
    if isinstance(message.id, str):
        wrong = [text for text in strings if places(text) != wanted]
    else:  # a plural form may leave the count out: "one record"
        wrong = [text for text in strings if not wanted - {"count"} <= places(text) <= wanted]
    return [f"other places than {shown!r} in {text!r}" for text in wrong]


def check(rooms: dict[str, set[Any]]) -> list[str]:
    """Every fault of the catalogues."""
    faults: list[str] = []
    for language in TRANSLATED:
        everywhere: dict[Any, Any] = {}
        files = {path.stem for path in (CATALOGUES / language).glob("*.po")}
        faults += [f"{language}/{room}.po: no code of that name has messages" for room in sorted(files - set(rooms))]
        for room, wanted in rooms.items():
            where = f"{language}/{room}.po"
            catalogue = read(language, room)
            held = {message.id: message for message in catalogue if message.id}
            faults += [f"{where}: missing {key!r}" for key in sorted(wanted - set(held), key=str)]
            faults += [f"{where}: no code uses {key!r}" for key in sorted(set(held) - wanted, key=str)]
            for key in sorted(wanted & set(held), key=str):
                faults += [f"{where}: {fault}" for fault in faults_of(held[key], forms=catalogue.num_plurals)]
                if everywhere.setdefault(key, held[key].string) != held[key].string:
                    faults.append(f"{where}: {key!r} is translated in another way elsewhere")
    return faults


def main() -> int:
    """Update or check."""
    rooms = found()
    if "--check" not in sys.argv[1:]:
        update(rooms)
    faults = check(rooms) + mistaken(rooms)
    sys.stdout.write("".join(f"{fault}\n" for fault in faults))
    count = sum(len(keys) for keys in rooms.values())
    sys.stdout.write(f"{count} messages, {len(faults)} faults\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
