"""Elements of OIO Sag and Dokument v6: namespaces, texts as the schemas allow them, points in time.

`FraTidspunkt` is inclusive, `TilTidspunkt` exclusive (SF1470 general guide, chapter 11): FHIR's inclusive end becomes
the first instant after it, as fine as it was told. An end that nobody told is GraenseIndikator.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from lxml import etree

from gateway.domain.statement import Body
from gateway.domain.when import DANISH, END, instant, last_instant
from gateway.errors import RuleBroken

SAG = "urn:oio:sts:sagdok:sag:6"
DEFINITIONS = "urn:oio:sts:generelledefinitioner:6"
SAGDOK = "urn:oio:sagdok:3.0.0"
CASE_INDEX = "urn:oio:sts:sagdok:sagindeks:6"
DOCUMENT_INDEX = "urn:oio:sts:sagdok:dokumentindeks:6"
INDEX = "urn:oio:sts:sagdok:sagdokumentindeks:6"
NAMES = {
    "sdi": INDEX, "sag": SAG, "di": DOCUMENT_INDEX, "si": CASE_INDEX, "gd": DEFINITIONS, "sd": SAGDOK,
}  # fmt: skip

LONGEST_NUMBER = 50
"""Characters of BrugervendtNoegle, Sagsnummer, Dokumentnummer (Sag.xsd, DokumentIndeks.xsd)."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
# XML 1.0 has no way to write most of these; C1, and the marks that turn the reading direction, only deceive.
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def root(namespace: str, name: str, names: Mapping[str, str] = NAMES) -> etree._Element:
    """A document's first element, which declares every namespace; `names` are their prefixes."""
    return etree.Element(f"{{{namespace}}}{name}", nsmap=dict(names))


def add(parent: etree._Element, namespace: str, name: str, text: str = "") -> etree._Element:
    """A new last element of `parent`."""
    made = etree.SubElement(parent, f"{{{namespace}}}{name}")
    made.text = plain(text) or None
    return made


def told(parent: etree._Element, namespace: str, name: str, text: str, longest: int = 255) -> None:
    """An element with a text, when there is one. A text that is longer than the schema allows ends in `…`; a number
    (at most 50 characters) would be another one if it were cut. Raises RuleBroken."""
    shown = plain(text).strip()
    if len(shown) > longest and longest <= LONGEST_NUMBER:
        hint = f"{LONGEST_NUMBER} characters at most."
        raise RuleBroken("A number is longer than OIO allows.", where=name, hint=hint)
    if shown:
        add(parent, namespace, name, _cut(shown, longest))


def exempt(parent: etree._Element, namespace: str, title: str, law: str) -> None:
    """That something is exempt from disclosure, and by which law. The schema wants a title here: the confidential one
    is not kept, the public one tells nobody anything."""
    made = add(parent, namespace, "OffentlighedUndtaget")
    add(made, SAGDOK, "TitelAlternativTekst", _cut(plain(title).strip(), 255))
    add(made, SAGDOK, "OffentlighedUndtagetHjemmelTekst", _cut(plain(law).strip(), 1024))


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def plain(text: str) -> str:
    """A text without characters that XML does not have."""
    return _CONTROL.sub("", text)


def is_uuid(text: str) -> bool:
    """Whether this is a UUID in small letters."""
    return _UUID.fullmatch(text) is not None


def reference(parent: etree._Element, namespace: str, name: str, number: str) -> etree._Element:
    """A UnikIdType: a UUID, or a URN."""
    made = add(parent, namespace, name)
    add(made, SAGDOK, "UUIDIdentifikator" if is_uuid(number) else "URNIdentifikator", number)
    return made


def effect(parent: etree._Element, namespace: str, period: Body, begin: str) -> None:
    """Virkning of a FHIR Period; without a start it begins at `begin`, as FraTidspunkt is never infinite. `before` in
    place of `end` is an end that is not included."""
    made = add(parent, namespace, "Virkning")
    first = add(made, SAGDOK, "FraTidspunkt")
    add(first, SAGDOK, "TidsstempelDatoTid", moment(period.get("start") or begin))
    until = add(made, SAGDOK, "TilTidspunkt")
    if after := moment(period["before"]) if "before" in period else behind(period.get("end", "")):
        add(until, SAGDOK, "TidsstempelDatoTid", after)
    else:
        add(until, SAGDOK, "GraenseIndikator", "true")


def moment(text: str) -> str:
    """A FHIR date or dateTime as xs:dateTime: a day is its first instant in Denmark.

    >>> moment("2025-03-01"), moment("2025-03-01T08:00:00Z")
    ('2025-03-01T00:00:00+01:00', '2025-03-01T08:00:00Z')
    """
    if "T" in text:
        return text
    return instant(text).astimezone(DANISH).isoformat()


def behind(text: str) -> str:
    """The first instant after an inclusive end, as fine as it was told; "" for no end.

    >>> behind("2025-05-31T23:59:59+02:00"), behind("2025-05-31"), behind("9999-12-31")
    ('2025-06-01T00:00:00+02:00', '2025-06-01T00:00:00+02:00', '')
    """
    if not text or last_instant(text) >= END - timedelta(days=366):
        return ""
    if "T" not in text:
        return last_instant(text).astimezone(DANISH).isoformat()
    digits = len(re.split(r"[Z+-]", text.partition(".")[2])[0])
    step = (
        timedelta(seconds=1) if not digits else timedelta(milliseconds=1) if digits <= 3 else timedelta(microseconds=1)
    )
    end = datetime.fromisoformat(text) + step
    # The inclusive end may be the last second before the clocks change: the zone is the one it was written with.
    return end.isoformat(timespec="seconds" if not digits or not end.microsecond else "auto")


def written(document: etree._Element) -> bytes:
    """The document as UTF-8, namespaces that it does not use taken away."""
    etree.cleanup_namespaces(document)
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8")
