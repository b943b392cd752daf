"""What tells nothing that anybody here can read is unread; what is told beside it is labelled as ever."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from gateway.domain.file_text import text_of
from gateway.domain.labels import Labeller
from gateway.domain.security_label import ACT_CODE, CONFIDENTIALITY, DATA_CLASS, UNREAD
from gateway.domain.words import pieces
from gateway.settings import Settings
from gateway.translate.policy_tables import load

_, LABELLER = load(Settings().mappings_folder / "policy")
SNOMED, ICD, SKS = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10", "urn:oid:1.2.208.176.2.4.12"
PSY, N, R = f"{ACT_CODE}|PSY", f"{CONFIDENTIALITY}|N", f"{CONFIDENTIALITY}|R"


def labels(kind: str, files: Any = None, labeller: Labeller = LABELLER, **body: Any) -> set[str]:
    found, _ = labeller.label({"resourceType": kind} | body, "region", kind, "source", files=files or {})
    return set(found)


def concept(*codings: tuple[str, str] | tuple[str, str, str], text: str = "") -> dict[str, Any]:
    names = ("system", "code", "display")
    told: dict[str, Any] = {"coding": [dict(zip(names, one, strict=False)) for one in codings]}
    return told | ({"text": text} if text else {})


@pytest.mark.parametrize(
    ("kind", "code", "expected"),
    [
        ("Condition", concept((SNOMED, "58214004")), {UNREAD, N}),
        ("Encounter", concept((SNOMED, "58214004")), {UNREAD, N}),
        ("Condition", concept((SNOMED, "58214004", "Skizofreni")), {PSY, R}),
        ("Condition", concept((SNOMED, "58214004", "Brækket arm")), {N}),
        ("Condition", concept((SNOMED, "58214004"), text="Brækket arm"), {N}),
        ("Condition", concept((SNOMED, "58214004"), (SKS, "DJ189")), {N}),
        ("Condition", concept((SNOMED, "58214004"), (SKS, "DF200")), {PSY, R}),
        ("Condition", concept((SNOMED, "58214004"), (ICD, "J18.9")), {N}),
        ("Goal", concept((SNOMED, "410518001")), {N}),
        ("Observation", concept((SNOMED, "712744002")), {N}),
        ("Condition", concept(("urn:eget", "4711")), {UNREAD, N}),
        ("Condition", concept(("urn:eget", "J18.9")), {N}),
        ("Condition", concept(("urn:eget", "PSYK")), {PSY, R}),
        ("Appointment", concept(("urn:eget", "4711")), {N}),
        ("Condition", concept(("http://terminology.hl7.org/CodeSystem/condition-ver-status", "x1")), {N}),
        ("Patient", concept((SNOMED, "58214004")), {N}),
    ],
)  # fmt: skip
def test_codes_without_words(kind: str, code: dict[str, Any], expected: set[str]) -> None:
    assert labels(kind, code=code) == expected
    assert labels(kind, contained=[{"resourceType": kind, "code": code}]) == expected


def attached(content_type: str, data: bytes, **more: Any) -> dict[str, Any]:
    return {"attachment": {"contentType": content_type, "data": b64encode(data).decode()} | more}


@pytest.mark.parametrize(
    ("content_type", "data", "expected"),
    [
        ("text/plain", "Skizofreni".encode("utf-16"), {PSY, R}),
        ("text/plain", "Skizofreni".encode("utf-16-le"), {PSY, R}),
        ("text/plain; charset=iso-8859-1", "bæltefikseret".encode("latin-1"), {PSY, R}),
        ("text/plain; charset=utf-8", "bæltefikseret".encode("latin-1"), {PSY, R}),
        ("text/plain; charset=iso-8859-1", "bæltefikseret".encode(), {PSY, R}),
        ("text/plain; charset=cp850", "bæltefikseret".encode("cp850"), {PSY, R}),
        ("text/plain", b"\xef\xbb\xbfskizofreni", {PSY, R}),
        ("text/rtf", rb"{\rtf1 b\'e6ltefikseret}", {PSY, R}),
        ("application/msword", rb"{\rtf1 b\u230?ltefikseret}", {PSY, R}),
        ("text/rtf", b"{\\rtf1\\b ski\\b0 zo\r\nfreni}", {PSY, R}),
        ("application/json", rb'{"x": "b\u00e6ltefikseret"}', {PSY, R}),
        ("application/fhir+xml", b'<Condition><code><code value="DF200"/></code></Condition>', {PSY, R}),
        ("application/octet-stream", b"skizofreni", {PSY, R}),
        ("", b"skizofreni", {PSY, R}),
        ("text/plain", b"Alt vel", {N}),
        ("text/plain", b"", {N}),
        ("text/plain", b"%PDF-1.7 ...", {UNREAD, N}),
        ("application/octet-stream", b"\x00\x01\x02", {UNREAD, N}),
        ("application/octet-stream", b"\xe6\xf8", {UNREAD, N}),
        ("image/tiff", b"II*\x00", {UNREAD, N}),
        ("audio/mpeg", b"ID3", {UNREAD, N}),
        ("application/zip", b"PK\x03\x04", {UNREAD, N}),
    ],
)  # fmt: skip
def test_files(content_type: str, data: bytes, expected: set[str]) -> None:
    assert labels("DocumentReference", content=[attached(content_type, data)]) == expected
    assert (
        labels("Communication", payload=[{"contentAttachment": attached(content_type, data)["attachment"]}]) == expected
    )


def test_what_is_said_beside_a_closed_file_is_labelled() -> None:
    told = labels("DocumentReference", content=[attached("application/pdf", b"%PDF", title="Epikrise fra psyk. afd.")])
    assert told == {PSY, R, UNREAD}
    named = attached("application/pdf", b"%PDF", url="https://x.example/epikrise-psykiatrisk.pdf")
    assert PSY in labels("DocumentReference", content=[named])


def test_files_beside_the_resource() -> None:
    place = {"attachment": {"contentType": "text/plain", "url": "Binary/7", "hash": "x"}}
    assert labels("DocumentReference", content=[place]) == {UNREAD, N}, "nobody looked into it"
    assert labels("DocumentReference", {"7": None}, content=[place]) == {UNREAD, N}
    assert labels("DocumentReference", {"7": frozenset()}, content=[place]) == {N}
    assert labels("DocumentReference", {"7": frozenset({PSY})}, content=[place]) == {PSY, R}
    bare = {"attachment": {"url": "Binary/7", "size": 1, "hash": "x"}}
    assert labels("DocumentReference", {"8": frozenset()}, content=[bare]) == {UNREAD, N}
    assert labels("DocumentReference", content=[{"attachment": {"url": "Binary/7"}}]) == {UNREAD, N}, "of no type"
    assert labels("DocumentReference", content=[{"attachment": {"url": "https://x.example/brev.pdf"}}]) == {N}
    assert labels("DocumentReference", content=[{"attachment": {"url": "https://x.example/skizofreni"}}]) == {PSY, R}


def test_what_an_extension_is_called_tells_nothing() -> None:
    named = "https://x.example/StructureDefinition/skizofreni"
    for told in (
        {"valueInteger": 1},
        {"_valueString": {"id": "x"}},
        {"extension": [{"url": named, "valueInteger": 1}]},
    ):
        assert labels("Goal", extension=[{"url": named} | told]) == {N}


def test_what_is_no_file() -> None:
    sampled = {"valueSampledData": {"origin": {"value": 1}, "period": 1, "dimensions": 1, "data": "1 2 3"}}
    assert labels("Observation", **sampled) == {N}


def test_labels_of_parts_and_of_the_document() -> None:
    psy = {"coding": [{"system": ACT_CODE, "code": "PSY"}]}
    assert labels("DocumentReference", securityLabel=[psy]) == {PSY, R}
    part = {"resourceType": "Condition", "meta": {"security": psy["coding"]}}
    assert labels("CarePlan", contained=[part]) == {PSY, R}
    inline = {"extension": [{"url": "http://hl7.org/fhir/uv/security-label-ds4p/x", "valueCoding": psy["coding"][0]}]}
    assert labels("Goal", **inline) == {PSY, R}
    very = {"coding": [{"system": CONFIDENTIALITY, "code": "V"}]}
    assert f"{CONFIDENTIALITY}|V" in labels("DocumentReference", securityLabel=[very])
    assert labels("Encounter", **{"class": {"system": ACT_CODE, "code": "IMP"}}) == {N}
    provision = {"securityLabel": psy["coding"]}
    assert labels("Consent", provision=provision) == {N}, "what it denies is not what it tells"


def test_a_text_in_pieces_loses_nothing() -> None:
    """Whatever stands at the end of a piece stands whole in the next."""
    for length in range(199_000, 200_010, 7):
        text = "x " * (length // 2) + "skizofreni" + " y" * 1_000
        assert (
            any(LABELLER.of_file(piece) for piece in pieces(text))
            if length % 97 == 0
            else any("skizofreni" in piece for piece in pieces(text))
        )
    assert list(pieces("")) == [""]
    assert "".join(pieces("kort")) == "kort"


def test_hostile_files() -> None:
    """Nothing raises, nothing takes more time than in proportion."""
    hostile = (
        b"{\\rtf" + b"\\u" * 20_000, b"{\\rtf" + b"\\'" * 20_000, b"{\\rtf1 \\u99999999? \\u-1? \\'zz", b"<" * 50_000,
        b"\\u" * 50_000, b"\\ud800", b"\xff\xfe\x00", b"{\\rtf" + b"\\a\r" * 20_000,
    )  # fmt: skip
    for data in hostile:
        for content_type in ("text/plain", "application/json", "", "x; charset=utf-7", "text/x; charset=zip"):
            text = text_of(content_type, data)
            assert text is None or isinstance(LABELLER.of_file(text), frozenset)


def test_it_is_a_label_of_ours_and_restricts_nothing_by_itself() -> None:
    assert UNREAD.startswith(f"{DATA_CLASS}|")
    assert R not in labels("DocumentReference", content=[attached("application/pdf", b"%PDF")])
