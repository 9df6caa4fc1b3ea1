"""The templates of the desk's pages."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context

from wasl.locale.pages import said

__all__ = ["templates"]


@cache
def templates() -> Environment:
    """The environment of the templates: every value is escaped, and one that is missing is an error."""
    made = Environment(
        loader=PackageLoader("wasl.desk", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["layout"] = pass_context(lambda context, column: context["words"].sentence(column))
    made.filters["said"] = pass_context(lambda context, english: said(context["words"], english))
    return made
