"""Inputs of a run as its log has them: opinions of reviewers, and files that holders handed in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from wasl.audit.events import AuditEvent

__all__ = ["Opinions", "RecordedFile", "SubmittedFiles", "number_of"]


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A file that was handed in, as a log has it.

    Attributes:
        register: Of which register it is.
        entry: Number of the entry that recorded it.
        withdrawn, erased: Numbers of the entries that ended its use and deleted it, or None.
    """

    register: str
    entry: int
    withdrawn: int | None = None
    erased: int | None = None

    def __str__(self) -> str:
        if self.erased is not None:
            return f"register {self.register}, received in entry {self.entry}, erased in entry {self.erased}"
        if self.withdrawn is not None:
            return f"register {self.register}, received in entry {self.entry}, withdrawn in entry {self.withdrawn}"
        return f"register {self.register}, received in entry {self.entry}"


class Opinions:
    """What each reviewer said last of each pair, read from a log in its order."""

    def __init__(self) -> None:
        self._said: dict[str, dict[int, dict[str, str]]] = {}

    def read(self, event: AuditEvent) -> None:
        """Take an entry into account."""
        if event.kind not in ("PairDecided", "DecisionTakenBack"):
            return
        run = str(event.detail.get("run", ""))
        number = event.subject.removeprefix(f"{run}-")
        if not run or not number.isdecimal():
            return
        pair = self._said.setdefault(run, {}).setdefault(int(number), {})
        pair.pop(event.actor, None)
        if event.kind == "PairDecided":
            pair[event.actor] = str(event.detail.get("verdict", ""))

    def of(self, run: str) -> dict[int, tuple[str, ...]]:
        """The opinions on the pairs of a run until now, by number of the pair."""
        return {number: tuple(said.values()) for number, said in self._said.get(run, {}).items() if said}


class SubmittedFiles:
    """The deliveries, join maps and payloads that a log tells of, and what became of them."""

    RECEIVED = ("DeliveryReceived", "JoinMapReceived", "PayloadReceived")
    ENDED = ("SubmissionWithdrawn", "FilesErased")

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], RecordedFile] = {}
        self._of_submission: dict[str, tuple[str, str]] = {}

    def read(self, index: int, event: AuditEvent) -> None:
        """Take an entry into account."""
        detail = event.detail
        if event.kind in self.RECEIVED:
            key = event.project, str(detail.get("digest"))
            self._found[key] = RecordedFile(str(detail.get("register")), index)
            self._of_submission[event.subject] = key
        elif event.kind in self.ENDED and event.subject in self._of_submission:
            key = self._of_submission[event.subject]
            one = self._found[key]
            withdrawn = event.kind == "SubmissionWithdrawn"
            self._found[key] = replace(one, withdrawn=index) if withdrawn else replace(one, erased=index)

    def of(self, project: str) -> dict[str, RecordedFile]:
        """The files of a project by their digest."""
        return {digest: one for (place, digest), one in self._found.items() if place == project}


def number_of(value: object) -> int:
    """A count in an entry; 0 where it has none."""
    return value if isinstance(value, int) else 0
