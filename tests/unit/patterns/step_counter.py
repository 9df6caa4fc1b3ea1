"""A matcher that counts the steps of a backtracking search, and texts that make a regular expression take many.

Nothing is timed: a pattern is run by hand over its parse tree, on a text and on one twice as long. Twice the steps is
linear, four times is quadratic.
"""

import math
import re
import sys
from collections.abc import Callable, Iterator
from re import _constants as op
from re import _parser as parser

LIMIT = 400_000
"""Steps after which a search is given up; a linear one over the texts used here takes a few thousand."""

DEPTH = 20_000
"""Calls within each other: some ten for each character of a text."""

ENOUGH = 250
"""Steps below which the growth of a search says nothing."""

SINGLE = (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN)
REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
PROBES = "a0 D\n-.,;:%'\"/()<=>_+\u00e9\u0627Z1\t"
CATEGORIES: dict[object, Callable[[str], bool]] = {
    op.CATEGORY_DIGIT: str.isdigit,
    op.CATEGORY_NOT_DIGIT: lambda one: not one.isdigit(),
    op.CATEGORY_SPACE: str.isspace,
    op.CATEGORY_NOT_SPACE: lambda one: not one.isspace(),
    op.CATEGORY_WORD: lambda one: one.isalnum() or one == "_",
    op.CATEGORY_NOT_WORD: lambda one: not (one.isalnum() or one == "_"),
}


class _SpentError(Exception):
    """A search took more than `LIMIT` steps."""


def _within(items, one: str, flags: int) -> bool:
    forms = {one, one.lower(), one.upper()} if flags & re.IGNORECASE else {one}
    codes = {ord(form) for form in forms if len(form) == 1}
    hit = False
    for kind, value in items:
        if kind is op.LITERAL:
            hit |= value in codes
        elif kind is op.RANGE:
            hit |= any(value[0] <= code <= value[1] for code in codes)
        elif kind is op.CATEGORY:
            hit |= CATEGORIES[value](one)
    return hit != any(kind is op.NEGATE for kind, _ in items)


class Matcher:
    """One pattern on one text, with the number of steps that it took."""

    def __init__(self, tree, flags: int, text: str) -> None:
        self.tree, self.flags, self.text, self.steps, self.groups = tree, flags, text, 0, {}

    def run(self, way: str) -> None:
        """Match as ``fullmatch``, ``match`` or ``search`` does."""
        starts = range(len(self.text) + 1) if way == "search" else (0,)
        end = len(self.text)
        for start in starts:
            if self._nodes(list(self.tree), 0, start, lambda at: way != "fullmatch" or at == end):
                return

    def _tick(self) -> None:
        self.steps += 1
        if self.steps > LIMIT:
            raise _SpentError

    def _one(self, kind, value, at: int) -> bool:
        if at >= len(self.text):
            return False
        one = self.text[at]
        if kind is op.ANY:
            return bool(self.flags & re.DOTALL) or one != "\n"
        if kind is op.IN:
            return _within(value, one, self.flags)
        return _within([(op.LITERAL, value)], one, self.flags) == (kind is op.LITERAL)

    def _nodes(self, nodes, place: int, at: int, then) -> bool:
        if place == len(nodes):
            return then(at)
        self._tick()
        kind, value = nodes[place]

        def rest(here: int) -> bool:
            return self._nodes(nodes, place + 1, here, then)

        if kind in SINGLE:
            return self._one(kind, value, at) and rest(at + 1)
        if kind is op.BRANCH:
            return any(self._nodes(list(one), 0, at, rest) for one in value[1])
        if kind is op.SUBPATTERN:
            return self._group(value[0], list(value[3]), at, rest)
        if kind is op.ATOMIC_GROUP:
            end = self._first(list(value), at)
            return end is not None and rest(end)
        if kind in REPEATS:
            return self._repeat(kind, value, at, rest)
        if kind is op.AT:
            return self._at(value, at) and rest(at)
        if kind in (op.ASSERT, op.ASSERT_NOT):
            return self._looks(value, at) == (kind is op.ASSERT) and rest(at)
        if kind is op.GROUPREF:
            span = self.groups.get(value)
            piece = None if span is None else self.text[span[0] : span[1]]
            return piece is not None and self.text.startswith(piece, at) and rest(at + len(piece))
        raise NotImplementedError(kind)

    def _group(self, number, body, at: int, rest) -> bool:
        def done(here: int) -> bool:
            old = self.groups.get(number)
            self.groups[number] = (at, here)
            if rest(here):
                return True
            self.groups[number] = old
            return False

        return self._nodes(body, 0, at, done)

    def _first(self, body, at: int) -> int | None:
        end: list[int] = []
        self._nodes(body, 0, at, lambda here: (end.append(here), True)[1])
        return end[0] if end else None

    def _looks(self, value, at: int) -> bool:
        way, body = value
        if way > 0:
            return self._nodes(list(body), 0, at, lambda _: True)
        low, high = body.getwidth()
        return any(
            self._nodes(list(body), 0, start, lambda here: here == at)
            for start in range(max(0, at - high), at - low + 1)
        )

    def _at(self, value, at: int) -> bool:
        text, end = self.text, len(self.text)

        def word(place: int) -> bool:
            return 0 <= place < end and (text[place].isalnum() or text[place] == "_")

        if value in (op.AT_BOUNDARY, op.AT_NON_BOUNDARY):
            return (word(at - 1) != word(at)) == (value is op.AT_BOUNDARY)
        lines = bool(self.flags & re.MULTILINE)
        if value is op.AT_BEGINNING:
            return at == 0 or (lines and text[at - 1] == "\n")
        if value is op.AT_END:
            return at == end or (text[at] == "\n" and (lines or at == end - 1))
        return at == (0 if value is op.AT_BEGINNING_STRING else end)

    def _repeat(self, kind, value, at: int, rest) -> bool:
        low, high, body = value[0], value[1], list(value[2])
        if len(body) == 1 and body[0][0] in SINGLE:
            count = 0
            while count < high and self._one(*body[0], at + count):
                count += 1
                self._tick()
            if kind is op.POSSESSIVE_REPEAT:
                return count >= low and rest(at + count)
            order = range(count, low - 1, -1) if kind is op.MAX_REPEAT else range(low, count + 1)
            return any((self._tick(), rest(at + one))[1] for one in order)
        if kind is op.POSSESSIVE_REPEAT:
            count = 0
            while count < high and (end := self._first(body, at)) not in (None, at):
                at, count = end, count + 1
            return count >= low and rest(at)
        return self._again(kind, (low, high, body), at, 0, -1, rest)

    def _again(self, kind, value, at: int, count: int, last: int, rest) -> bool:
        self._tick()
        low, high, body = value
        more = count < high and not (count >= low and at == last)

        def step() -> bool:
            return more and self._nodes(body, 0, at, lambda here: self._again(kind, value, here, count + 1, at, rest))

        if kind is op.MIN_REPEAT:
            return (count >= low and rest(at)) or step()
        return step() or (count >= low and rest(at))


def _sample(nodes, flags: int, pick: int = 0) -> str:
    """A short text that the nodes match; ``pick`` chooses among characters and branches."""
    found = ""
    for kind, value in nodes:
        if kind is op.LITERAL:
            found += chr(value)
        elif kind in SINGLE:
            own = [value_of for name, item in (value if kind is op.IN else ()) for value_of in _ends(name, item)]
            fits = [one for one in [*own, *PROBES] if Matcher((), flags, one)._one(kind, value, 0)]
            found += fits[pick % len(fits)] if fits else "?"
        elif kind is op.BRANCH:
            found += _sample(value[1][pick % len(value[1])], flags, pick)
        elif kind is op.SUBPATTERN:
            found += _sample(value[3], flags, pick)
        elif kind is op.ATOMIC_GROUP:
            found += _sample(value, flags, pick)
        elif kind in REPEATS and (value[0] or pick):
            found += _sample(value[2], flags, pick) * max(1, value[0])
    return found


def _ends(name, item) -> list[str]:
    if name is op.LITERAL:
        return [chr(item)]
    return [chr(item[0]), chr(item[1])] if name is op.RANGE else []


def _repeats(nodes, flags: int, before: str = "") -> Iterator[tuple[str, object]]:
    """The text before, and the body, of every repeat without a bound (or one above fifty)."""
    for kind, value in nodes:
        if kind is op.BRANCH:
            for one in value[1]:
                yield from _repeats(one, flags, before)
        elif kind is op.SUBPATTERN:
            yield from _repeats(value[3], flags, before)
        elif kind is op.ATOMIC_GROUP:
            yield from _repeats(value, flags, before)
        elif kind in (op.ASSERT, op.ASSERT_NOT):
            yield from _repeats(value[1], flags, before)
        elif kind in REPEATS:
            if value[1] > 50:
                yield before, value[2]
            yield from _repeats(value[2], flags, before)
        before += _sample([(kind, value)], flags)


def growth(pattern: str, flags: int, way: str, size: int = 16) -> tuple[float, str]:
    """How many times more steps a text of twice the length takes, for the worst of many texts, and that text.

    Args:
        pattern: The regular expression.
        flags: Its flags.
        way: ``search``, ``match`` or ``fullmatch``.
        size: Characters of the shorter text.
    """
    tree = parser.parse(pattern, flags)
    flags |= tree.state.flags
    spots = list(_repeats(tree, flags))
    pumps = sorted({_sample(body, flags, pick) for _, body in spots for pick in range(3)} - {""})
    pumps += sorted({before for before, _ in spots if 1 < len(before) <= 24} - {*pumps})
    worst = (0.0, "")
    for prefix in sorted({"", *(before for before, _ in spots)}):
        for pump in pumps:
            short, long = (
                _steps(tree, flags, way, prefix + pump * (n // len(pump) + 1) + "\0") for n in (size, 2 * size)
            )
            if long == LIMIT:
                return math.inf, prefix + pump
            if long > ENOUGH and long / max(short, 1) > worst[0]:
                worst = (long / max(short, 1), prefix + pump)
    return worst


def _steps(tree, flags: int, way: str, text: str) -> int:
    matcher, depth = Matcher(tree, flags, text), sys.getrecursionlimit()
    sys.setrecursionlimit(DEPTH)
    try:
        matcher.run(way)
    except _SpentError:
        return LIMIT
    finally:
        sys.setrecursionlimit(depth)
    return matcher.steps
