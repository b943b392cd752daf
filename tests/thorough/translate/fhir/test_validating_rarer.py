"""Validation of what is rarer: Parameters with full URLs, parts of searches, extensions of R4 in other places."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.translate.fhir.validating import ERROR, INFORMATION, WARNING, validate

Json = dict[str, Any]
DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><p>x</p></div>'
TEXT = {"status": "generated", "div": DIV}
PATIENT: Json = {"resourceType": "Patient", "id": "p1", "text": TEXT}
ORGANIZATION: Json = {"resourceType": "Organization", "id": "o1", "name": "Bosted", "text": TEXT}
R4 = "http://hl7.org/fhir/StructureDefinition/"
UUID = "urn:uuid:d12004a7-5ed5-41ab-a8f2-0de5f0c98847"
ELSEWHERE = "urn:uuid:d12004a7-5ed5-41ab-a8f2-0de5f0c98848"
OID = "urn:oid:1.2.208.176.1.2.3"


def told(resource: Json, severity: str) -> list[tuple[str, str]]:
    return [(one.where, one.issue) for one in validate(resource) if one.severity == severity]


def errors(resource: Json) -> list[tuple[str, str]]:
    return told(resource, ERROR)


def bundle(kind: str, *entries: Json, **more: Any) -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)} | more


def led(reference: str, **more: Any) -> Json:
    return PATIENT | {"managingOrganization": {"reference": reference} | more}


LED = "Bundle.entry[0].resource.managingOrganization.reference"


@pytest.mark.parametrize(
    ("kind", "severity"), [("transaction", ERROR), ("batch", ERROR), ("collection", WARNING), ("searchset", None),
                           ("history", None)],
)  # fmt: skip
@pytest.mark.parametrize("lost", [ELSEWHERE, OID, f"{ELSEWHERE}#part"])
def test_what_travels_nowhere_is_looked_for_in_the_bundle(kind: str, severity: str | None, lost: str) -> None:
    """A urn: leads into the Bundle or nowhere; what a server found refers to what is there."""
    asked = {"request": {"method": "PUT", "url": "Patient/p1"}} if kind in ("transaction", "batch", "history") else {}
    done = {"response": {"status": "200"}} if kind == "history" else {}
    found = validate(bundle(kind, {"fullUrl": UUID, "resource": led(lost)} | asked | done))
    assert [one.severity for one in found if one.where == LED] == ([severity] if severity else [])


def test_a_part_of_what_travels_with_it_is_found() -> None:
    here = {"fullUrl": ELSEWHERE, "resource": ORGANIZATION}
    found = validate(bundle("collection", {"fullUrl": UUID, "resource": led(f"{ELSEWHERE}#part")}, here))
    assert [one for one in found if one.where == LED] == []


def test_an_identifier_beside_it_makes_it_a_warning() -> None:
    entry = {"fullUrl": UUID, "request": {"method": "PUT", "url": "Patient/p1"}}
    bare = bundle("transaction", entry | {"resource": led(ELSEWHERE)})
    named = bundle("transaction", entry | {"resource": led(ELSEWHERE, identifier={"system": OID, "value": "7"})})
    assert errors(bare) == [(LED, "not-found")]
    assert errors(named) == []
    assert (LED, "not-found") in told(named, WARNING)


def parameters(*parts: Json) -> Json:
    return {"resourceType": "Parameters", "parameter": list(parts)}


def named(url: str, resource: Json) -> Json:
    full = {"url": f"{R4}parameters-fullUrl", "valueUri": url}
    return {"extension": [full], "name": "resource", "resource": resource}


def test_parameters_know_their_resources_by_full_url() -> None:
    where = "Parameters.parameter[0].resource.managingOrganization.reference"
    lost = parameters(named(UUID, led(ELSEWHERE)))
    found = parameters(named(UUID, led(ELSEWHERE)), named(ELSEWHERE, ORGANIZATION))
    assert (where, "not-found") in told(lost, WARNING)
    assert (where, "not-found") not in told(found, WARNING)
    assert errors(found) == []


def test_two_entries_of_one_url_and_two_types_say_nothing_of_the_type() -> None:
    device = {"resourceType": "Device", "id": "d", "text": TEXT}
    first = {"fullUrl": UUID, "resource": led(ELSEWHERE)}
    wrong = bundle("collection", first, {"fullUrl": ELSEWHERE, "resource": device})
    assert (LED, "value") in errors(wrong)
    both = bundle("collection", first, {"fullUrl": ELSEWHERE, "resource": ORGANIZATION},
                  {"fullUrl": ELSEWHERE, "resource": device})  # fmt: skip
    assert (LED, "value") not in errors(both)


ABOUT = {"identifier": {"system": "urn:s", "value": "1"}, "timestamp": "2025-01-01T00:00:00Z"}
HEADER: Json = {
    "resourceType": "MessageHeader", "id": "h", "eventUri": "urn:e", "source": {"endpoint": "urn:x"}, "text": TEXT,
    "focus": [{"reference": "Patient/p1"}],
}  # fmt: skip


def test_a_message_holds_its_focus_and_every_entry_has_a_url() -> None:
    head = {"fullUrl": "https://a.example/MessageHeader/h", "resource": HEADER}
    patient = {"fullUrl": "https://a.example/Patient/p1", "resource": PATIENT}
    assert errors(bundle("message", head, patient, **ABOUT)) == []
    assert errors(bundle("message", head, **ABOUT)) == [("Bundle.entry[0].resource.focus[0].reference", "not-found")]
    bare = errors(bundle("message", head, patient, {"resource": ORGANIZATION}, **ABOUT))
    assert bare == [("Bundle.entry[2]", "required")]
    other = HEADER | {"focus": [], "responsible": {"reference": "Organization/o1"}}
    del other["focus"]
    assert errors(bundle("message", head | {"resource": other}, **ABOUT)) == [], "the focus alone must be in it"


def test_a_head_without_a_server_finds_nothing_by_a_relative_reference() -> None:
    head = {"fullUrl": UUID, "resource": HEADER}
    patient = {"fullUrl": "https://a.example/Patient/p1", "resource": PATIENT}
    assert ("Bundle.entry[0].resource.focus[0].reference", "not-found") in errors(
        bundle("message", head, patient, **ABOUT)
    )


def search(url: str, resource: Json | None, mode: str | None = "match") -> Json:
    entry: Json = {"fullUrl": "https://a.example/Patient/p1"} | ({"search": {"mode": mode}} if mode else {})
    return bundle("searchset", entry | ({"resource": resource} if resource else {}), total=1,
                  link=[{"relation": "self", "url": url}])  # fmt: skip


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        (search("https://a.example/Patient?name=x", PATIENT), []),
        (search("https://a.example/Patient/_search?name=x", PATIENT), []),
        (search("https://a.example/Device/_search", PATIENT), [("Bundle.entry[0].resource", "value")]),
        (search("https://a.example/Device?_id=1", PATIENT, "include"), []),
        (search("https://a.example/Device?_id=1", PATIENT, None), []),
        (search("https://a.example/?_type=Device&_type=Patient", PATIENT), []),
        (search("https://a.example/?_type=Device", PATIENT), [("Bundle.entry[0].resource", "value")]),
        (search("https://a.example/?_type=Unknown", PATIENT), []),
        (search("https://a.example/nothing?Patient", PATIENT), []),
    ],
)
def test_what_a_search_found_is_of_what_it_asked_for(resource: Json, found: list[tuple[str, str]]) -> None:
    assert errors(resource) == found


def test_links_that_stand_once_and_those_that_may_repeat() -> None:
    links = [{"relation": name, "url": f"urn:{at}"} for at, name in enumerate(["self", "prev", "alternate"] * 2)]
    assert [where for where, _ in errors(bundle("collection", link=links, entry=[{"resource": PATIENT}]))] == [
        "Bundle.link[3]", "Bundle.link[4]",
    ]  # fmt: skip


BIRTH = f"{R4}patient-birthTime"


@pytest.mark.parametrize(
    ("resource", "where"),
    [
        (PATIENT | {"_birthDate": {"extension": [{"url": BIRTH, "valueDateTime": "1982-02-15T10:00:00Z"}]},
                    "birthDate": "1982-02-15"}, None),
        (PATIENT | {"extension": [{"url": BIRTH, "valueDateTime": "1982-02-15T10:00:00Z"}]}, "Patient.extension[0]"),
        (PATIENT | {"_birthDate": {"extension": [{"url": BIRTH, "valueString": "kl. 10"}]},
                    "birthDate": "1982-02-15"}, "Patient.birthDate.extension[0]"),
        (PATIENT | {"extension": [{"url": f"{BIRTH}|4.0.1", "valueString": "x"}]}, "Patient.extension[0].url"),
        (PATIENT | {"extension": [{"url": "birthTime", "valueString": "x"}]}, "Patient.extension[0].url"),
        (PATIENT | {"extension": [{"url": "urn:x", "extension": [{"url": "part", "valueString": "x"}]}]}, None),
    ],
)  # fmt: skip
def test_extensions_of_r4_stand_where_it_says(resource: Json, where: str | None) -> None:
    assert [at for at, _ in errors(resource)] == ([where] if where else [])


def test_extensions_that_nobody_here_knows() -> None:
    of_r4 = PATIENT | {"extension": [{"url": f"{R4}patient-shoeSize", "valueInteger": 42}]}
    assert ("Patient.extension[0]", "not-found") in told(of_r4, WARNING)
    of_others = PATIENT | {"extension": [{"url": "https://a.example/size", "valueInteger": 42}]}
    assert ("Patient.extension[0]", "not-found") in told(of_others, INFORMATION)
    assert told(of_others, WARNING) == []


SEARCH: Json = {
    "resourceType": "SearchParameter", "url": "http://a.example/1", "name": "X", "status": "draft", "code": "x",
    "description": "x", "base": ["Organization"], "type": "string", "expression": "Organization.name", "text": TEXT,
}  # fmt: skip
PARTS = [{"definition": "http://a.example/2", "expression": "name"}] * 2


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"type": "composite", "component": PARTS}, []),
        ({"type": "composite", "component": PARTS[:1]}, ["SearchParameter"]),
        ({"type": "composite"}, ["SearchParameter"]),
        ({"component": PARTS}, ["SearchParameter.component"]),
        ({"derivedFrom": "http://hl7.org/fhir/SearchParameter/Organization-name|4.0.1"}, []),
        ({"derivedFrom": "http://hl7.org/fhir/SearchParameter/Organization-name|4.0.1", "type": "token"},
         ["SearchParameter.type"]),
        ({"derivedFrom": "http://a.example/unknown", "type": "token"}, []),
        ({"derivedFrom": "http://hl7.org/fhir/SearchParameter/Resource-id", "type": "token"}, []),
        ({"derivedFrom": "http://hl7.org/fhir/SearchParameter/Organization-name", "base": ["Organization", "Device"]},
         ["SearchParameter.base"]),
    ],
)  # fmt: skip
def test_search_parameters_and_what_they_come_from(change: Json, found: list[str]) -> None:
    assert [where for where, _ in errors(SEARCH | change)] == found


def test_two_elements_of_one_id_and_two_contained_of_one() -> None:
    """An id may stand on a primitive too, beside its value."""
    once = PATIENT | {"active": True, "_active": {"id": "a"}, "name": [{"id": "b", "text": "Ane"}]}
    assert errors(once) == []
    twice = once | {"name": [{"id": "a", "text": "Ane"}]}
    assert [issue for _, issue in errors(twice)] == ["value"]
    inside = {"resourceType": "Organization", "id": "o", "name": "Bosted"}
    both = PATIENT | {"contained": [inside, inside], "managingOrganization": {"reference": "#o"}}
    assert ("Patient.contained[1].id", "value") in errors(both)
