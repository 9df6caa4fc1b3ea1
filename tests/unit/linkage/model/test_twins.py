"""Twins share birth date and surname; a class of such pairs is no class of matches where given names are compared."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.comparison.patterns import Comparison
from wasl.linkage.model.match_model import ERRORS, MATCH, REST
from wasl.linkage.model.opinions import disagreeing
from wasl.linkage.model.soundness import least_of_class, sorted_out
from wasl.linkage.plan import ModelOptions

COMPARISONS = tuple(Comparison(name, "filter", 5, (0, 1, 2)) for name in ("surname", "given", "birth"))
SAME, FAR = (0.0, 0.02, 0.03, 0.1, 0.85), (0.0, 0.97, 0.02, 0.008, 0.002)
DAMAGED = (0.0, 0.5, 0.1, 0.1, 0.3)


@pytest.mark.parametrize(("given", "order"), [(FAR, [0, 1, 2]), (DAMAGED, None), (SAME, None)])
def test_a_class_that_hardly_agrees_on_the_given_name_holds_relatives(given, order) -> None:
    tables = [np.array([SAME, SAME, FAR]), np.array([SAME, given, FAR]), np.array([SAME, SAME, FAR])]
    assert sorted_out(COMPARISONS, tables, (MATCH, ERRORS, REST), least_of_class(ModelOptions())) == order


def test_the_plan_says_what_relatives_do_not_share() -> None:
    tables = [np.array([SAME, SAME, FAR]), np.array([SAME, FAR, FAR]), np.array([SAME, SAME, FAR])]
    shared = ModelOptions(unshared=())
    assert sorted_out(COMPARISONS, tables, (MATCH, ERRORS, REST), least_of_class(shared)) is None


def test_no_level_is_impossible_for_strangers() -> None:
    opinion = disagreeing(Comparison("birth", "filter", 12, tuple(range(10))))
    assert opinion[0] == 0.0
    assert opinion[1:].min() > 0.001
    assert opinion.sum() == pytest.approx(1.0)
