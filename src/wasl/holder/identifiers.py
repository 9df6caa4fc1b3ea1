"""Document numbers in one spelling, and the values in their columns that are no number of anybody.

A clerk who has no number writes something all the same: *EN COURS*, *PERDU*, *123456*, one number for everybody. Such a
value would make different persons agree on an identifier, which the model takes for proof. So it is void: read as
missing, and counted by reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.registers.codes.classification import spelling_key
from wasl.registers.reading.marks import fold_digits, without_marks

__all__ = ["Identifiers", "normalize_identifier", "normalize_identifiers", "shared_numbers", "void_reason"]

MANY_BIRTHS = 5
"""A number of so many different birth dates is nobody's. Typing errors give one person two births, rarely three."""
MANY_BIRTHS_ALONE = 3
"""The same in a register that holds nobody twice, where one number on two records is already a mistake."""
VOID_WORDS = frozenset(
    """
    NEANT INCONNU INCONNUE INCONNUS NA NAN NULL NONE NIL ND NR NC RAS SANS AUCUN AUCUNE VIDE MANQUANT MANQUANTE
    ABSENT PERDU PERDUE PERDUS VOLE VOLEE LOST STOLEN EXPIRE EXPIREE EXPIRED DEMANDE DEMANDER INSTANCE ATTENTE
    PENDING COURS ENCOURS RENOUVELLEMENT REFUSE REFUSEE RECLAME FOURNIR FOURNI FOURNIE PRECISE PRECISEE
    RENSEIGNE RENSEIGNEE COMMUNIQUE DISPONIBLE UNKNOWN MISSING NOT AVAILABLE APPLICABLE PASDE PAS NON PASSEPORT
    PASSPORT PASAPORTE CARTE SEJOUR TITRE RECEPISSE CIN IDENTITE DOCUMENT PIECE PAPIERS TEST EXEMPLE XXX XXXX
    ILLISIBLE DETRUIT CONFISQUE DEPOSE
    """.split()  # noqa: SIM905
)
"""Words; a value whose words of three and more letters are all among these holds no number of anybody, unless a number
stands beside them (``PASSEPORT AB123456``)."""
STATES = frozenset(
    """
    PERDU PERDUE VOLE VOLEE LOST STOLEN ENCOURS COURS DEMANDE INSTANCE ATTENTE PENDING NEANT INCONNU INCONNUE
    AUCUN AUCUNE RENOUVELLEMENT UNKNOWN MISSING DETRUIT CONFISQUE DEPOSE ILLISIBLE
    """.split()  # noqa: SIM905
)
"""Words that say that there is no number, whatever follows (``EN COURS 2024``, ``PERDU LE 12/03``)."""
ARABIC_STATES = re.compile(
    "غير معروف|غير متوفر|غير محدد|غير موجود|مجهول|لا يوجد|لا شيء|بدون|ضائع|ضاع|مفقود|مسروق|قيد الإنجاز|قيد الانجاز|قيد"
    "|في طور|في انتظار|منتهي|طلب"
)
SPREADSHEET = re.compile(r"#(?:REF|N/?A|VALUE|VALEUR|NAME|NOM|DIV/0|NULL|NUL|NUM|NOMBRE)[!?]?|#+", re.IGNORECASE)
SCIENTIFIC = re.compile(r"[+-]?\d(?:[.,]\d+)?E[+-]?\d{1,3}", re.IGNORECASE)
DATE = re.compile(r"\d{1,2}[/.]\d{1,2}[/.](?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2}")
ONE_DIGIT = re.compile(r"(\d)\1{3,}|[A-Z]{1,3}(\d)\2{5,}|([A-Z])\3{3,}\d?")
MASKED = re.compile(r"[*•●#?]{2}|(?<=\d)XXX|XXX(?=\d)|…|\.{3}")
"""A number of which only a part is shown (``A1234****``): many persons have that part."""
FORMULA = re.compile(r"=\s*[A-Z@$+\-].*", re.DOTALL)
"""A formula where its value should be (``=A1``, ``=VLOOKUP(…)``)."""
KEYBOARD = re.compile(r"(?:AZERTY|QWERTY|QWERTZ|QSDF|ASDF|ABCDEF?).*")
FLOAT = re.compile(r"^(\d{4,})[.,]0{1,2}$")
"""A number that a program wrote with a decimal part: 12345678.0."""
PERIODIC = re.compile(r"(\d{2,3})\1{2,}")
LABEL = re.compile(
    r"^(?:(?:PASSEPORT|PASSPORT|PASAPORTE|CIN|CNIE|CARTE|SEJOUR|TITRE|NUMERO|NUM|NO|N|DE|DU|D|IDENTITE|NATIONALE)"
    r"[ .:°º-]+)+"
)
NOT_LETTER_OR_DIGIT = re.compile(r"[^A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Identifiers:
    """A column of document numbers.

    Attributes:
        values: Normalized; null where missing or void.
        void: Cells that were there and are no number, by reason: ``word``, ``no digit``, ``form``, ``shared``.
    """

    values: pa.Array = field(repr=False)
    void: dict[str, int] = field(default_factory=dict)


def normalize_identifier(text: str) -> str | None:
    """One document number: digits of any script as ASCII, capitals, no separators, no leading zeros of plain numbers.

    Spreadsheets strip leading zeros, so a number with and without them must agree. None where it is void.
    """
    bare = _bare(text)
    return None if _reason(text, bare) is not None else bare.lstrip("0") if bare.isdigit() else bare


def void_reason(text: str) -> str | None:
    """Why a value is no document number, or None: ``word``, ``no digit`` or ``form``."""
    return _reason(text, _bare(text))


def _plain(text: str) -> str:
    return fold_digits(without_marks(text)).upper()


def _bare(text: str) -> str:
    upper = FLOAT.sub(r"\1", _plain(text))
    unlabelled = LABEL.sub("", upper)
    if any(c.isdigit() for c in unlabelled):
        upper = unlabelled
    return NOT_LETTER_OR_DIGIT.sub("", upper if upper.isascii() else spelling_key(upper))


def _reason(text: str, bare: str) -> str | None:
    plain = _plain(text)
    words = re.findall(r"[A-Z]{2,}", spelling_key(plain))
    if ARABIC_STATES.search(plain) or any(word in STATES for word in words):
        return "word"
    if SPREADSHEET.fullmatch(plain):
        return "form"
    long = [word for word in words if len(word) > 2]
    digits = "".join(c for c in bare if c.isdigit())
    if not digits:
        return "word" if all(word in VOID_WORDS for word in long or words) else "no digit"
    if SCIENTIFIC.fullmatch(plain) or DATE.fullmatch(plain) or FORMULA.fullmatch(plain) or MASKED.search(plain):
        return "form"
    if KEYBOARD.fullmatch(bare):
        return "form"
    if not digits.strip("0") or ONE_DIGIT.fullmatch(bare) or _is_run(bare):
        return "form"
    if long and all(word in VOID_WORDS for word in long) and len(digits) < 4:
        return "word"
    return None


def _is_run(bare: str) -> bool:
    """True for a plain number typed along the keys (123456, 987654) or by repeating two or three of them."""
    if not bare.isdigit() or len(bare) < 5:
        return False
    rising, falling = "01234567890123456789", "98765432109876543210"
    return (
        rising.startswith(bare)
        or rising[1:].startswith(bare)
        or falling.startswith(bare)
        or (bare in falling and bare[-1] in "01")
        or bool(PERIODIC.fullmatch(bare))
    )


def normalize_identifiers(column: pa.ChunkedArray | pa.Array) -> Identifiers:
    """A column of document numbers; each distinct cell is looked at once."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], pa.string())
    encoded = whole.dictionary_encode()
    plain = _plain_numbers(encoded.dictionary)
    odd = plain.is_null()
    texts = encoded.dictionary.filter(odd).to_pylist()
    reasons = [void_reason(text) for text in texts]
    values = [
        None if reason is not None else normalize_identifier(text) for text, reason in zip(texts, reasons, strict=True)
    ]
    distinct = pc.replace_with_mask(plain, odd, pa.array(values, pa.string())) if texts else plain
    result = distinct.take(encoded.indices)
    if not any(reasons):
        return Identifiers(result)
    counts = np.bincount(np.asarray(encoded.indices.drop_null(), dtype=np.int64), minlength=len(plain))
    void: dict[str, int] = {}
    for reason, count in zip(reasons, counts[np.asarray(odd)].tolist(), strict=True):
        if reason is not None:
            void[reason] = void.get(reason, 0) + count
    return Identifiers(result, void)


def _plain_numbers(distinct: pa.Array) -> pa.Array:
    """The normalized form of numbers that no rule can concern; null for those to be looked at one by one."""
    upper = pc.ascii_upper(distinct)
    simple = pc.match_substring_regex(upper, r"^[A-Z]{0,3}[0-9]{4,}[A-Z]{0,3}$")
    odd = pc.or_(
        pc.match_substring_regex(upper, r"^[01]*1234|^9876|[0-9]E[0-9]|" + _repeats()),
        pc.match_substring_regex(upper, r"[A-Z]{3,}"),
    )
    numeric = pc.match_substring_regex(upper, "^[0-9]+$")
    ready = pc.if_else(numeric, pc.ascii_ltrim(upper, "0"), upper)
    return pc.if_else(pc.and_(simple, pc.invert(odd)), ready, pa.scalar(None, pa.string()))


def _repeats() -> str:
    """A digit four times, or two digits three times: what only the exact rules can tell from a number."""
    return "|".join(f"{digit}{{4}}" for digit in range(10)) + "|" + "|".join(f"(?:{n:02d}){{3}}" for n in range(100))


def shared_numbers(
    identifiers: pa.Array, births: NDArray[np.int32] | None, names: NDArray[np.uint64] | None, *, duplicate_free: bool
) -> NDArray[np.bool_]:
    """Mark the records whose number is held by several persons of different birth (or, without births, name).

    Args:
        identifiers: Normalized numbers, null where missing.
        births: Birth dates as ``yyyymmdd``; 0 where missing.
        names: A value per record that equal names share; 0 where missing.
        duplicate_free: Whether the register holds nobody twice.
    """
    encoded = identifiers.dictionary_encode()
    places = np.asarray(encoded.indices.fill_null(-1), dtype=np.int64)
    shared = np.zeros(len(places), dtype=bool)
    most = MANY_BIRTHS_ALONE if duplicate_free else MANY_BIRTHS
    held = np.bincount(places[places >= 0], minlength=1)
    often = (places >= 0) & (held[np.maximum(places, 0)] >= most)  # few numbers repeat: only these are looked at
    if not often.any():
        return shared
    for traits in (births, names):
        if traits is None:
            continue
        known = often & (traits != 0)
        pairs = np.unique(np.stack([places[known].astype(np.uint64), traits[known].astype(np.uint64)], axis=1), axis=0)
        different = np.bincount(pairs[:, 0].astype(np.int64), minlength=len(encoded.dictionary))
        crowded = different >= (most if traits is births else 2 * most)  # a name is spelled in more ways than a date
        shared |= (places >= 0) & crowded[np.maximum(places, 0)]
    return shared
