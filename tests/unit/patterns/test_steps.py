"""No regular expression of the package takes more than linear steps on any text, as it is used."""

import ast
import functools
import json
import subprocess
import sys
from pathlib import Path

import pytest

import wasl

sys.path.insert(0, str(Path(__file__).parent))

from step_counter import growth

ROOT = Path(wasl.__file__).parent
LINEAR = 2.8
"""Twice as long a text takes twice the steps where they are linear, four times where they are quadratic."""

GATHER = """
import importlib, json, pkgutil, re, sys
found, compiled = {}, re.compile
def gather(pattern, flags=0):
    result = compiled(pattern, flags)
    text = result.pattern if isinstance(result.pattern, str) else result.pattern.decode("latin-1")
    frame = sys._getframe(1)
    found[frame.f_code.co_filename, frame.f_lineno, text, result.flags & ~re.UNICODE] = None
    return result
re.compile = gather
import wasl
for module in pkgutil.walk_packages(wasl.__path__, "wasl."):
    if not module.name.startswith("wasl.storage.migrations."):
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            if error.name.startswith("wasl"):
                raise
json.dump(list(found), sys.stdout)
"""
"""All modules are imported in a process of its own, where each compiled pattern is written down with its place."""

ANCHORED = {"fullmatch", "match"}
WAYS = {*ANCHORED, "search", "sub", "subn", "findall", "finditer", "split"}
IN_LISTS = {"registers/reading/description_rows.py": "fullmatch", "registers/reading/shifted_rows.py": "fullmatch"}
"""Modules whose patterns stand in lists, and how those are used there."""


@pytest.fixture(scope="module")
def patterns():
    """Pattern, flags and where, of all patterns that modules of the package compile when they are imported."""
    told = subprocess.run([sys.executable, "-c", GATHER], capture_output=True, check=True, text=True).stdout
    return sorted(
        (text, flags, f"{Path(file).relative_to(ROOT)}:{line}")
        for file, line, text, flags in json.loads(told)
        if Path(file).is_relative_to(ROOT)
    )


@functools.cache
def _tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


@functools.cache
def _calls() -> dict[tuple[str, str], set[str]]:
    """For each module and name of it, the methods that its own and other modules call on that name."""
    called: dict[tuple[str, str], set[str]] = {}
    for path in ROOT.rglob("*.py"):
        file = str(path.relative_to(ROOT))
        home = {}
        for node in ast.walk(_tree(file)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("wasl."):
                module = node.module.removeprefix("wasl.").replace(".", "/")
                home |= {one.asname or one.name: (f"{module}.py", one.name) for one in node.names}
        for node in ast.walk(_tree(file)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                called.setdefault(home.get(node.value.id, (file, node.value.id)), set()).add(node.attr)
    return called


def _written_in_place() -> list[tuple[str, int, str, str]]:
    """Pattern, flags, where and way of calls such as ``re.sub(r"…", …)``."""
    found = []
    for path in ROOT.rglob("*.py"):
        file = str(path.relative_to(ROOT))
        for node in ast.walk(_tree(file)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            owner, first = node.func.value, node.args[0]
            written = isinstance(first, ast.Constant) and isinstance(first.value, str)
            if written and isinstance(owner, ast.Name) and owner.id == "re" and node.func.attr in WAYS:
                way = node.func.attr if node.func.attr in ANCHORED else "search"
                found.append((first.value, 0, f"{file}:{node.lineno}", way))
    return found


def _way(where: str) -> str:
    """How a pattern is used: only from the start, only as a whole, or anywhere in a text."""
    file, line = where.rsplit(":", 1)
    used: set[str] = set()
    for node in _tree(file).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.lineno <= int(line) <= node.end_lineno:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                used |= _calls().get((file, getattr(target, "id", "")), set()) & WAYS
                used |= {IN_LISTS[file]} if file in IN_LISTS else set()
    if not used or not used <= ANCHORED:
        return "search"
    return "match" if "match" in used else "fullmatch"


def test_steps_grow_with_the_text_and_not_with_its_square(patterns):
    assert len(patterns) > 400
    every = [(text, flags, where, _way(where)) for text, flags, where in patterns] + _written_in_place()
    slow = {}
    for text, flags, where, way in every:
        times, attack = growth(text, flags, way)
        if times > LINEAR:
            slow[where] = (way, round(times, 1), attack, text[:60])
    assert not slow


@pytest.mark.parametrize(
    ("pattern", "way", "linear"),
    [
        (r"-?\d+\.\d+", "search", False),
        (r"-?\d+\.\d+", "fullmatch", True),
        (r"(?<!\d)-?\d+\.\d+", "search", True),
        (r"(a+)+b", "fullmatch", False),
        (r"(?>a+)+b", "fullmatch", True),
        (r".*D+[IY]", "fullmatch", False),
        (r".*D[IY]", "fullmatch", True),
        (r"\s*;\s*", "search", False),
        (r"(?<!\s)\s*;\s*", "search", True),
        (r"(?:x|xx)+y", "match", False),
        (r"[a-z]{1,40}", "search", True),
    ],
)
def test_the_counter_tells_linear_from_more(pattern, way, linear):
    assert (growth(pattern, 0, way)[0] <= LINEAR) is linear
