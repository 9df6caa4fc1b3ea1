"""Tasks of the course pack and answers for the teacher, in three languages."""

from __future__ import annotations

from wasl.locale import Language

__all__ = ["AFTER", "ANSWERS", "INSIDE", "TASKS"]

AFTER: dict[Language, tuple[str, str]] = {
    "en": (
        "After protection: smallest frequency {k}, {rows} rows, {cells} empty cells.",
        "`wasl protect` refuses the file: the policy would remove too much.",
    ),
    "fr": (
        "Après protection : plus petite fréquence {k}, {rows} lignes, {cells} cellules vides.",
        "`wasl protect` refuse le fichier : la politique en retirerait trop.",
    ),
    "ar": (
        "بعد الحماية: أصغر تكرار {k}، وعدد الأسطر {rows}، وعدد الخانات الفارغة {cells}.",
        "يرفض `wasl protect` الملف: فالسياسة ستحذف منه أكثر من اللازم.",
    ),
}
"""What protection does to the microdata of the pack: it ends, or refuses."""
INSIDE: dict[Language, tuple[str, str, str]] = {
    "en": (
        "{value} ({low} to {high}; the truth lies in it)",
        "{value} ({low} to {high}; the truth does not lie in it)",
        "unknown, with the reason",
    ),
    "fr": (
        "{value} (de {low} à {high} ; la vérité s'y trouve)",
        "{value} (de {low} à {high} ; la vérité ne s'y trouve pas)",
        "inconnu, avec la raison",
    ),
    "ar": (
        "{value} (من {low} إلى {high}، والحقيقة داخله)",
        "{value} (من {low} إلى {high}، والحقيقة خارجه)",
        "غير معروف، مع ذكر السبب",
    ),
}
"""An estimated figure: the truth is in its interval, or is not, or there is no interval."""
TASKS: dict[Language, str] = {
    "en": """# Exercises

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
""",
    "fr": """# Exercices

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
""",
    "ar": """# تمارين

يحتوي المجلد `registers` على سجلين لمغرب لا وجود له: سندات الإقامة والأجراء المصرح بهم.

## 1. جودة البيانات

1. افحصوا سجل سندات الإقامة. كم عدد تسجيلاته؟
   {do_check}
2. كم من تواريخ الازدياد توافق 1 يناير؟ اذكروا سببين.

## 2. الترميز

1. أنشئوا مفتاحًا.
   {do_key}
2. رمّزوا السجلين. تتسلم وحدة الربط الإرسالية، وحافظ الجدول المحوري جدول الربط، ومكتب النشر بيانات المحتوى. أما جدول
   الحفظ فلا يغادركم أبدًا.
   {do_encode}
3. افتحوا إرسالية بواسطة pandas. ما أعمدتها؟ جدوا فيها اسمًا، أو اشرحوا لماذا يستحيل ذلك.

## 3. الربط

1. اربطوا الإرساليتين. كم عدد الأشخاص؟
   {do_link}
2. يقدّر التقرير الدقة والاسترجاع دون معرفة الحقيقة. دوّنوهما مع مجاليهما.
3. اطلبوا `truth.csv` من الأستاذ. هل تقع الحقيقة داخل المجالين؟
   {do_evaluate}
4. كم عدد الأشخاص الموجودين في السجلين معًا حسب الحقيقة؟

## 4. مراقبة الإفصاح

1. كوّنوا البيانات الجزئية.
   {do_assemble}
2. ما أصغر تكرار لتركيبة من المتغيرات المفتاحية؟ وما القواعد غير المستوفاة؟
   {do_assess}
3. احموا البيانات الجزئية. كم سطرًا بقي، وكم خانة حُجبت؟
   {do_protect}
4. لماذا يكون تقرير الخطر سريًا وتقرير الطرق عموميًا؟

## 5. التدقيق

1. صدّروا السجل التدقيقي مع مفتاحه العمومي، ثم تحققوا منه.
   {do_export}
   {do_verify}
2. غيّروا بايتًا واحدًا في التصدير ثم تحققوا منه من جديد. أي قيد يُذكر؟
""",
}
"""What students do; commands are filled in."""
ANSWERS: dict[Language, str] = {
    "en": """# Answers for the teacher (seed {seed})

Linkage depends on the key, which every class makes for itself. Its figures, and those of protection, differ by a few
pairs, rows and cells from class to class.

1. Data quality. The register of permits has {permits} records. {births} birth dates are 1 January: papers that give
   only the year are written so, and a few persons are born that day. A date of the Hijri calendar can be that day, too.
2. Encoding. A delivery has passes, block labels, row identifiers, tokens and filters. A name cannot be found:
   filters are keyed, and every released bit mixes several secret bits.
3. Linkage. There are about {persons} persons. Against the truth: precision {precision}, recall {recall}.
   The report estimates precision as {estimated_precision},
   and recall as {estimated_recall}.
   An interval of 95 % misses the truth in one class of twenty.
   {both} persons are in both registers ({permits} permits, {employees} employees).
4. Disclosure control. The smallest frequency is {k}; {below} rows have one below {level}.
   Failing rules: {failing}. {after}
   The risk report says where a file is weak. Methods are public because users need them for analysis.
5. Audit. Verification names the changed entry, because its hash no longer leads to the signed root.
""",
    "fr": """# Corrigés pour l'enseignant (graine {seed})

L'appariement dépend de la clé, que chaque classe crée elle-même. Ses chiffres, et ceux de la protection, diffèrent de
quelques paires, lignes et cellules d'une classe à l'autre.

1. Qualité. Le registre des titres a {permits} enregistrements. {births} dates de naissance tombent le 1er janvier :
   les papiers qui ne donnent que l'année s'écrivent ainsi, et quelques personnes sont nées ce jour. Une date
   du calendrier hégirien peut aussi tomber ce jour.
2. Encodage. Une livraison contient passes, étiquettes de bloc, identifiants de ligne, jetons et filtres. On n'y trouve
   aucun nom : les filtres dépendent d'une clé, et chaque bit publié mélange plusieurs bits secrets.
3. Appariement. Environ {persons} personnes. Face à la vérité : précision {precision}, rappel {recall}.
   Le rapport estime la précision à {estimated_precision}
   et le rappel à {estimated_recall}.
   Un intervalle à 95 % manque la vérité dans une classe sur vingt.
   {both} personnes figurent dans les deux registres ({permits} titres, {employees} salariés).
4. Divulgation. Plus petite fréquence : {k} ; {below} lignes en ont une inférieure à {level}.
   Règles en échec : {failing}. {after}
   Le rapport de risque dit où le fichier est faible. Les méthodes sont publiques car les utilisateurs en ont besoin.
5. Audit. La vérification nomme l'écriture modifiée, car son empreinte ne mène plus à la racine signée.
""",
    "ar": """# أجوبة للأستاذ (البذرة {seed})

يتوقف الربط على المفتاح الذي ينشئه كل قسم بنفسه. لذلك تختلف أرقامه وأرقام الحماية من قسم إلى آخر ببضعة أزواج وأسطر
وخانات.

1. جودة البيانات. في سجل سندات الإقامة {permits} تسجيلة. و{births} من تواريخ الازدياد توافق 1 يناير: هكذا تُكتب الوثائق
   التي لا تذكر إلا السنة، وقليل من الأشخاص وُلدوا في ذلك اليوم. وقد يوافقه أيضًا تاريخ هجري.
2. الترميز. في الإرسالية جولات مقارنة ووسوم كتل ومعرّفات أسطر ورموز ومرشّحات. ولا يمكن العثور فيها على اسم: فالمرشّحات
   تتوقف على مفتاح، وكل بت منشور يمزج عدة بتات سرية.
3. الربط. هناك نحو {persons} شخصًا. مقارنة بالحقيقة: الدقة {precision} والاسترجاع {recall}.
   ويقدّر التقرير الدقة كما يلي: {estimated_precision}؛
   والاسترجاع كما يلي: {estimated_recall}.
   يخطئ مجال 95 % الحقيقة في قسم واحد من عشرين.
   عدد الموجودين في السجلين معًا: {both} ({permits} سند إقامة و{employees} أجيرًا).
4. مراقبة الإفصاح. أصغر تكرار: {k}؛ وعدد الأسطر التي يقل تكرارها عن {level}: {below}.
   القواعد غير المستوفاة: {failing}. {after}
   يقول تقرير الخطر أين يضعف الملف. أما الطرق فعمومية لأن المستعملين يحتاجون إليها في التحليل.
5. التدقيق. يسمّي التحقق القيد المغيَّر، لأن بصمته لم تعد تقود إلى الجذر الموقّع.
""",
}
"""Answers of the teacher; figures are filled in."""
