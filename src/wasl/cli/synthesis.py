"""``wasl synthesize``: synthetic microdata, attacked like any other release."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from wasl.cli.artifacts import write_artifacts
from wasl.cli.audit_trail import record_event, recorded_refusal
from wasl.cli.authorized import ProjectOption, PurposeOption, held_to, logged_project, say_standing
from wasl.cli.disclosure import (
    ControlOption,
    DataArgument,
    PolicyOption,
    opened_microdata,
    read_microdata,
    show_attacks,
)
from wasl.cli.language import said, spoken
from wasl.cli.output import JsonFlag, emit, progress, say, show_table
from wasl.errors import InputError

if TYPE_CHECKING:
    from wasl.disclosure.synthesize import ModelName

__all__ = ["register", "synthesize_data"]


def register(app: typer.Typer) -> None:
    """Add the verb ``synthesize``."""
    app.command("synthesize")(synthesize)


def synthesize(
    data: DataArgument,
    policy: PolicyOption,
    rows: Annotated[int, typer.Option("--rows", min=1, help="How many synthetic rows.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the synthetic file and the reports.")],
    model: Annotated[str, typer.Option(help="gaussian-copula (fast) or ctgan (slow).")] = "gaussian-copula",
    epochs: Annotated[int, typer.Option(min=1, help="Training epochs of ctgan.")] = 100,
    seed: Annotated[int | None, typer.Option(help="Seed; default: a fresh one, kept in the internal report.")] = None,
    control: ControlOption = None,
    keep_uniques: Annotated[
        bool, typer.Option("--keep-uniques", help="Keep synthetic rows that equal real sample uniques.")
    ] = False,
    project: ProjectOption = None,
    purpose: PurposeOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Make synthetic microdata with SDV (extra 'synth'; Business Source License 1.1: in-house use), and attack them.

    Writes OUT/protected.parquet, OUT/internal-report.json and OUT/public-report.json.

    Example: wasl synthesize micro.parquet --policy public-use --rows 5000 --out synthetic --seed 7
    """
    if model not in ("gaussian-copula", "ctgan"):
        raise InputError(f"no model {model!r}.", remedy="Choose gaussian-copula or ctgan.")
    with progress("synthesizing"):
        result = synthesize_data(
            data,
            policy,
            rows,
            out,
            model=cast("ModelName", model),
            epochs=epochs,
            seed=seed,
            control=control,
            replace_uniques=not keep_uniques,
            project=project,
            purpose=purpose,
        )
    if as_json:
        emit({**result, "out": str(out)})
        return
    uniques = result["equal_to_real_uniques"]
    show_table(
        "Synthesis (confidential)",
        ("measure", "value"),
        [
            (said("rows"), result["rows"]),
            ("rows equal to real sample uniques on the keys", uniques["keys"]),
            ("rows drawn anew", uniques["replaced"]),
            ("pMSE over chance", f"{result['utility']['pmse_ratio']:.2f}"),
        ],
    )
    show_attacks(result["attacks"])
    say_standing(result)
    say(f"synthetic file: {out / 'protected.parquet'}")


def synthesize_data(
    data: Path,
    policy: str,
    rows: int,
    out: Path,
    *,
    model: ModelName = "gaussian-copula",
    epochs: int = 100,
    seed: int | None = None,
    control: Path | None = None,
    replace_uniques: bool = True,
    project: str | None = None,
    purpose: str = "",
) -> dict[str, Any]:
    """Synthesize a file, write the artifacts, record the event; returns the internal report."""
    import pyarrow as pa

    from wasl.disclosure.policy import DisclosurePolicy
    from wasl.workflow.act import RunOptions
    from wasl.workflow.synthesize import synthesize as synthesize_table

    rules = DisclosurePolicy.load(policy)
    source = opened_microdata(data, rules)
    chosen = seed if seed is not None else secrets.randbits(63)
    options = RunOptions(seed=chosen, language=spoken().language, **held_to(project, purpose))
    with recorded_refusal(rules.name, project=logged_project(project)):
        act = synthesize_table(
            source.table,
            rules,
            rows,
            options,
            model=model,
            epochs=epochs,
            control=read_microdata(control, rules) if control is not None else None,
            replace_uniques=replace_uniques,
        )
    labelled = {name: source.labelled(found) for name, found in act.artifacts.items() if isinstance(found, pa.Table)}
    write_artifacts({**act.artifacts, **labelled}, out)
    record_event(act.event, project=logged_project(project), subject=rules.name)
    return dict(act.report)
