"""The common part of the documents of all methods: the variables they name, and which of them they change."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field as Option
from pydantic import model_validator

from wasl.registers.documents import Document

__all__ = ["MethodBase", "Share"]

Share = Annotated[float, Option(ge=0.0, le=1.0)]


class MethodBase(Document):
    """What all methods share: the variables they touch."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return ()

    @property
    def key_names(self) -> tuple[str, ...]:
        """The variables that must be keys."""
        return ()

    @property
    def changed(self) -> tuple[str, ...]:
        """The named variables whose values the method replaces."""
        return self.names

    @property
    def numeric_names(self) -> tuple[str, ...]:
        """The named variables that must be numbers."""
        return ()

    @property
    def lists(self) -> tuple[tuple[str, ...], ...]:
        """Lists in which no variable may stand twice."""
        return (self.names,)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if any(len(set(names)) != len(names) for names in self.lists):
            raise ValueError("a variable is named twice in one method")
        return self
