"""The text of a date cell before its layout is looked for: one kind of separator, no quotes, no words around it."""

from __future__ import annotations

import datetime as dt
import re

from wasl.registers.reading.marks import fold_digits, without_marks

__all__ = ["tidy_date", "without_words"]

SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe63\uff0d", "-"),
        **dict.fromkeys("\u2044\u2215\uff0f\u060d\\|", "/"),
        **dict.fromkeys("\u060c\u066b\uff0e·•‧∙", "."),
        **dict.fromkeys("年月", "/"),
        "日": " ",
        **dict.fromkeys("\"“”«»‹›'’‘`´()[]{}", " "),
    }
)
"""Dashes, slashes, points and commas of other scripts and keyboards; quotes and brackets go."""
QUALIFIER = re.compile(
    r"^(?:[~≈±<>=]|(?:VERS|ENV|ENVIRON|PR[EÉ]SUM[EÉ]E?|N[EÉ]E?|CIRCA|CA|C(?=[.\s])|ABT|ABOUT|EN|LE|DU|DE|IN|BORN|ANN[EÉ]E|DATE"
    r"|FIN|D[EÉ]BUT|MI|COURANT|MILIEU|ESTIM[EÉ]E?|PROBABLEMENT|APPROX|APPROXIMATIVEMENT|سنة|عام|حوالي|نحو|خلال|في|بتاريخ|يوم|مزدادة?|ازداد|ازدادت|ولد|ولدت|مولودة?)"
    r"(?=[\s.\d:])[.:]?\s*)+",
    re.IGNORECASE,
)
"""Words before a date. *né en 1985* and *vers 1985* are the year."""
AFTER = re.compile(
    r"(?:(?<![\s.])[\s.]+)?(?:ENV|ENVIRON|CIRCA|APPROX|PR[EÉ]SUM[EÉ]E?|ESTIM[EÉ]E?|ESTIMATION|D[EÉ]CLAR[EÉ]E?|ENVIRON|تقريبا|تقديرا)\.?$",
    re.IGNORECASE,
)
ORDINAL = re.compile(r"^(\d{1,2})\s*(?:er|ère|re|e|eme|ème|ième|°|º|ª|st|nd|rd|th)(?=[\s/.\-])", re.IGNORECASE)
TWICE = re.compile(r"(?<=\d)([/\-.])\s*\1+(?=\d)")
UNDERSCORE = re.compile(r"(?<=\d)_(?=\d)")
FIRST = re.compile(r"^(?:le\s+)?premier(?=\s)", re.IGNORECASE)
BLANK_BEFORE = re.compile(r"^[\s/\-.]+(?=(?:\d{1,2}\s*[/\-.]\s*)?\d{4}$)")
BLANK_AFTER = re.compile(r"^(\d{4}(?:[/\-.]\d{1,2})?)[\s/\-.]+$")
WHOLE = re.compile(r"^(\d{4,8})[.,]0+$")
"""A number that a program wrote with a decimal part (19850312.0)."""
COMPACT_TIME = re.compile(r"^(\d{4})-?(\d{2})-?(\d{2})T(\d{2})(\d{2})(?:\d{2})?(?=\D|$)", re.IGNORECASE)


TIME_BEFORE_YEAR = re.compile(
    r"^(.*?(?<![^\W\d_])[^\W\d_]{3,}\.?\s+\d{1,2}),?\s+(\d{1,2}:\d{2}(?::\d{2})?)\s++([A-Z]{2,5}|[+-]\d{2}:?\d{2})?\s*+(\d{4})$",
    re.IGNORECASE,
)
"""As programs print a date: Tue Mar 12 00:00:00 GMT 1985."""
ZONE_ALONE = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})$", re.IGNORECASE)
"""A date with a zone and no time, as XML writes it."""
LABEL = re.compile(r"^[^\W\d_][^\d:]{0,24}:\s*(?=\d{1,4}\s*[/.\-])")
FOOTNOTE = re.compile(r"(?<=\d)\s*[*†‡]{1,3}$")
TYPED_LETTERS = re.compile(r"^([\dOoIl]{1,2})([/.\-])([\dOoIl]{1,2})\2([\dOoIl]{4})$")
"""A date with letters that look like digits: 12/O3/I985."""
OF_SAS = re.compile(r"^(\d{1,2}[^\W\d_]{3}\d{2,4}):(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)$")
"""A moment as SAS writes it: 12DEC2014:00:00:00."""
OF_ORACLE = re.compile(r"^(\d{1,2}-[^\W\d_]{3,5}\.?-\d{2,4}) (\d{1,2})\.(\d{2})\.(\d{2})(?:[.,]\d+)?(?=\s|$)")
"""A moment as Oracle writes it: 12-MAR-85 12.00.00.000000 AM."""
ZONE_TWICE = re.compile(r"(GMT[+-]\d{4})\s+\(?(?:GMT|UTC)[+-]\d{1,2}:\d{2}\)?\s*$")
"""The zone of a moment as JavaScript prints it, with its name once more."""
OF_DOTNET = re.compile(r"\\?/Date\((-?\d{1,15})([+-]\d{4})?\)\\?/")
"""Milliseconds since 1970 as .NET writes them into JSON."""
TENTH_MONTH = re.compile(r"^(\d{1,2})\s?([/.\- ])\s?X\s?\2\s?(\d{4})$")
"""A date by Roman numerals in October. The day is known, so that X does not stand for an unknown month."""
LETTER_DIGITS = str.maketrans("OoIl", "0011")


def _as_digits(found: re.Match[str]) -> str:
    """The date with digits for letters that look like them; III and II stay the numerals of months."""
    first, mark, second, year = (
        part if part.isalpha() and set(part) <= set("Il") else part.translate(LETTER_DIGITS) for part in found.groups()
    )
    return f"{first}{mark}{second}{mark}{year}"


def _of_dotnet(text: str) -> str:
    """A moment of .NET as ISO 8601: in UTC, or as the local day where it has an offset; other texts stay."""
    found = OF_DOTNET.fullmatch(text)
    if found is None:
        return text
    try:
        moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=int(found[1]))
        if found[2] is None:
            return f"{moment:%Y-%m-%dT%H:%M}Z"
        offset = dt.timedelta(hours=int(found[2][1:3]), minutes=int(found[2][3:]))
        return f"{moment + offset if found[2][0] == '+' else moment - offset:%Y-%m-%d}"
    except OverflowError:
        return text


def tidy_date(text: str) -> str:
    """A date cell with ASCII digits, usual separators and without quotes, ordinal endings and repeated separators."""
    if "Date(" in text:
        text = _of_dotnet(text.strip())
    bare = fold_digits(without_marks(text)).translate(SIGNS).strip()
    bare = OF_ORACLE.sub(r"\1 \2:\3:\4", ZONE_TWICE.sub(r"\1", bare))
    bare = UNDERSCORE.sub("/", TWICE.sub(r"\1", bare))
    bare = ZONE_ALONE.sub(r"\1", FOOTNOTE.sub("", LABEL.sub("", bare)))
    bare = TYPED_LETTERS.sub(_as_digits, TIME_BEFORE_YEAR.sub(r"\1 \4 \2 \3", bare)).strip()
    bare = TENTH_MONTH.sub(r"\1\g<2>10\g<2>\3", OF_SAS.sub(r"\1 \2", bare))
    bare = COMPACT_TIME.sub(r"\1-\2-\3T\4:\5", bare)
    return ORDINAL.sub(r"\1", FIRST.sub("1", bare))


def without_words(text: str) -> str:
    """The date without the words before and after it, and without parts left blank before or after it."""
    bare = AFTER.sub("", QUALIFIER.sub("", text.strip()).rstrip("?.,; "))
    bare = BLANK_AFTER.sub(r"\1", BLANK_BEFORE.sub("", bare.strip()))
    return WHOLE.sub(r"\1", bare)
