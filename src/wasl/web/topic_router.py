"""A router of one topic that knows at a glance whether an address is one of its own."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope

__all__ = ["TopicRouter"]

NAMED_GROUP = re.compile(r"\(\?P<\w+>")


class TopicRouter(APIRouter):
    """Routes of one topic.

    The application has some hundred routes, and Starlette tries them one after another. Here one regular expression
    says whether any route of the topic can fit; the routes are tried only then.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._fits: tuple[int, re.Pattern[str]] = (0, re.compile(r"(?!)"))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a route of this topic serves the request, and what it read of the address."""
        if scope["type"] == "http" and not scope.get("root_path") and not self._pattern().match(scope["path"]):
            return Match.NONE, {}
        return super().matches(scope)

    def _pattern(self) -> re.Pattern[str]:
        """All addresses of the topic as one expression."""
        count, pattern = self._fits
        if count != len(self.routes):
            own = [getattr(route, "path_regex", re.compile("")).pattern for route in self.routes]
            pattern = re.compile("|".join(f"(?:{NAMED_GROUP.sub('(?:', one)})" for one in own))
            self._fits = (len(self.routes), pattern)
        return pattern
