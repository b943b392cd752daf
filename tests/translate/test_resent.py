"""A message that is sent again."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.translate.fhir import parse, write_json, write_xml
from gateway.translate.resent import resent

NOW = datetime(2025, 3, 14, 9, 30, 16, tzinfo=UTC)
HEADER = {"resourceType": "MessageHeader", "id": "h-1", "eventCoding": {"code": "x"}, "source": {"endpoint": "urn:x"}}
BUNDLE = {
    "resourceType": "Bundle", "id": "b-1", "type": "message", "timestamp": "2025-03-14T08:00:00Z",
    "entry": [{"fullUrl": "MessageHeader/h-1", "resource": HEADER}],
}  # fmt: skip


def test_the_envelope_is_new_and_the_message_is_the_same() -> None:
    for write in (write_json, write_xml):
        again = resent("fhir-message", write(dict(BUNDLE)), NOW)
        assert again[:1] == write(dict(BUNDLE))[:1], "in the format it had"
        found = parse(again)
        assert found["id"] != "b-1"
        assert found["timestamp"] == "2025-03-14T09:30:16.000+00:00"
        assert {**found, "id": "b-1", "timestamp": BUNDLE["timestamp"]} == BUNDLE


def test_every_time_it_is_another_envelope() -> None:
    body = write_json(dict(BUNDLE))
    later = NOW.replace(minute=59)
    assert len({parse(resent("fhir-message", body, at))["id"] for at in (NOW, later)}) == 2
    assert resent("fhir-message", body, NOW) == resent("fhir-message", body, NOW)


def test_what_has_no_envelope_stays_as_it_is() -> None:
    for language in ("hl7v2", "oioxml", "edifact"):
        assert resent(language, b"<Emessage/>", NOW) == b"<Emessage/>"
    for body in (b"", b"{", b"<x/>", b'{"resourceType":"Patient"}'):
        assert resent("fhir-message", body, NOW) == body
