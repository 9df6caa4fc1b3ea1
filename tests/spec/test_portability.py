"""The verbs of holders, linkage unit and release desk run without POSIX-only modules, as they do on Windows.

A process that cannot import ``fcntl``, ``pwd``, ``grp``, ``resource`` and ``termios``, and that lacks the POSIX-only
functions of ``os``, goes the whole way from a register to a verified release.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "wasl"
MODULES = ("fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "syslog", "posix")
FUNCTIONS = (
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "fork",
    "pread",
    "pwrite",
    "fchmod",
    "fchown",
    "chown",
    "getpgid",
)
FUNCTIONS += (
    "getpgid",
    "sched_getaffinity",
    "mkfifo",
    "getloadavg",
    "uname",
    "killpg",
    "setsid",
    "wait4",
    "sysconf",
    "statvfs",
)
SERVER_SIDE = ("lab", "service", "storage/database.py", "storage/ledger.py", "storage/leases.py", "storage/tables.py")
SERVER_SIDE += (
    "storage/custody.py",
    "storage/obstacles.py",
    "storage/schema.py",
    "storage/notified_mark.py",
    "storage/sessions.py",
    "storage/files.py",
    "storage/migrations",
    "web",
    "engines",
    "cli/serve.py",
)
if find_spec("fastapi") is None:  # the extra 'desk'; with it these modules run on Windows, too
    SERVER_SIDE += tuple(
        f"desk/{path.name}"
        for path in sorted((SOURCE / "desk").glob("*.py"))
        if "from fastapi" in path.read_text("utf-8") or "from starlette" in path.read_text("utf-8")
    )

BLOCKED = f"""
import os, sys, warnings
warnings.simplefilter("ignore")     # filelock says that it falls back to a lock without flock
for name in {("fcntl", "pwd", "grp", "resource", "termios")!r}:
    sys.modules[name] = None
for name in {FUNCTIONS!r}:
    if name in vars(os) and name not in ("sysconf", "uname"):   # the standard library itself needs these on Linux
        delattr(os, name)
"""

CHAIN = """
from wasl.cli.app import main

def wasl(*words):
    sys.argv = ["wasl", *words]
    try:
        main()
    except SystemExit as end:
        if end.code and (words[0], end.code) != ("assess", 3):  # 3: the thresholds do not hold before protection
            raise SystemExit(f"wasl {' '.join(words)}: exit {end.code}")

names = ("dgsn-permits", "cnss-employees")
wasl("population", "generate", "--persons", "600", "--seed", "1", "--out", "registers")
wasl("check", "registers/cnss-employees.csv", "--register", "cnss-employees", "--out", "quality")
wasl("key", "new", "--project", "p", "--out", "p.key")
wasl("key", "identity", "--out", "cnss.identity")
wasl("key", "wrap", "--key", "p.key", "--to", "cnss.identity.pub", "--out", "p.cnss.key")
wasl("key", "show", "p.cnss.key")
for name in names:
    wasl("encode", f"registers/{name}.csv", "--register", name, "--key", "p.key", "--out", f"{name}.parquet",
         "--join", f"{name}.join.parquet", "--payload", f"{name}.payload.parquet", "--keep-map", f"{name}.csv")
wasl("link", "morocco", *(f"{name}.parquet" for name in names), "--out", "scored")
joins = [word for name in names for word in ("--join", f"{name}.join.parquet")]
wasl("resolve", "morocco", "scored/pairs.parquet", *joins, "--out", "linked")
payloads = [word for name in names for word in ("--payload", f"{name}.payload.parquet")]
wasl("assemble", "linked/spine.parquet", "--out", "microdata.parquet", *payloads)
wasl("assess", "microdata.parquet", "--policy", "public-use")
wasl("protect", "microdata.parquet", "--policy", "public-use", "--out", "protected", "--seed", "1")
wasl("publish", "protected", "--description", "foreign-workers-puf", "--out", "release")
wasl("verify", "release")
wasl("audit", "export", "--out", "log.jsonl")
wasl("audit", "key", "--out", "log.vkey")
wasl("audit", "verify", "log.jsonl", "--public-key", "log.vkey")
"""


def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**os.environ, "WASL_HOME": str(folder / "home"), "WASL_DEBUG": "1"},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_from_register_to_release_without_posix(tmp_path: Path) -> None:
    done = run(BLOCKED + CHAIN, tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "release" / "manifest.json").is_file()


def modules_for_windows() -> list[str]:
    """Every module of wasl but the server's and the laboratory's."""
    found = []
    for path in SOURCE.rglob("*.py"):
        place = path.relative_to(SOURCE)
        if not any(place.as_posix().startswith(side) for side in SERVER_SIDE):
            found.append(".".join(("wasl", *place.with_suffix("").parts)).removesuffix(".__init__"))
    return sorted(found)


def test_every_module_for_windows_imports(tmp_path: Path) -> None:
    """httpx (push and pull) brings asyncio, whose Linux half imports ``fcntl``; on Windows it does not."""
    names = [name for name in modules_for_windows() if not name.startswith("wasl.client")]
    done = run(f"{BLOCKED}\nfrom importlib import import_module\nfor name in {names}: import_module(name)", tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]


def posix_only(path: Path) -> list[str]:
    """Uses of POSIX-only modules and functions in a file, but those under ``hasattr(os, …)`` or ``os.name``."""
    uses = []
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            uses += [alias.name for alias in node.names if alias.name.partition(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in MODULES:
            uses.append(str(node.module))
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "os"
            and node.attr in FUNCTIONS
            and f'hasattr(os, "{node.attr}")' not in text
        ):
            uses.append(f"os.{node.attr}")
    return uses


@pytest.mark.parametrize("name", modules_for_windows())
def test_no_module_for_windows_uses_a_posix_only_name(name: str) -> None:
    path = SOURCE.parent / Path(*name.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    assert posix_only(path) == []


@pytest.mark.parametrize(
    "line", ["import fcntl", "from resource import getrusage", "import os\nos.pread(0, 1, 0)", "import os\nos.getuid()"]
)
def test_the_search_for_posix_only_names_finds_them(tmp_path: Path, line: str) -> None:
    path = tmp_path / "module.py"
    path.write_text(line, encoding="utf-8")
    assert len(posix_only(path)) == 1
