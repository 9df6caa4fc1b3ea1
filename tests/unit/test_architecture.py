"""The rooms of the house: how many entries they have, and that the pure ones open no file and read no clock."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import wasl

ROOT = Path(wasl.__file__).parent
PURE = (
    "workflow", "linkage", "disclosure", "tables", "estimation", "audit", "attack", "holder", "publication",
    "compliance",
)  # fmt: skip
FILE_CALLS = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "unlink"}
CLOCK_CALLS = {"now", "today", "utcnow"}
ALLOWED = {
    # Templates and styles that ship with the package are read as resources.
    "publication/dictionary.py": {"read_text"},
    "holder/quality/report.py": {"read_text"},
    # A policy names hierarchy files beside it; they are read when the document is loaded.
    "disclosure/policy/document.py": {"read_text"},
    # pyreadstat writes SPSS and Stata only to a path: a temporary folder that is removed at once.
    "publication/statistical_packages.py": {"read_bytes"},
    "publication/readback.py": {"write_bytes"},
}
LIMITS = {"linkage": 8, "disclosure": 11}
"""Entries a room may have at its top level."""


def modules(room):
    return sorted((ROOT / room).rglob("*.py"))


def calls(path):
    """The names of functions called without arguments of their own module: ``open(...)`` and ``x.read_text(...)``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name):
                yield function.id, ""
            elif isinstance(function, ast.Attribute):
                owner = function.value
                yield function.attr, owner.id if isinstance(owner, ast.Name) else ""


OPENERS_OF_OUR_OWN = {"Checkpoint", "cls", "verifier", "delivery", "RowsInFile", "StoredTable", "self", "signer", "old"}
"""Objects whose ``open`` opens no file here: a signed note, a delivery's pass, a table that is exchanged."""


@pytest.mark.parametrize("room", PURE)
def test_pure_rooms_open_no_file(room):
    found = []
    for path in modules(room):
        name = path.relative_to(ROOT).as_posix()
        for call, owner in calls(path):
            if call in FILE_CALLS and call not in ALLOWED.get(name, set()):
                if call == "open" and owner in OPENERS_OF_OUR_OWN:
                    continue
                found.append(f"{name}: {owner}.{call}")
    assert not found


@pytest.mark.parametrize("room", PURE)
def test_pure_rooms_read_no_clock(room):
    found = [
        f"{path.relative_to(ROOT).as_posix()}: {owner}.{call}"
        for path in modules(room)
        for call, owner in calls(path)
        if call in CLOCK_CALLS and owner in ("datetime", "date", "dt", "time")
    ]
    assert not found


@pytest.mark.parametrize("room", LIMITS)
def test_rooms_stay_uncrowded(room):
    entries = [
        path.name
        for path in (ROOT / room).iterdir()
        if path.name != "__pycache__" and (path.is_dir() or path.suffix == ".py")
    ]
    assert len(entries) <= LIMITS[room], sorted(entries)


def test_no_banned_module_name():
    banned = {"utils", "common", "helpers", "work", "worth", "parts", "duties", "edge", "nouns", "misc"}
    assert not [path for path in ROOT.rglob("*.py") if path.stem in banned]
