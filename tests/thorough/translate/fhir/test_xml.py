"""FHIR XML becomes the same values as FHIR JSON, and those become XML again; hostile XML is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.errors import GatewayError, Unreadable, WrongCharset, WrongType
from gateway.translate.fhir import parse, write_json, write_xml

PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "meta": {"versionId": "2", "tag": [{"system": "urn:x", "code": "a"}]},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Bøf &amp; løg</p></div>'},
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Klinik"}],
    "extension": [{"url": "urn:e", "valueDecimal": Decimal("1.00")}, {"url": "urn:f", "valueBoolean": False}],
    "active": True,
    "name": [
        {
            "id": "n",
            "family": "Prøve",
            "given": ["A", None, "C"],
            "_given": [None, {"extension": [{"url": "urn:g", "valueString": "x"}]}, None],
        }
    ],
    "_birthDate": {"id": "b", "extension": [{"url": "urn:h", "valueInteger": -3}]},
    "multipleBirthInteger": 2,
    "contact": [{"relationship": [{"text": "mor"}]}, {"gender": "female", "_gender": {"id": "g"}}],
}


def xml(inside: str, root: str = "Patient") -> bytes:
    return f'<{root} xmlns="http://hl7.org/fhir">{inside}</{root}>'.encode()


def canonical(value: Any) -> Any:
    """The same with every narrative in canonical XML, as `<td/>` and `<td></td>` are one."""
    if isinstance(value, dict):
        return {
            k: etree.tostring(etree.fromstring(v), method="c14n") if k == "div" else canonical(v)
            for k, v in value.items()
        }
    return [canonical(item) for item in value] if isinstance(value, list) else value


def test_json_to_xml_and_back_is_the_same() -> None:
    raw = write_xml(PATIENT)
    assert parse(raw) == PATIENT
    assert write_json(parse(raw)).count(b"1.00") == 1


def test_pretty_xml_is_the_same_and_leaves_the_narrative_alone() -> None:
    for one in (PATIENT, {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PATIENT}]}):
        plain, pretty = write_xml(one), write_xml(one, pretty=True)
        assert parse(pretty) == parse(plain) == one
        assert plain.count(b"\n") == 1 < pretty.count(b"\n")
        assert "<p>Bøf &amp; løg</p></div>".encode() in pretty


def test_elements_come_in_the_order_of_r4() -> None:
    names = [etree.QName(e).localname for e in etree.fromstring(write_xml(PATIENT))]
    assert names == (
        "id meta text contained extension extension active name birthDate multipleBirthInteger contact contact".split()
    )


def test_every_sample_survives_the_round_trip(examples: Path) -> None:
    """XML to JSON values, to XML, to JSON values: equal. Likewise from JSON."""
    seen = 0
    for path in sorted((examples / "hospital").rglob("*")):
        raw = path.read_bytes() if path.suffix in {".json", ".xml"} and path.name != "SOURCES.json" else b""
        if b"MessageHeader" in raw:
            made = parse(raw)
            assert canonical(parse(write_xml(made))) == canonical(made), path.name
            assert parse(write_json(made)) == made, path.name
            seen += 1
    assert seen > 20


def test_unknown_elements_are_kept_and_do_not_disturb() -> None:
    made = parse(xml('<new value="1"/><more><of value="2"/></more><more><of value="3"/></more><gender value="male"/>'))
    assert made == {"resourceType": "Patient", "new": "1", "more": [{"of": "2"}, {"of": "3"}], "gender": "male"}


def test_an_unknown_resource_is_kept() -> None:
    made = parse(xml("<entry><resource><Frob><id value='1'/></Frob></resource></entry>", "Bundle"))
    assert made["entry"][0]["resource"] == {"resourceType": "Frob", "id": "1"}


BILLION = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "' + f"&a{n - 1};" * 10 + '">' for n in range(1, 10))
DIV = '<div xmlns="http://www.w3.org/1999/xhtml"/>'


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (f"<!DOCTYPE x [{BILLION}]>".encode() + xml("<id value='&a9;'/>"), "line 1"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + xml(""), "line 1"),
        (b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + xml('<id value="&e;"/>'), "line 1"),
        (b"<!DOCTYPE Patient>" + xml(""), "line 1"),
        (b'<Patient xmlns="http://evil.example"/>', "line 1"),
        (b"<Patient/>", "line 1"),
        (xml('<id xmlns="http://evil.example" value="1"/>'), "Patient"),
        (xml("<name>Anna</name>"), "Patient.name[0]"),
        (xml("Anna"), "Patient"),
        (xml("<active value='true'/>Anna"), "Patient"),
        (xml("<text><status value='generated'/><div/></text>"), "Patient.text.div"),
        (xml("<contained>Anna<Organization/></contained>"), "Patient.contained[0]"),
        (b"<Patient xmlns='http://hl7.org/fhir'>", "line 1"),
        (b"<", "line 1"),
    ],
)
def test_unreadable_xml(raw: bytes, where: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(raw)
    assert caught.value.where == where
    assert "Anna" not in caught.value.told()


@pytest.mark.parametrize(
    ("inside", "where"),
    [
        ('<active value="1"/>', "Patient.active"),
        ('<active value="TRUE"/>', "Patient.active"),
        ('<multipleBirthInteger value="1.0"/>', "Patient.multipleBirthInteger"),
        ('<extension url="a"><valueDecimal value="1,5"/></extension>', "Patient.extension[0].valueDecimal"),
        (f'<multipleBirthInteger value="{"9" * 99}"/>', "Patient.multipleBirthInteger"),
        ("<gender/>", "Patient.gender"),
        ('<gender value="male"/><gender value="male"/>', "Patient.gender"),
        (f"<text>{DIV}{DIV}</text>", "Patient.text.div"),
        ('<gender value="male" system="x"/>', "Patient.gender"),
        ('<name given="Anna"/>', "Patient.name[0]"),
        ('<name><id value="1"/></name>', "Patient.name[0].id"),
        ('<extension><url value="1"/></extension>', "Patient.extension[0].url"),
        ('<resourceType value="Bundle"/>', "Patient.resourceType"),
        ("<contained/>", "Patient.contained[0]"),
        ("<contained><Organization/><Organization/></contained>", "Patient.contained[0]"),
    ],
)
def test_wrongly_built_xml(inside: str, where: str) -> None:
    with pytest.raises(WrongType) as caught:
        parse(xml(inside))
    assert caught.value.where == where


def test_other_charsets_are_refused() -> None:
    text = '<?xml version="1.0" encoding="{}"?><Patient xmlns="http://hl7.org/fhir"/>'
    for charset in ("ISO-8859-1", "windows-1252", "UTF-16"):
        with pytest.raises(WrongCharset):
            parse(text.format(charset).encode(charset), "application/fhir+xml")
    with pytest.raises(Unreadable):
        parse(xml('<id value="ø"/>').decode().encode("latin-1"))
    assert parse(b"\xef\xbb\xbf" + xml("")) == {"resourceType": "Patient"}


@pytest.mark.parametrize(
    "raw",
    [
        xml('<extension url="a">' * 20_000 + "</extension>" * 20_000),
        xml('<extension url="a">' * 40 + "</extension>" * 40),
        xml(f'<id value="{"x" * 11_000_000}"/>'),
        b"<Patient xmlns='http://hl7.org/fhir'" + b"".join(b" a%d=''" % n for n in range(50_000)) + b"/>",
    ],
    ids=["20,000 levels", "deeper than JSON may be", "11 MB in one attribute", "50,000 attributes"],
)
def test_bombs_are_refused(raw: bytes) -> None:
    with pytest.raises(GatewayError):
        parse(raw)


@pytest.mark.parametrize(
    "change",
    [
        {"resourceType": "Nope"},
        {"frob": 1},
        {"name": {"family": "x"}},
        {"name": ["x"]},
        {"active": []},
        {"contained": [{"resourceType": "Nope"}]},
        {"contained": [7]},
        {"text": {"status": "generated", "div": "<p>no div</p>"}},
        {"text": {"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>&nbsp;</div>"}},
        {"text": {"status": "generated", "div": 7}},
    ],
)
def test_what_xml_has_no_place_for_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(WrongType):
        write_xml(PATIENT | change)


def test_a_character_that_xml_cannot_hold_is_a_blank_and_the_rest_is_told() -> None:
    made = parse(write_xml(PATIENT | {"name": [{"family": "Li\x01nd\ufffe", "text": "Lind"}]}), "xml")
    assert made["name"] == [{"family": "Li nd ", "text": "Lind"}]


@given(st.binary(max_size=200) | st.text("<>/=\"' aPvid&;!-[]xmlns:?", max_size=80).map(xml))
def test_any_bytes_give_a_resource_or_one_of_our_errors(raw: bytes) -> None:
    try:
        made = parse(raw, "xml")
    except GatewayError:
        return
    assert isinstance(made["resourceType"], str)


def test_what_is_contained_may_be_of_any_type() -> None:
    """Also of one that the gateway does not serve: it stands in the resource that holds it."""
    medication = {"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": {"text": "a"}}]}
    body = {"resourceType": "CarePlan", "contained": [medication], "status": "active", "intent": "plan"}
    assert parse(write_xml(body)) == body
    with pytest.raises(WrongType):
        write_xml(body | {"contained": [{"resourceType": "Nothing"}]})
