"""FHIR formats over HTTP: which one a caller wants, which one it sent. http://hl7.org/fhir/R4/http.html#mime-type"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.errors import GatewayError, Refused, WrongCharset

JSON = "application/fhir+json"
XML = "application/fhir+xml"
_NAMES = {
    "json": JSON, "application/json": JSON, "text/json": JSON, JSON: JSON, "application/json+fhir": JSON,
    "xml": XML, "application/xml": XML, "text/xml": XML, XML: XML, "application/xml+fhir": XML,
}  # fmt: skip
_ANY = {"*/*": JSON, "application/*": JSON, "text/*": JSON}
_VERSIONS = frozenset({"4.0", "4.0.1"})


class NotAcceptable(GatewayError):
    """This format is not written here."""

    status = 406
    issue = "not-supported"
    transient = False


class UnsupportedMedia(Refused):
    """This kind of content is not read here."""

    status = 415
    issue = "not-supported"


@dataclass(frozen=True, slots=True)
class MediaType:
    """One media type with its parameters, all in lower case."""

    name: str
    parameters: dict[str, str]


def media_type(text: str) -> MediaType:
    """`application/fhir+json; fhirVersion=4.0` taken apart."""
    name, *rest = text.split(";")
    pairs = (part.partition("=") for part in rest)
    return MediaType(name.strip().lower(), {k.strip().lower(): v.strip().strip('"').lower() for k, _, v in pairs})


def wanted(accept: str, override: str = "") -> str:
    """JSON or XML for an Accept header; `override` is `_format`, which wins. Raises NotAcceptable.

    Nothing said is JSON. The highest `q` wins; of equals the one that is named first.
    """
    if override:
        found = _NAMES.get(override.replace(" ", "+").partition(";")[0].strip().lower())  # a bare + arrives as a blank
        if found is None:
            raise NotAcceptable("_format must be json or xml", where="_format")
        return found
    if not accept or accept in _ANY or accept == JSON:
        return JSON
    best, best_weight = "", 0.0
    for text in accept.split(","):
        one = media_type(text)
        found = _NAMES.get(one.name) or _ANY.get(one.name)
        weight = _weight(one.parameters.get("q", "1"))
        if found and weight > best_weight and one.parameters.get("fhirversion", "4.0") in _VERSIONS:
            best, best_weight = found, weight
    if not best:
        raise NotAcceptable(f"Answers are written as {JSON} or {XML}, FHIR 4.0", where="Accept")
    return best


def names_fhir(name: str) -> bool:
    """Whether a media type names one of the two FHIR formats."""
    return name in _NAMES


def sent(content_type: str) -> str:
    """JSON or XML for a Content-Type header. Raises UnsupportedMedia, WrongCharset."""
    one = media_type(content_type)
    found = _NAMES.get(one.name) if "/" in one.name else None
    if found is None or one.parameters.get("fhirversion", "4.0") not in _VERSIONS:
        raise UnsupportedMedia(f"Send {JSON} or {XML}, FHIR 4.0", where="Content-Type")
    if one.parameters.get("charset", "utf-8") not in ("utf-8", "utf8", "us-ascii"):
        raise WrongCharset("FHIR is written in UTF-8", where="Content-Type")
    return found


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
