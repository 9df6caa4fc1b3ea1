"""Limits on the rate and the number of requests: a bucket of tokens per caller, refilled with time; per process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Rate"]

REMEMBERED = 20_000
SECONDS_PER_MINUTE = 60.0


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float
    active: int = 0


class Rate:
    """At most so many requests a minute, and so many at a time, for each key.

    Attributes:
        per_minute: How many a minute; so many may also come at once.
        at_a_time: How many may be served at a time.
    """

    def __init__(self, *, per_minute: int, at_a_time: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self.at_a_time = at_a_time
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def enter(self, key: str) -> float:
        """Begin a request; gives 0, or the seconds to wait when it is one too many (then it has not begun)."""
        now = self._clock()
        with self._lock:
            if len(self._buckets) > REMEMBERED:
                self._forget(now)
            bucket = self._buckets.setdefault(key, _Bucket(float(self.per_minute), now))
            passed = max(0.0, now - bucket.at)
            bucket.left = min(float(self.per_minute), bucket.left + passed * self.per_minute / SECONDS_PER_MINUTE)
            bucket.at = now
            if bucket.active >= self.at_a_time:
                return 1.0
            if bucket.left < 1.0:
                return (1.0 - bucket.left) * SECONDS_PER_MINUTE / self.per_minute
            bucket.left -= 1.0
            bucket.active += 1
            return 0.0

    def leave(self, key: str, *, refund: bool = False) -> None:
        """End a request that had begun; with ``refund``, it does not count against the minute."""
        with self._lock:
            bucket = self._buckets.get(key)
            if bucket is not None:
                bucket.active = max(0, bucket.active - 1)
                bucket.left = min(float(self.per_minute), bucket.left + refund)

    def _forget(self, now: float) -> None:
        """Drop buckets that are full again: they say nothing."""
        full = SECONDS_PER_MINUTE
        self._buckets = {
            key: bucket for key, bucket in self._buckets.items() if bucket.active or now - bucket.at < full
        }
