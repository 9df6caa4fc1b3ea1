"""HiGHS as table protection uses it: silent, on one thread, its work counted."""

from __future__ import annotations

import highspy

from wasl.tables.suppression.work_meter import Meter

__all__ = ["SETTLED", "quiet_model", "settle"]

SETTLED = (
    highspy.HighsModelStatus.kOptimal,
    highspy.HighsModelStatus.kUnbounded,
    highspy.HighsModelStatus.kInfeasible,
)
"""The answers of a program. Another status, such as *unknown*, is none."""
OTHER_WAYS: tuple[dict[str, str | int | float], ...] = (
    {},
    {"simplex_strategy": 1},
    {"presolve": "on"},
    {"solver": "ipm"},
)
"""Options under which a program is solved from the beginning, one after the other, until there is an answer."""


class _QuietHighs(highspy.Highs):
    """HiGHS that does not print its banner on stdout, which `highspy` does on setting its callbacks up."""

    meter: Meter | None = None
    pace = 1.0

    def enableCallbacks(self) -> None:  # noqa: N802 - highspy's name
        """Silence first."""
        self.silent()
        super().enableCallbacks()  # type: ignore[no-untyped-call]

    def run(self) -> highspy.HighsStatus:
        """Solve, and count the work."""
        status = super().run()
        if self.meter is not None:
            info = self.getInfo()
            integer = info.mip_node_count >= 0
            self.meter.add(self.pace * info.simplex_iteration_count, self.getNumRow(), integer=integer)
        return status


def quiet_model(meter: Meter | None = None, pace: float = 1.0) -> highspy.Highs:
    """A HiGHS model that prints nothing and uses one thread, so that results do not depend on the machine.

    Args:
        meter: Counts the work of every solve.
        pace: What an iteration takes, as a share of one of an attack on all cells.
    """
    model = _QuietHighs()  # type: ignore[no-untyped-call]  # highspy is typed in part
    model.meter, model.pace = meter, pace
    model.setOptionValue("threads", 1)
    model.setOptionValue("random_seed", 0)
    return model


def settle(model: highspy.Highs) -> highspy.HighsModelStatus:
    """Solve a program, and solve it in other ways where that gives no answer.

    A basis can be worn after many changes, and one that is left by an unbounded program can lead nowhere. The options
    are afterwards what they were.

    Returns:
        One of `SETTLED`, or the status of the last attempt.
    """
    model.run()
    status = model.getModelStatus()
    for options in OTHER_WAYS:
        if status == highspy.HighsModelStatus.kOptimal or (status in SETTLED and options):
            break
        usual: dict[str, str | int | float] = {name: model.getOptionValue(name)[1] for name in options}
        model.clearSolver()
        for name, value in options.items():
            model.setOptionValue(name, value)
        model.run()
        status = model.getModelStatus()
        for name, value in usual.items():
            model.setOptionValue(name, value)
    return status
