"""Find the English sentences that the code makes for people: errors, remedies, checks, lines and tables of verbs.

The code writes them as plain strings and f-strings where they arise. This module reads the syntax trees and turns
each into the key of a message: the literal text, with ``{name}`` where a value stands. `wasl.locale.sentences`
recognizes the finished sentence by the same key.

A call speaks to people when it makes an error of wasl's, when it stands in a ``raise``, or when it is one of
`SPEAKING`. Its text may be a literal, a choice between literals, a name or constant that is set to literals in the
module, or what a function of the module returns.
"""

from __future__ import annotations

import ast
import itertools
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

__all__ = ["Text", "escaped", "sentences_of"]

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "wasl"

SPEAKING: dict[str, tuple[int | str, ...]] = {
    "say": (0,),
    "said": (0,),
    "show_table": (0, 1, 2),
    "progress": (0,),
    "Check": (2, "message"),
    "LeftOut": (2,),
    "confirm": (0,),
    "prompt": (0,),
    "warn": (0,),
    "BadParameter": (0,),
    "HttpProblem": (1, "detail", "remedy"),
    "validate_document": (2,),
    "read_document": (2,),
}
"""Calls besides errors whose arguments are read by people: their positions and keywords."""
SILENT = ("Exit", "KeyError", "AttributeError")
"""What is raised without a sentence."""
COLLECTING = ("len", "join", "str", "sorted", "list", "sum", "repr", "int", "map", "set", "min", "max")
"""Functions whose value is named after their argument."""
LISTS = ("warnings", "notes", "faults", "problems", "failures", "reasons", "complaints", "sentences", "lines")
"""Lists of sentences: what is appended to them, or yielded into them, is read by people."""
ERROR_WORDS = ("remedy", "message", "detail", "reason", "what")
NOUNS = ("what",)
"""Parameters that take a noun which stands in a sentence."""
CARRIED = ("remedy", "message", "notice", "advice", "refusal", "who")
"""Parameters through which a function takes a sentence for people."""
TEXT_NAMES = ("warning", "notice", "message", "reason", "refusal", "failure", "remedy", "excess")
"""Variables that hold a sentence for people."""
TELLING = ("weaknesses", "__str__")
"""Functions that make phrases of a sentence."""
MOST_VARIANTS = 16


@dataclass(frozen=True)
class Text:
    """A key and where it arises."""

    key: str
    path: Path
    line: int


@dataclass
class Module:
    """A module with what its names can be."""

    path: Path
    tree: ast.Module
    constants: dict[str, list[ast.expr]] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    nodes: list[ast.AST] = field(default_factory=list)
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)


def _load(path: Path) -> Module:
    module = Module(path, ast.parse(path.read_bytes()))
    for node in module.tree.body:
        for name, value in _assigned(node):
            module.constants.setdefault(name, []).append(value)
    module.nodes.append(module.tree)
    for node in module.nodes:  # it grows: every node's children follow those of the nodes before it
        for child in ast.iter_child_nodes(node):
            module.parents[child] = node
            module.nodes.append(child)
        if isinstance(node, ast.FunctionDef):
            module.functions[node.name] = node
    return module


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                for one, value in zip(target.elts, node.value.elts, strict=False):
                    if isinstance(one, ast.Name):
                        yield one.id, value
    elif (
        isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr)
        and isinstance(node.target, ast.Name)
        and node.value is not None
    ):
        yield node.target.id, node.value


def error_names(modules: list[Module]) -> set[str]:
    """The names of all classes that derive from an error of wasl's."""
    bases = {
        node.name: {base.id if isinstance(base, ast.Name) else getattr(base, "attr", "") for base in node.bases}
        for module in modules
        for node in module.nodes
        if isinstance(node, ast.ClassDef)
    }
    found = {"WaslError"}
    while True:
        more = {name for name, above in bases.items() if above & found} - found
        if not more:
            return found
        found |= more


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


class Finder:
    """The keys of one module."""

    def __init__(
        self, module: Module, errors: set[str], takes: dict[str, set[int]], shared: dict[str, list[ast.expr]]
    ) -> None:
        self.module, self.errors, self.takes, self.shared = module, errors, takes, shared
        self.found: dict[str, int] = {}

    def run(self) -> dict[str, int]:
        """Every key with the line where it first arises."""
        for node in self.module.nodes:
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                self._call(
                    node.exc, every=_called(node.exc) not in ("typer.Exit", "Exit", "KeyError", "AttributeError")
                )
            elif isinstance(node, ast.FunctionDef) and node.name in TELLING:
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant | ast.JoinedStr) and not isinstance(
                        self.module.parents.get(part), ast.JoinedStr | ast.FormattedValue | ast.Expr
                    ):
                        self._add(part)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                for name, value in _assigned(node):
                    if name in TEXT_NAMES:
                        self._add(value)
            elif isinstance(node, ast.Call):
                name = _called(node)
                if name in self.errors:
                    self._call(node, every=True)
                elif name in SPEAKING:
                    self._call(node, every=False)
                elif name == "__init__" and self._class_of(node) in self.errors:
                    self._call(node, every=True)
                elif name in self.takes:
                    for place in self.takes[name]:
                        if place < len(node.args):
                            self._add(node.args[place])
                    for keyword in node.keywords:
                        if keyword.arg in CARRIED:
                            self._add(keyword.value)
                elif name in ("append", "extend", "insert") and isinstance(node.func, ast.Attribute):
                    held = node.func.value
                    label = held.id if isinstance(held, ast.Name) else getattr(held, "attr", "")
                    if label in LISTS:
                        for argument in node.args:
                            self._add(argument)
        return self.found

    def _call(self, node: ast.Call, *, every: bool) -> None:
        places = SPEAKING.get(_called(node), ())
        for place, argument in enumerate(node.args):
            if (every and not places) or place in places:
                cells = _called(node) == "show_table" and place == 2
                self._add(argument, words=not cells and _called(node) in ("show_table", "progress", "said"))
        for keyword in node.keywords:
            if keyword.arg in places or (every and keyword.arg in ERROR_WORDS):
                self._add(keyword.value)

    def _add(self, node: ast.expr, *, words: bool = False) -> None:
        for key in self._texts(node, 0):
            if is_sentence(key) or (words and re.search(r"[A-Za-z]{2}", literal(key))):
                self.found.setdefault(key.strip(), node.lineno)

    def _texts(self, node: ast.expr, depth: int, names: dict[str, str] | None = None) -> list[str]:
        """The keys that an expression can become; ``names`` are the places of the sentence it is a part of."""
        if depth > 6:
            return []
        if isinstance(node, ast.Constant):
            return [escaped(node.value)] if isinstance(node.value, str) and node.value else []
        if isinstance(node, ast.JoinedStr):
            return self._joined(node, depth, {} if names is None else names)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._sum(node, depth, {} if names is None else names)
        if isinstance(node, ast.IfExp):
            return self._texts(node.body, depth) + self._texts(node.orelse, depth)
        if isinstance(node, ast.BoolOp):
            return [key for value in node.values for key in self._texts(value, depth)]
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            return [key for value in node.elts for key in self._texts(value, depth)]
        if isinstance(node, ast.Starred):
            return self._texts(node.value, depth)
        if isinstance(node, ast.Dict):
            return [key for value in node.values for key in self._texts(value, depth)]
        if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp):
            return self._texts(node.elt, depth)
        if isinstance(node, ast.Name):
            return [key for value in self._values(node) for key in self._texts(value, depth + 1)]
        if isinstance(node, ast.Subscript):
            return self._texts(node.value, depth + 1) if isinstance(node.value, ast.Name | ast.Dict) else []
        if isinstance(node, ast.Call):
            return self._called_texts(node, depth)
        return []

    def _called_texts(self, node: ast.Call, depth: int) -> list[str]:
        name = _called(node)
        if name == "join":
            return [key for argument in node.args for key in self._texts(argument, depth)]
        if name in ("get", "pop") and isinstance(node.func, ast.Attribute):
            return [
                *self._texts(node.func.value, depth + 1),
                *(k for a in node.args[1:] for k in self._texts(a, depth)),
            ]
        if name in ("strip", "rstrip", "lstrip", "capitalize", "format") and isinstance(node.func, ast.Attribute):
            return self._texts(node.func.value, depth)
        function = self.module.functions.get(name)
        if function is None or name in ("N_", "_"):
            return []
        inner = [part for part in ast.walk(function) if isinstance(part, ast.Return | ast.Yield) and part.value]
        return [key for part in inner if part.value for key in self._texts(part.value, depth + 1)]

    def _class_of(self, node: ast.AST | None) -> str:
        """The class in whose body an expression stands."""
        while node is not None and not isinstance(node, ast.ClassDef):
            node = self.module.parents.get(node)
        return "" if node is None else node.name

    def _values(self, node: ast.Name) -> list[ast.expr]:
        """What a name is set to: in its function, else in the module."""
        scope: ast.AST | None = node
        while scope is not None and not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            scope = self.module.parents.get(scope)
        if scope is not None:
            inside = [value for part in ast.walk(scope) for name, value in _assigned(part) if name == node.id]
            if inside:
                return [value for value in inside if value is not node]
        own = self.module.constants.get(node.id, [])
        return own or (self.shared.get(node.id, []) if node.id.isupper() else [])

    def _sum(self, node: ast.BinOp, depth: int, names: dict[str, str]) -> list[str]:
        left, right = self._part(node.left, depth, names), self._part(node.right, depth, names)
        return [a + b for a, b in itertools.product(left, right)][:MOST_VARIANTS]

    def _part(self, node: ast.expr, depth: int, names: dict[str, str]) -> list[str]:
        if isinstance(node, ast.Constant | ast.JoinedStr):
            return self._texts(node, depth, names) or [""]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._sum(node, depth, names)
        if isinstance(node, ast.IfExp):
            return self._part(node.body, depth, names) + self._part(node.orelse, depth, names)
        self._inner(node, depth)
        return ["{" + place_name(node, names) + "}"]

    def _joined(self, node: ast.JoinedStr, depth: int, names: dict[str, str]) -> list[str]:
        parts: list[list[str]] = []
        for value in node.values:
            if isinstance(value, ast.Constant):
                parts.append([escaped(str(value.value))])
            elif isinstance(value, ast.FormattedValue):
                inner = value.value
                if isinstance(inner, ast.IfExp) and _constant_choice(inner):
                    parts.append(self._choice(inner, depth, names))
                elif isinstance(inner, ast.JoinedStr | ast.Constant):
                    parts.append(self._texts(inner, depth, names) or [""])
                else:
                    self._inner(inner, depth)
                    parts.append(["{" + place_name(inner, names) + "}"])
        return ["".join(choice) for choice in itertools.islice(itertools.product(*parts), MOST_VARIANTS)]

    def _choice(self, node: ast.IfExp, depth: int, names: dict[str, str]) -> list[str]:
        found = []
        for branch in (node.body, node.orelse):
            if isinstance(branch, ast.IfExp):
                found += self._choice(branch, depth, names)
            elif isinstance(branch, ast.Constant):
                found.append(escaped(str(branch.value)))
            else:
                found += self._texts(branch, depth, names)
        return found

    def _inner(self, node: ast.expr, depth: int) -> None:
        """Sentences that stand as a value in another one."""
        for key in self._texts(node, depth + 1):
            if is_sentence(key):
                self.found.setdefault(key.strip(), node.lineno)


def _constant_choice(node: ast.IfExp) -> bool:
    return all(
        isinstance(branch, ast.Constant | ast.JoinedStr) or (isinstance(branch, ast.IfExp) and _constant_choice(branch))
        for branch in (node.body, node.orelse)
    )


def escaped(text: str) -> str:
    """A literal with its braces doubled."""
    return text.replace("{", "{{").replace("}", "}}")


def is_sentence(key: str) -> bool:
    """Whether people read it: words with a space between, not a name, a pattern or a line of a program."""
    return " " in key.strip() and bool(re.search(r"[a-z]{2}", literal(key))) and not re.search(r"^[a-z_]+ = ", key)


def literal(key: str) -> str:
    """The text of a key without its places."""
    return "".join(text for text, *_ in string.Formatter().parse(key))


def place_name(node: ast.expr, names: dict[str, str]) -> str:
    """A name for the place of a value, the same for the same expression of a sentence."""
    source = ast.unparse(node)
    if source in names:
        return names[source]
    base = re.sub(r"\W", "", _base_name(node)).strip("_").lower() or "value"
    name, number = base, 2
    while name in names.values():
        name, number = f"{base}{number}", number + 1
    names[source] = name
    return name


def _base_name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr if node.attr not in ("value", "name") else _base_name(node.value)
    if isinstance(node, ast.Subscript):
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return node.slice.value
        return _base_name(node.value)
    if isinstance(node, ast.Call):
        name = _called(node)
        if name == "type":
            return "kind"
        if node.args and name in (
            "len",
            "join",
            "str",
            "sorted",
            "list",
            "sum",
            "repr",
            "int",
            "map",
            "set",
            "min",
            "max",
        ):
            return _base_name(node.args[-1])
        return name
    if isinstance(node, ast.ListComp | ast.GeneratorExp):
        return _base_name(node.generators[0].iter)
    if isinstance(node, ast.Starred):
        return _base_name(node.value)
    if isinstance(node, ast.BoolOp | ast.BinOp | ast.IfExp):
        first = node.values[0] if isinstance(node, ast.BoolOp) else getattr(node, "left", getattr(node, "body", None))
        return _base_name(first) if first is not None else "value"
    return "value"


def _modules() -> list[Module]:
    return [_load(path) for path in sorted(SOURCE.rglob("*.py"))]


@cache
def sentences_of() -> list[Text]:
    """The sentences of every module."""
    modules = _modules()
    errors = error_names(modules)
    takes = carrying(modules)
    shared = {name: values for module in modules for name, values in module.constants.items() if name.isupper()}
    found = [
        Text(key, module.path, line)
        for module in modules
        for key, line in Finder(module, errors, takes, shared).run().items()
    ]
    return found + words_of(modules)


def carrying(modules: list[Module]) -> dict[str, set[int]]:
    """The functions that take a sentence for people, by name, and the positions of it."""
    found: dict[str, set[int]] = {}
    for module in modules:
        for function in module.functions.values():
            names = [
                one.arg for one in (*function.args.posonlyargs, *function.args.args) if one.arg not in ("self", "cls")
            ]
            keywords = {one.arg for one in function.args.kwonlyargs}
            places = {names.index(name) for name in CARRIED if name in names}
            if places or keywords & set(CARRIED):
                found.setdefault(function.name, set()).update(places)
    return found


def words_of(modules: list[Module]) -> list[Text]:
    """The nouns that are passed to a parameter of `NOUNS`."""
    takes: dict[str, list[int | str]] = {}
    for module in modules:
        for node in module.nodes:
            if isinstance(node, ast.FunctionDef):
                names = [one.arg for one in (*node.args.posonlyargs, *node.args.args) if one.arg not in ("self", "cls")]
                takes.setdefault(node.name, []).extend(names.index(noun) for noun in NOUNS if noun in names)
    found = []
    for module in modules:
        for node in module.nodes:
            if not isinstance(node, ast.Call) or _called(node) in ("get", "run", "add", "read"):
                continue
            places = set(takes.get(_called(node), ()))
            given = [argument for place, argument in enumerate(node.args) if place in places]
            given += [keyword.value for keyword in node.keywords if keyword.arg == "what"]
            found += [
                Text(escaped(value.value), module.path, node.lineno)
                for value in given
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value.strip()
            ]
    return found
