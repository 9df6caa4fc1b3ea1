"""Pages of a list, and the cursor of what follows."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from wasl.service.records import Noun
from wasl.web.api.release_views import CatalogueView
from wasl.web.api.views import (
    ReviewView,
    View,
)
from wasl.web.problems import HttpProblem

__all__ = [
    "DEFAULT_PAGE",
    "LARGEST_PAGE",
    "CataloguePage",
    "Cursor",
    "Next",
    "Page",
    "PageQuery",
    "Paging",
    "ReviewPage",
]


V = TypeVar("V", bound="View")

DEFAULT_PAGE = 50

LARGEST_PAGE = 200

Next = Annotated[
    str | None,
    Field(description="`cursor` of what follows; null at the end of the list", examples=["MDE5MmYwYzE"]),
]


class Page(BaseModel, Generic[V]):
    """Some of a list; ``next`` is the cursor of what follows, or null at the end."""

    items: list[V]
    next: Next = None


class ReviewPage(BaseModel):
    """Some of a review queue; ``next`` is the cursor of what follows, or null at the end."""

    items: list[ReviewView]
    next: Next = None


class CataloguePage(BaseModel):
    """Some of the catalogue; ``next`` is the cursor of what follows, or null at the end."""

    items: list[CatalogueView]
    next: Next = None


class Cursor:
    """Where a list goes on: an opaque text that hides nothing but promises nothing either."""

    @staticmethod
    def write(last: str) -> str:
        """The cursor after an id."""
        return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")

    @staticmethod
    def read(cursor: str) -> str:
        """The id a cursor stands after.

        Raises:
            HttpProblem: It is not a cursor.
        """
        try:
            return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        except (binascii.Error, ValueError) as error:
            raise HttpProblem(400, "this cursor is not one the service gave.") from error


class PageQuery:
    """``limit`` and ``cursor`` of a list."""

    def __init__(self, limit: int, cursor: str) -> None:
        self.limit = limit
        self.after = Cursor.read(cursor) if cursor else ""

    def page(self, view: type[V], found: Sequence[Noun]) -> Page[V]:
        """The page of what was found with one more than ``limit`` asked for."""
        items = [view.of(noun) for noun in found[: self.limit]]
        more = len(found) > self.limit
        return Page[V](items=items, next=Cursor.write(found[self.limit - 1].id) if more else None)


async def _paging(
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="how many at most")] = DEFAULT_PAGE,
    cursor: Annotated[
        str,
        Query(
            max_length=200,
            pattern=r"^[A-Za-z0-9_-]*$",
            description="`next` of the page before; opaque, valid as long as the list exists",
            examples=["MDE5MmYwYzE"],
        ),
    ] = "",
) -> PageQuery:
    return PageQuery(limit, cursor)  # a coroutine function: FastAPI would call a class in a thread


Paging = Annotated[PageQuery, Depends(_paging)]
