"""What decisions remember: nothing that was worked out for one asker, day, consent or data decides for another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from gateway.domain import decide as deciding
from gateway.domain.caller import Override
from gateway.domain.consent import Ask, CompiledConsent, compile_consent, evaluate, prepared
from gateway.domain.consent.evaluate import _again
from gateway.domain.consent.units import Units
from gateway.domain.decide import decide_all
from gateway.domain.identifier import CVR, SOR, Identifier
from gateway.domain.policy import Policy
from gateway.domain.resource import Facts
from gateway.domain.security_label import ACT_CODE, CONFIDENTIALITY, DATA_CLASS, PROTECTED_ADDRESS
from gateway.domain.when import DANISH, danish_day
from tests.domain.deciding import CLINIC, NORMAL, NOW, POLICY, caller, facts, row

OTHER = Identifier(SOR, "265161000016000")
PSY = f"{ACT_CODE}|PSY"
CALLERS = (
    caller("hospital"),
    caller("hospital", organisation=OTHER),
    caller("hospital", user="urn:x|8"),
    caller("hospital", "TREAT", "HOPERAT"),
    caller("hospital", "BTG"),
    caller("hospital", "BTG", override=Override("emergency", "", NOW)),
    caller("hospital", "BTG", override=None),
    caller("hospital", on_behalf_of="urn:x|9"),
    caller("hospital", member_of=(OTHER.key,)),
    caller("social", "COC"),
    caller("social", "COC", sends=("kk-notes",)),
    caller("social", "COC", sector="region"),
    caller("social", "COC", organisation=Identifier(CVR, "64942212")),
    caller("jobcenter"),
    caller("ngo"),
    caller("citizen", user="urn:x|7"),
    caller("auditor"),
)
DATA = (
    facts(),
    facts(id="c2", labels=frozenset({NORMAL, PSY})),
    facts(id="c3", codes=frozenset({"http://snomed.info/sct|73211009"})),
    facts(id="c4", kind="Encounter"),
    facts("social", "municipality", id="c5", source="kk-case"),
    facts("social", "municipality", id="c6", source="kk-notes"),
    facts("identity", id="p1", kind="Patient", labels=frozenset({NORMAL, PROTECTED_ADDRESS})),
)


def _consent(identity: str, provision: dict[str, Any]) -> CompiledConsent:
    scope = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]}
    return compile_consent(
        {
            "resourceType": "Consent", "id": identity, "status": "active", "dateTime": "2026-01-10", "scope": scope,
            "patient": {"reference": "Patient/p1"}, "provision": provision,
        }
    )  # fmt: skip


def _of(*named: Identifier, kind: str = "Organization") -> list[dict[str, Any]]:
    role = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]}
    told = ({"system": one.system, "value": one.value} for one in named)
    return [{"role": role, "reference": {"type": kind, "identifier": one}} for one in told]


CLASSES = [
    {"system": DATA_CLASS, "code": "social"},
    {"system": "http://hl7.org/fhir/resource-types", "code": "Encounter"},
]
CODE = [{"coding": [{"system": "http://snomed.info/sct", "code": "73211009"}]}]
CONSENTS = (
    (),
    (_consent("a", {"type": "permit", "actor": _of(CLINIC), "class": CLASSES}),),
    (_consent("b", {"type": "deny", "actor": _of(OTHER), "period": {"end": "2026-06-01"}}),),
    (
        _consent("c", {"type": "permit", "provision": [{"type": "deny", "code": CODE}]}),
        _consent("d", {"type": "deny", "securityLabel": [{"system": ACT_CODE, "code": "PSY"}], "class": CLASSES}),
    ),
    (_consent("f", {"type": "permit", "actor": _of(Identifier("urn:x", "8"), kind="Practitioner")}),),
    (_consent("g", {"type": "deny", "actor": _of(Identifier("urn:x", "9"), kind="Practitioner")}),),
    (_consent("e", {"type": "permit", "provision": [{"type": "deny", "dataPeriod": {"end": "2026-05-31"}}]}),),
)
TIMES = (NOW, NOW + timedelta(minutes=90), NOW + timedelta(days=1), NOW + timedelta(days=40))
ABOUT: tuple[dict[str, Any], ...] = (
    {}, {"away": True}, {"care_teams": ("CareTeam/t",)}, {"protected": ("p1",)}, {"action": "use"},
    {"same": {"p1": frozenset({"urn:x|7", "Patient/p1"})}},
)  # fmt: skip


def _told(case: tuple[Any, ...]) -> Any:
    who, consents, now, more = case
    return decide_all(who, DATA, consents, POLICY, now, **more)


def test_a_decision_that_is_asked_for_again_is_as_if_it_was_never_made() -> None:
    """Every asker under every consent at every time, each after all the others, against each alone."""
    cases = list(product(CALLERS, CONSENTS, TIMES, ABOUT))
    alone = []
    for case in cases:
        deciding._seats.clear()
        _again.cache_clear()
        alone.append(_told(case))
    for _ in range(2):
        assert [_told(case) for case in cases] == alone
    assert len({str(one) for one in alone}) > 30, "the cases differ"


def test_tables_and_units_that_change_are_asked_anew() -> None:
    who, told = caller("hospital"), (_consent("u", {"type": "deny", "actor": _of(OTHER)}),)
    closed = Policy([row("health", "hospital", "never")])
    fresh = Policy(POLICY.rows, POLICY.owners, POLICY.grounds, Units())
    assert [len(decide_all(who, DATA[:1], told, one, NOW)[0]) for one in (fresh, closed, fresh)] == [1, 0, 1]
    fresh.units = fresh.units.hearing([(CLINIC.key, OTHER.key)])
    assert decide_all(who, DATA[:1], told, fresh, NOW)[0] == [], "the clinic is a part of whom the consent closes out"


def test_a_row_holds_from_its_day_on() -> None:
    rows = [
        row("health", "hospital", "treatment", valid_to="2026-06-01"),
        row("health", "hospital", "never", valid_from="2026-06-02"),
    ]
    policy, midnight = Policy(rows), datetime(2026, 6, 1, 22, tzinfo=UTC)
    for now, permits in ((midnight - timedelta(microseconds=1), 1), (midnight, 0), (midnight - timedelta(hours=1), 1)):
        assert len(decide_all(caller("hospital"), DATA[:1], (), policy, now)[0]) == permits


@pytest.mark.parametrize("consents", CONSENTS)
def test_data_that_is_alike_is_told_from_data_that_is_not(consents: tuple[CompiledConsent, ...]) -> None:
    """A verdict is remembered for what the consents can tell apart: each kind of data after all others as alone."""
    ask = Ask(frozenset(), frozenset({CLINIC.key}), ("TREAT",), NOW, role="hospital", sector="region")
    changes: tuple[dict[str, Any], ...] = (
        {}, {"kind": "Encounter"}, {"data_class": "social"}, {"sector": "municipality"}, {"labels": frozenset({PSY})},
        {"labels": frozenset({f"{CONFIDENTIALITY}|R"})}, {"codes": frozenset({"http://snomed.info/sct|73211009"})},
        {"clinical": (datetime(2020, 1, 1, tzinfo=UTC),)}, {"updated": datetime(2020, 1, 1, tzinfo=UTC)}, {"id": "c9"},
        {"citizen": "p2"}, {"citizens": ("p1", "p2")}, {"authors": frozenset({OTHER.key})},
    )  # fmt: skip
    told: list[Facts] = [
        replace(DATA[0], **one, **other) for one in changes for other in changes if not one.keys() & other.keys()
    ]
    alone = [evaluate(consents, ask, one) for one in told]
    evaluation = prepared(consents, ask)
    for _ in range(2):
        assert [evaluation.verdict(one) for one in told] == alone


@pytest.mark.parametrize("around", ["2026-03-29T01:00", "2026-10-25T01:00", "2026-01-01T00:00", "2026-06-30T22:00"])
def test_the_day_in_denmark(around: str) -> None:
    moment = datetime.fromisoformat(around).replace(tzinfo=UTC)
    for step in range(-30, 31):
        for seconds in (-1e-6, 0, 1e-6, 1799.9):
            now = moment + timedelta(hours=step, seconds=seconds)
            assert danish_day(now) == now.astimezone(DANISH).date().isoformat()
            assert danish_day(now.astimezone(DANISH)) == danish_day(now)
