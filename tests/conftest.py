"""Options that hold for all tests.

A skipped test proves nothing, and nobody notices it in a long run. With ``--fail-on-skip``, as continuous integration
runs, a skip that is not in `ALLOWED_SKIPS` fails the run.
"""

from __future__ import annotations

import os

import pytest

try:
    from hypothesis import settings
except ImportError:  # the environment that tests the extra 'synth' has no hypothesis
    settings = None

ALLOWED_SKIPS: dict[str, str] = {
    "needs sdv": "the synthesis tests run in the environment of their own that .ci/run makes (CPU torch)",
    "Spark needs Java": "the machine has no Java; the local engine is tested, and the laws of the engines on it",
    "openssl is not installed": "the test makes a time-stamping authority with the openssl program",
    "reference values are not here": "public files that are not part of the project; own answers are beside the test",
    "another release of Faker": "the name lists of the synthetic population are compared for the pinned release only",
}
"""Beginning of a skip's reason, and why the skip is accepted where it occurs."""

LANGUAGE_VARIABLES = ("WASL_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
"""What names the language of messages: the tests and the programs they start speak English on every machine."""


EXPLORE = "WASL_TEST_EXPLORE"
"""Environment variable: property tests draw new examples at every run. Without it they draw the same examples each
time, so that a change fails for what it did; explore before a release, and keep what was found as an example."""

if settings is not None:
    settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
    settings.register_profile("explore", deadline=None, print_blob=True)
    settings.load_profile("explore" if os.environ.get(EXPLORE) else "repeatable")
    if not os.environ.get(EXPLORE):
        # Hypothesis also draws constants that stand in the modules loaded so far. Which ones these are depends on the
        # order of the tests and on how wasl is installed, so the examples would differ from run to run.
        from hypothesis.internal.conjecture import providers

        providers.is_local_module_file = lambda _path: False  # type: ignore[attr-defined]


_SKIPPED = pytest.StashKey[list[tuple[str, str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fail-on-skip", action="store_true", help="fail when a test skips for a reason not listed")


def pytest_configure(config: pytest.Config) -> None:
    for name in LANGUAGE_VARIABLES:
        os.environ.pop(name, None)
    os.environ["LC_ALL"] = "C.UTF-8"
    config.stash[_SKIPPED] = []
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(SkipWatch(config.stash[_SKIPPED]), "skip-watch")


class SkipWatch:
    """Collects the skips of a run, of tests and of whole modules."""

    def __init__(self, skipped: list[tuple[str, str]]) -> None:
        self.skipped = skipped

    def note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self.skipped.append((report.nodeid, reason.removeprefix("Skipped: ")))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.note(report)

    @property
    def unlisted(self) -> list[tuple[str, str]]:
        return [skip for skip in self.skipped if not any(skip[1].startswith(known) for known in ALLOWED_SKIPS)]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if session.config.getoption("fail_on_skip") and self.unlisted and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        if config.getoption("fail_on_skip") and self.unlisted:
            terminalreporter.section("skipped for a reason that is not listed in tests/conftest.py", red=True)
            for nodeid, reason in self.unlisted:
                terminalreporter.write_line(f"{nodeid}: {reason}")
