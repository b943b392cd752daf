"""What the operations answer: Parameters resources. http://hl7.org/fhir/R4/terminology-service.html"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.domain.labels import Labeller
from gateway.domain.security_label import DATA_CLASS
from gateway.errors import BadRequest
from gateway.translate.terms.asked import Asked
from gateway.translate.terms.system import Found, System
from gateway.translate.terms.terms import Match, Terms, Verdict, folded, retired

Json = dict[str, Any]
PROPERTIES = ("parent", "child", "inactive", "deprecated", "sameAs", "note")
"""What `$lookup` tells of a concept."""
_STRANGE = Verdict(False, "The code system is not known here.")


def lookup(terms: Terms, asked: Asked, today: str) -> Json:
    """http://hl7.org/fhir/R4/codesystem-operation-lookup.html. Raises BadRequest, NotFound."""
    (coding,) = asked.codings
    if not coding["system"]:
        raise BadRequest("A system is needed", where="system")
    unknown = set(asked.properties) - {*PROPERTIES, "system", "name", "version", "display", "designation", "*"}
    if unknown:
        raise BadRequest("A property is not known", where="property", hint=f"Known: {', '.join(PROPERTIES)}.")
    system = terms.named(coding["system"], coding["version"] or asked.text("version"))
    on = asked.on or today
    found = terms.lookup(system, coding["code"], on)
    parameters = [
        {"name": "name", "valueString": system.about.title},
        {"name": "version", "valueString": system.about.version},
        {"name": "display", "valueString": found.concept.display},
        *(_designation(display) for display in found.concept.also),
    ]
    wanted = set(asked.properties) - {"*"} or set(PROPERTIES)
    parameters += [_property(*one) for one in _properties(system, found, on) if one[0] in wanted]
    return {"resourceType": "Parameters", "parameter": parameters}


def validate_in_system(terms: Terms, asked: Asked, today: str) -> Json:
    """http://hl7.org/fhir/R4/codesystem-operation-validate-code.html. Raises BadRequest, NotFound.

    Of the codings of a concept one that is valid is enough; those of systems that are not asked about do not count.
    """
    url, version = asked.text("url") or asked.text("system"), asked.text("version")
    system = terms.named(url, version) if url else None
    verdicts = []
    for coding in asked.codings:
        told = coding["system"] or url
        if not told:
            raise BadRequest("A system is needed", where="url")
        if system and terms.system(told) is not system:
            verdicts.append(Verdict(False, "The coding is of another system than the one that is asked about."))
        elif not system and len(asked.codings) > 1 and terms.system(told) is None:
            verdicts.append(_STRANGE)
        else:
            named = terms.named(told, coding["version"])
            verdicts.append(terms.validate(named, coding["code"], coding["display"], asked.on or today))
    return _verdict(verdicts)


def subsumes(terms: Terms, asked: Asked) -> Json:
    """http://hl7.org/fhir/R4/codesystem-operation-subsumes.html. Raises BadRequest, NotFound."""
    told = {coding["system"] or asked.text("url") or asked.text("system") for coding in asked.codings}
    if not all(told):
        raise BadRequest("A system is needed", where="system")
    system, *others = {terms.named(url, asked.text("version")) for url in told}
    if others:
        raise BadRequest("Both codes must be of one system", where="codingB")
    first, second = (terms.lookup(system, coding["code"]).concept.code for coding in asked.codings)
    if first == second:
        outcome = "equivalent"
    elif any(one.code == first for one in system.above(second)):
        outcome = "subsumes"
    elif any(one.code == second for one in system.above(first)):
        outcome = "subsumed-by"
    else:
        outcome = "not-subsumed"
    return {"resourceType": "Parameters", "parameter": [{"name": "outcome", "valueCode": outcome}]}


def validate_in_set(terms: Terms, asked: Asked, today: str) -> Json:
    """http://hl7.org/fhir/R4/valueset-operation-validate-code.html. Raises BadRequest, NotFound.

    A coding of a system that is not known here is in no value set that is.
    """
    if not asked.text("url"):
        raise BadRequest("A value set is needed", where="url")
    value_set = terms.value_set(asked.text("url"))
    verdicts = []
    for coding in asked.codings:
        told = coding["system"]
        if told and terms.system(told) is None:
            verdicts.append(_STRANGE)
            continue
        system = terms.named(told, coding["version"]) if told else None
        verdicts.append(terms.validate_in(value_set, system, coding["code"], coding["display"], asked.on or today))
    return _verdict(verdicts)


def translate(terms: Terms, asked: Asked, today: str, labeller: Labeller) -> Json:
    """http://hl7.org/fhir/R4/conceptmap-operation-translate.html. Raises BadRequest, NotFound.

    `target` and `source` are value sets, `targetsystem` a code system. Without `url` every code table is asked, and
    the other codes of the same concept are told too, and the labels and data classes that mappings/policy gives a
    condition with the code. Rows are those of the `date`, or of today. A code that its system does not have leads
    nowhere, and is told.
    """
    table = terms.table(asked.text("url")) if asked.text("url") else None
    reverse = asked.flags.get("reverse", False)
    matches: list[Match] = []
    refuted: list[str] = []
    targets = [asked.text("targetsystem")] if asked.text("targetsystem") else [""]
    if asked.text("target"):
        wanted = folded(terms.canonical(targets[0]))
        targets = [one for one in terms.value_set(asked.text("target")).systems if wanted in ("", folded(one))]
    for coding in asked.codings:
        if not coding["system"] and table is None:
            raise BadRequest("A system is needed, or the url of a concept map", where="system")
        wrong = terms.refuted(coding["system"], coding["code"])
        refuted += [wrong] if wrong else []
        for target in targets:
            matches += terms.translate(
                coding["system"], coding["code"], target=target, table=table,
                reverse=reverse, on=asked.on or today,
            )  # fmt: skip
            if table is None and not reverse and not wrong:
                told = _labels(terms, labeller, coding["system"], coding["code"])
                matches += [one for one in told if not target or folded(one.system) == folded(target)]
    if asked.text("target"):
        value_set = terms.value_set(asked.text("target"))
        matches = [one for one in matches if _in_set(terms, value_set.about.url, one)]
    return {"resourceType": "Parameters", "parameter": list(_translated(matches, refuted))}


def _labels(terms: Terms, labeller: Labeller, url: str, code: str) -> Iterable[Match]:
    """The labels of a code: a label says less than the code it stands on."""
    system = terms.system(url)
    found = system.find(code) if system else None
    labels, classes = labeller.of_code(terms.canonical(url), found.concept.code if found else code, "Condition")
    for token in sorted(labels | {f"{DATA_CLASS}|{name}" for name in classes}):
        its, _, label = token.rpartition("|")
        known = terms.system(its)
        meant = known.find(label) if known else None
        yield Match("wider", its, label, meant.concept.display if meant else "")


def _in_set(terms: Terms, url: str, match: Match) -> bool:
    system = terms.system(match.system)
    return not match.code or (system is not None and terms.validate_in(terms.value_set(url), system, match.code).valid)


def _translated(matches: Sequence[Match], refuted: Sequence[str]) -> Iterable[Json]:
    result = any(one.code for one in matches)
    yield {"name": "result", "valueBoolean": result}
    if refuted:
        yield {"name": "message", "valueString": " ".join(f"{text}." for text in dict.fromkeys(refuted))}
    elif not matches:
        yield {"name": "message", "valueString": "No code table leads from this code to anything that was asked for."}
    elif not result:
        notes = " ".join(dict.fromkeys(one.note for one in matches))
        yield {"name": "message", "valueString": f"The code is known and has no code there: {notes}"}
    for one in matches:
        parts: list[Json] = [{"name": "equivalence", "valueCode": one.equivalence}]
        coding = {"system": one.system if one.code else "", "code": one.code, "display": one.display}
        if told := {name: text for name, text in coding.items() if text}:
            parts.append({"name": "concept", "valueCoding": told})
        if one.table:
            parts.append({"name": "source", "valueUri": one.table})
        yield {"name": "match", "part": parts}


def _verdict(verdicts: Sequence[Verdict]) -> Json:
    """One valid coding of a concept is enough; else everything that is wrong is told."""
    chosen = next((one for one in verdicts if one.valid), verdicts[0])
    texts = [chosen.text] if chosen.valid else dict.fromkeys(one.text for one in verdicts)
    said = " ".join(f"{text.rstrip('.')}." for text in texts if text)
    parameters: list[Json] = [{"name": "result", "valueBoolean": chosen.valid}]
    if said:
        parameters.append({"name": "message", "valueString": said})
    if chosen.found:
        parameters.append({"name": "display", "valueString": chosen.found.concept.display})
    return {"resourceType": "Parameters", "parameter": parameters}


def _properties(system: System, found: Found, on: str) -> Iterable[tuple[str, Any]]:
    """What is known of a concept: (property, value); codes are those of the concepts themselves."""
    concept = found.concept
    if concept.parent:
        yield "parent", concept.parent
    yield from (("child", child) for child in system.children(concept.code))
    yield "inactive", bool(retired(concept, on))
    if concept.valid_to:
        yield "deprecated", concept.retired_from
    yield from (("sameAs", code) for code in system.all_codes(concept) if code != found.code)
    if concept.note:
        yield "note", concept.note


def _property(name: str, value: Any) -> Json:
    kind = {"inactive": "valueBoolean", "deprecated": "valueDateTime", "note": "valueString"}.get(name, "valueCode")
    return {"name": "property", "part": [{"name": "code", "valueCode": name}, {"name": "value", kind: value}]}


def _designation(display: str) -> Json:
    return {
        "name": "designation",
        "part": [{"name": "language", "valueCode": "da"}, {"name": "value", "valueString": display}],
    }
