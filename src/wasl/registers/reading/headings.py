# ruff: noqa: E501 (tables of words)
"""Headings in general use for what a column says of a person, in French, Arabic, English and Spanish.

They are the last thing tried when a file's columns are matched (a schema's names and aliases come first), and the first
when a schema is drafted from a file.
"""

from __future__ import annotations

from wasl.registers.reading.world_headings import (
    WORLD_FREE_TEXT,
    WORLD_HEADINGS,
    WORLD_OTHER_PERSON,
    WORLD_PAYLOAD_HEADINGS,
)

__all__ = [
    "AMOUNT",
    "BIRTH_YEAR",
    "FREE_TEXT",
    "HEADINGS",
    "OTHER_PERSON",
    "OWNER",
    "PAYLOAD_HEADINGS",
    "WEIGHT",
    "WORK",
]

_HEADINGS: dict[str, tuple[str, ...]] = {
    "surname": (
        "nom", "nom de famille", "nom patronymique", "patronyme", "nom fr", "nom latin", "nom en français", "surname",
        "last name", "lastname", "family name", "apellido", "apellidos", "الاسم العائلي", "اللقب", "النسب", "اسم العائلة",
        "nom naissance", "nom usuel",
    ),
    "given": (
        "prénom", "prénoms", "prenom fr", "prénom en français", "given name", "given names", "first name", "firstname",
        "forename", "nombre", "الاسم الشخصي", "الاسم", "الاسم الأول",
    ),
    "full_name": (
        "nom et prénom", "nom prénom", "nom complet", "nom & prénoms", "noms et prénoms", "full name", "name",
        "identité", "nom et prénom du salarié", "nombre completo", "الاسم الكامل", "الاسم واللقب", "الاسم والنسب",
        "الاسم العائلي والشخصي",
    ),
    "married_name": ("nom de jeune fille", "nom d'épouse", "nom marital", "maiden name", "married name"),
    "surname_arabic": ("nom arabe", "nom en arabe", "nom ar", "surname arabic", "الاسم العائلي بالعربية", "النسب بالعربية"),
    "given_arabic": ("prénom arabe", "prénom en arabe", "prenom ar", "given arabic", "الاسم الشخصي بالعربية"),
    "sex": ("sexe", "sex", "genre", "gender", "civilité", "sexo", "الجنس", "النوع"),
    "birth_date": (
        "date de naissance", "date naissance", "né le", "née le", "né(e) le", "naissance", "date naiss", "ddn", "dob",
        "birth date", "date of birth", "birthdate", "birthday", "fecha de nacimiento", "تاريخ الازدياد", "تاريخ الميلاد",
        "تاريخ الولادة", "date naissance jj mm aaaa",
    ),
    "birth_place": (
        "lieu de naissance", "lieu naissance", "né à", "place of birth", "birth place", "ville de naissance",
        "lieu naiss", "lugar de nacimiento", "مكان الازدياد", "مكان الميلاد", "مكان الولادة",
    ),
    "nationality": (
        "nationalité", "nationality", "pays", "pays d'origine", "pays de nationalité", "nation", "citizenship", "country",
        "nacionalidad", "الجنسية", "البلد",
    ),
    "passport": (
        "numéro de passeport", "n° passeport", "passeport", "num passeport", "passport", "passport number", "passport no",
        "pasaporte", "رقم جواز السفر", "جواز السفر",
    ),
    "permit": (
        "numéro du titre de séjour", "n° titre", "numéro de titre", "titre de séjour", "carte de séjour", "n° carte séjour",
        "num cs", "n° cs", "permit", "permit number", "رقم بطاقة الإقامة", "رقم السند", "بطاقة الإقامة", "رقم سند الإقامة",
    ),
    "cin": ("cin", "n° cin", "cnie", "n° cnie", "cni", "carte nationale", "carte nationale d'identité",
        "n° carte nationale", "carte d'identité nationale", "pièce d'identité nationale", "رقم البطاقة الوطنية",
        "البطاقة الوطنية", "رقم البطاقة الوطنية للتعريف", "رقم بطاقة التعريف الوطنية", "بطاقة التعريف الوطنية",
        "رقم ب ت و", "ب ت و"),
    "cnss": ("numéro cnss", "n° cnss", "cnss", "immatriculation cnss", "n° immatriculation", "n° immat", "رقم الضمان الاجتماعي"),
    "certificate": ("n° attestation", "numéro attestation anapec", "attestation"),
    "refugee_file": ("n° hcr", "num hcr", "dossier hcr", "unhcr case", "case number", "unhcr number", "رقم المفوضية"),
    "national_id": ("identifiant national", "national id", "idcs", "nin", "رقم التعريف الوطني"),
    "phone": ("téléphone", "tél", "tel", "gsm", "portable", "n° tél", "phone", "mobile", "telefono", "الهاتف", "رقم الهاتف"),
    "street": ("adresse", "rue", "address", "street", "direccion", "العنوان"),
    "locality": ("ville", "commune", "localité", "locality", "city", "town", "ciudad", "المدينة", "الجماعة"),
    "postcode": ("code postal", "cp", "postcode", "zip", "zip code", "الرمز البريدي"),
    "region": ("région", "region", "الجهة"),
    "household": (
        "ménage", "n° ménage", "numéro du ménage", "identifiant ménage", "id ménage", "code ménage", "foyer", "n° foyer",
        "household", "household number", "household id", "hhid", "الأسرة", "رقم الأسرة", "معرف الأسرة",
    ),
}  # fmt: skip
HEADINGS = {feature: (*texts, *WORLD_HEADINGS.get(feature, ())) for feature, texts in _HEADINGS.items()}

BIRTH_YEAR = (
    "année de naissance", "année naissance", "an de naissance", "année naiss", "year of birth", "birth year", "yob",
    "año de nacimiento", "ano de nascimento", "anno di nascita", "Geburtsjahr", "geboortejaar", "doğum yılı", "rok urodzenia", "anul nașterii", "سنة الازدياد", "سنة الميلاد", "سنة الولادة",
)  # fmt: skip
"""Headings of the year of birth alone: it stands for the birth date where a file has no date."""

_PAYLOAD_HEADINGS: dict[str, tuple[str, ...]] = {
    "permit_type": ("type de titre", "type titre", "nature du titre", "type de carte", "permit type", "نوع السند", "نوع البطاقة", "نوع سند الإقامة"),
    "permit_motive": ("motif de séjour", "motif séjour", "motif", "reason of stay", "motive of stay", "سبب الإقامة", "الغرض من الإقامة", "سبب"),
    "occupation_group": ("profession", "métier", "emploi", "profession exercée", "fonction", "occupation", "job", "profesión", "المهنة", "الوظيفة", "الحرفة"),
    "province": ("province", "code province", "préfecture", "province ou préfecture", "province de résidence", "رمز الإقليم", "الإقليم", "العمالة", "رمز العمالة أو الإقليم", "الإقليم أو العمالة"),
    "region": ("région", "code région", "region", "الجهة", "رمز الجهة"),
    "entry_date": ("date d'entrée", "date entrée", "date d'entrée au Maroc", "entré le", "entrée au Maroc", "date of entry", "entry date", "تاريخ الدخول", "تاريخ الدخول إلى المغرب"),
    "permit_start": ("date de délivrance", "date délivrance", "délivré le", "date d'établissement", "date d'émission", "issue date", "date of issue", "تاريخ التسليم", "تاريخ الإصدار"),
    "permit_end": ("date d'expiration", "date expiration", "expire le", "date de fin de validité", "valable jusqu'au", "date d'échéance", "date exp", "expiry date", "date of expiry", "تاريخ انتهاء الصلاحية", "تاريخ الانتهاء", "صالحة إلى غاية"),
    "education": ("niveau d'instruction", "niveau d'études", "niveau scolaire", "diplôme", "instruction", "education", "education level", "المستوى الدراسي", "المستوى التعليمي", "الشهادة"),
    "activity_section": ("secteur d'activité", "secteur", "activité", "branche d'activité", "code activité", "activity", "sector", "industry", "قطاع النشاط", "النشاط", "القطاع"),
    "wage": ("salaire", "salaire mensuel", "salaire brut", "rémunération", "wage", "salary", "الأجر", "الراتب"),
    "gross_wage": ("salaire brut", "salaire mensuel brut", "gross wage", "الأجر الإجمالي"),
    "contract_months": ("durée du contrat", "durée", "durée en mois", "contract duration", "مدة العقد", "المدة"),
    "legal_status": ("forme juridique", "statut juridique", "legal status", "legal form", "الشكل القانوني"),
    "labour_status": ("situation professionnelle", "situation dans la profession", "statut d'emploi", "labour status", "الوضعية المهنية", "الحالة المهنية"),
    "residence_country": ("pays de résidence", "country of residence", "بلد الإقامة"),
    "registration_date": ("date d'inscription", "inscrit le", "date d'immatriculation", "registration date", "تاريخ التسجيل"),
    "month": ("mois", "période", "month", "period", "الشهر", "الفترة"),
    "area": ("milieu", "milieu de résidence", "urbain / rural", "area", "الوسط", "وسط الإقامة"),
    "training_start": ("début de formation", "date de début", "début", "start date", "تاريخ البداية"),
    "training_end": ("fin de formation", "date de fin", "fin", "end date", "تاريخ النهاية"),
    "pension_amount": ("montant de la pension", "pension", "montant", "مبلغ المعاش", "المبلغ"),
    "pension_start": ("date d'effet", "date d'effet de la pension", "date de liquidation", "تاريخ الاستحقاق", "تاريخ السريان", "تاريخ بداية المعاش"),
    "project_amount": ("montant", "montant du projet", "montant du financement", "مبلغ المشروع", "المبلغ"),
    "project_status": ("statut", "état", "état du projet", "statut du projet", "status", "الوضعية", "حالة المشروع"),
}  # fmt: skip
PAYLOAD_HEADINGS = {name: (*texts, *WORLD_PAYLOAD_HEADINGS.get(name, ())) for name, texts in _PAYLOAD_HEADINGS.items()}
"""The same for what leaves in the payload, by the standard variable."""

OTHER_PERSON = frozenset((
    "père", "mère", "tuteur", "tutrice", "conjoint", "conjointe", "époux",
    "employeur", "garant", "déclarant", "accompagnant", "médecin", "enseignant", "enquêteur", "father", "mother",
    "guardian", "spouse", "husband", "wife", "employer", "doctor", "teacher", "interviewer", "padre", "madre", "tutor",
    "الأب", "الأم", "الوالد", "الوالدة", "الولي", "الزوج", "الزوجة", "المشغل", "الطبيب", "الأستاذ", "الباحث",
    *WORLD_OTHER_PERSON,
))  # fmt: skip
"""Words of a heading for another person than the one of the record."""

OWNER = frozenset((
    "élève", "patient", "patiente", "malade", "étudiant", "étudiante", "stagiaire", "salarié", "employé", "employée",
    "bénéficiaire", "assuré", "assurée", "candidat", "candidate", "titulaire", "intéressé", "intéressée", "personne",
    "enfant", "membre", "enquêté", "répondant", "student", "pupil", "employee", "person", "member", "child", "respondent",
    "worker", "travailleur", "travailleuse", "étranger", "étrangère", "client", "cliente", "customer", "adhérent",
    "adhérente", "abonné", "abonnée", "subscriber", "passager", "passagère", "passenger", "marin", "seafarer", "électeur",
    "électrice", "voter", "locataire", "tenant", "résident", "résidente", "resident", "demandeur", "demandeuse", "applicant",
    "retraité", "retraitée", "pensioner", "usager", "الزبون", "العميل", "المنخرط", "الناخب", "المتقاعد", "البحار",
    "التلميذ", "المريض", "الطالب", "الأجير", "المستفيد",
    "المترشح", "المعني", "الشخص", "الطفل", "العامل", "الأجنبي",
))  # fmt: skip
"""Words of a heading that name the person of the record: *nom de l'élève* is the same as *nom*."""

WEIGHT = frozenset((
    "pondération", "poids", "coefficient", "coeff", "coef", "extrapolation", "weight", "wgt", "ponderación", "الترجيح", "وزن",
))  # fmt: skip
"""Words of a heading of sampling weights, where the column holds numbers."""

FREE_TEXT = frozenset((
    "observation", "observations", "obs", "rem", "rmq", "remarque", "remarques", "commentaire", "commentaires", "note", "notes", "divers",
    "précision", "précisions", "verbatim", "texte", "libre", "remark", "remarks", "comment", "comments", "open",
    "observación", "observaciones", "ملاحظات", "ملاحظة", "تعليق", "تعليقات", *WORLD_FREE_TEXT,
))  # fmt: skip
"""Words of a heading under which people write what they like: it may name anybody."""

AMOUNT = frozenset((
    "montant", "somme", "salaire", "salaires", "revenu", "revenus", "rémunération", "traitement", "indemnité", "prime",
    "prix", "coût", "frais", "dépense", "dépenses", "recette", "solde", "cotisation", "cotisations", "pension", "loyer",
    "amount", "wage", "wages", "salary", "income", "pay", "price", "cost", "fee", "expense", "balance", "rent",
    "importe", "monto", "salario", "sueldo", "ingreso", "مبلغ", "أجر", "أجرة", "راتب", "دخل", "ثمن", "سعر", "تكلفة",
    "مصاريف", "رصيد", "تعويض", "معاش",
))  # fmt: skip
"""Words of headings of amounts: their numbers hardly repeat and are no numbers of documents."""

WORK = frozenset((
    "travail", "emploi", "employeur", "entreprise", "société", "établissement", "affilié", "chantier", "work", "job",
    "employer", "company", "workplace", "trabajo", "empresa", "عمل", "شغل", "مشغل", "مقاولة", "شركة",
))  # fmt: skip
"""Words of headings that say that a place is one of work."""
