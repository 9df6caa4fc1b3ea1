"""A number or a yes of a body is one of JSON: text of digits, a fraction, `true` for 1 and the like are refused."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from wasl.web.app import TOPICS

LOOKALIKES: dict[type, tuple[Any, ...]] = {
    int: ("5", " 5", "5.0", 5.0, 5.5, True, False, "true", [5], {"x": 5}, b"5"),
    float: ("5", "5.0", True, [5.0]),
    bool: (1, 0, "true", "1", "yes", "on", 1.0, [True]),
}
PROPER: dict[type, Any] = {int: 5, float: 5.0, bool: True}


def bodies() -> set[type[BaseModel]]:
    """The models of all bodies, and the models inside them."""
    found: set[type[BaseModel]] = set()
    todo: list[Any] = []
    for topic in TOPICS:
        for route in topic.routes.router.routes:
            todo += [one.field_info.annotation for one in route.dependant.body_params]  # type: ignore[attr-defined]
    while todo:
        one = todo.pop()
        todo += get_args(one)
        if isinstance(one, type) and issubclass(one, BaseModel) and one not in found:
            found.add(one)
            todo += [field.annotation for field in one.model_fields.values()]
    return found


def plain_fields() -> list[Any]:
    """Each field of a body that takes a number or a yes."""
    return [
        pytest.param(field, kind, id=f"{model.__name__}.{name}")
        for model in sorted(bodies(), key=lambda one: one.__name__)
        for name, field in model.model_fields.items()
        for kind in {field.annotation, *get_args(field.annotation)} & set(PROPER)
    ]


def test_the_fields_are_found() -> None:
    assert {"NewToken.days", "NewRule.days", "NewRelease.seed"} <= {case.id for case in plain_fields()}


@pytest.mark.parametrize(("field", "kind"), plain_fields())
def test_what_looks_like_a_number_or_a_yes_is_refused(field: FieldInfo, kind: type) -> None:
    taking: TypeAdapter[Any] = TypeAdapter(field.rebuild_annotation())
    assert taking.validate_python(PROPER[kind]) == PROPER[kind]
    for value in LOOKALIKES[kind]:
        with pytest.raises(ValidationError):
            taking.validate_python(value)
