"""Long work of the desk: in threads, with its progress, two at a time; it can be stopped."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from wasl.errors import InputError, WaslError

__all__ = ["Task", "Tasks"]

AT_ONCE = 2
"""Pieces of work at the same time: a second register need not wait for the first."""

Report = Callable[[int, int], None]


class _StoppedError(Exception):
    """The user stopped the work."""


@dataclass(slots=True)
class Task:
    """A piece of work.

    Attributes:
        name: What it is called in the address.
        title: A key of the catalogue: what it does.
        then: The page to show when it is done.
        percent: Progress, 0 to 100.
        done: Whether it has ended.
        fault: Why it came to nothing, or None.
    """

    name: str
    title: str
    then: str
    percent: int = 0
    done: bool = False
    fault: WaslError | None = None
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)

    def report(self, done: int, total: int) -> None:
        """Note the progress; raises when the user stopped the work."""
        if self._stop.is_set():
            raise _StoppedError
        self.percent = min(99, int(100 * done / total)) if total else 0

    def stop(self) -> None:
        """Ask the work to stop at its next report."""
        self._stop.set()


class Tasks:
    """The work of this run of the desk."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=AT_ONCE)
        self._known: dict[str, Task] = {}

    def start(self, title: str, then: str, work: Callable[[Report], None]) -> Task:
        """Do some work; its errors are kept for the page."""
        task = Task(secrets.token_hex(8), title, then)
        self._known[task.name] = task

        def run() -> None:
            try:
                work(task.report)
            except _StoppedError:
                task.fault = InputError("you stopped this.", remedy="Nothing was kept; start again when you like.")
            except WaslError as error:
                task.fault = error
            except Exception as error:  # its message could hold a person's value: only its kind is said
                kind = type(error).__name__
                task.fault = WaslError(f"an unforeseen error ({kind}).", remedy="Report it to the makers of wasl.")
            finally:
                task.percent, task.done = 100, True

        self._pool.submit(run)
        return task

    def running(self) -> list[Task]:
        """The work that has not ended."""
        return [task for task in self._known.values() if not task.done]

    def get(self, name: str) -> Task:
        """The task of a name.

        Raises:
            InputError: There is none.
        """
        if name not in self._known:
            raise InputError("this work is not known any more.", remedy="Begin again from the first page.")
        return self._known[name]

    def close(self) -> None:
        """Stop everything and wait for it."""
        for task in self._known.values():
            task.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)
