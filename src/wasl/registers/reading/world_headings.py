# ruff: noqa: E501 (tables of words)
"""Headings in Spanish, Portuguese, Italian, German, Dutch, Turkish, Polish and Romanian, and more of them in Arabic and English.

*Source:* the headings of forms and exports of civil registers, social insurance and schools in these languages.
"""

from __future__ import annotations

__all__ = ["WORLD_FREE_TEXT", "WORLD_HEADINGS", "WORLD_OTHER_PERSON", "WORLD_PAYLOAD_HEADINGS"]

WORLD_HEADINGS: dict[str, tuple[str, ...]] = {
    "surname": (
        "primer apellido", "apellido 1", "apellido paterno", "1er apellido", "apelido", "apelidos", "sobrenome", "último nome", "nome de família", "cognome", "cognomi",
        "Nachname", "Familienname", "Zuname", "achternaam", "familienaam", "geslachtsnaam", "soyad", "soyadı", "soyismi", "soyisim", "nazwisko",
        "nume", "nume de familie", "фамилия", "прізвище", "اسم الأسرة", "اللقب العائلي", "الكنية", "اسم عائلي", "لقب", "نسب", "sur name", "second name",
        "family name latin", "nom patro", "nom_famille", "nom de naissance", "nom légal",
    ),
    "given": (
        "nombres", "nombre de pila", "nome próprio", "nomes próprios", "primeiro nome", "prenome", "nome", "nomi", "Vorname", "Vornamen", "Rufname", "voornaam",
        "voornamen", "roepnaam", "ad", "adı", "isim", "ismi", "ön ad", "imię", "imiona", "pierwsze imię", "prenume", "имя", "ім'я", "الاسم الاول", "اسم شخصي",
        "الإسم", "الإسم الشخصي", "اسم", "fore name", "given", "first names", "christian name", "prén", "prenoms", "autres prénoms",
    ),
    "full_name": (
        "nombre y apellidos", "apellidos y nombre", "apellidos, nombre", "nombre y apellido", "apellido y nombre", "nome completo", "nome e apelido", "nome e sobrenome",
        "cognome e nome", "nome e cognome", "nominativo", "Name, Vorname", "Vor- und Nachname", "Vorname und Nachname", "vollständiger Name", "naam", "volledige naam",
        "naam en voornaam", "voor- en achternaam", "ad soyad", "adı soyadı", "adı ve soyadı", "isim soyisim", "imię i nazwisko", "nazwisko i imię", "nume și prenume", "nume complet",
        "numele și prenumele", "фио", "الاسم و النسب", "الاسم واسم العائلة", "الاسم الثلاثي", "الاسم الرباعي", "الإسم الكامل", "الاسم بالكامل", "names",
        "nom et prénoms", "nom(s) et prénom(s)", "noms", "complete name",
    ),
    "married_name": ("apellido de casada", "nome de casada", "Ehename", "Geburtsname", "nombre de soltera", "apellido de soltera", "nome de solteira", "meisjesnaam", "nazwisko panieńskie", "kızlık soyadı",
        "birth name", "nom de femme mariée", "اسم الزوجية"),
    "surname_arabic": ("surname arabic script", "last name arabic", "family name arabic", "apellidos en árabe", "apellido árabe", "nom de famille arabe", "nom de famille en arabe", "الاسم العائلي بالعربي", "اللقب بالعربية",
        "nom (ar)", "nom_ar"),
    "given_arabic": ("given name arabic", "first name arabic", "nombre en árabe", "nombre árabe", "الاسم بالعربية", "الإسم بالعربية", "الاسم الشخصي بالعربي", "prénoms arabes", "prénom (ar)"),
    "sex": ("género", "gênero", "sesso", "genere", "Geschlecht", "geslacht", "cinsiyet", "cinsiyeti", "płeć", "gen", "sexul", "пол", "стать", "جنس", "sexe (m/f)", "male/female", "m/f"),
    "birth_date": (
        "fecha nacimiento", "f. nacimiento", "fec. nac.", "fecha nac", "f. nac.", "nacido el", "data de nascimento", "data nascimento", "dt nascimento", "data nasc", "data di nascita", "data nascita",
        "nato il", "nato/a il", "Geburtsdatum", "Geburtstag", "geboren am", "geboortedatum", "geboren op", "geboren", "geb. am", "geb. datum", "geb.-datum", "doğum tarihi", "doğum tar", "data urodzenia", "urodzony", "data nașterii", "data nasterii",
        "дата рождения", "дата народження", "تاريخ الازياد", "تاريخ الإزدياد", "تاريخ المولد", "تاريخ ميلاد", "ت الازدياد", "ت الميلاد", "d.o.b.", "date of birth (dd/mm/yyyy)", "birth dt",
        "date de naiss", "dt naiss", "dte naissance", "né(e)", "date nais", "datnais", "dat naiss", "d naissance", "born", "born on",
    ),
    "birth_place": ("lugar nacimiento", "nacido en", "geboren te", "pob", "ville naissance", "local de nascimento", "naturalidade", "luogo di nascita", "nato a", "comune di nascita", "Geburtsort", "geboorteplaats", "doğum yeri", "miejsce urodzenia",
        "locul nașterii", "место рождения", "محل الميلاد", "محل الولادة", "محل الازدياد", "مكان الإزدياد", "birthplace", "town of birth", "city of birth", "commune de naissance", "lieu naiss", "lieu de naiss"),
    "nationality": ("país", "país de nacionalidad", "país de origen", "nacionalidade", "país de origem", "nazionalità", "cittadinanza", "paese", "Staatsangehörigkeit", "Nationalität", "Staatsbürgerschaft", "Herkunftsland",
        "nationaliteit", "land van herkomst", "uyruk", "uyruğu", "vatandaşlık", "milliyet", "narodowość", "obywatelstwo", "cetățenie", "cetățenia", "naționalitate", "гражданство", "громадянство", "الجنسيه",
        "جنسية", "بلد الأصل", "البلد الأصلي", "country of origin", "country of citizenship", "nation of origin", "pays nationalité", "citoyenneté"),
    "passport": ("nº de pasaporte", "número de pasaporte", "núm. pasaporte", "nº passaporte", "número do passaporte", "passaporte", "passaporto", "numero passaporto", "numero di passaporto", "Passnummer", "Reisepassnummer",
        "Reisepass", "Reisepass-Nr.", "Pass-Nr.", "paspoortnummer", "paspoort", "paspoort nr", "pasaport", "pasaport no", "pasaport numarası", "paszport", "nr paszportu", "paspoortnummer", "paspoortnr", "passaporte n.º", "passporto", "numer paszportu", "pașaport", "număr pașaport",
        "паспорт", "رقم الجواز", "الجواز", "رقم جواز", "جواز السفر رقم", "passport id", "ppt no", "n° pp", "n° ppt", "document de voyage", "n° document de voyage", "travel document number"),
    "permit": ("nº de permiso", "número de permiso", "permiso de residencia", "tarjeta de residencia", "nie", "nº nie", "autorização de residência", "título de residência", "permesso di soggiorno", "n. permesso",
        "Aufenthaltstitel", "Aufenthaltstitel-Nr.", "Aufenthaltserlaubnis", "verblijfsvergunning", "verblijfsvergunning nr", "ikamet izni", "ikamet no", "oturma izni no", "karta pobytu", "nr karty pobytu", "permis de ședere",
        "رقم بطاقة الاقامة", "رقم الإقامة", "رقم الاقامة", "بطاقة الاقامة", "رقم رخصة الإقامة", "residence permit", "residence permit number", "residence card", "residence card no", "n° carte de séjour",
        "numéro de carte de séjour", "numéro carte de séjour", "n° titre de séjour", "n° du titre", "n° de titre"),
    "cin": ("dni", "nº dni", "documento de identidad", "cédula", "bilhete de identidade", "cartão de cidadão", "carta d'identità", "Personalausweis", "Personalausweisnummer", "identiteitskaart", "kimlik no", "tc kimlik no",
        "dowód osobisty", "nr dowodu", "carte de identitate", "national identity card", "national id card", "id card number", "رقم البطاقة", "رقم ب.ت.و", "رقم ب.و.ت"),
    "national_id": ("pesel", "codice fiscale", "nif", "cpf", "cnp", "bsn", "burgerservicenummer", "personal identification number", "personnummer", "identifiant unique", "الرقم الوطني", "رقم الهوية", "الرقم القومي"),
    "phone": ("telefone", "telemóvel", "telefono", "cellulare", "Telefon", "Telefonnummer", "Handy", "Mobil", "telefoon", "telefoonnummer", "telefon no", "cep telefonu", "telefon numarası", "numer telefonu", "n° de téléphone",
        "numéro de téléphone", "phone number", "mobile number", "teléfono", "móvil", "teléfono móvil", "телефон", "رقم هاتف", "الجوال", "المحمول", "هاتف"),
    "street": ("dirección", "domicilio", "calle", "endereço", "morada", "rua", "indirizzo", "via", "Anschrift", "Straße", "Strasse", "Adresse", "adres", "straat", "sokak", "ulica", "adresa", "адрес", "عنوان", "عنوان السكن", "domicile",
        "adresse postale", "adresse complète", "home address"),
    "locality": ("municipio", "localidad", "población", "cidade", "localidade", "município", "città", "comune", "Ort", "Wohnort", "Stadt", "Gemeinde", "plaats", "woonplaats", "gemeente", "şehir", "il", "ilçe", "miasto", "miejscowość",
        "oraș", "localitate", "город", "مدينة", "ville de résidence", "commune de résidence", "municipality", "city of residence"),
    "postcode": ("código postal", "codigo postal", "cep", "cap", "plz", "Postleitzahl", "posta kodu", "kod pocztowy", "cod poștal", "postal code", "الرقم البريدي"),
    "region": ("comunidad autónoma", "regione", "Bundesland", "bölge", "województwo", "regiune", "جهة"),
    "household": ("hogar", "nº hogar", "agregado familiar", "nucleo familiare", "Haushalt", "Haushaltsnummer", "huishouden", "hane", "hane no", "gospodarstwo domowe", "gospodărie", "num ménage", "n° de ménage", "hh id", "رقم الأسرة المعيشية"),
}  # fmt: skip

WORLD_PAYLOAD_HEADINGS: dict[str, tuple[str, ...]] = {
    "permit_type": ("tipo de permiso", "tipo de autorización", "tipo de título", "tipo di permesso", "Art des Aufenthaltstitels", "type of permit", "kind of permit", "izin türü", "rodzaj karty", "card type"),
    "permit_motive": ("motivo", "motivo de estancia", "motivo de residencia", "motivo da estada", "motivo del soggiorno", "Aufenthaltszweck", "reden van verblijf", "kalış nedeni", "cel pobytu", "reason for stay", "purpose of stay", "الغرض من الاقامة", "سبب الاقامة"),
    "occupation_group": ("ocupación", "oficio", "profissão", "ocupação", "professione", "mestiere", "Beruf", "Tätigkeit", "beroep", "meslek", "mesleği", "zawód", "profesia", "profesie", "ocupație", "профессия", "المهنه", "مهنة", "job title", "poste", "poste occupé"),
    "province": ("código provincia", "provincia", "código de provincia", "província", "Provinz", "provincie", "il kodu", "prowincja", "province code", "code de province", "رمز العمالة", "رمز الاقليم", "رمز العماله", "préfecture/province", "code préfecture"),
    "entry_date": ("fecha de entrada", "fecha entrada", "data de entrada", "data di ingresso", "Einreisedatum", "datum van binnenkomst", "giriş tarihi", "data wjazdu", "arrival date", "date of arrival", "date d'arrivée", "تاريخ الدخول الى المغرب", "تاريخ الوصول"),
    "permit_start": ("fecha de expedición", "fecha expedición", "fecha de emisión", "data de emissão", "data di rilascio", "Ausstellungsdatum", "datum van afgifte", "veriliş tarihi", "data wydania", "issued", "issued on", "start of validity", "تاريخ التسليم", "تاريخ الاصدار"),
    "permit_end": ("fecha de caducidad", "fecha caducidad", "fecha de vencimiento", "data de validade", "data di scadenza", "Ablaufdatum", "gültig bis", "vervaldatum", "geldig tot", "bitiş tarihi", "data ważności", "expires", "expires on", "valid until", "expiration date", "تاريخ الإنتهاء", "صالح إلى غاية"),
    "education": ("nivel de estudios", "nivel educativo", "estudios", "escolaridade", "nível de escolaridade", "titolo di studio", "istruzione", "Bildung", "Bildungsabschluss", "Schulabschluss", "opleiding", "opleidingsniveau", "eğitim", "eğitim durumu", "wykształcenie", "studii", "niveau d'éducation", "highest degree"),
    "activity_section": ("actividad", "sector de actividad", "rama de actividad", "actividade", "setor de atividade", "settore", "settore di attività", "Branche", "Wirtschaftszweig", "bedrijfstak", "sektör", "branża", "sector de activitate", "branch of activity"),
    "wage": ("salario", "sueldo", "salário", "stipendio", "retribuzione", "Gehalt", "Lohn", "salaris", "loon", "maaş", "ücret", "wynagrodzenie", "pensja", "salariu", "rémunération mensuelle", "monthly wage"),
    "labour_status": ("situación laboral", "situação profissional", "condizione professionale", "Erwerbsstatus", "arbeidssituatie", "çalışma durumu", "status zatrudnienia", "statut ocupațional", "employment status"),
    "residence_country": ("país de residencia", "país de residência", "paese di residenza", "Wohnsitzland", "woonland", "ikamet ülkesi", "kraj zamieszkania", "țara de reședință"),
    "registration_date": ("fecha de inscripción", "fecha de registro", "data de inscrição", "data di iscrizione", "Anmeldedatum", "registratiedatum", "kayıt tarihi", "data rejestracji", "data înregistrării"),
    "month": ("mes", "mês", "mese", "Monat", "maand", "ay", "miesiąc", "luna"),
}  # fmt: skip
"""The same for what leaves in the payload, by the standard variable."""

WORLD_OTHER_PERSON = (
    "pai", "mãe", "cônjuge", "cónyuge", "esposo", "esposa", "empleador", "empregador", "médico", "encargado", "datore", "coniuge", "madre", "Vater", "Mutter", "Ehemann", "Ehefrau", "Ehegatte",
    "Arbeitgeber", "Arzt", "Vormund", "vader", "moeder", "echtgenoot", "werkgever", "voogd", "baba", "anne", "eş", "işveren", "ojciec", "ojca", "matka", "matki", "małżonek", "pracodawca", "pracodawcy", "opiekun", "opiekuna",
    "tată", "mamă", "soț", "soție", "angajator", "elternteil", "ouder", "kin", "relative", "parent", "parents", "supervisor", "matki", "mamei", "tatălui", "матери", "мать", "отца", "отец", "filiação", "filiation", "filiación", "paternità", "maternità", "annenin", "babanın", "superviseur", "responsable", "المصرح", "الكفيل", "رب",
)  # fmt: skip
"""Words of a heading for another person than the one of the record."""

WORLD_FREE_TEXT = (
    "observação", "observações", "osservazioni", "Bemerkung", "Bemerkungen", "Anmerkung", "Kommentar", "Notiz", "opmerking", "opmerkingen", "açıklama", "açıklamalar", "not", "uwagi", "uwaga", "observații", "comentario", "comentarios",
    "comentário", "note libre", "notas", "примечание", "opm", "obs", "rem", "bem", "text", "free", "freitext",
)  # fmt: skip
"""Words of a heading under which people write what they like."""
