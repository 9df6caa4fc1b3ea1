"""A clerk's decisions on the doubtful pairs of a comparison: in order, to be undone, and found again after closing.

Decisions are kept in the user's own folder under a key that is made of both files. Without the two registers no reader
of the folder learns which records a decision is on.

Does not protect against: a reader of both registers and of the folder.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from wasl.registers.exchange.whole_files import write_whole
from wasl.workflow.merge import Decision

__all__ = ["FOLDER", "DoubtfulPair", "PairReview", "Verdict", "key_of_files"]

Verdict = Literal["same", "different"]
FOLDER = "desk-decisions"
"""Name of the folder in the home folder. Deleting it forgets all decisions that were not taken over."""


@dataclass(frozen=True, slots=True)
class DoubtfulPair:
    """A pair of records that the comparison leaves open.

    Attributes:
        records: Register and number of the first record, register and number of the second.
        probability: That they are one person.
        values: Both values of each variable the records share.
    """

    records: tuple[str, str, str, str] = field(repr=False)
    probability: float
    values: Mapping[str, tuple[str, str]] = field(repr=False)


def key_of_files(files: Iterable[Path]) -> bytes:
    """A key that only who has the files can make."""
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.digest()


@dataclass(slots=True)
class PairReview:
    """The decisions on the doubtful pairs of two files.

    Attributes:
        home: The user's own folder.
        key: Of both files.
        pairs: The pairs, the least certain first. Pairs that were decided stay in it.
        verdicts: What was decided, by place in ``pairs``, in the order in which it was decided.
        taken_over: How many decisions the last comparison used.
    """

    home: Path
    key: bytes = field(repr=False)
    pairs: list[DoubtfulPair] = field(default_factory=list, repr=False)
    verdicts: dict[int, Verdict] = field(default_factory=dict, repr=False)
    taken_over: int = 0

    def show(self, pairs: Sequence[DoubtfulPair]) -> None:
        """Add the pairs that a comparison leaves open, and recall what was decided on them before."""
        known = {one.records for one in self.pairs}
        places = {self._name(one.records): place for place, one in enumerate(self.pairs)}
        for one in pairs:
            if one.records not in known:
                places[self._name(one.records)] = len(self.pairs)
                self.pairs.append(one)
        for name, verdict in self._kept():
            if name in places and verdict in get_args(Verdict):
                self.verdicts.setdefault(places[name], verdict)

    def decide(self, place: int, verdict: Verdict) -> None:
        """Decide on a pair; a later decision replaces an earlier one."""
        self.verdicts.pop(place, None)
        self.verdicts[place] = verdict
        self._keep()

    def undo(self) -> int | None:
        """Take the last decision back; the place of its pair, or None where nothing was decided."""
        if not self.verdicts:
            return None
        place, _ = self.verdicts.popitem()
        self._keep()
        return place

    def following(self, place: int = -1) -> int | None:
        """The next pair without a decision after a place, or from the beginning; None where all are decided."""
        open_pairs = [one for one in range(len(self.pairs)) if one not in self.verdicts]
        return next((one for one in open_pairs if one > place), open_pairs[0] if open_pairs else None)

    def decisions(self) -> list[Decision]:
        """The decisions that a comparison takes over."""
        return [Decision(*self.pairs[place].records, verdict) for place, verdict in self.verdicts.items()]

    def forget(self) -> None:
        """Delete what is kept of the decisions."""
        self._file.unlink(missing_ok=True)

    @property
    def _file(self) -> Path:
        return self.home / FOLDER / f"{hmac.digest(self.key, b'file', 'sha256').hex()[:32]}.json"

    def _name(self, records: Sequence[str]) -> str:
        said = json.dumps(list(records), ensure_ascii=False).encode()
        return hmac.digest(self.key, said, "sha256").hex()[:32]

    def _keep(self) -> None:
        kept = [[self._name(self.pairs[place].records), verdict] for place, verdict in self.verdicts.items()]
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._file, json.dumps(kept), mode=0o600)

    def _kept(self) -> list[tuple[str, Verdict]]:
        try:
            value = json.loads(self._file.read_text(encoding="utf-8"))
            return [(str(name), verdict) for name, verdict in value]
        except (OSError, ValueError, TypeError, RecursionError):
            return []
