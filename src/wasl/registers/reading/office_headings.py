# ruff: noqa: E501 (tables of words)
"""Headings in use for what only the mission's registers and surveys hold, in French, Arabic and English.

They match a file's columns with a schema that has such a variable. A draft does not use them: without the schema they
could mean several things.

*Source:* the forms of ANAPEC, CNSS, TAECHIR and the consulates, and questionnaires of household surveys.
"""

from __future__ import annotations

import re

from wasl.registers.reading.headings import HEADINGS, PAYLOAD_HEADINGS

__all__ = ["headings_of"]

OFFICE_HEADINGS: dict[str, tuple[str, ...]] = {
    "anapec_number": ("n° anapec", "numéro anapec", "n° d'inscription", "n° inscription", "identifiant anapec", "matricule anapec", "رقم الملف", "رقم التسجيل", "رقم الأنابيك"),
    "consular": ("n° consulaire", "numéro consulaire", "immatriculation consulaire", "n° immatriculation consulaire", "matricule consulaire", "carte consulaire", "n° carte consulaire", "consular number", "رقم التسجيل القنصلي", "الرقم القنصلي"),
    "certificate_date": ("délivrée le", "délivré le", "date de délivrance", "attestation du", "date d'établissement", "date d'émission", "date attestation", "issued on", "certificate date", "تاريخ الشهادة", "تاريخ التسليم", "تاريخ منح الشهادة"),
    "certificate_result": ("décision", "avis", "suite donnée", "suite", "réponse", "outcome", "decision", "القرار", "النتيجة", "الرأي"),
    "destination_country": ("pays de destination", "destination", "pays d'accueil", "pays d'emploi", "country of destination", "host country", "بلد الوجهة", "بلد الاستقبال", "الوجهة", "البلد"),
    "departure_date": ("date de départ", "départ", "parti le", "partie le", "date départ", "departure date", "تاريخ المغادرة", "تاريخ السفر"),
    "return_date": ("date de retour", "retour", "rentré le", "date retour", "return date", "تاريخ العودة", "تاريخ الرجوع"),
    "campaign": ("campagne", "opération", "opération de régularisation", "année de la campagne", "campaign", "الحملة", "حملة التسوية", "عملية التسوية"),
    "project_status": ("avancement", "situation du projet", "étape", "stade du projet", "الحالة", "وضعية المشروع", "حالة المشروع"),
    "stratum": ("strate", "n° strate", "code strate", "strata", "stratum", "الطبقة"),
    "weight": ("poids", "pondération", "coefficient", "coefficient d'extrapolation", "coef", "coeff", "poids de sondage", "facteur d'extrapolation", "weight", "sampling weight", "معامل الترجيح", "الترجيح", "الوزن"),
    "arrival_year": ("année d'arrivée", "arrivé en", "arrivée en", "année d'arrivée au maroc", "année d'entrée", "year of arrival", "سنة الوصول", "سنة الدخول", "سنة القدوم"),
    "work_province": ("ville", "ville de travail", "lieu de travail", "province de travail", "ville d'emploi", "ville de l'employeur", "place of work", "مدينة العمل", "مكان العمل", "المدينة"),
    "declared_month": ("période", "mois", "mois de déclaration", "période de déclaration", "month", "الشهر", "الفترة", "شهر التصريح"),
    "days_declared": ("jours", "nb jours", "nombre de jours", "jours travaillés", "nbre jours", "nombre de jours déclarés", "jours cotisés", "days", "عدد الأيام", "الأيام", "الأيام المصرح بها"),
    "capped_wage": ("salaire plafonné", "salaire plafond", "assiette plafonnée", "capped wage", "الأجر المسقف", "الأجر في حدود السقف"),
    "wage": ("salaire réel", "salaire déclaré", "masse salariale", "salaire en centimes", "الأجر الحقيقي", "الأجر المصرح به"),
    "employment_status": ("situation", "code situation", "état", "statut", "situation du salarié", "الوضعية", "وضعية الأجير"),
    "pension_type": ("nature de la pension", "type de pension", "nature pension", "catégorie de pension", "risque", "pension type", "نوع المعاش", "صنف المعاش"),
    "pension_amount": ("montant mensuel", "montant en centimes", "montant servi", "pension mensuelle", "مبلغ المعاش"),
    "deregistration_date": ("radié le", "date de radiation", "radiation", "deregistered on", "تاريخ التشطيب", "تاريخ الحذف"),
    "recognition_date": ("reconnu le", "date de reconnaissance", "date de la décision", "recognized on", "recognised on", "تاريخ الاعتراف"),
    "hours": ("heures", "heures travaillées", "nombre d'heures", "durée hebdomadaire", "heures hebdomadaires", "hours", "weekly hours", "ساعات العمل", "عدد الساعات"),
    "quarter": ("trimestre", "vague", "quarter", "الفصل", "الربع"),
    "document_held": ("document", "document détenu", "pièce détenue", "type de document", "document held", "الوثيقة"),
    "income": ("revenu", "revenu mensuel", "revenus", "income", "monthly income", "الدخل", "الدخل الشهري"),
    "migration_status": ("statut migratoire", "situation migratoire", "migration status", "الوضع الهجروي", "وضعية الهجرة"),
    "departure_year": ("année de départ", "parti en", "year of departure", "سنة المغادرة"),
    "return_year": ("année de retour", "rentré en", "year of return", "سنة العودة"),
    "migration_motive": ("motif", "motif de départ", "raison du départ", "motif de migration", "reason for leaving", "سبب الهجرة", "سبب المغادرة"),
    "remittances": ("transferts", "transferts annuels", "envois de fonds", "remittances", "التحويلات"),
    "contract_type": ("type de demande", "nature de la demande", "objet de la demande", "type de contrat", "nature du contrat", "request type", "contract type", "نوع الطلب", "نوع العقد"),
    "experience_years": ("expérience", "années d'expérience", "expérience (années)", "experience", "years of experience", "سنوات الخبرة", "الخبرة", "التجربة"),
    "request_date": ("déposé le", "déposée le", "date de dépôt", "date de la demande", "reçu le", "request date", "filed on", "تاريخ الإيداع", "تاريخ الطلب"),
    "visa_date": ("visé le", "date du visa", "date visa", "visa du", "visa date", "تاريخ التأشيرة", "تاريخ التأشير"),
    "contract_status": ("statut", "suite", "décision", "état", "état de la demande", "statut de la demande", "status", "decision", "القرار", "حالة الطلب", "الوضعية"),
    "legal_status": ("situation administrative", "situation légale", "statut administratif", "statut légal", "statut", "الوضعية القانونية", "الوضعية الإدارية", "الوضعية"),
    "training_field": ("filière", "spécialité", "formation", "formation suivie", "branche de formation", "field of training", "course", "الشعبة", "التخصص", "شعبة التكوين"),
    "training_result": ("résultat", "décision", "issue", "résultat final", "result", "outcome", "النتيجة"),
    "occupation_group": ("emploi occupé", "poste proposé", "emploi proposé", "emploi recherché", "métier recherché", "métier exercé", "العمل المطلوب", "المنصب"),
}  # fmt: skip


_NUMBERS = frozenset(
    ("passport", "permit", "cin", "cnss", "certificate", "refugee_file", "national_id", "anapec_number", "consular")
)
"""Features that are numbers: their headings may say so (*N° immatriculation CNSS*)."""
_ARABIC = {"surname_arabic": ("surname", "given_arabic"), "given_arabic": ("given",)}
"""Features in Arabic letters, each with those under whose Arabic headings it stands beside a column in Latin letters."""


def headings_of(feature: str, standard: str) -> tuple[tuple[str, ...], ...]:
    """The headings in use for a column that says this of a person, or gives this payload variable: surest group first.

    An Arabic heading of a name (*الاسم العائلي*) is that of the column in Latin letters, or of the one beside it where
    that has a heading of its own.
    """
    own = HEADINGS.get(feature, ()) or PAYLOAD_HEADINGS.get(standard, ())
    own += OFFICE_HEADINGS.get(feature, OFFICE_HEADINGS.get(standard, ()))
    if feature in _NUMBERS:
        own += tuple(f"n° {text}" for text in own)
    beside = [text for other in _ARABIC.get(feature, ()) for text in HEADINGS[other] if is_arabic(text)]
    return own, tuple(beside)


def is_arabic(text: str) -> bool:
    """Whether a heading is in Arabic letters."""
    return re.search(r"[\u0621-\u064a]", text) is not None
