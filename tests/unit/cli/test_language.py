"""The command line in French, Arabic and English: help, errors and lines; what programs read stays the same."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer

from wasl.cli import app as command_line
from wasl.cli import language as spoken_language
from wasl.cli.app import OVERVIEW, VERBS, build_app, build_overview
from wasl.cli.language import EXAMPLE, help_texts, language_of, take_language, translate_command
from wasl.errors import InputError
from wasl.locale import Language, messages

TRANSLATED: tuple[Language, ...] = ("fr", "ar")
BIDI = {chr(code) for code in (0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


@pytest.fixture
def speaking(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Make the command line speak a language in this test, without touching Typer's own texts."""
    monkeypatch.setattr(spoken_language, "_translate_typer", lambda language: None)
    yield spoken_language.set_language
    spoken_language.set_language("en")


def wasl(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wasl.cli.app", *arguments],
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": "200", "PYTHONIOENCODING": "utf-8", **environment},
    )


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_english_text_is_left_in_the_help_of_any_verb(language: Language, speaking: Any) -> None:
    modules = list(dict.fromkeys(VERBS.values()))
    english = help_texts(typer.main.get_command(build_app(modules)))
    same = {text for text in english if messages(language).sentence(text) == text}
    assert not same, sorted(same)
    speaking(language)
    left = set(help_texts(translate_command(typer.main.get_command(build_app(modules))))) & set(english)
    assert not left, sorted(left)


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_overview_and_its_groups_are_translated(language: Language, speaking: Any) -> None:
    speaking(language)
    command: Any = translate_command(typer.main.get_command(build_overview()))
    for verb, (panel, line) in OVERVIEW.items():
        shown = command.commands[verb]
        assert shown.help not in ("", line)
        assert shown.rich_help_panel == messages(language).text(panel)


def test_an_example_keeps_its_command(speaking: Any) -> None:
    speaking("ar")
    command: Any = translate_command(typer.main.get_command(build_app([VERBS["link"]])))
    text = command.commands["link"].help
    assert f"{messages('ar').text(EXAMPLE)} wasl link morocco dgsn.parquet" in text


@pytest.mark.parametrize(
    ("arguments", "asked", "rest"),
    [
        (["--lang", "fr", "link", "--help"], "fr", ["link", "--help"]),
        (["link", "--lang=ar", "plan"], "ar", ["link", "plan"]),
        (["link", "--", "--lang", "fr"], None, ["link", "--", "--lang", "fr"]),
        (["desk", "--language", "fr"], None, ["desk", "--language", "fr"]),
        (["link", "--lang"], "", ["link"]),
    ],
)
def test_the_option_may_stand_before_or_after_the_verb(arguments: list[str], asked: str, rest: list[str]) -> None:
    assert take_language(arguments) == (asked, rest)


@pytest.mark.parametrize(
    ("asked", "environment", "language"),
    [
        ("ar", ["fr"], "ar"),
        (None, ["fr", "ar_MA.UTF-8"], "fr"),
        (None, [None, "fr_MA.UTF-8", "en_US"], "fr"),
        (None, [None, "", "C.UTF-8", "ar_MA"], "ar"),
        (None, [None, None, None, "de_DE.UTF-8"], "en"),
        (None, ["POSIX"], "en"),
    ],
)
def test_the_first_that_names_a_language_counts(asked: str, environment: list[str], language: str) -> None:
    assert language_of(asked, environment) == language


def test_another_language_is_wrong_usage() -> None:
    with pytest.raises(InputError, match="no such language"):
        language_of("de", [])
    done = wasl("--lang", "de", "link")
    assert done.returncode == 2
    assert "--lang de: no such language." in done.stderr


@pytest.mark.parametrize("language", TRANSLATED)
def test_errors_are_said_in_the_language_with_the_same_exit_code(language: Language) -> None:
    done = wasl("evaluate", "somewhere", WASL_LANG=language)
    assert done.returncode == 1
    assert done.stdout == ""
    said = messages(language).sentence("nothing to evaluate with. Give --truth FILE, --reviewed FILE, or both.")
    assert done.stderr == f"wasl: {said}\n"


@pytest.mark.parametrize("language", TRANSLATED)
def test_wrong_usage_and_help_are_said_in_the_language(language: Language) -> None:
    words = messages(language)
    wrong = wasl("link", "--nonsense", LANG=f"{language}_MA.UTF-8", LC_ALL="")
    assert wrong.returncode == 2
    assert words.text("No such option: {name}", name="--nonsense") in wrong.stderr
    shown = wasl("--lang", language, "link", "--help")
    assert shown.returncode == 0
    for text in ("Arguments", "Options", "Show this message and exit."):
        assert words.text(text) in shown.stdout
        assert text not in shown.stdout or text == words.text(text)


def test_what_programs_read_is_the_same_in_every_language_and_nothing_orders_the_text() -> None:
    values = [wasl("document", "to-json", "morocco", "--kind", "plan", WASL_LANG=language) for language in ("en", "ar")]
    assert all(value.returncode == 0 for value in values)
    assert len({value.stdout for value in values}) == 1
    assert json.loads(values[0].stdout)
    assert not BIDI & set(wasl("schema", WASL_LANG="ar").stdout)


def test_tables_and_lines_are_said_in_the_language(speaking: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from wasl.cli.output import emit, say, show_table

    speaking("ar")
    say("covered by authorization D-1, until 2027-01-01")
    show_table("pairs", ("pass", "rows"), [("names", 1234)])
    emit({"pairs": 1})
    shown = capsys.readouterr().out
    assert "مشمول بالإذن D-1 حتى 1 يناير 2027" in shown
    header = next(line for line in shown.splitlines() if messages("ar").text("pass") in line)
    assert header.index(messages("ar").text("rows")) < header.index(messages("ar").text("pass"))
    assert '"pairs": 1' in shown


def test_a_defect_is_told_without_its_values(
    speaking: Any, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    def broken() -> None:
        raise KeyError("Fatima")

    monkeypatch.setattr(sys, "argv", ["wasl", "--lang", "fr", "schema"])
    monkeypatch.setattr(command_line, "build_app", lambda modules: broken())
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    shown = capsys.readouterr().err
    assert ended.value.code == 70
    assert "un défaut de wasl lui-même (KeyError" in shown
    assert "Fatima" not in shown


BAD = """\
num_titre;type_titre;motif;nom;prenom;nom_arabe;prenom_arabe;sexe;date_naissance;lieu_naissance;nationalite;\
profession;adresse;code_province;num_passeport;date_entree;date_delivrance;date_expiration
A1;XX;;Diallo;Awa;;;F;31/02/1990;;SEN;;;;AB1234567;;;
A2;XX;;Sow;Ali;;;M;#;;ZZZ;;;;PERDU;;;
A3;XX;;;Ali;;;M;01/01/1990;;SEN;;;;AB1234569;;;
A1;XX;;Sow;Ali;;;M;05/01/1990;;SEN;;;;AB1234570;;;
A5;XX
TOTAL;;;4;;;;;;;;;;;;;;
"""


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_wrong_with_a_file_is_said_in_the_language_everywhere(language: Language, tmp_path: Any) -> None:
    """Findings on the screen, reasons in the file of rejects and in the reports: no English is left."""
    from wasl.holder.quality.finding_texts import CHECKS

    (tmp_path / "bad.csv").write_text(BAD, encoding="utf-8")
    out = tmp_path / "quality"
    words = ("check", str(tmp_path / "bad.csv"), "--register", "dgsn-permits", "--out", str(out))
    done = wasl("--lang", language, *words, WASL_HOME=str(tmp_path / "home"))
    assert done.returncode == 0, done.stderr
    report = (out / f"quality.{language}.html").read_text(encoding="utf-8").partition("</style>")[2]
    rejects = (out / "rejects.csv").read_text(encoding="utf-8")
    assert len(rejects.splitlines()) >= 6
    shown = "\n".join((done.stdout, rejects, re.sub(r"<[^>]*>", " ", report)))
    english = [texts["en"][0] for texts in CHECKS.values()]
    english += ["problem ", "already seen", "not a date", "missing", "instead of", "of totals", "rest of the date"]
    english += [" identifier", " payload", "undetermined"]
    assert not [text for text in english if text in shown]
    assert not re.search(r"\d\.\d ?%", shown)


ENGLISH = re.compile(r"\b(the|of|is|are|not|and|only|from|with|for|this|has|been|were|was|rows?|pairs of|records?)\b")


@pytest.mark.slow
def test_no_english_is_left_in_what_a_linkage_prints(tmp_path: Any) -> None:
    """A whole errand in French: two registers encoded, linked, evaluated, joined and assessed, and the log of it."""

    def french(*arguments: str) -> str:
        done = wasl("--lang", "fr", *(str(one) for one in arguments), WASL_HOME=str(tmp_path / "home"))
        assert done.returncode in (0, 3), done.stderr
        return done.stdout + done.stderr

    pop, key, run, micro = (str(tmp_path / name) for name in ("pop", "p.key", "run", "micro.parquet"))
    said = french("population", "generate", "--persons", "400", "--seed", "5", "--out", pop)
    said += french("key", "new", "--project", "p", "--out", key)
    made: dict[str, list[str]] = {"": [], "join": [], "payload": [], "keep-map": []}
    for register in ("dgsn-permits", "cnss-employees"):
        paths = {kind: str(tmp_path / f"{register}.{kind or 'delivery'}") for kind in made}
        options = [word for kind, path in paths.items() if kind for word in (f"--{kind}", path)]
        said += french(
            "encode", f"{pop}/{register}.csv", "--register", register, "--key", key, "--out", paths[""], *options
        )
        for kind, path in paths.items():
            made[kind] += [path] if not kind else [f"--{kind}", path]
    said += french("link", "morocco", *made[""], *made["join"], "--out", run)
    said += french("evaluate", run, "--truth", f"{pop}/truth.csv", *made["keep-map"])
    said += french("assemble", f"{run}/spine.parquet", *made["payload"], "--spec", "foreign-workers", "--out", micro)
    said += french("assess", micro, "--policy", "public-use")
    said += french("merge", f"{pop}/cnss-employees.csv", f"{pop}/cnss-pensioners.csv", "--register", "cnss-employees",
                   "--register", "cnss-pensioners", "--out", str(tmp_path / "merged"))  # fmt: skip
    said += french("audit", "show")
    lines = [
        re.sub(r"/\S+|\S+\.(?:csv|parquet|html|json|md)\b|`[^`]*`|\b[a-z]+(?:-[a-z]+)+\b", "", line)
        for line in said.splitlines()
    ]
    assert not [line for line in lines if ENGLISH.search(line)]


ENGLISH_POINT = re.compile(r"\d\.(?!\d{3}(?!\d))\d")
"""A point that does not separate thousands, as it does in Arabic."""


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize(
    "cell", ["12.5%", "12.5 %", "52.2% (45.0% – 59.4%)", "linkage 3.5%, inference 18.4%", "1,265.40 (0.5%)"]
)
def test_no_percentage_of_a_table_or_a_line_keeps_the_english_point(
    speaking: Any, capsys: pytest.CaptureFixture[str], language: Language, cell: str
) -> None:
    from wasl.cli.output import say, show_table

    speaking(language)
    show_table("pairs", ("pass",), [(cell,)])
    say(f"excess: {cell}")
    shown = capsys.readouterr().out
    assert len(re.findall(r"\d,\d+\s?%|\d,\d+ ?\u200f?٪", shown)) == 2 * cell.count("%")
    assert not re.search(r"\d\.\d+ ?%", shown)


@pytest.mark.parametrize("language", TRANSLATED)
def test_figures_of_tables_are_those_of_the_language(
    speaking: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    language: Language,
) -> None:
    """What assess, protect and estimate print: no cell has an English decimal point."""
    from wasl.cli.disclosure import assess, protect
    from wasl.cli.estimate import estimate

    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    rng = np.random.default_rng(1)
    on = rng.random((3000, 2)) < (0.6, 0.5)
    sex, age = rng.choice(["F", "M"], 3000), rng.integers(20, 60, 3000) // 10 * 10
    rows = pa.table({"sex": sex, "age": age, "wage": rng.gamma(2, 2500, 3000).round(2), "a": on[:, 0], "b": on[:, 1]})
    pq.write_table(rows, tmp_path / "rows.parquet")
    (tmp_path / "p.toml").write_text(
        'name = "p"\nunlisted = "free"\n[thresholds]\nk = 3\nindividual_risk = 0.5\n'
        '[[variables]]\nname = "sex"\nrole = "key"\n[[variables]]\nname = "age"\nrole = "key"\n'
        '[[methods]]\nkind = "local_suppression"\n',
        encoding="utf-8",
    )
    (tmp_path / "e.toml").write_text('name = "e"\n[reconciliation]\nfirst = "a"\nsecond = "b"\n', encoding="utf-8")
    speaking(language)
    assess(tmp_path / "rows.parquet", policy=str(tmp_path / "p.toml"))
    protect(tmp_path / "rows.parquet", policy=str(tmp_path / "p.toml"), out=tmp_path / "safe", seed=1)
    estimate([str(tmp_path / "rows.parquet")], spec=str(tmp_path / "e.toml"), out=tmp_path / "found", seed=1)
    cells = [line for line in capsys.readouterr().out.splitlines() if "│" in line]
    assert len(cells) > 10
    assert not [line for line in cells if ENGLISH_POINT.search(line)]
