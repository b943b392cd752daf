"""R4 search parameters by type: tokens, strings, dates, numbers, quantities, URIs, composites, orders, parts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.domain.searching.order import compile_orders, place_of, sort_key
from gateway.domain.searching.query import Here, parameters, understand
from gateway.domain.searching.subset import Shape, subset
from gateway.errors import BadRequest
from gateway.translate import r4

SERVED = {kind: parameters(r4.facts().search, kind) for kind in r4.facts().search}
OWN = "https://gateway.example/fhir/"
UCUM = "http://unitsofmeasure.org"


def amount(value: str, code: str = "mm[Hg]", **more: Any) -> dict[str, Any]:
    return {"value": Decimal(value), "system": UCUM, "code": code, "unit": "mmHg"} | more


def coded(*codes: str, text: str = "") -> dict[str, Any]:
    codings = [{"system": system, "code": code} for system, _, code in (one.partition("|") for one in codes)]
    return {"coding": codings, "text": text}


PRESSURE: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o1",
    "meta": {"lastUpdated": "2026-03-02T10:00:00.000+00:00", "profile": ["https://x.dk/p|1.0"],
             "tag": [{"system": "urn:t", "code": "a"}], "source": "https://x.dk/src/one"},
    "status": "final",
    "code": coded("http://loinc.org|85354-9", text="Blodtryk målt af Åse"),
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2026-03-02T09:30:00+01:00",
    "performer": [{"reference": f"{OWN}RelatedPerson/r1/_history/3"},
                  {"type": "Organization", "identifier": {"system": "http://cvr.dk", "value": "64942212"}}],
    "component": [
        {"code": coded("http://loinc.org|8480-6"), "valueQuantity": amount("120.0")},
        {"code": coded("http://loinc.org|8462-4"), "valueQuantity": amount("80", comparator="<")},
    ],
    "text": {"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'><b>Blodtryk</b> 120/80</div>"},
}  # fmt: skip


def finds(body: dict[str, Any], name: str, value: str) -> bool:
    return understand(body["resourceType"], SERVED, [(name, value)], Here(OWN)).matches(body)


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("code", "http://loinc.org|8480-6", False),
        ("combo-code", "http://loinc.org|8480-6", True),
        ("code", "x,http://loinc.org|85354-9", True),
        ("code:text", "målt af ase", True),
        ("code:text", "åse", True),
        ("status", "http://hl7.org/fhir/observation-status|final", True),
        ("status", "http://hl7.org/fhir/observation-status|", True),
        ("status", "urn:other|final", False),
        ("status", "urn:other|", False),
        ("component-value-quantity", "120", True),
        ("component-value-quantity", "120.1", False),
        ("component-value-quantity", "119.6", False),
        ("component-value-quantity", f"gt119.9|{UCUM}|mm[Hg]", True),
        ("component-value-quantity", f"gt119.9|{UCUM}|kPa", False),
        ("component-value-quantity", "eq120||mmHg", True),
        ("component-value-quantity", f"120|{UCUM}|", True),  # any unit of that system
        ("component-value-quantity", "120|urn:other|", False),
        ("component-value-quantity", "lt79", True),  # the value is said to be below 80
        ("component-value-quantity", "ap110", True),
        ("component-value-quantity", "sa130", False),
        ("component-value-quantity", "1.2e2", True),
        ("component-code-value-quantity", "http://loinc.org|8480-6$gt100", True),
        ("component-code-value-quantity", "http://loinc.org|8462-4$gt100", False),
        ("component-code-value-quantity", "8462-4$gt100,8480-6$gt100", True),
        ("combo-code-value-quantity", f"8480-6$120|{UCUM}|mm[Hg]", True),
        ("code-value-quantity", "85354-9$gt1", False),
        ("date", "2026-03-02", True),
        ("date", "2026-03-02T09:30+01:00", True),
        ("date", "2026-03-02T08:30:00Z", True),
        ("date", "2026-03-02T09:30:00 01:00", True),  # a bare + of a URL arrives as a blank
        ("date", "ne2026-03-02", False),
        ("date:missing", "false", True),
        ("value-quantity:missing", "true", True),
        ("performer", "RelatedPerson/r1", True),
        ("performer", f"{OWN}RelatedPerson/r1", True),
        ("performer", "RelatedPerson/r1/_history/9", True),
        ("performer", "r1", True),
        ("performer", "https://other.example/fhir/RelatedPerson/r1", False),
        ("performer:RelatedPerson", "r1", True),
        ("performer:Patient", "r1", False),
        ("performer:identifier", "urn:oid:1.3.184|DK64942212", True),
        ("_lastUpdated", "gt2026-03-02T09:59:59Z", True),
        ("_lastUpdated", "lt2026-03-02", False),
        ("_profile", "https://x.dk/p", True),
        ("_profile", "https://x.dk/p|1.0", True),
        ("_profile:below", "https://x.dk", True),
        ("_source:above", "https://x.dk/src/one/two", True),
        ("_source:below", "https://x.dk/sr", False),
        ("_tag", "urn:t|a", True),
        ("_tag:not", "urn:t|a", False),
        ("_security:missing", "true", True),
        ("_text", "blodtryk 120", True),
        ("_text", "xmlns", False),
        ("_content", "åse", True),
        ("_content", "findes-ikke", False),
    ],
)  # fmt: skip
def test_an_observation_by_its_parameters(name: str, value: str, found: bool) -> None:
    assert finds(PRESSURE, name, value) is found


def test_escapes_stand_for_the_characters_themselves() -> None:
    odd = {
        "resourceType": "Condition",
        "id": "c",
        "code": coded("urn:a|x,y$z"),
        "identifier": [{"system": "s|t", "value": "1"}],
    }
    assert finds(odd, "code", "urn:a|x\\,y\\$z")
    assert finds(odd, "code", "x\\,y\\$z")
    assert not finds(odd, "code", "x,y\\$z")
    assert finds(odd, "identifier", "s\\|t|1")


def test_a_system_alone_and_a_value_of_no_system() -> None:
    numbered = {"resourceType": "Encounter", "id": "e", "identifier": [{"system": "urn:x", "value": "17"}]}
    plain = {"resourceType": "Encounter", "id": "e", "identifier": [{"value": "17"}]}
    for value, by_system, without in (
        ("urn:x|", True, False), ("urn:y|", False, False), ("|17", False, True), ("17", True, True),
    ):  # fmt: skip
        assert (finds(numbered, "identifier", value), finds(plain, "identifier", value)) == (by_system, without), value
    whose = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:oid:1.2.208.176.1.2", "value": "1"}]}
    for value, named in (("urn:oid:1.2.208.176.1.2|", False), ("|1", False), ("urn:x|1", True), ("urn:x|1,2", False)):
        query = understand("Patient", SERVED, [("identifier", value)])
        assert bool(query.named) is named, value
        assert named or query.matches(whose) is (value[0] != "|" and value[-1] != "2"), value


def test_the_subject_may_be_told_to_be_nobody_here() -> None:
    """R4 3.1.1.4.1: what is well told and not known finds nothing; it is no fault."""
    for value in ("Group/1", "https://other.example/fhir/Patient/1", "urn:uuid:0ddc5b0e-9a51-4dc1-a1a2-3a1f7a5e8d5f"):
        (group,) = understand("Condition", SERVED, [("subject", value)], Here(OWN)).named
        assert [one.patient for one in group] == ["-"], value
    for wrong in ("", "2512489996 x", "urn:oid:1.2.208.176.1.2|2512489996", "Patient/"):
        with pytest.raises(BadRequest):
            understand("Condition", SERVED, [("subject", wrong)], Here(OWN))


@pytest.mark.parametrize(
    ("asked", "held", "there"),
    [("100", "99.5", True), ("100", "100.4", True), ("100", "100.5", False), ("100", "99.4", False),
     ("100.00", "100.004", True), ("100.00", "100.005", False), ("1e2", "95", True), ("1e2", "104.9", True),
     ("1e2", "105", False), ("1e2", "94.9", False), ("lt100", "99.9", True), ("lt100", "100", False),
     ("le100", "100", True), ("gt100", "100.1", True), ("gt100", "100", False), ("ge100", "100", True),
     ("ne100", "100.2", False), ("ne100", "101", True), ("5.40e-3", "0.005395", True), ("5.40e-3", "0.0053949", False),
     ("5.40e-3", "0.005405", False), ("ap100", "90", True), ("ap100", "89.9", False)],
)  # fmt: skip
def test_numbers_as_r4_tells_them(asked: str, held: str, there: bool) -> None:
    """The examples of R4 3.1.1.4.6 and 3.1.1.4.12."""
    body = {"resourceType": "Observation", "id": "o", "valueQuantity": {"value": Decimal(held)}}
    assert finds(body, "value-quantity", asked) is there


@pytest.mark.parametrize(
    ("asked", "held", "there"),
    [("eq2013-01-14", "2013-01-14T00:00", True), ("eq2013-01-14", "2013-01-14T10:00", True),
     ("eq2013-01-14", "2013-01-15T00:00", False), ("ne2013-01-14", "2013-01-15T00:00", True),
     ("ne2013-01-14", "2013-01-14T00:00", False), ("ne2013-01-14", "2013-01-14T10:00", False),
     ("lt2013-01-14T10:00", "2013-01-14", True), ("gt2013-01-14T10:00", "2013-01-14", True),
     ("ge2013-03-14", {"start": "2013-01-21"}, True), ("le2013-03-14", {"start": "2013-01-21"}, True),
     ("sa2013-03-14", {"start": "2013-03-15"}, True), ("sa2013-03-14", {"start": "2013-01-21"}, False),
     ("sa2013-03-14", {"start": "2013-01-21", "end": "2013-03-15"}, False),
     ("eb2013-03-14", {"start": "2013-01-21"}, False), ("eb2013-03-14", {"end": "2013-03-13"}, True),
     ("eb2013-03-14", {"end": "2013-03-15"}, False), ("ap2013-03-14", "2013-03-14", True),
     ("ap2013-03-14", "2013-01-21", False), ("2013", "2013-06", True), ("2013-06", "2013", False),
     ("2013-01-14T23:30:00Z", "2013-01-15T00:30:00+01:00", True), ("2013-01-15", "2013-01-14T23:30:00Z", True),
     ("2013-01-14", "2013-01-14T23:30:00Z", False), ("2013-01-14T23:30:00.5Z", "2013-01-14T23:30:00.51Z", True),
     ("ge2013-01-14T23:30:00.6Z", "2013-01-14T23:30:00.51Z", False)],
)  # fmt: skip
def test_dates_as_r4_tells_them(asked: str, held: Any, there: bool) -> None:
    """The examples of R4 3.1.1.4.7; without a zone it is Danish time."""
    name = "effectivePeriod" if isinstance(held, dict) else "effectiveDateTime"
    assert finds({"resourceType": "Observation", "id": "o", name: held}, "date", asked) is there


def test_what_is_told_twice_of_the_answer() -> None:
    """Nothing that was asked for is left out in silence."""
    given = ["_sort=code", "_sort=-onset-date", "_count=2", "_elements=code", "_elements=onset", "_count=2"]
    twice = understand("Condition", SERVED, [(one.partition("=")[0], one.partition("=")[2]) for one in given])
    assert [(one.parameter.name, one.down) for one in twice.orders] == [("code", False), ("onset-date", True)]
    assert (twice.elements, twice.count) == (("code", "onset"), 2)
    for name, values in (("_count", "12"), ("_total", ("none", "accurate")), ("_summary", ("true", "data"))):
        with pytest.raises(BadRequest):
            understand("Condition", SERVED, [(name, value) for value in values])
    with pytest.raises(BadRequest):
        understand("Condition", SERVED, [("_summary", "text"), ("_include", "Condition:subject")])


def test_an_address_is_not_found_by_what_type_it_is_of() -> None:
    person = {"resourceType": "Patient", "id": "p", "address": [{"type": "physical", "use": "home", "city": "Rosø"}]}
    assert finds(person, "address", "rosø")
    assert not finds(person, "address:contains", "phys")


def test_identifiers_of_a_type() -> None:
    kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
    stay = {"resourceType": "Encounter", "id": "e", "identifier": [{"type": kind, "system": "urn:x", "value": "17"}]}
    assert finds(stay, "identifier:of-type", "http://terminology.hl7.org/CodeSystem/v2-0203|MR|17")
    assert not finds(stay, "identifier:of-type", "http://terminology.hl7.org/CodeSystem/v2-0203|SS|17")
    kind["text"] = "Journalnummer"
    assert finds(stay, "identifier:text", "journal")
    with pytest.raises(BadRequest):
        finds(stay, "identifier:of-type", "MR|17")


def test_age_range_timing_and_relations() -> None:
    ill = {"resourceType": "Condition", "id": "c", "onsetAge": {"value": 52, "unit": "år", "system": UCUM, "code": "a"}}
    assert finds(ill, "onset-age", f"gt50|{UCUM}|a")
    ranged = {"resourceType": "Condition", "id": "c", "onsetRange": {"low": {"value": 50}, "high": {"value": 60}}}
    assert finds(ranged, "onset-age", "ge55")
    assert not finds(ranged, "onset-age", "55")
    asked = {"resourceType": "ServiceRequest", "id": "s", "occurrenceTiming": {"event": ["2026-03-02", "2026-03-09"]}}
    assert finds(asked, "occurrence", "2026-03")
    assert not finds(asked, "occurrence", "2026-03-02")
    bounded = {
        "resourceType": "ServiceRequest",
        "id": "s",
        "occurrenceTiming": {"repeat": {"boundsPeriod": {"start": "2026-03-02"}}},
    }
    assert finds(bounded, "occurrence", "gt2040")
    letter = {
        "resourceType": "DocumentReference",
        "id": "d",
        "relatesTo": [
            {"code": "replaces", "target": {"reference": "DocumentReference/old"}},
            {"code": "appends", "target": {"reference": "DocumentReference/other"}},
        ],
    }
    assert finds(letter, "relationship", "replaces$DocumentReference/old")
    assert not finds(letter, "relationship", "replaces$DocumentReference/other")


def test_a_status_is_not_its_reason() -> None:
    """`statusReason` begins like `status` and is another element."""
    task = {"resourceType": "Task", "id": "t", "statusReason": {"text": "x"}}
    assert finds(task, "status:missing", "true")


@pytest.mark.parametrize(
    ("name", "value"),
    [("date", "0000-01-01"), ("date", "2026-02-30"), ("date", "2026-01-01T25:00:00Z"),
     ("component-value-quantity", "NaN"),
     ("component-value-quantity", "1|2"), ("component-value-quantity", "1" * 30),
     ("component-code-value-quantity", "a"),
     ("code", ""), ("_content", " "), ("_text", " "), ("code:not", ""), ("code", ","),
     ("date", "2026-03-02T09"), ("date", "2026 03"),
     ("code:of-type", "a|b|c"), ("status:of-type", "a|b|c"),
     ("component-code-value-quantity", "a$b$c"), ("component-code-value-quantity", "a$"), ("status:exact", "x"),
     ("performer:Encounter", "x"), ("code:in", "x"), ("_text:exact", "x"), ("code:missing", "maybe")],
)  # fmt: skip
def test_what_cannot_be_asked_is_told_without_its_value(name: str, value: str) -> None:
    with pytest.raises(BadRequest) as refused:
        finds(PRESSURE, name, value)
    assert len(value) < 3 or value not in refused.value.told()


def test_values_are_looked_at_in_linear_time() -> None:
    """A text made to be slow for regular expressions costs what its length costs."""
    long = {"resourceType": "Patient", "id": "p", "name": [{"text": "a" * 50_000}], "text": {"div": "<" * 50_000}}
    for name, value in (("name:contains", "a" * 30 + "!"), ("_content", "a! " * 30), ("_text", "<<<" * 30)):
        assert not finds(long, name, value) or name == "_text"


def test_the_order_of_several_values_and_of_none() -> None:
    bodies = [
        {"resourceType": "Encounter", "id": "a", "status": "finished", "period": {"start": "2026-01-05"}},
        {"resourceType": "Encounter", "id": "b", "status": "planned"},
        {"resourceType": "Encounter", "id": "c", "status": "arrived",
         "period": {"start": "2026-01-01", "end": "2026-02-01"}},
        {"resourceType": "Encounter", "id": "d", "status": "arrived", "period": {"start": "2026-01-05"}},
    ]  # fmt: skip

    def ordered(by: str) -> str:
        orders = compile_orders(by, SERVED["Encounter"])
        key = sort_key(orders)
        return "".join(one["id"] for one in sorted(bodies, key=lambda one: key(place_of(orders, one, [one["id"]]))))

    assert ordered("date") == "cadb"
    assert ordered("-date") == "adcb"  # open ends are the latest
    assert ordered("status,-date") == "dcab"
    assert ordered("-status") == "bacd"
    assert ordered("") == "abcd"


def test_numbers_are_ordered_as_numbers() -> None:
    def measured(name: str, value: str) -> dict[str, Any]:
        return {"resourceType": "Observation", "id": name, "valueQuantity": {"value": Decimal(value)}}

    bodies = [measured("a", "10"), measured("b", "9.5"), measured("c", "-3"), measured("d", "-20")]
    orders = compile_orders("value-quantity", SERVED["Observation"])
    key = sort_key(orders)
    assert [one["id"] for one in sorted(bodies, key=lambda one: key(place_of(orders, one, [])))] == ["d", "c", "b", "a"]


SHAPE = Shape(
    needed=frozenset({"status"}), modifiers=frozenset({"status", "modifierExtension"}),
    summary=frozenset({"Observation.id", "Observation.meta", "Observation.status", "Observation.code",
                       "Observation.component", "Observation.component.code"}),
)  # fmt: skip


def test_a_part_keeps_what_must_be_there_and_is_marked() -> None:
    body = PRESSURE | {"modifierExtension": [{"url": "urn:x"}]}
    part = subset(body, SHAPE, "", ("effective",))
    assert part.keys() == {"resourceType", "id", "meta", "status", "modifierExtension", "effectiveDateTime"}
    assert [tag["code"] for tag in part["meta"]["tag"]] == ["a", "SUBSETTED"]
    assert body["meta"]["tag"] == [{"system": "urn:t", "code": "a"}]
    text = subset(body, SHAPE, "text", ())
    assert text.keys() == {"resourceType", "id", "meta", "status", "modifierExtension", "text"}
    assert "text" not in subset(body, SHAPE, "data", ())
    short = subset(body, SHAPE, "true", ())
    assert short.keys() == {"resourceType", "id", "meta", "status", "modifierExtension", "code", "component"}
    assert all(one.keys() == {"code"} for one in short["component"])
    assert short["code"] == body["code"]
    assert subset(body, SHAPE, "", ()) is body
