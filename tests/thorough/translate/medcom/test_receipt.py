"""Acknowledgements that are received: each becomes a receipt of what was sent; each broken form is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.identifier import SOR, Identifier
from gateway.domain.outgoing import Receipt
from gateway.domain.resource import ids
from gateway.domain.source import Source
from gateway.errors import (
    GatewayError,
    MissingField,
    RuleBroken,
    Unavailable,
    UnknownCode,
    UnknownSource,
    WrongType,
)  # fmt: skip
from gateway.translate.fhir import parse, write_json, write_xml
from gateway.translate.medcom import MedCom
from gateway.translate.medcom.header import Dangling, NoReceiver
from tests.translate.medcom.notices import MEDCOM, PROJECT, notice, raw, resource

Json = dict[str, Any]
Change = Callable[[Json], object]
NOW = datetime(2025, 3, 16, 12, 0, 1, tzinfo=UTC)
TEAM = "953741000016009"
HEADER = "Bundle.entry[0].resource"
# Notifications that go out are answered by municipalities.
TOWN = Source("town", "Town", "municipality", Identifier(SOR, TEAM), "medcom", (TEAM,))
OURS = MedCom(PROJECT / "mappings", [TOWN], ids(b"secret"))


def answer(error: GatewayError | None = None) -> Json:
    """What a municipality's system answers to our message `m7`."""
    sent = raw(notice(header="m7"))
    return parse(MEDCOM.refuse(sent, error, NOW) if error else MEDCOM.accept(sent, NOW))


def receipt(bundle: Json, write: Callable[[Json], bytes] = write_json) -> Receipt | None:
    return OURS.translate(write(bundle)).receipt


@pytest.mark.parametrize("write", [write_json, write_xml])
def test_what_it_says(write: Callable[[Json], bytes]) -> None:
    assert receipt(answer(), write) == Receipt("m7", "ok")
    fatal = receipt(answer(UnknownCode(where="Bundle.entry[2].resource.status")), write)
    assert fatal is not None
    assert (fatal.of, fatal.outcome) == ("m7", "fatal-error")
    assert fatal.text.startswith("MSG_VALUESET_VALUE_UNKNOWN A code is not in the table")
    assert fatal.text.endswith("Bundle.entry[2].resource.status")
    away = receipt(answer(Unavailable()), write)
    assert away is not None
    assert away.outcome == "transient-error"


def test_references_may_be_by_entry_alone() -> None:
    """`urn:uuid:` in fullUrl and target, and the resources' own ids beside them."""
    bundle = answer()
    names = {f"{one['resource']['resourceType']}/{one['resource']['id']}": one for one in bundle["entry"]}
    for number, one in enumerate(bundle["entry"]):
        one["fullUrl"] = f"urn:uuid:0f0f0f0f-0000-4000-8000-{number:012d}"
    written = write_json(bundle).decode()
    for name, one in names.items():
        written = written.replace(f'"reference":"{name}"', f'"reference":"{one["fullUrl"]}"')
    assert "urn:uuid:0f0f0f0f-0000-4000-8000-000000000000" in written.partition('"target"')[2]
    assert receipt(parse(written.encode())) == Receipt("m7", "ok")


def test_it_tells_of_no_citizen() -> None:
    translation = OURS.translate(write_json(answer()))
    assert (translation.citizen, translation.statements) == ((), ())
    assert (translation.event, translation.source) == ("acknowledgement-message", TOWN)


def test_the_same_in_json_and_xml_or_with_a_new_envelope_is_one() -> None:
    first = answer()
    again = first | {"id": "new", "timestamp": "2025-03-16T13:30:00+01:00"}
    assert OURS.translate(write_xml(again)).fingerprint == OURS.translate(write_json(first)).fingerprint
    assert OURS.translate(write_json(answer())).fingerprint != OURS.translate(write_json(first)).fingerprint


@pytest.mark.parametrize(
    ("sample", "of", "outcome", "text"),
    [
        ("Ack_3.3.1.1_A-AA.xml", "", "ok", ""),
        ("Ack_3.3.2.1_A_AE.xml", "", "fatal-error", "MSG_VALUESET_VALUE_UNKNOWN"),
        ("Ack_3.3.3.1_A_AR.xml", "", "transient-error", "MSG_Mailbox_Out_Of_Operation"),
        ("Ack_3.4.4_A_AE.json", "53128d9b-cede-4c7f-8904-809eab322d7d", "fatal-error", "MSG_VALUESET_VALUE_UNKNOWN"),
    ],
)
def test_the_official_samples(examples: Path, sample: str, of: str, outcome: str, text: str) -> None:
    """The last one's Provenance names another message than its response: the response counts."""
    content = (examples / "hospital" / "acknowledgement" / sample).read_bytes()
    told = OURS.translate(content).receipt
    assert told is not None
    assert (told.of, told.outcome, told.text) == (of or told.of, outcome, text)
    assert told.of == resource(parse(content), "MessageHeader")["response"]["identifier"]


def header(**values: Any) -> Change:
    return lambda bundle: resource(bundle, "MessageHeader").update(values)


def response(name: str, value: Any = None) -> Change:
    def change(bundle: Json) -> None:
        told = resource(bundle, "MessageHeader")["response"]
        if value is None:
            del told[name]
        else:
            told[name] = value

    return change


def activity(number: int, code: str) -> Change:
    return lambda bundle: resource(bundle, "Provenance", number).update(activity={"coding": [{"code": code}]})


def no_destination(bundle: Json) -> None:
    del resource(bundle, "MessageHeader")["destination"][0]["receiver"]


def third_provenance(bundle: Json) -> None:
    bundle["entry"].append({"resource": dict(resource(bundle, "Provenance"), id="third")})


@pytest.mark.parametrize(
    ("change", "error", "where"),
    [
        (lambda b: resource(b, "MessageHeader").pop("response"), MissingField, f"{HEADER}.response.identifier"),
        (response("identifier"), MissingField, f"{HEADER}.response.identifier"),
        (response("identifier", " "), MissingField, f"{HEADER}.response.identifier"),
        (response("code"), MissingField, f"{HEADER}.response.code"),
        (response("code", "AA"), UnknownCode, f"{HEADER}.response.code"),
        (response("details"), MissingField, f"{HEADER}.response.details"),
        (response("details", {"reference": "OperationOutcome/x"}), Dangling, f"{HEADER}.response.details"),
        (header(response={"code": ["ok"]}), WrongType, f"{HEADER}.response.code"),
        (header(destination=[]), RuleBroken, f"{HEADER}.destination"),
        (no_destination, NoReceiver, f"{HEADER}.destination[0].receiver"),
        (lambda b: resource(b, "MessageHeader").pop("id"), MissingField, f"{HEADER}.id"),
        (lambda b: resource(b, "MessageHeader").pop("sender"), MissingField, f"{HEADER}.sender"),
        (header(sender={"reference": "Organization/x"}), Dangling, f"{HEADER}.sender"),
        (lambda b: b.pop("timestamp"), MissingField, "Bundle.timestamp"),
        (lambda b: b["entry"].pop(1), RuleBroken, "Bundle.entry"),
        (lambda b: b["entry"].pop(2), RuleBroken, "Bundle.entry"),
        (third_provenance, RuleBroken, "Bundle.entry"),
        (activity(1, "admit-inpatient"), RuleBroken, "Bundle.entry"),
        (lambda b: resource(b, "Organization")["identifier"][1].update(value="265161000016000"),
         UnknownSource, f"{HEADER}.sender"),
    ],
)  # fmt: skip
def test_a_broken_form_is_told_and_not_acknowledged(change: Change, error: type[GatewayError], where: str) -> None:
    bundle = answer(UnknownCode())
    change(bundle)
    with pytest.raises(error) as caught:
        OURS.translate(write_json(bundle))
    assert caught.value.where == where
    assert parse(OURS.refuse(write_json(bundle), caught.value, NOW))["resourceType"] == "OperationOutcome"


@given(st.data())
def test_anything_in_any_place(data: st.DataObject) -> None:
    bundle = answer(UnknownCode())
    target = data.draw(st.sampled_from([e["resource"] for e in bundle["entry"]]))
    name = data.draw(st.sampled_from(sorted(target.keys() - {"eventCoding", "resourceType"})))
    target[name] = data.draw(st.sampled_from([None, 7, "x", [], {}, [None], [{}], {"reference": "x"}, True]))
    refusals = []
    try:
        assert receipt(bundle) is not None
    except GatewayError as error:
        refusals.append(error)
    for error in refusals:
        assert parse(OURS.refuse(write_json(bundle), error, NOW))["resourceType"] == "OperationOutcome"
