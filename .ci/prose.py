"""Check the plain English of documents and docstrings: what a program can check.

Usage: python .ci/prose.py [--write-allowed] [--show NAME ...]

- a sentence has at most 30 words;
- no sentence begins or goes on with a phrase of `BANNED`;
- each technical term of `TERMS` that a document of ``docs/`` uses stands in ``docs/glossary.md``.

Files that fail stand in ``.ci/prose-allowed.json`` with the number of their faults. The number may only fall: more
faults than allowed fail the check, and so do fewer, until ``--write-allowed`` has lowered the number. That option never
raises a number. Names given after ``--show`` print the faults of files whose path begins so.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ALLOWED = ROOT / ".ci" / "prose-allowed.json"
MAX_WORDS = 30
"""Plain-language guides ask for 15 to 20 words on average and at most 25 to 30."""

INVERTED = "As|Than|Nor|Neither|Such|Besides,|Beside"
BANNED = {
    r"^(Nothing|Nobody|None) (is|are|was|were|lies?|goes?|leaves?) (?!found|there)\w+": "nothing as the subject",
    r"^What (is|are|was|were|a|an|the|it|he|she|they|cannot|can|no) .*[^?]$": "begins with a relative clause",
    r"^(How(?! to| many| far| much)|Whoever|Who|Which|Whose) .*[^?]$": "an indirect question in place of a sentence",
    rf"^({INVERTED}) \w+ (is|are|was|were|do|does|did|has|have|can|must) ": "an inversion",
    r"\b(teach(es)?|knows?|tells?|vouch(es)?|doubts?|shows? itself) (?=what|how|nothing|us\b)": "a thing as a person",
    r"\b(somebody|whoever|nobody) (who|that|else)\b": "a vague person; name the role",
    r"\bin its own hand\b|\bat home\b|\bdoor\b|(?<!in-)\bhouse\b|\bdoorkeeper\b": "a metaphor",
    r"\bnot un\w+\b|\bnever without\b": "a double negation",
    r"\butiliz\w+|\bleverag\w+|\bin order to\b|\bit should be noted\b|\bplease note\b|\bsimply\b": "filler",
}
"""Phrases of the first edition that readers had to read twice, and filler."""

TERMS = (
    "record",
    "delivery",
    "block",
    "pass",
    "pair",
    "pattern",
    "match",
    "non-match",
    "weight",
    "spine",
    "payload",
    "profile",
    "plan",
    "token",
    "filter",
    "diffusion",
    "policy",
    "threshold",
    "manifest",
    "checkpoint",
    "digest",
    "release",
    "microdata",
    "codebook",
    "adversary",
    "intruder",
    "round",
    "grade",
    "review",
    "register",
    "act",
)
"""Terms that must stand in the glossary when a document uses them as a word."""

NO_PROSE = ("#", "|", ">>>", "Source:", "*Source", "Date:", "::: ")
"""How paragraphs begin that are no sentences."""

CODE = re.compile(r"```.*?```|``.*?``|`[^`]*`", re.DOTALL)


def sentences(text: str) -> Iterator[str]:
    """Sentences of running text; code, tables, headings, lists of fields and links are taken out."""
    text = CODE.sub("Code", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    for paragraph in re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.|#|\|)\s)", text):
        stripped = paragraph.strip()
        if (
            not stripped
            or "├──" in stripped
            or stripped.startswith(("#", "|", ">>>", "Source:", "*Source", "Date:", "::: "))
        ):
            continue
        plain = re.sub(r"^(?:[-*]|\d+\.)\s+", "", " ".join(stripped.split()))
        plain = plain.replace("**", "").replace("*", "")
        for sentence in re.split(r"(?<=[.!?:;])\s+(?=[A-ZÀ-Ý(«\"“])", plain):
            if sentence:
                yield sentence


def faults(text: str) -> list[str]:
    """What is wrong with a text."""
    found = []
    for sentence in sentences(text):
        words = re.findall(r"[\w’'-]*[A-Za-zÀ-ÿ][\w’'-]*", sentence)
        shown = sentence if len(sentence) < 90 else sentence[:87] + "…"
        if len(words) > MAX_WORDS:
            found.append(f"{len(words)} words: {shown}")
        found += [f"{why}: {shown}" for pattern, why in BANNED.items() if re.search(pattern, sentence)]
    return found


def docstrings(path: Path) -> Iterator[str]:
    """The docstrings of a module, its classes, functions and attributes, without their sections of fields."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        text = None
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            text = inspect.cleandoc(node.value.value)
        if text:
            yield re.split(r"\n\s*(?:Args|Attributes|Returns|Raises|Example|Yields):\s*\n", text)[0]


def examine(path: Path) -> list[str]:
    """The faults of a document or module."""
    if path.suffix == ".md":
        return faults(path.read_text(encoding="utf-8"))
    seen = {text: faults(text) for text in docstrings(path)}  # a docstring is met twice: as such and as an expression
    return [fault for found in seen.values() for fault in found]


def undefined() -> list[str]:
    """Terms that documents use and the glossary lacks."""
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    defined = {term.strip().lower() for term in re.findall(r"^\| ([^|]+) \|", glossary, re.MULTILINE)}
    heads = {term.rpartition(" ")[2] for term in defined} | defined
    return [term for term in TERMS if term not in heads]


def files() -> list[Path]:
    """Documents and modules; generated pages are written by their generator."""
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    written = [
        p for p in documents if "reference" not in p.parts and p.name not in ("CHANGELOG.md", "attacks-table.md")
    ]
    return sorted([*(p for p in written if p != ROOT / "docs/decisions/index.md"), *(ROOT / "src").rglob("*.py")])


def main() -> int:
    """Compare every file with its allowance."""
    allowed: dict[str, int] = json.loads(ALLOWED.read_text(encoding="utf-8")) if ALLOWED.is_file() else {}
    shown = tuple(sys.argv[sys.argv.index("--show") + 1 :]) if "--show" in sys.argv else ()
    found = {path.relative_to(ROOT).as_posix(): examine(path) for path in files()}
    if "--write-allowed" in sys.argv:
        left = {name: len(these) for name, these in found.items() if these}
        if ALLOWED.is_file():
            left = {name: min(number, allowed[name]) for name, number in left.items() if name in allowed}
        ALLOWED.write_text(json.dumps(left, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        return 0
    wrong = [f"the glossary lacks {term!r}" for term in undefined()]
    for name, these in found.items():
        if shown and name.startswith(shown):
            sys.stdout.write("".join(f"{name}: {fault}\n" for fault in these))
        if len(these) > allowed.get(name, 0):
            wrong += [f"{name}: {fault}" for fault in these]
            wrong.append(f"{name}: {len(these)} faults, {allowed.get(name, 0)} allowed")
        elif len(these) < allowed.get(name, 0):
            wrong.append(f"{name}: {len(these)} faults, {allowed[name]} allowed: run .ci/prose.py --write-allowed")
    wrong += [f"{name}: is in the list of allowed faults and does not exist" for name in allowed if name not in found]
    sys.stderr.write("".join(f"{line}\n" for line in wrong))
    total = sum(map(len, found.values()))
    sys.stdout.write(f"prose: {total} allowed faults in {sum(bool(these) for these in found.values())} files\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
