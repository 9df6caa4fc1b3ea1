"""The rules on words in Latin script for spellings of Europe, America and Asia, before the other Latin rules.

*Source:* how civil registers, passports and clerks spell one name by the habits of two languages: j for y, sz for sh,
h for the j of Spain, Wade-Giles for pinyin.
"""

from __future__ import annotations

from wasl.holder.names.rule import Rule

__all__ = ["WORLD_RULES"]

WORLD_RULES: tuple[Rule, ...] = (
    Rule(
        r"^D[EI](?=LUC+A$|MARC[OH]|MART[IN]|PIETR|ROS+A$|ROS+I$|STEFAN|GIACOM|GIOVAN|GIUSEP|GIORGI|BENEDET|NAPOLI|SANTI|SIMON"
        r"|FRANCESC|FELICE|ANGELI|BERNARD|GREGOR|PAOL|MAUR|DOMENIC|MICHEL|SALV|CARLO|LORENZ|MATT|NICOL|VINCEN|FILIPP|TOM+AS"
        r"|BAT+IST|BLASI|VITO$|BELLIS|FILIPPO)",
        "",
        "Italian particle, glued",
        ("Deluca", "De Luca"),
        needs="D",
    ),
    Rule(r"^PF", "F", "pf, heard as f", ("Pfeiffer", "Feiffer"), needs="PF"),
    Rule(r"DT$", "T", "two letters of one stop", ("Schmidt", "Schmitt"), needs="DT"),
    Rule(r"(?<=[DLR])RICH$|(?<=[IN])RICH$", "RIK", "k of German names", ("Heinrich", "Heinrick"), needs="RICH"),
    Rule(r"WI(?:CH|G)$", "VIK", "k of German names", ("Ludwich", "Ludwig"), needs="WI"),
    Rule(r"SCHTSCH|CHTCH|SHCH", "CH", "shch of Slavic names", ("Schtscherbak", "Chtcherbak"), needs="CH"),
    Rule(
        r"^CHR(?=[IY][SZ]|[UO].*(?:OW|OV)$)|^HR(?=[IY]S)",
        "KR",
        "kh of Greek and Slavic names",
        ("Chrysoula", "Hrisoula"),
        needs="HR",
    ),
    Rule(r"^CHA(?=[IY]I?M$)|^CHA(?=N+A[H]?$|VA[H]?$|Y+A[H]?$)", "HA", "h of Hebrew", ("Chaim", "Haim"), needs="CHA"),
    Rule(r"(?<=[IO]T[SZ])CH(?=A)", "H", "h of Hebrew", ("Yitzchak", "Itzhak"), needs="CHA"),
    Rule(
        r"^J(?!OU|I)(?=[A-Z]{3,}(?:SK[IYA]|(?<!LL)[EO]W|VI[CT]C?[HZ]?|CZ[YA]K|EN[KC]O|YSZYN|ESC[UO])$)"
        r"|^J(?=A[A-Z]{2,}[EO]V$|UL[IYJ]|URG|UERG|USCH|URI|USTYN|UDIT|OHAN|OS[SE]E?[FP]|OSI[PF]|OSZ|ONATA|ORDAN|OAN+A|AKO?[OU]?[BV]|ACOV|EHO|EREM|EVG|EKAT"
        r"|IL[DM]|AE?GER)",
        "Y",
        "j of Germany and of Slavic, Hebrew and Turkish names",
        ("Jaworski", "Yavorsky"),
        needs="J",
    ),
    Rule(
        r"(?<=[FTV])J(?=[AEIOU])|(?<=[A-Z]{2}AL)J(?=A$)|(?<=L)J(?=[EO][VW])|(?<=[NS])J(?=ANS?$)|(?<=[FK])J(?=[EO]D)|(?<=TCH)J(?=AN$)",
        "I",
        "j after a consonant in German and Slavic spelling",
        ("Tatjana", "Tatiana"),
        needs="J",
    ),
    Rule(
        r"(?<=[GKLNRSX]E)J$|(?<=[A-Z]{2}RI)J$|(?<=RZE)J$",
        "I",
        "final j of Slavic names",
        ("Sergej", "Sergei"),
        needs="J",
    ),
    Rule(r"(?<=[DGKPT])RZ|RZ(?=[EYI](?:J$|NA$|N|GO))", "R", "Polish rz", ("Andrzej", "Andrej"), needs="RZ"),
    Rule(r"(?<=.)SZ(?!$)|^SZ(?=Y|CZ|T|M|W)|(?<=[AEIOU])SZ$", "SH", "Polish sz", ("Agnieszka", "Agnieshka"), needs="SZ"),
    Rule(r"(?<=[EIA])TSK(?=[IY]$)", "CK", "Polish ck", ("Tcharnetski", "Charnecki"), needs="TSK"),
    Rule(r"(?<=O)J(?=[CDKNSTZ][A-Z])", "I", "j before a consonant in Slavic names", ("Wojcik", "Voitsik"), needs="OJ"),
    Rule(
        r"(?<=IE)W$|(?<=[A-Z]{3}CHO)W$", "V", "w of Polish and German spelling", ("Wassiljew", "Vassiliev"), needs="W"
    ),
    Rule(r"TX", "TCH", "ch of the Basques", ("Etxeberria", "Etcheberria"), needs="TX"),
    Rule(
        r"^H(?=ES[UO]S$|AVIER|OSE$|UAN$|IMEN)", "J", "j of Spain, written as it is heard", ("Hesus", "Jesus"), needs="H"
    ),
    Rule(r"^J(?=(?:AO|OU)$)", "CH", "a Chinese syllable as Yale spells it", ("Jou", "Chou"), needs="J"),
    Rule(
        r"^JH(?=(?:A|E|I|U|AO|OU|[AEU]N|U[IO]|[AEO]NG|UANG)$)",
        "CH",
        "a Chinese syllable, spelled in Taiwan",
        ("Jheng", "Cheng"),
        needs="JH",
    ),
    Rule(r"^JH?OH?N(?=$|NY$|N$)", "JON", "h", ("Jhon", "Jon"), needs="J"),
    Rule(r"^[CK]O(?:E|H|HE)N$", "COHEN", "h of Hebrew", ("Coen", "Cohen"), needs="N"),
    Rule(r"DZH", "DJ", "j of Slavic spelling", ("Hatidzhe", "Hatidje"), needs="DZH"),
    Rule(
        r"T[SZ](?=[AEIOUY])|TZ$|(?<=[A-Z]{2}L)TS$",
        "Z",
        "ts and z, one letter in Hebrew, German and Italian",
        ("Tsipora", "Zipora"),
        needs="T",
    ),
    Rule(
        r"UIS$(?<=[A-NP-Z]UIS)(?<!OUIS)(?<!LUIS)|UY$(?<!GUY)(?<=[A-Z]{2}UY)",
        "UI",
        "mute ending of French names",
        ("Dupuis", "Dupuy"),
        needs="U",
    ),
    Rule(r"(?<=[LRT]I)EZ$", "ER", "mute ending of French names", ("Chevaliez", "Chevalier"), needs="IEZ"),
    Rule(
        r"(?<=[AEO]I)S(?=TRE$)|(?<=^LE)S(?=TRE)",
        "",
        "s before t, lost in French",
        ("Lemaistre", "Lemaitre"),
        needs="STR",
    ),
    Rule(r"^QUA(?=N)", "KA", "qu of French names", ("Quantin", "Quentin"), needs="QUA"),
    Rule(r"(?<=ON)C(?=AS?$)", "S", "ç without its cedilla", ("Mendonca", "Mendonça"), needs="ONCA"),
    Rule(
        r"(?<=^ABD)Y(?=A(?:LIL|WAD|B+AR|MIL))|^Y(?=AWAD|AMAL|AMIL)",
        "J",
        "j of Arabic in Spain",
        ("Abdelyalil", "Abdeljalil"),
        needs="Y",
    ),
    Rule(r"^GUA(?=H[ABI])|^UA(?=[A-Z]{2})", "WA", "w of Arabic in Spain", ("Guahiba", "Wahiba"), needs="UA"),
    Rule(r"^HIX(?=[AEI]M)", "HISH", "x of Spain", ("Hixem", "Hicham"), needs="HIX"),
    Rule(r"^X(?=ER[IE]F|AIM|UKR)", "SH", "x of Spain", ("Xerif", "Sharif"), needs="X"),
    Rule(r"^BH(?=O)", "B", "breathed stop of India", ("Bhoutto", "Bhutto"), needs="BHO"),
    Rule(r"KHS(?=M)", "KSH", "letters exchanged", ("Lakhsmi", "Lakshmi"), needs="KHS"),
    Rule(
        r"(?<=^MI)J(?=AN)|(?<=^FAR)J(?=AN)|(?<=^A)J(?=I[JZ]$)|(?<=^RE)J(?=[AW])|^J(?=AHI[DR]|OHR[AU]|UBA?[AEI]|AKA?RI|IN+A[TH])"
        r"|(?<=^A)J(?=AD$|AM$)|(?<=^NA)J(?=MUL)|(?<=^SHAH)J(?=AD)",
        "Z",
        "z of Arabic spoken as j in Bengal",
        ("Farjana", "Farzana"),
        needs="J",
    ),
    Rule(r"(?<=SK[IY])J$", "", "final j of Slavic names", ("Selenskyj", "Selensky"), needs="J"),
    Rule(r"(?<=SCH)W", "V", "w of German spelling", ("Saakaschwili", "Saakachvili"), needs="SCHW"),
    Rule(
        r"(?<=^SER)H(?=[IY])|(?<=RY)H(?=OR)|^H(?=RYGOR|RYHOR|ALYN|NAT$)|(?<=^I)H(?=OR$)|(?<=^OL[EYI])H$|(?<=^OL)H(?=A$)|(?<=^BO)H(?=DAN)",
        "G",
        "h of Ukrainian, the g of Russian",
        ("Serhiy", "Serguii"),
        needs="H",
    ),
    Rule(r"^CHA(?=RAL)", "HA", "kh of Greek names", ("Charalambos", "Haralambos"), needs="CHARAL"),
    Rule(r"(?<=^TE)X(?=E[IR])", "SH", "x in Portugal", ("Texeira", "Teixeira"), needs="X"),
    Rule(r"^EX(?=POS)", "ES", "x before p", ("Exposito", "Esposito"), needs="XPOS"),
    Rule(
        r"(?<=^BEN)Y(?=EL+[OU])|^Y(?=EL+O?UN$)", "J", "j of Arabic in Spain", ("Benyellun", "Benjelloun"), needs="YEL"
    ),
    Rule(r"(?<=^MB)Y(?=E$)", "AY", "as the Gambia spells it", ("Mbye", "Mbaye"), needs="MBYE"),
    Rule(r"^CAA(?=M|R)", "TIA", "c of the orthography of Wolof", ("Caam", "Thiam"), needs="CAA"),
    Rule(
        r"X(?=N)|^X(?=AD[IYJ]|AL[IY](?:F|L|$))",
        "KH",
        "x of the orthography of Wolof",
        ("Soxna", "Sokhna"),
        needs="X",
    ),
    Rule(r"^L(?=AHM[AE]R$)", "", "article glued before a", ("Lahmar", "Al Ahmar"), needs="LAHM"),
    Rule(r"^A(?=TTAY+[IE]B$)", "", "article assimilated", ("Attayib", "Tayeb"), needs="TTAY"),
    Rule(r"(?<=L)EU(?=THER)", "EF", "ef of Greek names", ("Eleutheriou", "Eleftheriou"), needs="EUTH"),
    Rule(r"(?<=^ST)AU(?=R)", "AV", "av of Greek names", ("Stauros", "Stavros"), needs="AUR"),
)
"""On each word in Latin script, before the other rules of that script."""
