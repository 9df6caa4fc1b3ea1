"""A compiled kernel is used again as long as everything that it is made of is the same, and no longer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import wasl

RUN = """
import importlib.util, json, sys
import wasl

def load(name):
    spec = importlib.util.spec_from_file_location(name, f"{name.rpartition('.')[2]}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module

results = {}
for kind in json.loads(sys.argv[2]):
    load(f"{sys.argv[1]}.callee{kind}")
    kernel = load(f"{sys.argv[1]}.caller{kind}").kernel
    results[kind] = (kernel(1), sum(kernel.stats.cache_hits.values()))
print(json.dumps(results))
"""
CALLEES = {
    "a kernel": ("@njit(cache=True)\ndef step(x):\n    return x + {n}\n", "step(x)"),
    "a kernel that is put in its place": ("@njit(inline='always')\ndef step(x):\n    return x + {n}\n", "step(x)"),
    "a number": ("STEP = {n}\n", "x + STEP"),
    "a number that is computed": ("import os\nSTEP = int(os.environ.get('STEP', {n}))\n", "x + STEP"),
    "an array": ("import numpy as np\nSTEPS = np.array([0, {n}])\n", "x + STEPS[1]"),
    "a tuple": ("STEPS = (0, {n})\n", "x + STEPS[1]"),
    "a kernel of a kernel": (
        "@njit(cache=True)\ndef _one(x):\n    return x + {n}\n@njit(cache=True)\ndef step(x):\n    return _one(x)\n",
        "step(x)",
    ),
    "a kernel by its module": ("@njit(cache=True)\ndef step(x):\n    return x + {n}\n", "callee.step(x)"),
}


def write(folder: Path, package: str, n: int) -> None:
    """A module that is called and one that calls, of each kind."""
    head = "from wasl.registers.compiled import njit\n"
    for kind, (callee, call) in enumerate(CALLEES.values()):
        (folder / f"callee{kind}.py").write_text(head + callee.format(n=n))
        (folder / f"caller{kind}.py").write_text(
            f"{head}import sys\nfrom {package}.callee{kind} import *\ncallee = sys.modules['{package}.callee{kind}']\n"
            f"@njit(cache=True)\ndef kernel(x):\n    return {call}\n"
        )


def run(folder: Path, package: str, kinds: Iterable[str] = CALLEES, **changes: str) -> dict[str, list[int]]:
    """Each kernel's result of 1, and how often it came from disk."""
    numbers = {number: kind for number, kind in enumerate(CALLEES) if kind in set(kinds)}
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "kept"), **changes}
    command = [sys.executable, "-c", RUN, package, json.dumps(list(numbers))]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {numbers[int(number)]: found for number, found in json.loads(done.stdout).items()}


def all_of(result: int, hits: int) -> dict[str, list[int]]:
    return {kind: [result, hits] for kind in CALLEES}


def test_what_another_file_puts_into_a_kernel_is_never_that_of_an_earlier_version(tmp_path: Path) -> None:
    write(tmp_path, "wasl", 1)
    assert run(tmp_path, "wasl") == all_of(2, 0)
    assert run(tmp_path, "wasl") == all_of(2, 1), "nothing changed: it comes from disk"
    computed = ["a number that is computed"]
    assert run(tmp_path, "wasl", computed, STEP="7") == {computed[0]: [8, 0]}, "a value that no file holds counts, too"
    write(tmp_path, "wasl", 5)
    assert run(tmp_path, "wasl") == all_of(6, 0), "made anew, because what it calls has changed"


def test_functions_of_other_packages_are_kept_as_numba_keeps_them(tmp_path: Path) -> None:
    write(tmp_path, "elsewhere", 1)
    kinds = ["a number"]
    assert run(tmp_path, "elsewhere", kinds) == {"a number": [2, 0]}
    assert run(tmp_path, "elsewhere", kinds) == {"a number": [2, 1]}
    write(tmp_path, "elsewhere", 5)
    assert run(tmp_path, "elsewhere", kinds) == {"a number": [2, 1]}, "numba looks at the caller's file alone"


def test_every_kernel_takes_the_decorator_that_does_this() -> None:
    source = Path(wasl.__file__).parent
    own = source / "registers" / "compiled" / "cache.py"
    for path in source.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert path == own or ("numba.njit" not in text and "numba import njit" not in text), path
