"""Whatever stands in a CareCommunication: a Translation or one of our errors, an answer that can be read, and what was
understood is FHIR and goes out again."""

from __future__ import annotations

from base64 import b64encode
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.translate.fhir import parse, write_json, write_xml
from gateway.translate.fhir.lifting import LONG, decoded, lift
from gateway.translate.fhir.structure import structure
from gateway.translate.medcom.carecommunication.write import letter as going_out
from gateway.translate.rules.codes import CodeTable
from gateway.translate.rules.problems import Mark
from gateway.translate.translation import Translation
from tests.translate.medcom.letters import CARE, CITIZEN, PDF, file, letter, part, uuid, written
from tests.translate.medcom.notices import OTHER_HOSPITAL

NOW = datetime(2025, 3, 16, tzinfo=UTC)
NOWHERE = CodeTable("locations", Mark("", 0), ())
MESSAGES = [
    letter("Kort"),
    letter("Svar", activity="reply-message", header=uuid(8), answers=(uuid(7), OTHER_HOSPITAL), files=[file()]),
    letter("Bilag", category="other", topic="Emne", files=[file(PDF * n) for n in range(1, 4)]),
]
_LEAVES: list[Any] = [
    *(None, True, 0, 1.5, "", " ", "x", "Patient/1", "PractitionerRole/author", "#0", "#team", "urn:uuid:", "\u0000"),
    *("2025-02-30", "9999-12-31T23:59:59-14:00", "A" * 200, "=", "JVB", [], {}, [None], [[]], {"reference": ""}),
    *({"reference": "Organization/sender"}, {"url": "x"}, {"resourceType": "Communication"}),
]


def refused(raw: bytes) -> tuple[GatewayError | None, Translation | None]:
    try:
        return None, CARE.translate(raw)
    except GatewayError as error:
        return error, None


def told(raw: bytes) -> None:
    refusal, translation = refused(raw)
    if translation is None:
        assert refusal is not None
        assert CITIZEN not in refusal.told()
        assert parse(CARE.refuse(raw, refusal, NOW))
        return
    assert structure(parse(CARE.accept(raw, NOW))) == []
    patient = next(s.body for s in translation.statements if s.kind == "Patient")
    body = next(s.body for s in translation.statements if s.kind == "Communication")
    for kept in (body, patient):
        assert [f for f in structure({"resourceType": "Patient" if kept is patient else "Communication", **kept})
                if f.rule == "shape"] == []  # fmt: skip
    files = {f"Binary/{one.id}": one.body for one in translation.attached}
    back = CARE.translate(write_xml(going_out(body, patient, NOWHERE, NOW, files).bundle))
    assert {one.id: one.body for one in back.attached} == {one.id: one.body for one in translation.attached}
    again = next(s for s in back.statements if s.kind == "Communication").body
    assert [p.get("contentString") for p in again["payload"]] == [p.get("contentString") for p in body["payload"]]


def whole(bundle: Any) -> bool:
    """Whether the parts that are looked for are still there."""
    entries = bundle.get("entry") if isinstance(bundle, dict) else None
    found = [e.get("resource") for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    return (
        len(found) > 8
        and {"Communication", "Provenance"}
        <= {
            one.get("resourceType")
            for one in found
            if isinstance(one, dict) and isinstance(one.get("resourceType"), str)
        }
        and all(isinstance(e, dict) and isinstance(e.get("resource"), dict) for e in entries or ())
        and all("resourceType" in e["resource"] for e in entries or ())
    )


@settings(max_examples=60)
@given(st.data())
def test_changed_messages(data: st.DataObject) -> None:
    bundle = deepcopy(data.draw(st.sampled_from(MESSAGES)))
    for _ in range(data.draw(st.integers(1, 3))):
        node: Any = data.draw(st.sampled_from([bundle, part(bundle, "Communication"), part(bundle, "Provenance")]))
        for _ in range(data.draw(st.integers(0, 6))):
            below = [
                n for n in (node.values() if isinstance(node, dict) else node) if isinstance(n, (dict, list)) and n
            ]
            if not below:
                break
            node = data.draw(st.sampled_from(below))
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else list(range(len(node)))))
        if data.draw(st.booleans()):
            node[key] = deepcopy(data.draw(st.sampled_from(_LEAVES)))
        else:
            del node[key]
        if not whole(bundle):
            break
    told(write_json(bundle))


@settings(max_examples=40)
@given(st.text(min_size=1, max_size=300))
def test_any_text(text: str) -> None:
    told(written(letter(text)))


@settings(max_examples=40)
@given(st.binary(max_size=200), st.integers(0, 60), st.binary(max_size=8))
def test_what_is_lifted_is_what_stood_there(body: bytes, at: int, noise: bytes) -> None:
    """Noise anywhere in a message with a long file: what is lifted is base64 and nothing else, and nothing is lost."""
    raw = written(letter("Se bilag", files=[file(b"%PDF" + body * 700 + b"x" * LONG)]))
    place = raw.index(b'"data"') - 30 + at
    lifted = lift(raw[:place] + noise + raw[place:])
    restored = lifted.light
    for number, value in enumerate(lifted.values):
        assert set(bytes(value)) <= set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\\ \t\r\n")
        restored = restored.replace(b'"#%d"' % number, b'"' + bytes(value) + b'"', 1)
    assert restored == raw[:place] + noise + raw[place:]
    told(raw[:place] + noise + raw[place:])


@given(st.binary(max_size=400), st.sampled_from([b"", b"\n", b"\r\n", b"  "]))
def test_base64_in_lines(body: bytes, end: bytes) -> None:
    text = b64encode(body)
    assert decoded(memoryview(end.join(text[at : at + 76] for at in range(0, len(text), 76)))) == body
