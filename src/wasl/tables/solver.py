"""HiGHS as table protection uses it: silent, on one thread, its work counted."""

from __future__ import annotations

import highspy

from wasl.tables.suppression.work_meter import Meter

__all__ = ["quiet_model"]


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
