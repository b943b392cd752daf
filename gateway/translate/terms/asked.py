"""What an operation is asked: the parameters of a URL, or a Parameters resource, in one form.

http://hl7.org/fhir/R4/operations.html#request. Every parameter must be one of the operation's and come once; what R4
has besides and is not served here is refused by name, so that nobody takes an answer for more than it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from gateway.errors import BadRequest
from gateway.translate.fhir.structure import structure

Json = dict[str, Any]

_VALIDATE = ("code", "display", "coding", "codeableConcept", "date", "abstract", "displayLanguage")
OPERATIONS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("CodeSystem", "$lookup"): ("code", "system", "version", "coding", "date", "displayLanguage", "property"),
    ("CodeSystem", "$validate-code"): ("url", "system", "version", *_VALIDATE),
    ("CodeSystem", "$subsumes"): ("url", "codeA", "codeB", "system", "version", "codingA", "codingB"),
    ("ValueSet", "$validate-code"): ("url", "system", "systemVersion", *_VALIDATE),
    ("ConceptMap", "$translate"): (
        "url", "code", "system", "version", "source", "coding", "codeableConcept", "target", "targetsystem", "reverse",
        "date",
    ),
}  # fmt: skip
"""The parameters that are served, by type and operation."""

_WAYS: Mapping[str, Sequence[tuple[str, ...]]] = {"$subsumes": (("codeA", "codingA"), ("codeB", "codingB"))}
_ONE_CODE = (("code", "coding", "codeableConcept"),)
"""How a code may be told; exactly one way of each row."""
_TEXTS = ("valueUri", "valueCode", "valueString", "valueUrl", "valueCanonical", "valueId", "valueOid", "valueUuid")
_DATES = ("valueDateTime", "valueDate", "valueInstant", "valueString")
_TRUTHS = {"true": True, "false": False}
_FLAGS = ("abstract", "reverse")
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters. `codings` are those of `code` with its system, of `coding` or of `codeableConcept`; `on` is the
    day that is asked about, "" for none."""

    texts: Mapping[str, str]
    codings: Sequence[Mapping[str, str]]
    properties: Sequence[str] = ()
    flags: Mapping[str, bool] = field(default_factory=dict)
    on: str = ""

    def text(self, name: str) -> str:
        """A parameter, "" when it was not given."""
        return self.texts.get(name, "")


def of_query(kind: str, operation: str, params: Sequence[tuple[str, str]]) -> Asked:
    """The parameters of a URL. Raises BadRequest."""
    made: dict[str, list[Any]] = {}
    for name, value in params:
        _served(kind, operation, name)
        if name.startswith("coding") or name == "codeableConcept":
            raise BadRequest("A URL has no place for this parameter", where=name, hint="POST a Parameters resource.")
        made.setdefault(name, []).append(value)
    return _asked(operation, made)


def of_resource(kind: str, operation: str, resource: Json, params: Sequence[tuple[str, str]] = ()) -> Asked:
    """The parameters of a Parameters resource, `params` being those of its URL, where none belong. Raises
    BadRequest."""
    if params:
        raise BadRequest("The parameters stand in the content, none in the URL", where="the query")
    if resource.get("resourceType") != "Parameters":
        raise BadRequest("The content is no Parameters resource", where="resourceType")
    fault = next(iter(structure(resource)), None)
    if fault:
        raise BadRequest(fault.text, where=fault.where)
    made: dict[str, list[Any]] = {}
    for at, one in enumerate(resource.get("parameter", ())):
        _served(kind, operation, one["name"])
        made.setdefault(one["name"], []).append(_value(one, f"Parameters.parameter[{at}]"))
    return _asked(operation, made)


def about(asked: Asked, url: str) -> Asked:
    """The same of one definition, where that is asked itself. Raises BadRequest where another is named."""
    if asked.text("url"):
        raise BadRequest("The resource that is asked needs no url", where="url")
    return replace(asked, texts={**asked.texts, "url": url})


def _served(kind: str, operation: str, name: str) -> None:
    served = OPERATIONS[kind, operation]
    if name not in served:
        raise BadRequest("A parameter is not served here", hint=f"Served: {', '.join(served)}.")


def _value(one: Json, where: str) -> Any:
    """The value of one parameter, of a type that it may have."""
    name = one["name"]
    if name.startswith("coding"):
        wanted: tuple[str, ...] = ("valueCoding",)
    elif name == "codeableConcept":
        wanted = ("valueCodeableConcept",)
    elif name in _FLAGS:
        wanted = ("valueBoolean",)
    else:
        wanted = _DATES if name == "date" else _TEXTS
    value = next((one[key] for key in wanted if key in one), None)
    if value is None:
        raise BadRequest(f"The parameter takes {wanted[0]}", where=where)
    return value


def _asked(operation: str, made: Mapping[str, list[Any]]) -> Asked:
    """Raises BadRequest where a parameter comes twice, is empty or contradicts another."""
    for name, values in made.items():
        if len(values) > 1 and name != "property":
            raise BadRequest("A parameter stands here twice", where=name)
        if any(value == "" or (isinstance(value, str) and len(value) > _LONGEST) for value in values):
            raise BadRequest("A parameter is empty or too long", where=name)
    ways = [_way(made, names) for names in _WAYS.get(operation, _ONE_CODE)]
    texts = {name: values[0] for name, values in made.items() if isinstance(values[0], str) and name not in _FLAGS}
    flags = {name: _truth(name, made[name][0]) for name in _FLAGS if name in made}
    codings = [coding for way in ways for coding in _codings(way, made[way][0], texts)]
    return Asked(texts, codings, tuple(made.get("property", ())), flags, _day(texts.pop("date", "")))


def _way(made: Mapping[str, list[Any]], names: tuple[str, ...]) -> str:
    """The way in which a code is told."""
    told = [name for name in names if name in made]
    if len(told) != 1:
        where = " and ".join(told) or names[0]
        raise BadRequest(f"Exactly one of {', '.join(names[:-1])} and {names[-1]} is needed", where=where)
    return told[0]


def _codings(way: str, value: Any, texts: Mapping[str, str]) -> list[dict[str, str]]:
    if way in ("code", "codeA", "codeB"):
        told = {"system": texts.get("system", ""), "code": value, "display": texts.get("display", "")}
        return [told | {"version": texts.get("version") or texts.get("systemVersion", "")}]
    codings = value.get("coding", []) if way == "codeableConcept" else [value]
    found = [{name: str(one.get(name, "")) for name in ("system", "code", "display", "version")} for one in codings]
    coded = [one for one in found if one["code"]]  # KL writes codings with a system alone, beside those with a code
    if not coded:
        raise BadRequest("A code is needed", where=way)
    return coded


def _truth(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value not in _TRUTHS:
        raise BadRequest("The parameter is true or false", where=name)
    return _TRUTHS[value]


def _day(text: str) -> str:
    """The day of a FHIR dateTime; of a year or month its first."""
    day = (text[:10] + "-01-01"[len(text) - 4 :] if len(text) < 10 else text[:10]) if text else ""
    try:
        return date.fromisoformat(day).isoformat() if day else ""
    except ValueError:
        raise BadRequest("The parameter is a date (2026-01-31)", where="date") from None
