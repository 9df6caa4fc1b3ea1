"""Labels of an SPSS or Stata survey reach the published SPSS and Stata files."""

from __future__ import annotations

import pandas as pd
import pyreadstat
import pytest
from typer.testing import CliRunner

from wasl.cli.app import build_app

POLICY = """
name = "labels"

[thresholds]
k = 2
[[variables]]
name = "sex"
role = "key"
[[variables]]
name = "income"
role = "free"
[[variables]]
name = "stay"
role = "free"
"""


@pytest.mark.parametrize("suffix", ["sav", "dta"])
def test_labels_of_the_source_are_in_the_draft_and_in_the_release(tmp_path, monkeypatch, suffix):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    refused, unknown = (97.0, 98.0) if suffix == "sav" else ("a", "b")
    frame = pd.DataFrame(
        {
            "sex": [1.0, 2.0] * 20,
            "income": [refused, *(float(i) for i in range(38)), unknown],
            "stay": [1.0, 1.0, 2.0, refused] * 10,
        }
    )
    reasons = {refused: "Refus", unknown: "Ne sait pas"}
    labels = {
        "sex": {1.0: "Homme", 2.0: "Femme"},
        "income": reasons,
        "stay": {1.0: "Courte", 2.0: "Longue", 3.0: "Permanente", **reasons},
    }
    titles = {"sex": "Sexe de la personne", "income": "Revenu déclaré", "stay": "Durée du séjour"}
    source = tmp_path / f"survey.{suffix}"
    if suffix == "sav":
        ranges = {"income": [{"lo": 97.0, "hi": 98.0}], "stay": [97.0, 98.0]}
        pyreadstat.write_sav(
            frame, str(source), column_labels=titles, variable_value_labels=labels, missing_ranges=ranges
        )
    else:
        marks = {"income": ["a", "b"], "stay": ["a", "b"]}
        pyreadstat.write_dta(
            frame, str(source), column_labels=titles, variable_value_labels=labels, missing_user_values=marks
        )
    (tmp_path / "policy.toml").write_text(POLICY, encoding="utf-8")
    app = build_app(["wasl.cli.disclosure", "wasl.cli.schema", "wasl.cli.publication"])

    def run(*words):
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert done.exit_code == 0, (done.output, done.exception)

    run("protect", source, "--policy", tmp_path / "policy.toml", "--out", tmp_path / "protected", "--seed", "1")
    draft = tmp_path / "description.toml"
    run("schema", "description", "--draft", tmp_path / "protected", "--out", draft)
    text = draft.read_text(encoding="utf-8")
    for label in ("Homme", "Femme", "Sexe de la personne", "Revenu déclaré"):
        assert label in text
    for hole, filled in (
        ("<title>", "Survey"),
        ("<titre>", "Enquête"),
        ("<what the data are, for whom, from which sources>", "Invented."),
        ("<ce que sont les données, pour qui, de quelles sources>", "Inventé."),
        ("<organization>", "HCP"),
        ("<conditions of use>", "Free."),
        ("<conditions d'utilisation>", "Libre."),
    ):
        text = text.replace(hole, filled)
    lines = [line for line in text.splitlines() if not line.startswith("period") and not line.endswith('>"')]
    place = next(i for i, line in enumerate(lines) if line.startswith("conditions"))
    lines.insert(place, "period = { start = 2024-01-01, end = 2024-12-31 }")
    draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
    run("publish", tmp_path / "protected", "--description", draft, "--out", tmp_path / "release")
    (data,) = (tmp_path / "release" / "data").glob(f"*.{suffix}")
    read = pyreadstat.read_sav if suffix == "sav" else pyreadstat.read_dta
    _, meta = read(str(data))
    assert meta.column_names_to_labels == titles
    assert meta.variable_value_labels["sex"] == {1: "Homme", 2: "Femme"}
    shown = {code: text.split(" ", 1)[-1] for code, text in meta.variable_value_labels["stay"].items()}
    assert {code: shown[code] for code in (1, 2, 3)} == {1: "Courte", 2: "Longue", 3: "Permanente"}
    told = "97 Refus, 98 Ne sait pas" if suffix == "sav" else ".a Refus, .b Ne sait pas"
    release = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "release").rglob("*.*ml")}
    described = [text for name, text in release.items() if "ddi" in name or name == "dictionary.html"]
    assert len(described) >= 2
    for text in described:
        assert text.count(told) == 2
        assert "Permanente" in text
    if suffix == "sav":
        assert set(meta.variable_value_labels["stay"]) == {1, 2, 3, 97, 98}
        _, meta = read(str(data), user_missing=True)
        assert meta.missing_ranges["stay"] == [{"lo": 97.0, "hi": 97.0}, {"lo": 98.0, "hi": 98.0}]
