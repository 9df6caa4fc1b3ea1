"""``wasl demo``: the whole way on a synthetic Morocco, each party in a folder of its own.

- ``OUT/holders/<holder>/``: registers, key, record maps; they never leave a holder. ``OUT/holders`` has the truth too.
- ``OUT/linkage-unit/``: deliveries and scored pairs; no names, no keys, no join maps.
- ``OUT/spine-keeper/``: join maps, persons, linkage reports.
- ``OUT/release-desk/``: payloads, microdata, protected file, confidential reports.
- ``OUT/release/``: the published files.
- ``OUT/tables/``: the published indicators: protected tables in SDMX, PX, JSON-stat, and the profiles of regions.
- ``OUT/log/``: the audit log, its export and the key that verifies it.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from wasl.cli.language import said, spoken
from wasl.cli.output import JsonFlag, emit, say, show_table
from wasl.errors import InputError
from wasl.locale import N_

__all__ = ["Demo", "register"]

PERSONS_AT_SCALE_1 = 6_000
PROJECT = "wasl-demo"
PERIOD = "2025"
"""Reference period of the tables: the year of the registers that the generator writes."""
ROUND = "demo"
"""The linkage round of the demo."""
PLANS = {"guarded": "morocco", "open": "morocco-open"}
"""The linkage plan that goes with each profile."""
HOLDERS = {
    "dgsn-permits": "dgsn",
    "cnss-employees": "cnss",
    "cnss-pensioners": "cnss",
    "anapec-certificates": "anapec",
    "anapec-projects": "anapec",
    "taechir-contracts": "taechir",
    "anapec-job-seekers": "anapec",
    "refugees-recognized": "foreign-affairs",
    "unhcr-refugees": "unhcr",
    "training": "training",
    "survey-ene": "hcp",
    "survey-forced-migration": "hcp",
    "census-sample": "hcp",
    "anapec-placed-abroad": "anapec",
    "consular-register": "foreign-affairs",
    "survey-medhims": "hcp",
}
"""Each register of persons and the folder of its holder."""
WORK = tuple(HOLDERS)[:6]
"""The registers of permits, social security and employment: the demo needs them, and the release is made of them."""
ABROAD = ("anapec-placed-abroad", "consular-register", "survey-medhims")
"""Registers of Moroccans abroad: other persons than the foreigners of the other registers, so linked apart."""
RECIPIENTS = {"delivery": "linkage-unit", "join_map": "spine-keeper", "payload": "release-desk"}
MERGES: dict[str, tuple[str, ...]] = {
    "anapec": ("anapec-certificates", "anapec-projects"),
    "cnss": ("cnss-employees", "cnss-pensioners"),
    "abroad": ABROAD,
    "all": tuple(name for name in HOLDERS if name not in ABROAD),
}
"""The linkages of the demo: ANAPEC's two registers, CNSS's two, Moroccans abroad, then all registers of foreigners."""


def register(app: typer.Typer) -> None:
    """Add the verb ``demo``."""
    app.command("demo")(demo)


def demo(
    out: Annotated[Path, typer.Option(help="Folder to write to; must not exist.")] = Path("wasl-demo"),
    scale: Annotated[float, typer.Option(min=0.05, help=f"1 is {PERSONS_AT_SCALE_1:,} persons.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the synthetic registers and of protection.")] = 1,
    registers: Annotated[
        Path | None,
        typer.Option(help="Folder with truth.csv and the registers of work and permits or more, not synthetic ones."),
    ] = None,
    profile: Annotated[str, typer.Option(help="Encoding profile: guarded or open.")] = "guarded",
    serve: Annotated[
        bool, typer.Option("--serve", help="Fill a service and open its console; prints a token for each role.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of --serve; 0: any free one.")] = 8000,
    as_json: JsonFlag = False,
) -> None:
    """Go the whole way: registers in, signed anonymized release out, and everything verified.

    With --serve the same registers fill a service, whose console shows the day of every role.

    Example: wasl demo --out wasl-demo --scale 2
    """
    if serve and (profile != "guarded" or as_json):
        raise InputError("--serve goes with the profile guarded, and without --json.", remedy="Leave the others out.")
    if out.exists():
        raise InputError(f"{out}: exists already.", remedy="Name another folder with --out, or remove it.")
    if profile not in PLANS:
        raise InputError(f"the demo has no plan for profile {profile!r}.", remedy=f"Choose {' or '.join(PLANS)}.")
    run = Demo(out, quiet=as_json, profile=profile, seed=seed)
    run.population(registers, round(PERSONS_AT_SCALE_1 * scale))
    run.encode()
    if serve:
        from wasl.cli.demo_service import serve_demo

        serve_demo(out, {name: run.holder(name) / "outbox" for name in HOLDERS}, project=PROJECT, port=port)
        return
    run.link()
    run.evaluate()
    run.assemble()
    run.protect()
    run.publish()
    run.tables()
    run.verify()
    if as_json:
        emit(run.result)
        return
    say("")
    if registers is None:
        say("All persons are invented.")
    for what, place in run.places():
        say(f"{said(what)}{spoken().colon}{place}")
    say("The console with the same registers, for every role: wasl demo --serve --out FOLDER")


@dataclass(slots=True)
class Demo:
    """One run of the demo: every step writes its files, keeps its figures and, unless quiet, prints them.

    Attributes:
        out: The folder everything goes into.
        quiet: Whether tables are left out.
        result: The figures of every step, for ``--json``.
        registers: The registers of this run.
    """

    out: Path
    quiet: bool = False
    profile: str = "guarded"
    seed: int = 1
    result: dict[str, Any] = field(default_factory=lambda: {"seconds": {}})
    registers: list[str] = field(default_factory=list)
    _started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        """Keep the demo's log in the demo's folder, not in the user's own."""
        self.out.mkdir(parents=True)
        os.environ["WASL_HOME"] = str(self.out / "log")

    @property
    def truth(self) -> Path:
        """The true person of every record: made by the generator, used only to evaluate."""
        return self.out / "holders" / "truth.csv"

    def holder(self, register: str) -> Path:
        """The folder of a register's holder."""
        return self.out / "holders" / HOLDERS[register]

    def population(self, source: Path | None, persons: int) -> None:
        """Put each register where its holder keeps it."""
        from wasl.cli.population import write_population
        from wasl.population.generate import generate

        made = self.out / "holders" / "generated"
        if source is None:
            write_population(
                generate(persons, self.seed, scope="all"), made, seed=self.seed, difficulty="standard", scope="all"
            )
        for name in HOLDERS:
            file = (source or made) / f"{name}.csv"
            if not file.is_file():
                if name not in WORK:
                    continue
                raise InputError(f"{file}: no such register.", remedy=f"The demo needs {', '.join(WORK)}.")
            self.registers.append(name)
            self.holder(name).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, self.holder(name) / file.name)
        shutil.copyfile((source or made) / "truth.csv", self.truth)
        if source is None:
            shutil.rmtree(made)
        self.result["persons"] = persons if source is None else None
        self._done("population")

    def encode(self) -> None:
        """Each holder encodes its registers under the project key and sends three files to three parties."""
        from wasl.cli.encoding import encode_file
        from wasl.cli.keys import new_key_file

        key = new_key_file(PROJECT, self.out / "holders" / "project.key")
        rows = []
        for name in self.registers:
            own = self.holder(name) / "outbox"
            encoded, table, files = encode_file(
                self.holder(name) / f"{name}.csv",
                name,
                key,
                own / f"{name}.delivery.parquet",
                join=own / f"{name}.join.parquet",
                payload=own / f"{name}.payload.parquet",
                keep_map=self.holder(name) / f"keep-map-{name}.csv",
                profile=self.profile,
                round_name=ROUND,
                consent_weak_profile=self.profile == "open",
            )
            for kind, party in (
                ("delivery", "linkage-unit"),
                ("join_map", "spine-keeper"),
                ("payload", "release-desk"),
            ):
                (self.out / party).mkdir(exist_ok=True)
                shutil.copy(files[kind], self.out / party)
            header = encoded.delivery.header
            rows.append((name, table.rows_read, header.records, header.rejects, round(header.leak, 2)))
        columns = ("register", "rows", "encoded", "rejected", "largest T")
        self.result["encoding"] = [
            dict(zip(("register", "rows", "records", "rejects", "leak"), row, strict=True)) for row in rows
        ]
        self._done("encoding", columns, rows)

    def link(self) -> None:
        """The linkage unit scores pairs; the spine keeper resolves them into persons."""
        from wasl.cli.linkage import link_files, resolve_files

        rows = []
        for name, wanted in MERGES.items():
            registers = [register for register in wanted if register in self.registers]
            if len(registers) < 2:
                continue
            deliveries = [self.out / "linkage-unit" / f"{register}.delivery.parquet" for register in registers]
            joins = [self.out / "spine-keeper" / f"{register}.join.parquet" for register in registers]
            scored = link_files(self.plan, deliveries, [], self.out / "linkage-unit" / name)
            report = resolve_files(
                self.plan, Path(scored["files"]["pairs"]), joins, self.out / "spine-keeper" / name, run=f"demo-{name}"
            )
            rows.append((name, report["records"], report["persons"], report["linked_pairs"], report["conflicts"]))
        self.result["linkage"] = {
            row[0]: dict(zip(("records", "persons", "links", "conflicts"), row[1:], strict=True)) for row in rows
        }
        self._done("linkage", ("linkage", "records", "persons", "links", "conflicts"), rows)

    @property
    def plan(self) -> str:
        """The linkage plan that goes with the profile."""
        return PLANS[self.profile]

    def evaluate(self) -> None:
        """Compare with the truth, which only a demo has."""
        from wasl.cli.evaluation import evaluate_files

        keep_maps = [self.holder(name) / f"keep-map-{name}.csv" for name in self.registers if name not in ABROAD]
        found = evaluate_files(self.out / "spine-keeper" / "all", self.truth, keep_maps)
        self.result["evaluation"] = found
        self.result["f1"] = found["f1"]
        rows = [
            (what, *(f"{score[measure]:.4f}" for measure in ("precision", "recall", "f1")))
            for what, score in (("pairs", found["pairwise"]), ("persons", found["cluster"]))
        ]
        self._done("evaluation", ("against truth", "precision", "recall", "F1"), rows)

    def assemble(self) -> None:
        """The release desk joins payloads to the spine."""
        from wasl.cli.microdata import assemble_files

        desk = self.out / "release-desk"
        payloads = [desk / f"{name}.payload.parquet" for name in WORK]
        spine = self.out / "spine-keeper" / "all" / "spine.parquet"
        made = assemble_files(spine, payloads, "foreign-workers", desk / "microdata.parquet")
        self.result["microdata"] = made
        rows = [(name, f"{share:.1%}", made["conflicts"].get(name, "")) for name, share in made["coverage"].items()]
        self._done("microdata", (f"of {made['persons']:,} persons", "known", "registers disagree"), rows)

    def protect(self) -> None:
        """The release desk protects the microdata under the public-use policy."""
        from wasl.cli.disclosure import protect_data

        desk = self.out / "release-desk"
        made = protect_data(desk / "microdata.parquet", "public-use", desk / "protected", seed=self.seed, project="-")
        before, after = made.before, made.after
        self.result["protection"] = {
            "rows": made.table.num_rows,
            "rows_removed": made.removed,
            "k_required": made.policy.thresholds.k,
            "k_before": before.k,
            "k_after": after.k,
            "expected_reidentifications_before": before.individual.expected,
            "expected_reidentifications_after": after.individual.expected,
            "information_loss": made.utility.to_json(),
        }
        rows = [
            (said("rows"), before.rows, after.rows),
            (f"k (policy: {made.policy.thresholds.k})", before.k, after.k),
            ("expected re-identifications", f"{before.individual.expected:.1f}", f"{after.individual.expected:.1f}"),
        ]
        self._done("protection", ("risk", "before", "after"), rows)

    def publish(self) -> None:
        """HCP packages, signs and publishes."""
        from wasl.cli.publication import publish_folder

        made = publish_folder(
            self.out / "release-desk" / "protected", "foreign-workers-puf", self.out / "release", project="-"
        )
        self.result["release"] = made
        self._done("publication", ("file", "bytes"), list(made["files"].items()))

    def tables(self) -> None:
        """The release desk makes the indicators of the year; what may be published goes to OUT/tables."""
        from wasl.cli.tables import make_tables
        from wasl.workflow.tabulate import internal_artifacts

        desk = self.out / "release-desk"
        made = make_tables(
            [desk / "microdata.parquet"],
            "foreign-workers",
            desk / "indicators",
            seed=self.seed,
            period=PERIOD,
            project="-",
        )
        internal = set(internal_artifacts(list(made.artifacts)))
        public = sorted(set(made.artifacts) - internal)
        (self.out / "tables").mkdir()
        for name in public:
            shutil.copyfile(desk / "indicators" / name, self.out / "tables" / name)
        report = made.report
        self.result["tables"] = {
            "period": PERIOD,
            "tables": [table["name"] for table in report["tables"]],
            "unsafe_cells": report["primary"],
            "further_cells_withheld": report["secondary"],
            "audit_passed": report["audit"]["passed"],
            "files": public,
        }
        rows = [
            (table["name"], table["cells"], table["status"]["primary"] + table["status"]["secondary"])
            for table in report["tables"]
        ]
        self._done("tables", (f"table of {PERIOD}", "cells", "confidential"), rows)

    def verify(self) -> None:
        """Anybody verifies the release; the auditor verifies the log, offline."""
        from wasl.audit.verification import verify_export
        from wasl.cli.audit_trail import open_log
        from wasl.cli.publication import verify_release

        release = verify_release(self.out / "release", self.result["release"]["public_key"])
        release.require()
        log = open_log()
        export = self.out / "log" / "export.jsonl"
        export.write_bytes(b"".join(log.export()))
        with export.open("rb") as lines:
            verified = verify_export(lines, log.verifier())
        verified.require()
        self.result["verification"] = {
            "release": release.verified,
            "log": verified.verified,
            "log_entries": verified.entries,
            "log_export": str(export),
            "log_public_key": str(log.verifier()),
        }
        rows = [
            (said("release"), said("verified"), f"{len(self.result['release']['files'])} files"),
            (said("log"), said("verified"), f"{verified.entries} entries"),
        ]
        self._done("verification", ("what", "", ""), rows)

    def places(self) -> list[tuple[str, Path]]:
        """The files worth opening, with what each shows."""
        tables, desk = self.out / "tables", self.out / "release-desk"
        linked = self.out / "spine-keeper" / "all" / "report.html"
        return [
            (N_("How well the registers were linked; opens in a browser"), linked),
            (N_("What the release still risks; for the office alone"), desk / "protected" / "internal-report.html"),
            (N_("The signed package that may be published"), self.out / "release"),
            (N_("Protected tables of the regions, for PX programs"), tables / "sex-by-province.px"),
            (N_("The same in SDMX 3.0, for statistical offices"), tables / "sex-by-province.data.sdmx-3.0.xml"),
            (N_("A page on one region, Souss-Massa; opens in a browser"), tables / "profile-09.fr.html"),
            (N_("The log of every step, which an auditor verifies offline"), self.out / "log" / "export.jsonl"),
        ]

    def _done(self, step: str, columns: Sequence[str] = (), rows: Sequence[Sequence[object]] = ()) -> None:
        """Keep the step's time and show its table."""
        now = time.monotonic()
        self.result["seconds"][step] = round(now - self._started, 2)
        self._started = now
        if not self.quiet and rows:
            show_table(f"{step} ({self.result['seconds'][step]:.1f} s)", columns, rows)
