"""The command ``wasl``: finds the module of the verb, runs it, and turns errors into messages and exit codes."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from importlib import import_module
from typing import Annotated

import typer

from wasl.cli.language import (
    environment_language,
    language_of,
    said,
    set_language,
    spoken,
    take_language,
    translate_command,
)
from wasl.errors import WaslError

__all__ = ["OVERVIEW", "VERBS", "build_app", "build_overview", "main"]

VERBS: dict[str, str] = {
    "demo": "wasl.cli.demo",
    "population": "wasl.cli.population",
    "exercise": "wasl.cli.exercise",
    "key": "wasl.cli.holder",
    "check": "wasl.cli.holder",
    "encode": "wasl.cli.encoding",
    "months": "wasl.cli.months",
    "link": "wasl.cli.linkage",
    "resolve": "wasl.cli.linkage",
    "evaluate": "wasl.cli.evaluation",
    "merge": "wasl.cli.merge",
    "desk": "wasl.cli.desk",
    "return": "wasl.cli.returns",
    "open": "wasl.cli.returns",
    "attack": "wasl.cli.attack",
    "assemble": "wasl.cli.microdata",
    "assess": "wasl.cli.disclosure",
    "protect": "wasl.cli.disclosure",
    "compare": "wasl.cli.compare",
    "synthesize": "wasl.cli.synthesis",
    "tables": "wasl.cli.tables",
    "estimate": "wasl.cli.estimate",
    "indicators": "wasl.cli.indicators",
    "publish": "wasl.cli.publication",
    "verify": "wasl.cli.publication",
    "audit": "wasl.cli.audit",
    "serve": "wasl.cli.serve",
    "worker": "wasl.cli.serve",
    "migrate": "wasl.cli.serve",
    "user": "wasl.cli.serve",
    "purge": "wasl.cli.purge",
    "document": "wasl.cli.document",
    "dossier": "wasl.cli.dossier",
    "authorize": "wasl.cli.dossier",
    "revoke": "wasl.cli.dossier",
    "signing": "wasl.cli.serve",
    "push": "wasl.cli.client",
    "pull": "wasl.cli.client",
    "schema": "wasl.cli.schema",
    "benchmark": "wasl.cli.benchmark",
}
"""Each verb and the module whose ``register(app)`` adds it. `main` imports only the module of the verb it is given."""

HOLDER, LINKAGE, DESK = "Data holder", "Linkage unit and spine keeper", "Release desk"
AUDITOR, SERVICE, OTHER = "Auditor", "Service", "Trying, measuring, writing documents"
OFFICER = "Data-protection officer"

OVERVIEW: dict[str, tuple[str, str]] = {
    "check": (HOLDER, "Examine a register and report its data quality."),
    "encode": (HOLDER, "Encode a register: delivery, join map and payload."),
    "months": (HOLDER, "Count monthly declarations: stocks, employment spells, control totals."),
    "desk": (HOLDER, "Open the holder's page in the browser (extra 'desk')."),
    "merge": (HOLDER, "Compare two registers of one office by its own record numbers."),
    "open": (HOLDER, "Open the return of a linkage by own record numbers."),
    "key": (HOLDER, "Make, wrap and show keys."),
    "push": (HOLDER, "Send a delivery to a service."),
    "attack": (HOLDER, "Attack deliveries without the key and measure how many persons are named."),
    "link": (LINKAGE, "Compare deliveries: scored pairs and, with join maps, persons."),
    "resolve": (LINKAGE, "Turn scored pairs and join maps into persons."),
    "return": (LINKAGE, "Prepare what a holder gets back about its own records."),
    "evaluate": (LINKAGE, "Measure linkage quality against the truth or reviewers' decisions."),
    "assemble": (DESK, "Join payloads to the spine: one row per person."),
    "assess": (DESK, "Measure the disclosure risk of microdata."),
    "protect": (DESK, "Protect microdata until the policy's thresholds hold, or refuse."),
    "compare": (DESK, "Compare policies or protected files: risk, utility, what each group keeps."),
    "synthesize": (DESK, "Make synthetic microdata (extra 'synth')."),
    "estimate": (DESK, "Calibrate weights, correct totals for linkage errors, estimate who is missed."),
    "tables": (DESK, "Make protected tables and audit them against everything published before."),
    "indicators": (DESK, "Make the shipped set of tables for a period, protected together."),
    "publish": (DESK, "Make the signed release package."),
    "verify": (AUDITOR, "Check a release package against its signed manifest."),
    "audit": (AUDITOR, "Show, export, prove and verify the audit log; reproduce runs."),
    "pull": (AUDITOR, "Fetch a published release from a service and verify it."),
    "dossier": (OFFICER, "Draw up the dossier for the authority (law 09-08)."),
    "purge": (OFFICER, "Erase what is withdrawn or past its retention in a service."),
    "authorize": (OFFICER, "Store the authority's decision; acts refuse what exceeds it."),
    "revoke": (OFFICER, "Record that the authority revoked a decision."),
    "serve": (SERVICE, "Start the service (extra 'service')."),
    "worker": (SERVICE, "Start a worker for the service's jobs."),
    "migrate": (SERVICE, "Bring the database to the schema of this version."),
    "signing": (SERVICE, "Change the key that signs the log."),
    "user": (SERVICE, "Add users and issue tokens."),
    "demo": (OTHER, "Run the whole way on a synthetic Morocco."),
    "population": (OTHER, "Generate synthetic registers with the truth."),
    "exercise": (OTHER, "Write a course pack: registers, tasks, and answers for the teacher."),
    "schema": (OTHER, "Print the JSON Schema of a document, or draft one."),
    "document": (OTHER, "A TOML document as the JSON that the service takes."),
    "benchmark": (OTHER, "Measure this machine beside other programs."),
}
"""Each verb's group and its line in ``wasl --help``, which imports no verb: help must answer at once."""


LANGUAGE_HELP = "Language of messages and help; else WASL_LANG, LC_ALL, LC_MESSAGES or LANG names it, else English."


def build_app(modules: list[str]) -> typer.Typer:
    """The application with the verbs of the given modules."""
    app = typer.Typer(
        name="wasl",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Link registers without seeing names; publish what may be published.",
    )

    @app.callback()
    def _root(lang: Annotated[str | None, typer.Option(help=LANGUAGE_HELP, metavar="fr|ar|en")] = None) -> None:
        """Link registers without seeing names; publish what may be published."""

    for module in modules:
        import_module(module).register(app)
    return app


def build_overview() -> typer.Typer:
    """The application that prints ``wasl --help``: each verb with its line and nothing behind it."""
    app = build_app([])
    for verb in dict.fromkeys([*OVERVIEW, *VERBS]):
        panel, line = OVERVIEW.get(verb, (OTHER, ""))
        app.command(verb, help=line, rich_help_panel=panel)(_nothing)
    return app


def _nothing() -> None:
    """Stands for a verb in the overview; `main` never runs it."""


YOUNG_OBJECTS = 50_000
"""New objects after which Python looks for cycles; 700 is its default. Imports make half a million objects and no
garbage: looking less often spares .1 to .2 of the 2.5 processor seconds of a small linkage."""


def main() -> None:
    """Run one verb; exit 0 done, 1 the input is at fault, 2 wrong usage, 3 a threshold or verification is not met."""
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)
    try:
        arguments = _speak(sys.argv[1:])
        verb = next((word for word in arguments if not word.startswith("-")), "")
        app = build_app([VERBS[verb]]) if verb in VERBS else build_overview()
        translate_command(typer.main.get_command(app))(arguments)
    except WaslError as error:
        from wasl.cli.authorized import refusal_in_words

        sys.stderr.write(f"wasl: {refusal_in_words(error)}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write(f"wasl: {said('interrupted; nothing half-written was left behind.')}\n")
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"wasl: {place}{error.strerror or type(error).__name__}.\n")
        sys.exit(1)
    except Exception as error:  # the last stop: a traceback could show a person's value
        if os.environ.get("WASL_DEBUG"):
            raise
        text = f"a defect of wasl itself ({type(error).__name__} at {_place(error)})."
        more = "Please report it with this line; WASL_DEBUG=1 shows more, which may contain personal data."
        sys.stderr.write(f"wasl: {said(text)}\n{said(more)}\n")
        sys.exit(70)


def _speak(arguments: list[str]) -> list[str]:
    """Choose the language; returns the arguments without it. A language that wasl has not is wrong usage: exit 2."""
    set_language(environment_language())
    asked, rest = take_language(arguments)
    try:
        set_language(language_of(asked, [spoken().language]))
    except WaslError as error:
        sys.stderr.write(f"wasl: {said(str(error))}\n")
        sys.exit(2)
    return rest


def _place(error: Exception) -> str:
    """Where in wasl an error arose: module and line, never what it was about."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if f"{os.sep}wasl{os.sep}" in frame.filename]
    last = (own or frames)[-1]
    return f"{last.filename.rpartition(os.sep)[2]}:{last.lineno}"


if __name__ == "__main__":
    main()
