"""Denied requests without a valid token: counted, and logged as one entry per interval instead of one per request.

Otherwise anybody could fill the log with requests.
"""

from __future__ import annotations

import threading
from collections import Counter

from wasl.audit.events import DenialsCounted
from wasl.service.access import ANONYMOUS
from wasl.service.ports import Caller, Office

__all__ = ["Noise"]


class Noise:
    """Counts by reason, until they are logged.

    Attributes:
        office: Surroundings.
    """

    def __init__(self, office: Office) -> None:
        self.office = office
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def count(self, reason: str) -> None:
        """Count one denied request."""
        with self._lock:
            self._counts[reason] += 1

    def flush(self) -> int:
        """Log one entry for each reason; gives how many requests they stand for."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        for reason, number in sorted(counts.items()):
            caller = Caller(ANONYMOUS, self.office.now())
            event = caller.event(DenialsCounted(requests=number, reason=reason), subject=f"{number} requests")
            with self.office.ledger.writing(caller) as ledger:
                ledger.save(event=event)
        return counts.total()
