"""``wasl population generate``: synthetic registers as their holders would keep them, with the truth beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wasl.cli.output import JsonFlag, emit, progress, say, show_table
from wasl.registers.exchange.whole_files import write_whole

if TYPE_CHECKING:
    import pyarrow as pa

    from wasl.population.generate import Population
    from wasl.population.periods import PeriodRegisters

__all__ = ["register", "write_population"]

README = """# A synthetic Morocco

**Nobody in these files exists.** Every name, date, number and address was drawn at random; any likeness to a person,
living or dead, is chance.

Made by

    wasl population generate --persons {persons} --seed {seed} --difficulty {difficulty} --scope {scope} --out DIR

with wasl {wasl} and Faker {faker} (whose name lists it draws on); the same command with the same releases writes the
same bytes. Each register is written as its office would: its own spelling of names, its own way of naming
nationalities, its own date format, and the errors such files contain. `truth.csv` says which person each record is
(`register,record,person`); `record` is the register's first column.

| Register | Records | Persons |
|---|---:|---:|
{rows}
"""

PERIODS_README = """# A synthetic Morocco over several periods

**Nobody in these files exists.** Made by

    wasl population generate --persons {persons} --seed {seed} --difficulty {difficulty} --scope {scope} \
      --periods {periods} --out DIR

with wasl {wasl} and Faker {faker}. Each period has a folder with the registers as they stand at its end, and
`{monthly}-monthly` with the declaration of every month. A record keeps its number and spelling from period to period.

`truth.csv` says which person each record is (`register,record,person`), `careers.csv` what each person went through
(`person,kind,from,to,what`): residence, permits, employment, contracts, pension. Months are YYYY-MM, `to` is the last
month and empty where a spell goes on.
"""


def register(app: typer.Typer) -> None:
    """Add the verb ``population``."""
    population = typer.Typer(no_args_is_help=True, help="Synthetic registers of a Morocco that does not exist.")
    app.add_typer(population, name="population")

    @population.callback()
    def _population() -> None:
        """Synthetic registers of a Morocco that does not exist."""

    @population.command("generate")
    def generate_command(
        out: Annotated[Path, typer.Option("--out", help="Folder the files are written to.")],
        persons: Annotated[int, typer.Option("--persons", help="How many persons live there.")] = 10_000,
        seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same files.")] = 1,
        difficulty: Annotated[
            str, typer.Option("--difficulty", help="standard, or hard: hardly any true pair is spelled alike.")
        ] = "standard",
        scope: Annotated[
            str, typer.Option("--scope", help="all registers, or work: permits, social security and employment only.")
        ] = "all",
        periods: Annotated[
            str | None,
            typer.Option("--periods", help="Years or months such as 2023,2024,2025: a folder of registers for each."),
        ] = None,
        as_json: JsonFlag = False,
    ) -> None:
        """Write the registers of the mission (CSV), truth.csv and a README.

        With --periods every period has a folder with the registers as they stand at its end and CNSS's monthly
        declarations. File careers.csv tells who arrived, worked, retired and left, and when.

        Example: wasl population generate --persons 10000 --seed 1 --out morocco
        """
        if periods is not None:
            _generate_periods(out, periods, persons, seed, difficulty, scope, as_json=as_json)
            return
        from wasl.audit.events import PopulationGenerated
        from wasl.cli.audit_trail import record_event
        from wasl.population.generate import generate
        from wasl.registers.exchange.digests import digest_table

        with progress("Generating registers") as report:
            made = generate(persons, seed, difficulty, report, scope=scope)  # type: ignore[arg-type]  # checked there
            write_population(made, out, seed=seed, difficulty=difficulty, scope=scope)
        counts = {name: len(table) for name, table in made.registers.items()}
        record_event(
            PopulationGenerated(persons=persons, records=sum(counts.values()), truth=digest_table(made.truth)),
            project="",
            subject=f"{persons} persons, seed {seed}",
        )
        if as_json:
            emit({"out": str(out), "persons": persons, "seed": seed, "difficulty": difficulty, "records": counts})
            return
        show_table("Registers written", ["register", "records"], [[name, count] for name, count in counts.items()])
        say(f"In {out}; who is who: {out / 'truth.csv'}")


def _generate_periods(
    out: Path, periods: str, persons: int, seed: int, difficulty: str, scope: str, *, as_json: bool
) -> None:
    from wasl.audit.events import PopulationGenerated
    from wasl.cli.audit_trail import record_event
    from wasl.population.periods import generate_periods
    from wasl.registers.exchange.digests import digest_table

    names = [name for name in periods.replace(",", " ").split() if name]
    with progress("Generating registers") as report:
        made = generate_periods(
            persons,
            seed,
            names,
            difficulty,  # type: ignore[arg-type]  # checked there
            report,
            scope=scope,  # type: ignore[arg-type]  # checked there
        )
        write_periods(made, out, seed=seed, difficulty=difficulty, scope=scope)
    counts = {period: {name: len(table) for name, table in tables.items()} for period, tables in made.registers.items()}
    record_event(
        PopulationGenerated(
            persons=persons,
            records=sum(sum(each.values()) for each in counts.values()),
            truth=digest_table(made.truth),
        ),
        project="",
        subject=f"{persons} persons, seed {seed}, {' '.join(names)}",
    )
    if as_json:
        emit({"out": str(out), "persons": persons, "seed": seed, "difficulty": difficulty, "records": counts})
        return
    rows = [[name, *(counts[period][name] for period in names)] for name in counts[names[0]]]
    show_table("Registers written", ["register", *names], rows)
    say(f"In {out}; who is who: {out / 'truth.csv'}; careers: {out / 'careers.csv'}")


def write_periods(made: PeriodRegisters, out: Path, *, seed: int, difficulty: str, scope: str) -> None:
    """Write the registers of each period into a folder of its own, the truth and the careers beside them."""
    import faker

    from wasl import __version__
    from wasl.population.periods import MONTHLY

    for period, tables in made.registers.items():
        for name, table in tables.items():
            write_csv(table, out / period / f"{name}.csv")
        for month, table in made.declarations.items():
            if month.startswith(period):
                write_csv(table, out / period / f"{MONTHLY}-monthly" / f"{month}.csv")
    write_csv(made.truth, out / "truth.csv")
    write_csv(made.careers, out / "careers.csv")
    text = PERIODS_README.format(
        persons=made.persons,
        seed=seed,
        difficulty=difficulty,
        scope=scope,
        periods=",".join(made.registers),
        wasl=__version__,
        faker=faker.VERSION,
        monthly=MONTHLY,
    )
    write_whole(out / "README.md", text)


def write_population(made: Population, out: Path, *, seed: int, difficulty: str, scope: str = "work") -> None:
    """Write a population's registers, truth and README into the folder ``out``."""
    import faker
    import pyarrow.compute as pc

    from wasl import __version__

    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, table in made.registers.items():
        write_csv(table, out / f"{name}.csv")
        persons = made.truth.filter(pc.equal(made.truth["register"], name))["person"]
        rows.append(f"| {name} | {len(table):,} | {pc.count_distinct(persons).as_py():,} |")
    write_csv(made.truth, out / "truth.csv")
    text = README.format(
        persons=made.persons,
        seed=seed,
        difficulty=difficulty,
        scope=scope,
        wasl=__version__,
        faker=faker.VERSION,
        rows="\n".join(rows),
    )
    write_whole(out / "README.md", text)


def write_csv(table: pa.Table, path: Path) -> None:
    """Write a table as CSV (UTF-8, commas, quotes only where needed), whole or not at all."""
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.column_names)
    for batch in table.to_batches(max_chunksize=65_536):
        writer.writerows(zip(*(column.to_pylist() for column in batch.columns), strict=True))
    write_whole(path, text.getvalue())
