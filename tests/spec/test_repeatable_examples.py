"""Property tests draw the same examples in every run, whatever was imported before and wherever wasl is installed."""

from __future__ import annotations

import os

from hypothesis import given, settings
from hypothesis import strategies as st

EXPLORE = "WASL_TEST_EXPLORE"


def examples() -> list[tuple[int, str]]:
    """The examples of one run of a property test."""
    drawn: list[tuple[int, str]] = []

    @settings(max_examples=100)
    @given(st.integers(0, 2**40), st.text(max_size=12))
    def collect(number, text):
        drawn.append((number, text))

    collect()
    return drawn


def test_the_examples_do_not_depend_on_what_was_imported():
    before = examples()
    import wasl.cli.attack  # hundreds of modules with constants of their own
    import wasl.population.generate  # noqa: F401

    assert len(before) >= 100
    assert (examples() == before) is not bool(os.environ.get(EXPLORE))


def test_no_constant_of_the_code_is_drawn():
    from hypothesis.internal.conjecture.providers import _get_local_constants

    constants = _get_local_constants()
    found = sum(len(constants.set_for_type(kind)) for kind in ("integer", "float", "string", "bytes"))
    assert (found == 0) is not bool(os.environ.get(EXPLORE))
