"""The title and the remedy of each finding, in French, Arabic and English."""

from __future__ import annotations

from wasl.holder.quality.texts import Language

__all__ = ["CHECKS"]

CHECKS: dict[str, dict[Language, tuple[str, str]]] = {
    "rows-rejected": {
        "fr": ("Lignes refusées", "Corrigez la cellule et relisez le fichier : ces personnes manquent."),
        "ar": ("أسطر مرفوضة", "صححوا الخلية وأعيدوا قراءة الملف: هؤلاء الأشخاص ناقصون."),
        "en": ("Rows rejected", "Correct the cell and read the file again: these persons are missing."),
    },
    "cells-invalid": {
        "fr": ("Cellules illisibles", "La cellule est lue comme manquante ; la ligne est gardée."),
        "ar": ("خلايا لا يمكن قراءتها", "تُقرأ الخلية كقيمة ناقصة ويُحتفظ بالسطر."),
        "en": ("Cells that cannot be read", "The cell is read as missing; the row is kept."),
    },
    "cells-with-errors": {
        "fr": ("Erreurs d'un tableur dans des cellules", "Lues comme manquantes : corrigez la formule (#N/A, #REF!)."),
        "ar": ("أخطاء برنامج الجداول في خلايا", "تُقرأ كقيم ناقصة: صححوا الصيغة (#N/A أو #REF!)."),
        "en": ("Errors of a spreadsheet in cells", "Read as missing: correct the formula (#N/A, #REF!)."),
    },
    "words-for-missing": {
        "fr": (
            "NA écrit pour une cellule manquante",
            "Lu comme manquant : le fichier l'écrit aussi parmi ses dates ou numéros.",
        ),
        "ar": ("NA مكتوبة عوض خلية ناقصة", "تُقرأ كقيمة ناقصة: يكتبها الملف أيضا بين تواريخه أو أرقامه."),
        "en": ("NA written for a missing cell", "Read as missing: the file writes it among its dates or numbers, too."),
    },
    "cells-missing": {
        "fr": ("Cellules manquantes en majorité", "Vérifiez l'export : l'appariement ne repose que sur les autres."),
        "ar": ("أغلب الخلايا ناقصة", "تحققوا من التصدير: لا يعتمد الربط إلا على الخلايا الأخرى."),
        "en": ("Most cells are missing", "Check the export: linkage rests on the others alone."),
    },
    "lines-added": {
        "fr": (
            "Lignes d'un même mois additionnées",
            "Plusieurs employeurs dans le mois : jours et salaires s'ajoutent.",
        ),
        "ar": ("أسطر من شهر واحد جُمعت", "عدة مشغلين في الشهر: تُجمع الأيام والأجور."),
        "en": ("Lines of one month added", "Several employers in the month: days and wages are added."),
    },
    "declared-in-several-files": {
        "fr": (
            "Déclarés par un employeur dans plusieurs fichiers d'un mois",
            "Jours et salaires s'ajoutent. Si un fichier en corrige un autre, gardez la correction seule.",
        ),
        "ar": (
            "مصرح بهم من مشغل واحد في عدة ملفات لشهر واحد",
            "تُجمع الأيام والأجور. إذا كان ملف يصحح آخر فاحتفظوا بالتصحيح وحده.",
        ),
        "en": (
            "Declared by one employer in several files of a month",
            "Days and wages are added. Where a file corrects another one, keep the correction alone.",
        ),
    },
    "months-missing": {
        "fr": (
            "Mois sans déclaration entre le premier et le dernier",
            "Qui n'est déclaré que dans ces mois manque ; les périodes d'emploi s'arrêtent avant eux.",
        ),
        "ar": (
            "أشهر بلا تصريح بين الأول والأخير",
            "من صُرح به في هذه الأشهر وحدها غائب؛ وفترات الشغل تتوقف قبلها.",
        ),
        "en": (
            "Months without a declaration between the first and the last",
            "Who was declared in them alone is missing; employment spells end before them.",
        ),
    },
    "months-combined": {
        "fr": (
            "Mois d'une même personne réunis",
            "Une ligne par personne ; salaires et jours sont des moyennes par mois.",
        ),
        "ar": ("أشهر شخص واحد جُمعت", "سطر لكل شخص؛ الأجور والأيام متوسطات شهرية."),
        "en": ("Persons whose months are combined", "One row per person; wages and days are means per month."),
    },
    "outside-stock": {
        "fr": ("Personnes hors du stock", "Déclarées dans l'année, mais pas dans le mois que la règle retient."),
        "ar": ("أشخاص خارج المخزون", "صُرح بهم خلال السنة لكن ليس في الشهر الذي تعتمده القاعدة."),
        "en": ("Persons outside the stock", "Declared in the year, but not in the month of the rule."),
    },
    "births-first-january": {
        "fr": ("Naissances un 1er janvier", "Jour sans doute inconnu : il n'est pas utilisé pour apparier."),
        "ar": ("ولادات في فاتح يناير", "اليوم مجهول على الأرجح: لا يُستعمل في الربط."),
        "en": ("Births on 1 January", "The day is probably unknown: it is not used for linkage."),
    },
    "births-impossible": {
        "fr": ("Naissances impossibles", "Dans le futur, ou il y a plus de 110 ans."),
        "ar": ("ولادات مستحيلة", "في المستقبل أو قبل أكثر من 110 سنوات."),
        "en": ("Impossible births", "In the future, or more than 110 years ago."),
    },
    "dates-before-birth": {
        "fr": ("Dates antérieures à la naissance", "L'une des deux dates est fausse."),
        "ar": ("تواريخ سابقة للولادة", "أحد التاريخين خاطئ."),
        "en": ("Dates before birth", "One of the two dates is wrong."),
    },
    "zeros-stripped": {
        "fr": ("Numéros plus courts que d'habitude", "Un tableur a pu retirer les zéros de tête."),
        "ar": ("أرقام أقصر من المعتاد", "ربما حذف برنامج الجداول أصفارها الأولى."),
        "en": ("Numbers shorter than usual", "A spreadsheet may have taken their leading zeros."),
    },
    "numbers-not-text": {
        "fr": ("Identifiants stockés comme nombres", "Formatez la colonne en texte avant l'export."),
        "ar": ("معرّفات محفوظة كأعداد", "اجعلوا العمود نصا قبل التصدير."),
        "en": ("Identifiers stored as numbers", "Format the column as text before exporting."),
    },
    "permits-as-cin": {
        "fr": ("Valeurs qui ne sont pas des CIN", "Souvent un numéro de titre de séjour dans la colonne CIN."),
        "ar": ("قيم ليست أرقام بطاقة وطنية", "غالبا رقم سند إقامة في عمود البطاقة الوطنية."),
        "en": ("Values that are no CIN", "Often a residence permit number in the CIN column."),
    },
    "ice-invalid": {
        "fr": ("ICE invalides", "La clé de contrôle de l'identifiant d'entreprise ne va pas."),
        "ar": ("أرقام ICE غير صالحة", "مفتاح مراقبة معرّف المقاولة غير صحيح."),
        "en": ("Invalid ICE", "The check digits of the company identifier do not fit."),
    },
    "spellings-ambiguous": {
        "fr": ("Valeurs qui désignent plusieurs codes", "Précisez, par exemple le Congo dont il s'agit."),
        "ar": ("قيم تدل على عدة رموز", "حددوا المقصود، مثلا أي الكونغوين."),
        "en": ("Values that may mean several codes", "Say which, for instance which Congo."),
    },
    "spellings-unknown": {
        "fr": ("Valeurs inconnues du classement", "Corrigez-les, ou faites ajouter leur orthographe."),
        "ar": ("قيم غير معروفة في التصنيف", "صححوها أو اطلبوا إضافة كتابتها."),
        "en": ("Values the classification does not know", "Correct them, or have their spelling added."),
    },
    "names-and-birth-only": {
        "fr": (
            "Noms et date de naissance seulement",
            'Écrivez profiles = "febrl" dans le schéma de chaque registre apparié : F1 de 0,93 au lieu de 0,82.',
        ),
        "ar": (
            "الأسماء وتاريخ الميلاد فقط",
            'اكتبوا profiles = "febrl" في مخطط كل سجل يربط: F1 يساوي 0,93 عوض 0,82.',
        ),
        "en": (
            'Names and birth date only: write profiles = "febrl" in the schema',
            "Do so for every register linked: F1 is .93 instead of .82.",
        ),
    },
    "names-unsplit": {
        "fr": ("Nom et prénom dans un seul champ", "Le prénom est vide et le nom a plusieurs mots."),
        "ar": ("الاسم العائلي والشخصي في خانة واحدة", "الاسم الشخصي فارغ وللاسم العائلي عدة كلمات."),
        "en": ("Surname and given name in one field", "The given name is empty and the surname has several words."),
    },
    "names-swapped": {
        "fr": ("Nom et prénom sans doute inversés", "L'ordre ne compte pas pour apparier, mais pour vos listes."),
        "ar": ("الاسم العائلي والشخصي مقلوبان على الأرجح", "الترتيب لا يهم في الربط لكنه يهم لوائحكم."),
        "en": ("Surname and given name probably swapped", "Order does not matter for linkage, but for your lists."),
    },
    "persons-repeated": {
        "fr": ("Personnes qui semblent inscrites plusieurs fois", "Mêmes noms (ou presque) et même naissance."),
        "ar": ("أشخاص يبدو أنهم مسجلون مرات عدة", "الأسماء نفسها (أو تكاد) وتاريخ الميلاد نفسه."),
        "en": ("Persons who seem to be there more than once", "The same names (nearly) and the same birth."),
    },
    "mojibake-repaired": {
        "fr": ("Accents abîmés, réparés", "Le fichier a été converti deux fois : exportez en UTF-8."),
        "ar": ("حركات تالفة أُصلحت", "حُوّل الملف مرتين: صدّروه بترميز UTF-8."),
        "en": ("Broken accents, repaired", "The file was converted twice: export as UTF-8."),
    },
    "hijri-dates": {
        "fr": ("Dates hégiriennes, converties", "Converties dans le calendrier grégorien, comme le schéma le demande."),
        "ar": ("تواريخ هجرية حُوّلت", "حُوّلت إلى التقويم الميلادي كما يطلب المخطط."),
        "en": ("Hijri dates, converted", "Converted to the Gregorian calendar, as the schema asks."),
    },
    "dates-partial": {
        "fr": ("Dates incomplètes", "Le jour ou le mois manque : l'année est gardée et sert à l'appariement."),
        "ar": ("تواريخ ناقصة", "اليوم أو الشهر ناقص: تُحفظ السنة وتُستعمل في الربط."),
        "en": ("Partial dates", "The day or the month is not given: the year is kept and used for linkage."),
    },
    "dates-month-first": {
        "fr": (
            "Jour et mois dans un autre ordre",
            "Lus dans l'ordre que montrent les cellules de la colonne : vérifiez-le.",
        ),
        "ar": ("اليوم والشهر بترتيب آخر", "يُقرآن بالترتيب الذي تُظهره خانات العمود: تحققوا منه."),
        "en": ("Day and month in another order", "They are read in the order that the column's cells show: check it."),
    },
    "headings-repeated": {
        "fr": (
            "Lignes de titres répétées",
            "L'en-tête se répète, ou des numéros de colonnes ou des tirets le suivent : lignes retirées.",
        ),
        "ar": ("أسطر عناوين مكررة", "يتكرر سطر العناوين أو يليه ترقيم الأعمدة أو خط من شُرَط: حُذفت هذه الأسطر."),
        "en": (
            "Rows that repeat the headings",
            "The header is repeated, or numbers of columns or dashes follow it: rows left out.",
        ),
    },
    "dates-order-mixed": {
        "fr": (
            "Jour et mois dans deux ordres",
            "La colonne a des dates jour/mois et d'autres mois/jour : ces cellules peuvent se lire des deux façons.",
        ),
        "ar": ("اليوم والشهر بترتيبين", "في العمود تواريخ يوم/شهر وأخرى شهر/يوم: هذه الخانات تُقرأ على الوجهين."),
        "en": (
            "Day and month in two orders",
            "The column has dates day first and others month first: these cells can be read both ways.",
        ),
    },
    "numbers-two-ways": {
        "fr": (
            "Nombres lisibles de deux façons",
            "`1.234` est lu avec des décimales. Si le signe sépare les milliers, donnez l'autre dans `decimal_mark`.",
        ),
        "ar": (
            "أعداد تُقرأ على وجهين",
            "يُقرأ `1.234` بكسور عشرية. إن كانت العلامة تفصل الآلاف فاكتبوا الأخرى في `decimal_mark`.",
        ),
        "en": (
            "Numbers that can be read in two ways",
            "`1.234` is read with decimals. If the mark separates thousands, give the other one as `decimal_mark`.",
        ),
    },
    "dates-two-digit-years": {
        "fr": ("Années à deux chiffres", "Le siècle est ajouté selon `century_pivot` du schéma : vérifiez-le."),
        "ar": ("سنوات برقمين", "يُضاف القرن حسب `century_pivot` في المخطط: تحققوا منه."),
        "en": ("Two-digit years", "The century is added by the schema's `century_pivot`: check it."),
    },
    "dates-serial-numbers": {
        "fr": ("Dates en numéros de tableur", "Un nombre de jours depuis 1900 a été converti : formatez en date."),
        "ar": ("تواريخ بأرقام برنامج الجداول", "حُوّل عدد الأيام منذ 1900: اجعلوا الخانة تاريخا."),
        "en": (
            "Dates as spreadsheet numbers",
            "A number of days since 1900 was converted: format the column as a date.",
        ),
    },
    "dates-counted": {
        "fr": (
            "Dates en nombres comptés depuis un jour",
            "Secondes ou jours depuis une origine, ou jour de l'année : vérifiez, et fixez `format` dans le schéma.",
        ),
        "ar": (
            "تواريخ بأعداد محسوبة منذ يوم",
            "ثوان أو أيام منذ أصل، أو رقم اليوم في السنة: تحققوا وحددوا `format` في المخطط.",
        ),
        "en": (
            "Dates as numbers counted from a day",
            "Seconds or days since a first day, or days of a year: check them, and set `format` in the schema.",
        ),
    },
    "dates-counted-unclear": {
        "fr": (
            "Jours comptés depuis une origine inconnue",
            'Lus comme manquants : écrivez format = ["days since 1970-01-01"] (R) ou 1960-01-01 (SAS) dans le schéma.',
        ),
        "ar": (
            "أيام محسوبة منذ أصل مجهول",
            'تُقرأ كقيم ناقصة: اكتبوا format = ["days since 1970-01-01"] (R) أو 1960-01-01 (SAS) في المخطط.',
        ),
        "en": (
            "Days counted from an unknown day",
            'Read as missing: write format = ["days since 1970-01-01"] (R) or 1960-01-01 (SAS) in the schema.',
        ),
    },
    "dates-with-zone": {
        "fr": ("Dates avec fuseau horaire", "Le jour local est retenu."),
        "ar": ("تواريخ بمنطقة زمنية", "يُعتمد اليوم المحلي."),
        "en": ("Dates with a time zone", "The local day is taken."),
    },
    "dates-year-refused": {
        "fr": (
            "Dates hors des années admises",
            "Lues comme manquantes : fixez `earliest_year`, `latest_year` ou `calendar` dans le schéma.",
        ),
        "ar": (
            "تواريخ خارج السنوات المقبولة",
            "تُقرأ كقيم ناقصة: حددوا `earliest_year` أو `latest_year` أو `calendar` في المخطط.",
        ),
        "en": (
            "Dates outside the years allowed",
            "Read as missing: set `earliest_year`, `latest_year` or `calendar` in the schema.",
        ),
    },
    "marks-dropped": {
        "fr": ("Caractères invisibles, retirés", "Marques de mise en forme (ZWNJ, LRM, BOM) au milieu des textes."),
        "ar": ("حروف غير مرئية حُذفت", "علامات تنسيق (ZWNJ وLRM وBOM) وسط النصوص."),
        "en": ("Invisible characters, dropped", "Format marks (ZWNJ, LRM, BOM) inside the texts."),
    },
    "texts-as-formulas": {
        "fr": (
            "Textes écrits en formules",
            'La forme ="00123", que des programmes écrivent pour Excel, est lue 00123.',
        ),
        "ar": ("نصوص مكتوبة كصيغ", 'الشكل ="00123" الذي تكتبه برامج لأجل Excel يُقرأ 00123.'),
        "en": ("Texts written as formulas", 'The form ="00123", which programs write for Excel, is read as 00123.'),
    },
    "quotes-dropped": {
        "fr": (
            "Guillemets autour des textes, retirés",
            "Presque toutes les cellules en ont, ou ce sont des nombres : '00123 est lu 00123.",
        ),
        "ar": ("علامات اقتباس حول النصوص حُذفت", "في كل الخانات تقريبا، أو أمام أعداد: '00123 يُقرأ 00123."),
        "en": (
            "Quotation marks around texts, dropped",
            "Nearly all cells have them, or they are numbers: '00123 is read as 00123.",
        ),
    },
    "cells-merged": {
        "fr": ("Cellules fusionnées, remplies", "La valeur vaut pour toutes les lignes de la fusion : vérifiez-le."),
        "ar": ("خلايا مدمجة مُلئت", "تسري القيمة على كل أسطر الدمج: تحققوا من ذلك."),
        "en": (
            "Merged cells, filled down",
            "The value was given to every row of the merged range: check that it holds.",
        ),
    },
    "formulas-without-value": {
        "fr": ("Formules sans valeur", "Ouvrez le classeur dans un tableur et enregistrez-le : elles sont lues vides."),
        "ar": ("صيغ بلا قيمة", "افتحوا المصنف في برنامج جداول واحفظوه: تُقرأ فارغة."),
        "en": ("Formulas without a value", "Open the workbook in a spreadsheet and save it: they are read as missing."),
    },
    "rows-mended": {
        "fr": ("Lignes complétées", "Séparateurs de fin en trop ou en moins : les cellules vides ont été ajustées."),
        "ar": ("أسطر أُكملت", "فواصل زائدة أو ناقصة في النهاية: عُدّلت الخلايا الفارغة."),
        "en": ("Rows mended", "Trailing separators too many or too few: blank cells were added or dropped."),
    },
    "rows-joined": {
        "fr": (
            "Lignes recomposées",
            "Un séparateur ou un saut de ligne sans guillemets coupait une cellule : exportez avec des guillemets.",
        ),
        "ar": ("أسطر جُمعت أجزاؤها", "فاصل أو رجوع إلى السطر بلا علامتي اقتباس قطع خلية: صدّروا بعلامات اقتباس."),
        "en": (
            "Rows put together again",
            "A separator or line break without quotation marks cut a cell: export with quotation marks.",
        ),
    },
    "columns-absent": {
        "fr": (
            "Colonne facultative absente du fichier",
            "Si elle y est sous un autre titre, ajoutez-le aux `aliases`.",
        ),
        "ar": ("عمود اختياري غائب عن الملف", "إن كان فيه تحت عنوان آخر فأضيفوا هذا العنوان إلى `aliases`."),
        "en": ("Optional column that is not in the file", "If it has another heading, add that to its `aliases`."),
    },
    "columns-unread": {
        "fr": ("Colonne non lue", "Le schéma ne la nomme pas. Si elle compte, ajoutez son titre à des `aliases`."),
        "ar": ("عمود لم يُقرأ", "لا يسميه المخطط. إن كان مهما فأضيفوا عنوانه إلى `aliases` أحد الأعمدة."),
        "en": ("Column that was not read", "The schema does not name it. If it counts, add its heading to `aliases`."),
    },
    "columns-renamed": {
        "fr": ("Colonne trouvée sous un autre titre", "Ajoutez ce titre aux `aliases` du schéma s'il est juste."),
        "ar": ("عمود وُجد تحت عنوان آخر", "أضيفوا هذا العنوان إلى `aliases` في المخطط إن كان صحيحا."),
        "en": ("Column found under another heading", "Add the heading to the schema's `aliases` if it is right."),
    },
    "layout-found": {
        "fr": ("Disposition du fichier", "La feuille et la ligne des titres ont été trouvées, non données."),
        "ar": ("تنظيم الملف", "عُثر على الورقة وسطر العناوين ولم يُعطيا."),
        "en": ("Layout of the file", "The sheet and the header row were found, not given."),
    },
    "identifiers-void": {
        "fr": ("Numéros qui n'en sont pas", "« EN COURS », « PERDU », 123456… : lus comme manquants."),
        "ar": ("أرقام ليست معرّفات", "«EN COURS» و«PERDU» و123456…: تُقرأ كقيم ناقصة."),
        "en": ("Identifiers that are none", "EN COURS, PERDU, 123456 and the like: read as missing."),
    },
    "identifiers-shared": {
        "fr": ("Numéros communs à plusieurs personnes", "Portés par des naissances différentes : lus comme manquants."),
        "ar": ("أرقام يشترك فيها عدة أشخاص", "تحملها ولادات مختلفة: تُقرأ كقيم ناقصة."),
        "en": ("Identifiers shared by several persons", "Held by persons of different birth: read as missing."),
    },
    "names-placeholder": {
        "fr": ("Noms qui n'en sont pas", "« NEANT », « INCONNU », « غير معروف » : lus comme manquants."),
        "ar": ("أسماء ليست أسماء", "«NEANT» و«INCONNU» و«غير معروف»: تُقرأ كقيم ناقصة."),
        "en": ("Names that are none", "NEANT, INCONNU, غير معروف and the like: read as missing."),
    },
    "names-unreadable": {
        "fr": ("Noms dans une écriture non lue", "Ni latin, ni arabe, ni tifinagh, ni cyrillique, ni grec."),
        "ar": ("أسماء بكتابة غير مقروءة", "لا لاتينية ولا عربية ولا تيفيناغ ولا سيريلية ولا يونانية."),
        "en": ("Names in a script that is not read", "Neither Latin, Arabic, Tifinagh, Cyrillic nor Greek."),
    },
}
