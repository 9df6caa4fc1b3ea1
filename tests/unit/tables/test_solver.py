"""A program without an answer is solved in other ways; the options are afterwards what they were."""

from __future__ import annotations

import highspy
import numpy as np
import pytest

from wasl.tables.solver import SETTLED, quiet_model, settle

STATUS = highspy.HighsModelStatus


class Stubborn:
    """A model that gives the named statuses, one for each run."""

    def __init__(self, statuses):
        self.statuses, self.options, self.seen = list(statuses), {"simplex_strategy": 4, "presolve": "off"}, []

    def run(self):
        self.seen.append(dict(self.options))
        self.now = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]

    def getModelStatus(self):  # noqa: N802 - highspy's name
        return self.now

    def clearSolver(self):  # noqa: N802 - highspy's name
        pass

    def getOptionValue(self, name):  # noqa: N802 - highspy's name
        return 0, self.options.get(name, "choose")

    def setOptionValue(self, name, value):  # noqa: N802 - highspy's name
        self.options[name] = value


@pytest.mark.parametrize("unanswered", range(5))
@pytest.mark.parametrize("answer", SETTLED)
def test_it_is_solved_until_there_is_an_answer(unanswered, answer):
    model = Stubborn([STATUS.kUnknown] * unanswered + [answer])
    assert settle(model) == answer
    assert model.options.items() >= {"simplex_strategy": 4, "presolve": "off"}.items()
    assert {"solver": "choose"}.items() >= {k: v for k, v in model.options.items() if k == "solver"}.items()


def test_no_answer_at_all_is_told():
    model = Stubborn([STATUS.kUnknown])
    assert settle(model) == STATUS.kUnknown
    assert [one.get("solver") for one in model.seen][-1] == "ipm"


@pytest.mark.parametrize(("upper", "status"), [(5.0, STATUS.kOptimal), (np.inf, STATUS.kUnbounded)])
@pytest.mark.parametrize("presolve", ["off", "choose"])
def test_real_programs(upper, status, presolve):
    model = quiet_model()
    model.setOptionValue("presolve", presolve)
    model.addVars(2, np.zeros(2), np.array([upper, upper]))
    model.addRow(0.0, 0.0, 2, np.array([0, 1], np.int32), np.array([1.0, -1.0]))
    model.changeColCost(0, -1.0)
    assert settle(model) == status
    model.changeColBounds(1, 7.0, 9.0)
    model.changeColBounds(0, 0.0, 3.0)
    assert settle(model) == STATUS.kInfeasible
    assert model.getOptionValue("presolve")[1] == presolve
