"""The answer: a MedCom Acknowledgement that its sender can read, else an OperationOutcome for the caller."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import errors
from gateway.errors import GatewayError
from gateway.translate.fhir import parse, write_json, write_xml
from gateway.translate.fhir.message import Message
from gateway.translate.fhir.structure import structure
from gateway.translate.medcom.header import Dangling, NoReceiver
from tests.translate.medcom.notices import HOSPITAL, MEDCOM, notice, raw, resource

NOW = datetime(2025, 3, 16, 12, 0, 1, tzinfo=UTC)
TEAM = "953741000016009"
MEDCOM_CODES = "http://medcomfhir.dk/ig/terminology/CodeSystem/medcom-acknowledgement-error-codes"


def accepted(bundle: dict[str, Any]) -> dict[str, Any]:
    return parse(MEDCOM.accept(raw(bundle), NOW))


def refused(text: bytes, error: GatewayError) -> dict[str, Any]:
    return parse(MEDCOM.refuse(text, error, NOW))


def kinds(bundle: dict[str, Any]) -> list[str]:
    return [entry["resource"]["resourceType"] for entry in bundle["entry"]]


def issue_of(bundle: dict[str, Any]) -> dict[str, Any]:
    return resource(bundle, "OperationOutcome")["issue"][0]  # type: ignore[no-any-return]


def numbers(organisation: dict[str, Any] | None) -> list[str]:
    assert organisation is not None
    return [i["value"] for i in organisation["identifier"]]


def test_a_positive_answer() -> None:
    answer = accepted(notice(header="the-original"))
    header = resource(answer, "MessageHeader")
    message = Message(answer)
    assert kinds(answer) == ["MessageHeader", "Provenance", "Provenance", "Organization", "Organization"]
    assert header["eventCoding"]["code"] == "acknowledgement-message"
    assert header["response"] == {"identifier": "the-original", "code": "ok"}
    assert "focus" not in header
    assert numbers(message.resolve(header["sender"])) == ["5790009990024", TEAM]
    (destination,) = header["destination"]
    assert numbers(message.resolve(destination["receiver"])) == ["5790009990017", HOSPITAL]
    assert destination["endpoint"] == f"https://sor2.sum.dsdn.dk/#id={HOSPITAL}"
    assert destination["extension"][0]["valueCoding"]["code"] == "primary"
    assert header["source"]["endpoint"] == f"https://sor2.sum.dsdn.dk/#id={TEAM}"
    assert answer["timestamp"] == "2025-03-16T13:00:01+01:00"
    assert structure(answer) == []


def test_exactly_two_provenances() -> None:
    """The original one and our own, which goes back to the original message."""
    bundle = notice("start-leave-inpatient", header="the-original", earlier=(("m1", "admit-inpatient"),))
    answer = accepted(bundle)
    said, own = (resource(answer, "Provenance", n) for n in (0, 1))
    assert said["target"] == [{"reference": "MessageHeader/the-original"}]
    assert said["activity"]["coding"][0]["code"] == "start-leave-inpatient"
    assert said["recorded"] == resource(bundle, "Provenance", 1)["recorded"]
    assert own["target"] == [{"reference": f"MessageHeader/{resource(answer, 'MessageHeader')['id']}"}]
    assert own["activity"]["coding"][0]["code"] == "acknowledgement"
    assert own["entity"] == [{"role": "revision", "what": {"reference": "MessageHeader/the-original"}}]
    message = Message(answer)
    assert HOSPITAL in numbers(message.resolve(said["agent"][0]["who"]))
    assert TEAM in numbers(message.resolve(own["agent"][0]["who"]))


def test_ids_are_new_and_everything_has_its_narrative() -> None:
    first, second = accepted(notice()), accepted(notice())
    assert first["id"] != second["id"]
    assert resource(first, "MessageHeader")["id"] != resource(second, "MessageHeader")["id"]
    for entry in first["entry"]:
        assert entry["resource"]["text"]["div"].startswith('<div xmlns="http://www.w3.org/1999/xhtml">')
        assert entry["resource"]["meta"]["profile"]
        assert entry["fullUrl"].endswith(f"{entry['resource']['resourceType']}/{entry['resource']['id']}")


def test_the_answer_comes_in_the_format_of_the_message() -> None:
    assert MEDCOM.accept(raw(notice()), NOW).startswith(b"{")
    answer = MEDCOM.accept(write_xml(notice()), NOW)
    assert answer.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    assert structure(parse(answer)) == []
    refusal = MEDCOM.refuse(b"<Bundle xmlns='http://hl7.org/fhir'>", errors.Unreadable(), NOW)
    assert parse(refusal, "application/fhir+xml")["resourceType"] == "OperationOutcome"


def test_a_note_is_information() -> None:
    answer = parse(MEDCOM.accept(raw(notice()), NOW, note="Nothing was kept"))
    assert resource(answer, "MessageHeader")["response"]["code"] == "ok"
    assert issue_of(answer)["severity"] == "information"
    assert issue_of(answer)["details"]["text"] == "Nothing was kept"


@pytest.mark.parametrize(
    ("error", "response", "code"),
    [
        (errors.UnknownCode(where="Bundle.entry[2].resource.status"), "fatal-error", "MSG_VALUESET_VALUE_UNKNOWN"),
        (errors.UnknownEvent(), "fatal-error", "MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE"),
        (errors.UnknownMessage(), "fatal-error", "MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE"),
        (NoReceiver(), "fatal-error", "MSG_Receiver_Identifier_MISSING"),
        (errors.WrongType(), "fatal-error", "MSG_Datatype_Wrong"),
        (errors.TooLarge(), "fatal-error", "MSG_Element_To_Long"),
        (errors.WrongCharset(), "fatal-error", "MSG_Damaged_durin_transport"),
        (errors.Unreadable(), "fatal-error", "MSG_CANT_PARSE_CONTENT"),
        (Dangling(where="Bundle.entry[0].resource.focus"), "fatal-error", "MSG_LOCAL_FAIL"),
        (errors.MissingField(), "fatal-error", "MSG_BAD_SYNTAX"),
        (errors.NoCitizen(), "fatal-error", "MSG_BAD_SYNTAX"),
        (errors.RuleBroken(), "fatal-error", "MSG_BAD_SYNTAX"),
        (errors.Contradiction(), "fatal-error", "MSG_DUPLICATE_ID"),
        (errors.UnknownSource(), "fatal-error", "MSG_AUTH_REQUIRED"),
        (errors.Forbidden(), "fatal-error", "MSG_AUTH_REQUIRED"),
        (errors.Refused(), "fatal-error", "MSG_OP_NOT_ALLOWED"),
        (errors.Unavailable(), "transient-error", "MSG_Mailbox_Out_Of_Operation"),
        (GatewayError(), "transient-error", "MSG_Mailbox_Out_Of_Operation"),
    ],
)
def test_a_negative_answer(error: GatewayError, response: str, code: str) -> None:
    """A database outage is never fatal; MedCom's codes keep their spelling."""
    answer = refused(raw(notice(header="the-original")), error)
    header, issue = resource(answer, "MessageHeader"), issue_of(answer)
    assert header["response"]["identifier"] == "the-original"
    assert header["response"]["code"] == response
    outcome = Message(answer).resolve(header["response"]["details"])
    assert outcome is resource(answer, "OperationOutcome")
    (coding,) = issue["details"]["coding"]
    assert coding["code"] == code
    assert (coding["system"] == MEDCOM_CODES) == (code not in _FHIR_CODES)
    assert issue["severity"] == "error"
    assert issue.get("expression", [""]) == [error.where]
    assert kinds(answer).count("Provenance") == 2
    assert structure(answer) == []


_FHIR_CODES = {
    "MSG_CANT_PARSE_CONTENT", "MSG_LOCAL_FAIL", "MSG_BAD_SYNTAX", "MSG_DUPLICATE_ID", "MSG_AUTH_REQUIRED",
    "MSG_OP_NOT_ALLOWED",
}  # fmt: skip


def broken(change: str) -> dict[str, Any]:
    bundle = notice(header="the-original")
    header = resource(bundle, "MessageHeader")
    if change == "no event":
        del header["eventCoding"]
    elif change == "focus of the wrong shape":
        header["focus"] = {"reference": "Encounter/x"}
    elif change == "no organisations":
        bundle["entry"] = [e for e in bundle["entry"] if e["resource"]["resourceType"] != "Organization"]
    elif change == "no provenance":
        bundle["entry"].pop()
    elif change == "no endpoints":
        del header["source"], header["destination"][0]["endpoint"]
    else:
        bundle["entry"] += [None, 7, {"resource": []}, {"resource": {"resourceType": 1}}]
    return bundle


@pytest.mark.parametrize(
    "change",
    ["no event", "focus of the wrong shape", "no organisations", "no provenance", "no endpoints", "entries of nothing"],
)
def test_a_broken_message_is_answered_when_its_header_can_be_read(change: str) -> None:
    text = raw(broken(change))
    with pytest.raises(GatewayError) as caught:
        MEDCOM.translate(text)
    answer = refused(text, caught.value)
    header = resource(answer, "MessageHeader")
    assert header["response"]["identifier"] == "the-original"
    assert header["response"]["code"] == "fatal-error"
    assert HOSPITAL in numbers(Message(answer).resolve(header["destination"][0]["receiver"]))
    assert kinds(answer).count("Provenance") == 2
    assert structure(answer) == []


def test_an_acknowledgement_is_never_acknowledged() -> None:
    text = MEDCOM.accept(raw(notice()), NOW)
    with pytest.raises(errors.UnknownMessage, match="never acknowledged"):
        MEDCOM.explain(text)
    assert refused(text, errors.RuleBroken())["resourceType"] == "OperationOutcome"
    assert parse(MEDCOM.accept(text, NOW))["resourceType"] == "OperationOutcome"


def unaddressed(kind: str) -> bytes:
    bundle = notice()
    header = resource(bundle, "MessageHeader")
    if kind == "no id":
        del header["id"]
    elif kind == "a bad id":
        header["id"] = "a b/../c"
    elif kind == "no sender":
        del header["sender"], header["source"]
    else:
        del header["destination"]
    return raw(bundle)


@pytest.mark.parametrize(
    "text",
    [b"", b"\x00\xff", b"{", b"<", b"MSH|^~\\&|", b'{"resourceType":"Patient"}', b'{"resourceType":"Bundle"}']
    + [b'{"resourceType":"x","entry":["y"]}']
    + [unaddressed(kind) for kind in ("no id", "a bad id", "no sender", "no receiver")],
)  # fmt: skip
def test_what_cannot_be_addressed_gets_an_operation_outcome(text: bytes) -> None:
    answer = refused(text, errors.Unreadable(where="line 1 column 1"))
    assert answer["resourceType"] == "OperationOutcome"
    assert answer["issue"][0]["code"] == "structure"
    assert answer["issue"][0]["details"]["coding"][0]["code"] == "MSG_CANT_PARSE_CONTENT"
    assert "expression" not in answer["issue"][0]
    assert structure(answer) == []
    assert parse(MEDCOM.accept(text, NOW))["resourceType"] == "OperationOutcome"


def test_no_citizen_stands_in_any_answer() -> None:
    bundle = notice()
    for answer in (MEDCOM.accept(raw(bundle), NOW), MEDCOM.refuse(raw(bundle), errors.RuleBroken(), NOW)):
        for secret in (b"2509479989", b"Havmand", b"Ellinor"):
            assert secret not in answer


def test_hostile_names_stay_texts() -> None:
    bundle = notice()
    resource(bundle, "Organization", 1)["name"] = '<script>alert("x")</script>\x01\u0085' + "x" * 5000
    answer = accepted(bundle)
    assert structure(answer) == []
    assert parse(write_xml(answer)) == answer
    assert "<script>" not in str([e["resource"]["text"] for e in answer["entry"]])


def test_a_library_of_others_reads_the_answer() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fhir.resources.R4B.bundle import Bundle

    for text in (MEDCOM.accept(raw(notice()), NOW), MEDCOM.refuse(raw(notice()), errors.UnknownCode(), NOW)):
        Bundle.model_validate_json(text)


def shape(node: Any, path: str = "") -> set[str]:
    """Every element path there is, narratives and list places left out."""
    if isinstance(node, dict):
        inner = {n: v for n, v in node.items() if n != "text" or "resourceType" not in node}
        return {p for name, value in inner.items() for p in shape(value, f"{path}.{name}")}
    if isinstance(node, list):
        return {p for item in node for p in shape(item, path)}
    return {path}


@pytest.mark.parametrize(
    ("sample", "error"),
    [
        ("Ack_3.3.1.1_A-AA.xml", None),
        ("Ack_3.3.2.1_A_AE.xml", errors.UnknownCode()),
        ("Ack_3.3.3.1_A_AR.xml", errors.Unavailable()),
        ("Ack_3.4.4_A_AE.json", errors.UnknownCode()),
    ],
)
def test_the_shape_of_the_official_samples(examples: Path, sample: str, error: GatewayError | None) -> None:
    """The same elements, event, response code, definition and codes; our OperationOutcome tells a text as well."""
    official = parse((examples / "hospital" / "acknowledgement" / sample).read_bytes())
    ours = refused(raw(notice()), error) if error else accepted(notice())
    assert shape(official) <= shape(ours)
    assert shape(ours) - shape(official) <= {".entry.resource.issue.details.text"}
    for path in (("eventCoding",), ("definition",), ("response", "code")):
        values = []
        for bundle in (official, ours):
            value: Any = resource(bundle, "MessageHeader")
            for name in path:
                value = value[name]
            values.append(value)
        assert values[0] == values[1]
    if error:
        assert issue_of(official)["details"]["coding"] == issue_of(ours)["details"]["coding"]


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(text: bytes) -> None:
    assert parse(MEDCOM.refuse(text, errors.Unreadable(), NOW))["resourceType"] == "OperationOutcome"


def test_large_and_deep_garbage_is_answered() -> None:
    for text in (
        b"[" * 20_000,
        b"<a>" * 20_000,
        b'{"a":' * 20_000,
        write_json({"resourceType": "Bundle", "entry": [[]]}),
    ):
        assert refused(text, errors.Unreadable())["resourceType"] == "OperationOutcome"
