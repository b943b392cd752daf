"""A file inside of an order is kept with its document, however long it is."""

from __future__ import annotations

import base64

import pytest

from gateway.translate.fhir import parse_message
from gateway.translate.fhir.lifting import LONG, lift
from gateway.translate.kl import Kl
from tests.translate.kl.orders import of, order, raw, the


@pytest.mark.parametrize("length", [30, LONG + 3])
def test_a_file_stays_in_its_document(kl: Kl, length: int) -> None:
    """Files of 64 KiB and more are lifted out before it is known what the message is."""
    bundle, data = order(), base64.b64encode(b"%PDF" * (length // 3)).decode()
    patient = the(bundle, "Patient")
    document = {
        "resourceType": "DocumentReference",
        "id": "d1",
        "status": "current",
        "subject": {"reference": f"Patient/{patient['id']}"},
        "content": [{"attachment": {"contentType": "application/pdf", "data": data}}],
    }
    bundle["entry"].append({"fullUrl": "DocumentReference/d1", "resource": document})
    written = raw(bundle)
    found = kl.translate_tree(written, parse_message(lift(written).light))
    assert of(found, document).body["content"][0]["attachment"]["data"] == data
