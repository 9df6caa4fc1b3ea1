"""A course pack: synthetic registers for students, tasks in French and English, and answers for the teacher.

The answers are computed from the registers of the pack, so every seed gives a pack of its own.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import PolicyError
from wasl.facade import assess, encode, link, protect
from wasl.holder.keys import LinkageKey
from wasl.linkage.plan import LinkagePlan
from wasl.linkage.quality.evaluate import evaluate
from wasl.population.generate import generate
from wasl.registers.schema import RegisterSchema
from wasl.workflow.act import RunOptions
from wasl.workflow.assemble import assemble
from wasl.workflow.microdata import MicrodataSpec

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
        "exercices.fr.md": TASKS_FR.format(seed=seed),
        "exercises.en.md": TASKS_EN.format(seed=seed),
        "teacher/corriges.fr.md": _fill(ANSWERS_FR, answers, seed),
        "teacher/answers.en.md": _fill(ANSWERS_EN, answers, seed),
    }
    return CoursePack(tables, texts)


def _solve(registers: Mapping[str, pa.Table], truth: pa.Table, seed: int) -> _Answers:
    """Do every task of the pack."""
    key = LinkageKey.new("exercise", secrets.token_bytes(32))
    encoded = []
    for name in REGISTERS:
        frame = registers[name].to_pandas().replace({"": None})
        encoded.append(encode(frame, RegisterSchema.load(name), key, period="2025"))
    joins = [one.join_map for one in encoded]
    linked = link([one.delivery for one in encoded], LinkagePlan.load("morocco"), joins=joins)
    if linked.resolved is None:
        raise ValueError("a linkage with join maps is resolved")
    people = truth.to_pandas()
    people = people[people["register"].isin(REGISTERS)].astype({"record": str})
    score = evaluate(linked.resolved.result.spine, people, [one.keep_map.to_pandas() for one in encoded])
    spine = linked.resolved.artifacts["spine.parquet"]
    if not isinstance(spine, pa.Table):
        raise TypeError("the spine is a table")
    payloads = [one.payload for one in encoded]
    microdata = assemble(spine, payloads, MicrodataSpec.load("foreign-workers"), RunOptions()).result.table
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
        persons=len(set(spine["person_id"].to_pylist())),
        k=risk.result.k,
        below=int(next(iter(risk.result.violating.values()))),
        failing=", ".join(failure.rule for failure in risk.result.failures) or "–",
        protected_k=after,
        protected_rows=rows,
        suppressed=suppressed,
    )


def _fill(text: str, answers: _Answers, seed: int) -> str:
    permits, employees = answers.records.values()
    return text.format(
        seed=seed,
        permits=permits,
        employees=employees,
        both=answers.both,
        births=answers.births,
        precision=answers.precision,
        recall=answers.recall,
        persons=answers.persons,
        k=answers.k,
        below=answers.below,
        failing=answers.failing,
        protected_k=answers.protected_k,
        protected_rows=answers.protected_rows,
        suppressed=answers.suppressed,
    )


TASKS_EN = """# Exercises

The folder `registers` has two registers of a Morocco that does not exist: residence permits and declared employees.

## 1. Data quality

1. Run `wasl check registers/dgsn-permits.csv --register dgsn-permits --out quality`. How many records has the register?
2. How many birth dates are 1 January? Give two reasons.

## 2. Encoding

1. Make a key with `wasl key new --project course --out course.key`.
2. Encode both registers with `wasl encode`. Keep the maps with `--keep-map`.
3. Open a delivery with pandas. Which columns does it have? Find a name in it, or say why that is impossible.

## 3. Linkage

1. Link both deliveries with `wasl link morocco`, with both join maps. How many persons are there?
2. The report estimates precision and recall without the truth. Write both down with their intervals.
3. Ask your teacher for `truth.csv` and run `wasl evaluate`. Does the truth lie in the intervals?
4. How many persons are in both registers, according to the truth?

## 4. Disclosure control

1. Assemble the microdata with `wasl assemble`.
2. Run `wasl assess --policy public-use`. What is the smallest frequency of a key combination? Which rules fail?
3. Run `wasl protect --policy public-use --seed {seed}`. How many rows are left, and how many cells were suppressed?
4. Why is the risk report confidential, and the report on methods public?

## 5. Audit

1. Export the log with `wasl audit export` and verify it with `wasl audit verify`.
2. Change one byte of the export and verify it again. Which entry is named?
"""
ANSWERS_EN = """# Answers for the teacher (seed {seed})

Linkage figures vary a little with the key.

1. Data quality. The register of permits has {permits:,} records. {births:,} birth dates are 1 January: papers that give
   only the year are written so, and a few persons are born that day.
2. Encoding. A delivery has passes, block labels, row identifiers, tokens and filters. A name cannot be found:
   filters are keyed, and every released bit mixes several secret bits.
3. Linkage. There are about {persons:,} persons. Against the truth: precision {precision:.3f}, recall {recall:.3f}.
   {both:,} persons are in both registers ({permits:,} permits, {employees:,} employees).
4. Disclosure control. The smallest frequency is {k:g}; {below:,} rows are below the first level.
   Failing rules: {failing}. After protection: smallest frequency {protected_k:g}, {protected_rows:,} rows,
   {suppressed:,} empty cells.
   The risk report says where a file is weak. Methods are public because users need them for analysis.
5. Audit. Verification names the changed entry, because its hash no longer leads to the signed root.
"""
TASKS_FR = """# Exercices

Le dossier `registers` contient deux registres d'un Maroc qui n'existe pas : titres de séjour et salariés déclarés.

## 1. Qualité des données

1. Lancez `wasl check registers/dgsn-permits.csv --register dgsn-permits --out quality`. Combien d'enregistrements ?
2. Combien de dates de naissance tombent le 1er janvier ? Donnez deux raisons.

## 2. Encodage

1. Créez une clé : `wasl key new --project course --out course.key`.
2. Encodez les deux registres avec `wasl encode`. Gardez les correspondances avec `--keep-map`.
3. Ouvrez une livraison avec pandas. Quelles colonnes contient-elle ? Trouvez-y un nom, ou expliquez pourquoi c'est
   impossible.

## 3. Appariement

1. Appariez les deux livraisons avec `wasl link morocco` et les deux tables de jointure. Combien de personnes ?
2. Le rapport estime précision et rappel sans la vérité. Notez-les avec leurs intervalles.
3. Demandez `truth.csv` à votre enseignant et lancez `wasl evaluate`. La vérité est-elle dans les intervalles ?
4. Selon la vérité, combien de personnes figurent dans les deux registres ?

## 4. Contrôle de la divulgation

1. Constituez les microdonnées avec `wasl assemble`.
2. Lancez `wasl assess --policy public-use`. Quelle est la plus petite fréquence ? Quelles règles échouent ?
3. Lancez `wasl protect --policy public-use --seed {seed}`. Combien de lignes restent, combien de cellules sont vides ?
4. Pourquoi le rapport de risque est-il confidentiel, et le rapport sur les méthodes public ?

## 5. Audit

1. Exportez le journal avec `wasl audit export` et vérifiez-le avec `wasl audit verify`.
2. Modifiez un octet de l'export et vérifiez de nouveau. Quelle écriture est nommée ?
"""
ANSWERS_FR = """# Corrigés pour l'enseignant (graine {seed})

Les chiffres d'appariement varient un peu avec la clé.

1. Qualité. Le registre des titres a {permits:,} enregistrements. {births:,} dates de naissance tombent le 1er janvier :
   les papiers qui ne donnent que l'année s'écrivent ainsi, et quelques personnes sont nées ce jour.
2. Encodage. Une livraison contient passes, étiquettes de bloc, identifiants de ligne, jetons et filtres. On n'y trouve
   aucun nom : les filtres dépendent d'une clé, et chaque bit publié mélange plusieurs bits secrets.
3. Appariement. Environ {persons:,} personnes. Face à la vérité : précision {precision:.3f}, rappel {recall:.3f}.
   {both:,} personnes figurent dans les deux registres ({permits:,} titres, {employees:,} salariés).
4. Divulgation. Plus petite fréquence : {k:g} ; {below:,} lignes sous le premier seuil. Règles en échec : {failing}.
   Après protection : plus petite fréquence {protected_k:g}, {protected_rows:,} lignes, {suppressed:,} cellules vides.
   Le rapport de risque dit où le fichier est faible. Les méthodes sont publiques car les utilisateurs en ont besoin.
5. Audit. La vérification nomme l'écriture modifiée, car son empreinte ne mène plus à la racine signée.
"""
