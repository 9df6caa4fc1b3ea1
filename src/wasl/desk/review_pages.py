"""Pages on which a clerk decides on the doubtful pairs of a comparison: one pair a page, by keyboard too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any, cast, get_args

from fastapi import Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from wasl.desk.guard import WITH_KEYS
from wasl.desk.merge_work import MergeCase, labels_of
from wasl.desk.pair_review import PairReview, Verdict
from wasl.errors import InputError
from wasl.locale import Messages

__all__ = ["ReviewPages"]

LONGEST_NUMBER = 9
"""Digits of a pair's number that are read from an address."""


class ReviewPages:
    """The handlers of the review; each does one thing to the decisions of a comparison.

    Args:
        find: The comparison of a name.
        form: The fields of a form of this session.
        words: The language of a request.
        render: Makes a page.
        compare: Compares the two registers of a comparison again.
    """

    def __init__(
        self,
        *,
        find: Callable[[str], MergeCase],
        form: Callable[[Request], Awaitable[FormData]],
        words: Callable[[Request], Messages],
        render: Callable[..., Response],
        compare: Callable[[Request, str], Response],
    ) -> None:
        self._find, self._form, self._words = find, form, words
        self._render, self._compare = render, compare

    def show_next(self, request: Request, case: str) -> Response:
        """Go to the next pair without a decision; to the comparison when there is none."""
        after = request.query_params.get("after", "")[:LONGEST_NUMBER]
        place = self._review(case).following(int(after) - 1 if after.isdecimal() else -1)
        return _go(f"/merges/{case}" if place is None else f"/merges/{case}/pairs/{place + 1}")

    def show_pair(self, request: Request, case: str, number: int) -> Response:
        """One pair: what both registers say, variable by variable."""
        review = self._review(case)
        pair = review.pairs[self._place(review, number)]
        found = self._find(case)
        language = self._words(request).language
        labels = labels_of(found, language)
        titles = {schema.register_id: schema.title_in(language) for _, schema in (found.first, found.second)}
        answer = self._render(
            request,
            "merge_pair.html",
            name=case,
            number=number,
            pair=pair,
            titles=titles,
            rows=[(labels.get(name, name), one, other) for name, (one, other) in pair.values.items()],
            verdict=review.verdicts.get(number - 1, ""),
            review=review,
        )
        answer.headers["content-security-policy"] = WITH_KEYS
        return answer

    async def decide(self, request: Request, case: str, number: int) -> Response:
        """Decide on a pair, and go on to the next."""
        form = await self._form(request)
        review = self._review(case)
        place, verdict = self._place(review, number), str(form.get("verdict", ""))
        if verdict not in get_args(Verdict):
            raise InputError("no answer was chosen.", remedy="Choose one of the answers.")
        review.decide(place, cast(Verdict, verdict))
        return _go(f"/merges/{case}/pairs?after={number}")

    async def undo(self, request: Request, case: str) -> Response:
        """Take the last decision back, and show its pair again."""
        await self._form(request)
        place = self._review(case).undo()
        return _go(f"/merges/{case}/pairs" if place is None else f"/merges/{case}/pairs/{place + 1}")

    async def take_over(self, request: Request, case: str) -> Response:
        """Compare again with the decisions."""
        await self._form(request)
        self._review(case)
        return self._compare(request, case)

    def keys(self, request: Request) -> Response:
        """The script that lets keys press the buttons of the review, the same as in the service's console."""
        del request
        text = files("wasl").joinpath("web", "console", "static", "keys.js").read_text(encoding="utf-8")
        return Response(text, media_type="text/javascript; charset=utf-8")

    def routes(self) -> tuple[dict[str, Callable[..., Any]], dict[str, Callable[..., Any]]]:
        """The handlers by address: of pages, and of forms."""
        base = "/merges/{case}"
        return (
            {f"{base}/pairs": self.show_next, f"{base}/pairs/{{number}}": self.show_pair, "/keys.js": self.keys},
            {
                f"{base}/pairs/{{number}}": self.decide,
                f"{base}/undo": self.undo,
                f"{base}/take-over": self.take_over,
            },
        )

    def _review(self, case: str) -> PairReview:
        review = self._find(case).review
        if review is None:
            raise InputError("the registers were not compared yet.", remedy="Begin again from the first page.")
        return review

    @staticmethod
    def _place(review: PairReview, number: int) -> int:
        if not 1 <= number <= len(review.pairs):
            raise InputError("there is no such pair in this comparison.", remedy="Go back to the page of the case.")
        return number - 1


def _go(path: str) -> Response:
    return RedirectResponse(path, 303)
