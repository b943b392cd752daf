import pytest

from gateway.errors import UnknownMessage
from gateway.translate.door import door_of


@pytest.mark.parametrize(
    ("raw", "door"),
    [
        (b"MSH|^~\\&|A", "hl7v2"),
        (b"\xef\xbb\xbfmsh|^~\\&|A", "hl7v2"),
        (b"\x0bMSH|^~\\&|A\x1c\r", "hl7v2"),
        (b"FHS|^~\\&|A", "hl7v2"),
        (b'<?xml version="1.0"?><ADT_A01 xmlns="urn:hl7-org:v2xml">', "hl7v2"),
        (b'\r\n {"resourceType": "Bundle"}', "fhir-message"),
        (b'<?xml version="1.0"?><Bundle xmlns="http://hl7.org/fhir">', "fhir-message"),
        (b"<Bundle xmlns='http://hl7.org/fhir'>", "fhir-message"),
        (b'{"resourceType": "Bundle", "type" : "collection"}', "kl-report"),
        (b'{"entry": [{"resource": {"type": [{"text": "x"}]}}], "type":"collection"}', "kl-report"),
        (b'{"resourceType": "Bundle", "type": "message", "id": "collection"}', "fhir-message"),
        (b'<Bundle xmlns="http://hl7.org/fhir"><id value="1"/><type value="collection"/></Bundle>', "kl-report"),
        (b'<f:Bundle xmlns:f="http://hl7.org/fhir"><f:type value="collection"/></f:Bundle>', "kl-report"),
        (b"UNA:+.? 'UNB+UNOC:3", "edifact"),
        (b"\r\nUNB+UNOC:3+1:14", "edifact"),
        (b'<Registrering xmlns="urn:oio:x">', "oio"),
        (b'<a:Registrering xmlns:a="urn:oio:sts:ydelse:bevillingindeks:6">', "ydelse"),
        (b'{"note": "Ny sag", "attributter": {"sagegenskaber": []}}', "oio-json"),
        (b'{"tilstande": {"indsatsfremdrift": []}}', "oio-json"),
        (b'{"results": [[{"id": "x", "registreringer": [{"relationer": {}}]}]]}', "oio-json"),
        (b'{"resourceType": "Basic", "text": "attributter relationer", "relationer": []}', "fhir-message"),
        (b'<Emessage xmlns="http://rep.oio.dk/sundcom.dk/medcom.dk/xml/schemas/2006/07/01/">', "oioxml"),
        (b'<?xml version="1.0"?>\n<!-- x -->\n<ns1:Emessage xmlns:ns1="urn:oio:medcom:municipality:1.0.3">', "oioxml"),
    ],
)
def test_the_door_is_told_by_the_first_bytes(raw: bytes, door: str) -> None:
    assert door_of(raw) == door


@pytest.mark.parametrize("raw", [b"", b"UNH+1", b"[1]", b"PID|1", b"\xff\xfe<\x00"])
def test_anything_else_is_no_message(raw: bytes) -> None:
    with pytest.raises(UnknownMessage):
        door_of(raw)
