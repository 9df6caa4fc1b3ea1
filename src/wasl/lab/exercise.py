"""A course pack: synthetic registers for students, tasks in French and English, and answers for the teacher.

The answers are computed from the registers of the pack, so every seed gives a pack of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import PolicyError
from wasl.facade import assemble, assess, encode, evaluate, link, new_key, protect
from wasl.facade.given import quietly
from wasl.locale import Language, messages
from wasl.population.generate import generate

__all__ = ["CoursePack", "make_pack"]

REGISTERS = ("dgsn-permits", "cnss-employees")
POLICY = "public-use"


@dataclass(frozen=True, slots=True)
class CoursePack:
    """The files of a course.

    Attributes:
        tables: Registers and, for the teacher, the truth: path in the pack to table.
        texts: Tasks and answers: path in the pack to text.
    """

    tables: Mapping[str, pa.Table]
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Answers:
    """Figures of the teacher's answers, computed from the registers."""

    records: Mapping[str, int]
    both: int
    births: int
    precision: float
    recall: float
    persons: int
    k: float
    below: int
    failing: str
    protected_k: float
    protected_rows: int
    suppressed: int


def make_pack(persons: int, seed: int) -> CoursePack:
    """The course pack of a seed.

    Args:
        persons: Size of the synthetic population; 1,500 suits a course.
        seed: The same seed gives the same registers. The linkage key is drawn anew, so linkage figures vary a little.

    Raises:
        InputError: The population is too small.
    """
    made = generate(persons, seed)
    answers = _solve(made.registers, made.truth, seed)
    tables = {f"registers/{name}.csv": made.registers[name] for name in REGISTERS}
    truth = made.truth.to_pandas()
    kept = truth[truth["register"].isin(REGISTERS)].reset_index(drop=True)
    tables["teacher/truth.csv"] = pa.Table.from_pandas(kept, preserve_index=False)
    texts = {
        "exercices.fr.md": TASKS_FR.format(**_commands(seed)),
        "exercises.en.md": TASKS_EN.format(**_commands(seed)),
        "teacher/corriges.fr.md": _fill(ANSWERS_FR, answers, seed, "fr"),
        "teacher/answers.en.md": _fill(ANSWERS_EN, answers, seed, "en"),
    }
    return CoursePack(tables, texts)


def _solve(registers: Mapping[str, pa.Table], truth: pa.Table, seed: int) -> _Answers:
    """Do every task of the pack."""
    key = new_key("exercise")
    with quietly():
        encoded = [
            encode(registers[name].to_pandas().replace({"": None}), name, key, period="2025") for name in REGISTERS
        ]
        linked = link([one.delivery for one in encoded], "morocco", joins=[one.join_map for one in encoded])
    people = truth.to_pandas()
    people = people[people["register"].isin(REGISTERS)].astype({"record": str})
    score = evaluate(linked, people, keep_maps=[one.keep_map for one in encoded]).result
    microdata = assemble(linked, [one.payload for one in encoded], "foreign-workers").table
    policy = DisclosurePolicy.load(POLICY)
    risk = assess(microdata, policy)
    members = {name: set(people.loc[people["register"] == name, "person"]) for name in REGISTERS}
    births = registers["dgsn-permits"]["date_naissance"].to_pandas()
    try:
        safe = protect(microdata, policy, seed=seed).result
        after, rows = safe.after.k, safe.table.num_rows
        columns = {one["name"] for one in safe.public_report()["variables"]}
        suppressed = sum(safe.table[name].null_count for name in columns if name in safe.table.column_names)
    except PolicyError:
        after, rows, suppressed = float("nan"), 0, 0
    return _Answers(
        records={name: registers[name].num_rows for name in REGISTERS},
        both=len(members[REGISTERS[0]] & members[REGISTERS[1]]),
        births=int(pd.Series(births).str.startswith("01/01/").sum()),
        precision=score.pairwise.precision,
        recall=score.pairwise.recall,
        persons=linked.report["persons"],
        k=risk.result.k,
        below=int(next(iter(risk.result.violating.values()))),
        failing=", ".join(failure.rule for failure in risk.result.failures) or "–",
        protected_k=after,
        protected_rows=rows,
        suppressed=suppressed,
    )


AFTER: dict[Language, tuple[str, str]] = {
    "en": (
        "After protection: smallest frequency {k}, {rows} rows, {cells} empty cells.",
        "`wasl protect` refuses the file: the policy would remove too much.",
    ),
    "fr": (
        "Après protection : plus petite fréquence {k}, {rows} lignes, {cells} cellules vides.",
        "`wasl protect` refuse le fichier : la politique en retirerait trop.",
    ),
}
"""What protection does to the microdata of the pack: it ends, or refuses."""


def _fill(text: str, answers: _Answers, seed: int, language: Language) -> str:
    """A text with the figures of the registers, as its language writes them."""
    permits, employees = answers.records.values()
    number = messages(language).number
    done, refused = AFTER[language]
    rows, cells = number(answers.protected_rows), number(answers.suppressed)
    after = done.format(k=number(answers.protected_k, 0), rows=rows, cells=cells) if answers.protected_rows else refused
    return text.format(
        seed=seed,
        permits=number(permits),
        employees=number(employees),
        both=number(answers.both),
        births=number(answers.births),
        precision=number(answers.precision, 3),
        recall=number(answers.recall, 3),
        persons=number(answers.persons),
        k=number(answers.k, 0),
        below=number(answers.below),
        failing=answers.failing,
        after=after,
    )


COMMANDS = {
    "check": ("wasl check registers/dgsn-permits.csv --register dgsn-permits --out quality",),
    "key": ("wasl key new --project course --out course.key",),
    "encode": tuple(
        f"wasl encode registers/{name}.csv --register {name} --key course.key --round 2025 --out {name}.delivery "
        f"--join {name}.join --payload {name}.payload --keep-map {name}.keep.csv"
        for name in REGISTERS
    ),
    "link": (
        f"wasl link morocco {' '.join(f'{name}.delivery' for name in REGISTERS)} "
        + " ".join(f"--join {name}.join" for name in REGISTERS)
        + " --out linked",
    ),
    "evaluate": (
        "wasl evaluate linked --truth truth.csv --keep-map dgsn-permits.keep.csv --keep-map cnss-employees.keep.csv",
    ),
    "assemble": (
        "wasl assemble linked --payload dgsn-permits.payload --payload cnss-employees.payload --out microdata.parquet",
    ),
    "assess": ("wasl assess microdata.parquet --policy public-use",),
    "protect": ("wasl protect microdata.parquet --policy public-use --seed {seed} --out safe",),
    "export": ("wasl audit export --out log.jsonl", "wasl audit key --out log.vkey"),
    "verify": ("wasl audit verify log.jsonl --public-key log.vkey",),
}
"""The commands of each task; students run them as they stand, in this order."""


def _commands(seed: int) -> dict[str, str]:
    """The commands of each task as a block of Markdown."""
    return {
        f"do_{name}": "\n   ```sh\n" + "".join(f"   {line.format(seed=seed)}\n" for line in lines) + "   ```"
        for name, lines in COMMANDS.items()
    }


TASKS_EN = """# Exercises

The folder `registers` has two registers of a Morocco that does not exist: residence permits and declared employees.

## 1. Data quality

1. Look at the register of permits. How many records has it?
   {do_check}
2. How many birth dates are 1 January? Give two reasons.

## 2. Encoding

1. Make a key.
   {do_key}
2. Encode both registers. The linkage unit gets the delivery, the spine keeper the join map, the release desk the
   payload. The keep map never leaves you.
   {do_encode}
3. Open a delivery with pandas. Which columns does it have? Find a name in it, or say why that is impossible.

## 3. Linkage

1. Link both deliveries. How many persons are there?
   {do_link}
2. The report estimates precision and recall without the truth. Write both down with their intervals.
3. Ask your teacher for `truth.csv`. Does the truth lie in the intervals?
   {do_evaluate}
4. How many persons are in both registers, according to the truth?

## 4. Disclosure control

1. Assemble the microdata.
   {do_assemble}
2. What is the smallest frequency of a key combination? Which rules fail?
   {do_assess}
3. Protect the microdata. How many rows are left, and how many cells were suppressed?
   {do_protect}
4. Why is the risk report confidential, and the report on methods public?

## 5. Audit

1. Export the log with its public key, and verify it.
   {do_export}
   {do_verify}
2. Change one byte of the export and verify it again. Which entry is named?
"""
ANSWERS_EN = """# Answers for the teacher (seed {seed})

Linkage figures vary a little with the key.

1. Data quality. The register of permits has {permits} records. {births} birth dates are 1 January: papers that give
   only the year are written so, and a few persons are born that day.
2. Encoding. A delivery has passes, block labels, row identifiers, tokens and filters. A name cannot be found:
   filters are keyed, and every released bit mixes several secret bits.
3. Linkage. There are about {persons} persons. Against the truth: precision {precision}, recall {recall}.
   {both} persons are in both registers ({permits} permits, {employees} employees).
4. Disclosure control. The smallest frequency is {k}; {below} rows are below the first level.
   Failing rules: {failing}. {after}
   The risk report says where a file is weak. Methods are public because users need them for analysis.
5. Audit. Verification names the changed entry, because its hash no longer leads to the signed root.
"""
TASKS_FR = """# Exercices

Le dossier `registers` contient deux registres d'un Maroc qui n'existe pas : titres de séjour et salariés déclarés.

## 1. Qualité des données

1. Examinez le registre des titres. Combien d'enregistrements ?
   {do_check}
2. Combien de dates de naissance tombent le 1er janvier ? Donnez deux raisons.

## 2. Encodage

1. Créez une clé.
   {do_key}
2. Encodez les deux registres. L'unité d'appariement reçoit la livraison, le gardien du pivot la table de jonction, le
   bureau de diffusion les données utiles. La table conservée ne vous quitte jamais.
   {do_encode}
3. Ouvrez une livraison avec pandas. Quelles colonnes contient-elle ? Trouvez-y un nom, ou expliquez pourquoi c'est
   impossible.

## 3. Appariement

1. Appariez les deux livraisons. Combien de personnes ?
   {do_link}
2. Le rapport estime précision et rappel sans la vérité. Notez-les avec leurs intervalles.
3. Demandez `truth.csv` à votre enseignant. La vérité est-elle dans les intervalles ?
   {do_evaluate}
4. Selon la vérité, combien de personnes figurent dans les deux registres ?

## 4. Contrôle de la divulgation

1. Constituez les microdonnées.
   {do_assemble}
2. Quelle est la plus petite fréquence ? Quelles règles échouent ?
   {do_assess}
3. Protégez les microdonnées. Combien de lignes restent, combien de cellules sont vides ?
   {do_protect}
4. Pourquoi le rapport de risque est-il confidentiel, et le rapport sur les méthodes public ?

## 5. Audit

1. Exportez le journal avec sa clé publique, et vérifiez-le.
   {do_export}
   {do_verify}
2. Modifiez un octet de l'export et vérifiez de nouveau. Quelle écriture est nommée ?
"""
ANSWERS_FR = """# Corrigés pour l'enseignant (graine {seed})

Les chiffres d'appariement varient un peu avec la clé.

1. Qualité. Le registre des titres a {permits} enregistrements. {births} dates de naissance tombent le 1er janvier :
   les papiers qui ne donnent que l'année s'écrivent ainsi, et quelques personnes sont nées ce jour.
2. Encodage. Une livraison contient passes, étiquettes de bloc, identifiants de ligne, jetons et filtres. On n'y trouve
   aucun nom : les filtres dépendent d'une clé, et chaque bit publié mélange plusieurs bits secrets.
3. Appariement. Environ {persons} personnes. Face à la vérité : précision {precision}, rappel {recall}.
   {both} personnes figurent dans les deux registres ({permits} titres, {employees} salariés).
4. Divulgation. Plus petite fréquence : {k} ; {below} lignes sous le premier seuil. Règles en échec : {failing}.
   {after}
   Le rapport de risque dit où le fichier est faible. Les méthodes sont publiques car les utilisateurs en ont besoin.
5. Audit. La vérification nomme l'écriture modifiée, car son empreinte ne mène plus à la racine signée.
"""
