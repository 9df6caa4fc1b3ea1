"""The digest of the rules that read names, document numbers and parts of dates.

Two holders whose releases of wasl read names by different rules give one person two spellings, and nobody would see why
fewer pairs are found. So each delivery carries this digest, and deliveries with different ones are not compared.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache

from wasl.holder.encoding.grams import LEAST_PARTS
from wasl.holder.identifiers import STATES, VOID_WORDS, normalize_identifier
from wasl.holder.names.arabic import INITIALS, LETTERS, STEPS, UNIFY
from wasl.holder.names.normalizer import normalize, written
from wasl.holder.names.other_surname import LEAST_ALIKE, are_other_names
from wasl.holder.names.rules import ALIASES, LATIN_RULES, SOUND_RULES, TITLES, WORD_RULES

__all__ = ["rules_digest"]

PROBES = (
    "Fatima Ezzahra EL ALAOUI épouse DIALLO",
    "M. N Diaye Ibrahima",
    "Ben Abdelkader Aït el Haj",
    "Zhang Öztürk Kowalski Gonçalves",
    "عبد القادر بنعلي",
    "Gamal Tounkaras Niang Mbodji Lamrabet",
    "САМАРА ⴰⵎⴰⵣⵉⵖ Παππάς",
    "Bernardi Zoungrana Hawa Weiss Ngom Kettani Mbodji Tounkara Camaras Puig",
    "ʿAbd al-Raḥīm Šarīf Đorđević Çelik Akçay Küçük",
    "Ευάγγελος Σταύρος Bektash Vicente",
)
"""Names that meet what no table holds: the skeleton, initials, scripts."""
NUMBERS = ("BE 123456", "n° 00-45.678/A", "EN COURS", "1E+05", "٠١٢٣٤٥", "A1234****", "=A1", "AZERTY12", "12345679.0")
TWO_SCRIPTS = (("بنجلون", "EL ALAMI", "Zineb"), ("العلمي", "Zineb", "El Alami"), ("أوازاني", "Ouazzani", "Nadia"))
"""A surname in Arabic letters, surname and given name in Latin ones."""
DIGEST_LENGTH = 16


@lru_cache(maxsize=1)
def rules_digest() -> str:
    """16 hexadecimal digits; the same wherever names and numbers are read by the same rules."""
    rules = [*WORD_RULES, *LATIN_RULES, *SOUND_RULES]
    names = [*(name for rule in rules for name in rule.example), *PROBES]
    read = [normalize(name) for name in names]
    document = {
        "rules": [[rule.pattern, rule.replacement] for rule in rules],
        "arabic": [[pattern.pattern, replacement] for pattern, replacement in (*STEPS, *INITIALS)],
        "letters": sorted((key, value) for table in (UNIFY, LETTERS) for key, value in table.items() if value),
        "words": [sorted(TITLES), sorted(ALIASES.items()), sorted(VOID_WORDS), sorted(STATES)],
        "names": [[name.words, name.skeletons, name.married] for name in read],
        "spelled": [written(name) for name in names],
        "other surnames": [LEAST_ALIKE, [are_other_names(*record) for record in TWO_SCRIPTS]],
        "date parts": LEAST_PARTS,
        "numbers": [normalize_identifier(number) for number in NUMBERS],
    }
    return hashlib.sha256(json.dumps(document, ensure_ascii=True).encode()).hexdigest()[:DIGEST_LENGTH]
