"""The rules on whole names: compounds become one word, articles and particles that stand apart go."""

from __future__ import annotations

import re

from wasl.holder.names.rule import Rule

__all__ = ["TRIGGER", "WORD_RULES"]

SURNAMES = (
    r"(?:DIAL+OW?|DJAL+O|JAL+OW?|BARRY|BALDE|BANGOURA|CONDE|SOUMAH|SYL+A|CAMARA|KEITA|TRAORE|KONE|DIARRA|TOURE|CISSE|CEESAY"
    r"|COULIBALY|FOFANA|SIDIBE|SANGARE|DOUMBIA|DIABATE|DEMBELE|DIAKITE|KONATE|BAMBA|OUATTARA|SANOGO|DIOP|DIOUF|NDIAYE|FALL"
    r"|GUEYE|SARR|SENE|SECK|FAYE|MBAYE|SANE|SOW|KANE|THIAM|NIANG|DIENG|KOUYATE|SISSOKO|CISSOKHO|DRAME|GASSAMA|SAVANE"
    r"|OUEDRAOGO|SAWADOGO|KABORE|ZONGO|COMPAORE|MAIGA|HAIDARA)\b"
)
"""Frequent surnames of the Sahel, no part of a name that begins with *father of*: there Abou is a given name."""
FIRST_OF_TWO = "JOSE|JUAN|LUIS|CARLOS|MIGUEL|JORGE|PEDRO|MARCO|VICTOR|MARIA|ROSA|CLARA|LAURA|GIAN|PIER"
SECOND_OF_TWO = (
    "LUIS|LUIZ|CARLO|ANTONIO|ALBERTO|ANGEL|MANUEL|PABLO|PEDRO|DAVID|DANIEL|FRANCISCO|EDUARDO|ENRIQUE|IGNACIO|HUMBERTO|MARIA"
    "|FERNAND|TERESA|CARMEN|ISABEL|ELENA|CRISTINA|LUISA|JOSE|EUGENIA|PAOL|FRANCO|LUCA|PIERO"
)
"""Given names of Spain, Portugal, Italy and America that stand before and after another."""
NOT_AFTER_ARTICLES = r"(?!(?:THI|VAN|DUC|MINH|NGOC|QUANG|THANH|TUAN|HONG|MING|JUN|PING|LING)\b)"
"""Names of Viet Nam and China, where Le and Du are surnames."""
ARTICLE = r"(?:EL|AL|IL|UL|U[DR]|L|A[DRSTNZ]|E[DRSTNZ]|EDH|[AE]CH|[AE]SH)"

SYLLABLE = (
    r"(?:(?:[BPMFDTNLGKHRS]|ZH?|CH?|SH)(?:A(?:I|O|NG?)|E(?:I|NG?)|O(?:U|NG)|U(?:AN|I|O))|[BPMDTNL]I(?:AO?|AN|NG?|E)"
    r"|[JQX](?:I(?:A(?:O|NG?)?|E|U|ONG|NG?)|U(?:E|AN|N))|[LN]IANG|[GKHZ]U(?:ANG)|(?:ZH|CH|SH)UANG|[GHKZC]H?UA|Y(?:A(?:O|NG?)|ING?|ONG|OU|U(?:AN|E|N))"
    r"|W(?:A(?:I|NG?)|E(?:I|NG?)))"
)
"""Syllables of Chinese of three letters and more, as pinyin writes them."""
CHINESE_PAIR = r"[A-Z]*(?:[AEIO]NG[BCDFGHJKLMNPQRSTWXYZ]|[AEIO]NG\b)|[A-Z]*(?:IA[NO]|UA?[NO]|UI|UE|^X|^Q|ZH)"
"""What such syllables have and pairs of syllables of other languages seldom do."""

WORD_RULES: tuple[Rule, ...] = (
    Rule(r"\b(?:MED|MOHD|MHD|MHMD|MUHD|MOHAM)\b", "MOHAMED", "written short", ("Med", "Mohamed")),
    Rule(r"\bC(?=ABD)", "", "Somali c, the Arabic ayn", ("Cabdulqadir", "Abdelkader")),
    Rule(
        r"\b(?:FZ|F Z|F ZAHRA|F E?ZZAHRA|FAT[AEIOU]*M[AEH]* ?(?:E?Z+|[AE]L Z|A Z)[AO]H?RA+H?)\b",
        "FATIMAZAHRA",
        "one name in two words, often written short",
        ("Fatima Ezzahra", "FatimaZahra"),
    ),
    Rule(
        r"\bABD(?:[AEOU]{1,2})? ?(?:AL|EL|UL)?LAH?\b|\bABD(?:[AEOU]{1,2}) ?A?L+AH?\b"
        r"|\bABD[AEIOU]{1,3}L+A(?:Y|I)?E?(?:[YH]|H[IY])?\b",
        "ABDALLAH",
        "servant of God",
        ("Abdoulaye", "Abdallah"),
    ),
    Rule(
        rf"\bABD(?:OU|[AEU])?[ ]?{ARTICLE} (?=[A-Z]{{3}})",
        "ABD",
        "servant of …, article inside",
        ("Abd el Kader", "Abdelkader"),
    ),
    Rule(r"\bABD(?:OU|[AEU])L+ ?L?(?=[A-Z]{3})", "ABD", "servant of …, article glued", ("Abdul Qadir", "Abdelkader")),
    Rule(
        r"\bABD(?:OU|[AEU])(?=([DNRSTZ])\1|([CS])H\2?H?)",
        "ABD",
        "servant of …, article assimilated",
        ("Abderrahman", "Abd Rahman"),
    ),
    Rule(
        r"\bABDOU (?=RAH|RA[CSZ]|[KQ]A[DR]|SAL[AE]M|MAJ|HAK|HAM|WAH|GHAN|JAB|LAT|NAS|AZIZ)",
        "ABD",
        "servant of …, in two words",
        ("Abdou Rahmane", "Abdourahmane"),
    ),
    Rule(r"\bABD (?=[A-Z]{3})", "ABD", "servant of …, no article", ("Abd Rahman", "Abderrahman")),
    Rule(
        rf"(?<=[A-Z]{{2}}) (?:{ARTICLE} )?(?:[AEU]L|OU?L|[EU]|OU|A(?=DD))?D+[IY]+NN?E?\b"
        r"|(?<=[A-Z]{3})[AEO]U?D+[IY]+NN?E?\b",
        "DIN",
        "… of the religion: one name",
        ("Salah Eddine", "Salahdin"),
    ),
    Rule(
        r"\b(?:BIN|IBN|BN|BENT|BINT|BEN) (?:EL |AL |L)?(?=[A-Z])",
        "BEN",
        "son of: joined to the name",
        ("Ben Ali", "Benali"),
    ),
    Rule(r"\bBEL (?=[A-Z]{3})", "BEL", "son of the …: joined to the name", ("Bel Kacem", "Belkacem")),
    Rule(
        rf"\b(?:ABOU|ABU|ABO|BOU|BU|BO|ABI)L? (?:EL |AL |L )?(?!{SURNAMES})(?=[A-Z]{{3}})",
        "BOU",
        "father of: joined to the name",
        ("Abu Bakr", "Boubakr"),
    ),
    Rule(
        r"\bAB(?:OU|U)(?=[BDFGHJKMNPQTZ][AEIOUH])|\bABO(?=(?:ALI|BAK[AE]?R|HAM[EI]D|Z[AE]ID|TAL[EI]B|YOUS+EF|SAL[EI]H|SAL[EI]M)\b)",
        "BOU",
        "father of, glued",
        ("Aboubacar", "Boubacar"),
    ),
    Rule(
        rf"\b(?:AIT|AYT|ATH) (?:{ARTICLE} )?(?=[A-Z])",
        "AIT",
        "people of: joined to the name",
        ("Ait El Haj", "Aitelhaj"),
    ),
    Rule(
        r"\b(?:OULD|WELD|WULD|WLD|WALAD|OUELD|OULED|OULAD) (?=[A-Z])",
        "OULD",
        "son of: joined to the name",
        ("Ould Ahmed", "Weld Ahmed"),
    ),
    Rule(r"\bI[DT] (?=[A-Z]{3})", "ID", "people of: joined to the name", ("Id Bella", "Idbella")),
    Rule(r"\bOU (?=[A-Z]{3})", "OU", "son of: joined to the name", ("Ou Hammou", "Ouhammou")),
    Rule(
        r"\b(?:OU?M+|UMM?) (?:EL |AL |OUL |L)?(?=[A-Z]{3})",
        "OUM",
        "mother of: joined to the name",
        ("Oum Keltoum", "Oumkeltoum"),
    ),
    Rule(
        r"\b(N[OU]U?R|NOOR|S[AE][IY]F|BADR|FATH|NASR|Z(?:I|EI|AI|AY)NE?) ?(?:[AE]L|O?UL) ?(?!LAH)(?=[A-Z]{3})",
        r"\1 ",
        "a name of two words, the article inside",
        ("Nour El Houda", "Nourelhouda"),
    ),
    Rule(rf"\b{ARTICLE} (?=[A-Z]{{2}})", "", "article apart", ("El Alaoui", "Alaoui")),
    Rule(r"(?<=[A-Z]{3}) (?:O?U|A|E)L+AH\b", "ALLAH", "… of God: one name", ("Habib Ullah", "Habibullah")),
    Rule(
        r"\b(JEAN|MARIE|ANNE|PIERRE|PAUL)(?=BAPT|PIERR|CLAUD|PAUL|MARI|LOUIS|JACQ|MICHEL|FRANC|LUC|MARC|YVES|NOEL|CHRIS"
        r"|ROBERT|BOSCO|DIDIER|THERES|CLAIR|ROSE|ANGE|LAURE|JEANN|HELEN)|\b(MOHAM+ED)(?!INE\b)(?=[A-Z]{4})",
        r"\1\2 ",
        "two given names written as one",
        ("Jeanpaul", "Jean-Paul"),
    ),
    Rule(
        rf"\b({FIRST_OF_TWO})(?={SECOND_OF_TWO})|\b(ANA)(?=MARIA\b|LUISA\b|PAULA\b|CRISTINA\b|ISABEL\b)",
        r"\1\2 ",
        "two given names written as one",
        ("Joseluis", "Jose Luis"),
    ),
    Rule(
        r"\b(ALI|AMIR|AHMAD|HAMID|GH?[OU]LAM|QOLAM|MAJID|MOHAM+AD|MUHAM+AD)(?=REZ+A\b|HOS+E?[IY]N\b|MOHAM+AD\b)",
        r"\1 ",
        "two given names of Iran written as one",
        ("Alireza", "Ali Reza"),
    ),
    Rule(
        r"(?<=[A-Z]{4}) (ZADEH?|ZADA|N[AE](?:J|DJ|ZH)AD|P(?:OU|OO|U)R)\b",
        r"\1",
        "born of …, of the line of …: the end of a surname of Iran",
        ("Karim Zadeh", "Karimzadeh"),
    ),
    Rule(
        r"\b(?!QUANT)([XQ](?:I(?:A(?:O|NG?)?|N?G?|U|ONG)?|U(?:AN?|E|N)?)|ZH(?:ANG?|AO|ENG?|I|ONG|OU|UO?))"
        r"(?=(?:ZH|CH|SH|[BDFGHJKLMNPQRTWXYZ])(?:I?A(?:O|NG?)|E[IN]G?|I(?:NG?|U|E)?|ONG|U(?:AN|[AIOE]|N)?)\b)",
        r"\1 ",
        "a Chinese given name of two syllables written as one",
        ("Xiaoping", "Xiao Ping"),
    ),
    Rule(
        r"^(P(?:OU|OO|U)R) (?=[A-Z]{4})",
        r"\1",
        "son of …, the beginning of a surname of Iran",
        ("Pour Mand", "Pourmand"),
    ),
    Rule(
        r"\b(THI|VAN)(?=(?:HUONG|LAN|MAI|HOA|HANH|T?HANH|NGOC|KIM|THU|TUYET|NGA|HANG|HONG|PHUONG|LINH|TRANG|YEN|BICH|DUNG|HIEN"
        r"|HUNG|TUAN|MINH|NAM|CUONG|LONG|HAI|HOANG|KHANH|DUC|QUANG|TRUNG|THANG|TAI|SON|BINH|PHUC|HIEU|KHOA)\b)",
        r"\1 ",
        "the middle name of Viet Nam, glued",
        ("Thihuong", "Thi Huong"),
    ),
    Rule(
        rf"\b({SYLLABLE})(?={SYLLABLE}\b)(?!(?:MAN|BAN|BEN|DAN|HEN|LAN|KEN|FAN|JEN)NING)(?={CHINESE_PAIR})",
        r"\1 ",
        "a Chinese given name of two syllables written as one",
        ("Weidong", "Wei Dong"),
    ),
    Rule(r"\b(MA?C) (?=[A-Z]{3})", "MAC", "son of in Scotland, joined", ("Mac Donald", "McDonald")),
    Rule(
        r"\b(SAN(?:TA)?) (?=JOSE|JUAN|MARTIN|MIGUEL|PEDRO|ANTONIO|CRUZ|MARIA|ANA\b|ROSA|LUIS|DIEGO|PABLO|ROMAN|TIAGO"
        r"|AGUSTIN|FRANC|CLARA|LUCIA|ELENA|GABRIEL|GREGORIO|VICENTE)",
        r"\1",
        "saint in Spanish, joined",
        ("San Jose", "Sanjose"),
    ),
    Rule(
        r"\b(DAS) (?=GUPTA\b)|\b(D) (?=ANGEL|AMIC|AGOST|AMBROS|ALES|ANDREA|ANNUN|ELIA|ONOFR|ARCY\b|ARC\b|ALMEID)",
        r"\1\2",
        "the beginning of a surname, not a particle",
        ("Das Gupta", "Dasgupta"),
    ),
    Rule(
        rf"\b(DU|LE) {NOT_AFTER_ARTICLES}(?=[BCDFGJKLMNPRSTV][A-Z]{{2}})",
        r"\1",
        "article of a French name, joined; Du and Le are surnames in China and Viet Nam",
        ("Du Bois", "Dubois"),
    ),
    Rule(
        r"\b(?:DE|DU|DES|LE|LA|LES|LOS|LAS|DELOS|VAN|VANDEN|VANDER|VANDE|VON|DER|DEN|DOS|DAS|DO|DA|DELA|DEL|DELLA|DI|D|ST|SAINT)"
        rf" {NOT_AFTER_ARTICLES}(?=[A-Z]{{2}})",
        "",
        "European particle",
        ("Dela Cruz", "Cruz"),
    ),
)
"""On whole names."""

TRIGGER = re.compile(
    r"(?:MED|MOHD|MHD|MHMD|MUHD|MOHAM|FZ|F|FAT.*|C?ABD.*|.*D[IY]+NN?E?|BIN|IBN|BN|BENT|BINT|BEN|BEL|ABOU.*|ABU.*|ABO|BOU|BU|BO"
    r"|ABI|AIT|AYT|ATH|I[DT]|OU|OU?M+|UMM?|MA?C|(?:THI|VAN).{2,}|P(?:OU|OO|U)R|ZADEH?|ZADA|N[AE](?:J|DJ|ZH)AD|.{3,}(?:REZ+A|HOS+E?[IY]N|MOHAM+AD)|(?:X|Q|ZH).{4,}|(?:N[OU]U?R|NOOR|S[AE][IY]F|BADR|FATH|NASR|Z(?:I|EI|AI|AY)NE?)(?:[AE]L|O?UL).*|OULD|WELD|WULD|WLD|WALAD|OUELD|OULED|OULAD|EL|AL|IL|UL|U[DR]|L|A[DRSTNZ]|E[DRSTNZ]|EDH|[AE]CH|[AE]SH|DE|DU|DES|LE"
    r"|LA|LES|LOS|LAS|DELOS|VAN|VON|DER|DEN|DOS|DAS|DO|DA|DELA|DEL|DELLA|DI|D|ST|SAINT|SAN|SANTA|(?:O?U|A|E)L+AH|(?:JEAN|MARIE|ANNE|PIERRE|PAUL).{3,}|MOHAM+ED.{4,}"
    rf"|(?:{FIRST_OF_TWO}|ANA).{{4,}}|{SYLLABLE}{{2}})"
)
"""A word without which no word rule can apply: most names skip them all."""
