"""LoRa JSON that is damaged or means harm: a declared error with a place, never an exception of Python's."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError, MissingField, TooLarge, UnknownMessage, Unreadable, WrongCharset, WrongType
from gateway.translate.conformance import Profiles
from gateway.translate.oio.lora import OioJson
from tests.translate.invariants import broken
from tests.translate.oio_json.objects import CPR, UNIT, case, effect, effort, folded, raw, state, to

NOW = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (b"", Unreadable),
        (b"{", Unreadable),
        (b"[]", Unreadable),
        (b"null", Unreadable),
        (b"\xff\xfe{}", WrongCharset),
        (b'{"a": "\xe6"}', WrongCharset),
        (b'{"attributter": {}, "attributter": {}}', Unreadable),
        (b"{}", UnknownMessage),
        (b'{"results": []}', MissingField),
        (b'{"results": {}}', WrongType),
        (b'{"results": [[1]]}', WrongType),
        (b'{"attributter": {"sagegenskaber": {"a": 1}}, "uuid": "0a3b1c52-7d1c-4a0e-9b0e-2f9f0c7d1a01"}', WrongType),
        (b'{"tilstande": {"sagfremdrift": [1]}, "uuid": "0a3b1c52-7d1c-4a0e-9b0e-2f9f0c7d1a01"}', WrongType),
        (b'{"relationer": {"ejer": [{"uuid": "x"}]}, "uuid": "0a3b1c52-7d1c-4a0e-9b0e-2f9f0c7d1a01"}', WrongType),
        (b'{"attributter": {"sagegenskaber": [{"major": 1e999}]}}', WrongType),
        (b'{"attributter": {"sagegenskaber": [{"major": NaN}]}}', WrongType),
        (b'{"attributter": {"sagegenskaber": [{"major": ' + b"9" * 5000 + b"}]}}", WrongType),
        (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, Unreadable),
        (b"[" * 20_000, Unreadable),
        (b'{"uuid": 7, "attributter": {"sagegenskaber": []}}', WrongType),
        (b'{"attributter": {"sagegenskaber": [{"titel": "x"}]}}', MissingField),
        (b'{"attributter": [1], "objekttype": "Sag"}', WrongType),
        (b'{"attributter": "x", "tilstande": {"sagfremdrift": []}}', WrongType),
        (b'{"attributter": 7, "uuid": "0a3b1c52-7d1c-4a0e-9b0e-2f9f0c7d1a01", "objekttype": "Sag"}', WrongType),
        (b" " * 10_000_001, TooLarge),
    ],
)
def test_declared_errors(lora: OioJson, told: bytes, kind: type[GatewayError]) -> None:
    with pytest.raises(kind) as error:
        lora.translate(told)
    answer = json.loads(lora.refuse(told, error.value, NOW))
    assert answer["message"] == error.value.told()


def _damaged(node: Any, path: list[Any], wrong: Any) -> Any:
    made = json.loads(json.dumps(node))
    at = made
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = wrong
    return made


def _paths(node: Any, path: list[Any]) -> list[list[Any]]:
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    found = [path] if path else []
    for step, child in steps:
        found += _paths(child, [*path, step])
    return found


WHOLE = (
    case(
        relationer__journalpost=[
            {
                "uuid": UNIT,
                "virkning": effect(),
                "journalpostkode": "journalnotat",
                "journalnotat": {"titel": "a", "notat": "b", "format": "c"},
                "journaldokument": {"dokumenttitel": "d"},
            },
        ]
    ),
    effort(),
)
PLACES = [(whole, path) for whole in WHOLE for path in _paths(whole, [])]


WRONG = (None, 7, True, "", "x" * 300, [], {}, [[]], {"virkning": []}, "infinity", "2025-13-01")


def refusal(lora: OioJson, told: bytes) -> GatewayError | None:
    """What it is refused with; whatever else is raised fails the test."""
    try:
        lora.translate(told)
        lora.explain(told)
        lora.accept(told, NOW)
    except GatewayError as error:
        return error
    return None


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_values_replaced_by_other_shapes(lora: OioJson, number: int) -> None:
    for whole, path in PLACES[number % 4 :: 4]:
        told = raw(_damaged(whole, path, WRONG[number]))
        if error := refusal(lora, told):
            assert CPR not in error.told()
            assert json.loads(lora.refuse(told, error, NOW))["message"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["infinity", UNIT, "2025-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "attributter",
                    "tilstande",
                    "relationer",
                    "sagegenskaber",
                    "sagfremdrift",
                    "ejer",
                    "virkning",
                    "from",
                    "to",
                    "uuid",
                    "urn",
                    "results",
                    "registreringer",
                    "id",
                    "fremdrift",
                    "indsatssag",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=50, deadline=None)
@given(
    told=st.dictionaries(st.sampled_from(["attributter", "tilstande", "relationer", "results", "uuid", "id"]), _JSON)
)
def test_any_json_is_understood_or_refused(lora: OioJson, told: dict[str, Any]) -> None:
    error = refusal(lora, raw(told))
    assert error is None or error.told()


def test_a_huge_case_is_read_in_time(lora: OioJson) -> None:
    many = [{"uuid": UNIT, "indeks": at, "virkning": effect()} for at in range(3000)]
    found = lora.translate(raw(case(relationer__andrebehandlere=many)))
    team = next(s for s in found.statements if s.kind == "CareTeam")
    assert len(team.body["parts"]) > 3000


def test_numbers_and_texts_are_the_same_index(lora: OioJson) -> None:
    one, two = (case(relationer__andrebehandlere=to(uuid=UNIT, indeks=at)) for at in (1, "1"))
    assert lora.translate(raw(one)).fingerprint == lora.translate(raw(two)).fingerprint


def test_a_state_out_of_order_is_refused(lora: OioJson) -> None:
    states = [state("Oplyst", "2024-01-01 00:00:00"), state("Opstaaet", "2025-01-01 00:00:00")]
    with pytest.raises(GatewayError) as error:
        lora.translate(raw(case(tilstande__sagfremdrift=states)))
    assert error.value.where == "tilstande.sagfremdrift[0]"


# The public samples


def sample(examples: Any, name: str) -> bytes:
    return bytes((examples / "municipal" / "oio-json" / name).read_bytes())


def test_the_public_case(examples: Any, for_strangers: OioJson, lora: OioJson) -> None:
    told = sample(examples, "sag_opret.json")
    made = for_strangers.translate(told)
    texts = str([s.body for s in made.statements])
    assert "Sag nr. 12345" in texts
    assert "SAG1234567890" in texts
    assert "s1kr3t" not in texts
    assert "Fortroligt" not in texts, "a document's confidential title"
    (plan,) = [s for s in made.statements if s.kind == "CarePlan"]
    bodies = {part["slot"]: part["body"] for part in plan.body["parts"]}
    assert (bodies["Fremdrift"]["status"], bodies["Egenskaber"]["title"]) == ("draft", "Sag nr. 12345")
    assert "description" not in bodies["Egenskaber"], "it is exempt"
    assert len([s for s in made.statements if s.kind == "DocumentReference"]) == 2
    (team,) = [s for s in made.statements if s.kind == "CareTeam"]
    members = [m["member"]["type"] for part in team.body["parts"] for m in part["body"].get("participant", ())]
    assert members == ["Practitioner", "Organization"]
    with pytest.raises(MissingField) as error:
        lora.translate(told)
    assert error.value.where == "relationer.ejer"


def test_the_public_effort(examples: Any, for_strangers: OioJson, lora: OioJson) -> None:
    told = sample(examples, "indsats_opret.json")
    made = for_strangers.translate(told)
    (plan,) = [s for s in made.statements if s.kind == "CarePlan"]
    body = {name: value for part in plan.body["parts"] for name, value in part["body"].items()}
    assert (body["title"], body["status"]) == ("Hjemmebesøg", "draft")
    assert body["period"] == {"start": "2014-05-19T12:02:32+00:00", "end": "2016-05-19T14:02:32+00:00"}
    with pytest.raises(GatewayError):
        lora.translate(told)


def test_the_public_case_about_somebody(examples: Any, lora: OioJson) -> None:
    told = json.loads(sample(examples, "sag_opret.json"))
    told["relationer"]["ejer"] = to(urn="urn:oio:cvr-nr:64942212")
    told["relationer"]["primaerpart"] = to(urn=f"urn:oio:cpr-nr:{CPR}")
    found = lora.translate(raw(told))
    assert found.source.id == "koebenhavn-sag"
    assert "it names no owner" not in " ".join(finding.text for finding in found.findings)


PROFILES = Profiles.read()


@pytest.mark.parametrize("told", [*WHOLE, effort(attributter=None), case(relationer__primaerklasse=None)])
def test_what_is_made_conforms(lora: OioJson, told: dict[str, Any]) -> None:
    for bodies in folded(lora, told).values():
        for body in bodies:
            settled = {name: value for name, value in body.items() if value}  # meta is completed when it is stored
            assert [*PROFILES.check(settled), *broken(PROFILES, settled)] == []


def test_as_lora_itself_writes_a_document(for_strangers: OioJson) -> None:
    """Modelled on LoRa's own fixtures: owner and parties by UUID, variants with parts, nobody whom a number tells."""
    told = {
        "note": "Nyt dokument",
        "attributter": {
            "dokumentegenskaber": [
                {
                    "brugervendtnoegle": "dok-1",
                    "beskrivelse": "En beskrivelse",
                    "brevdato": "2014-05-19",
                    "kassationskode": "k",
                    "major": 4,
                    "minor": 9,
                    "titel": "Brev",
                    "dokumenttype": "Type",
                    "virkning": effect("2014-05-19 12:02:32"),
                }
            ]
        },
        "tilstande": {"dokumentfremdrift": [state("Modtaget", "2014-05-19 12:02:32")]},
        "relationer": {
            "ejer": to(uuid=UNIT, objekttype="Organisation"),
            "parter": to(uuid=UNIT),
            "nyrevision": to(uuid=UNIT),
            "tilknyttedesager": to(uuid=UNIT),
        },
        "varianter": [{"varianttekst": "PDF", "egenskaber": [{"arkivering": False}], "dele": [{"deltekst": "a"}]}],
    }
    made = for_strangers.translate(raw(told))
    (document,) = [s for s in made.statements if s.kind == "DocumentReference"]
    body = {name: value for part in document.body["parts"] for name, value in part["body"].items()}
    assert body["docStatus"] == "final"
    assert body["custodian"]["identifier"]["value"] == UNIT
    assert body["content"][0]["attachment"]["title"] == "Brev"
    unread = {row.field for row in for_strangers.explain(raw(told)).unread}
    assert any("varianttekst" in field for field in unread)
