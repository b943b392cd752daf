"""Decision: one decision about one resource of a citizen with twenty consents, against one look-up in a dict.

Alone, without database, token and record. The consents are compiled, and what they leave open to this reader is worked
out, as it is for every look of a reader at a citizen after the first; each decision asks for it again.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from statistics import median
from typing import Any

from gateway.cli.benching.figure import Figure, in_turns
from gateway.domain.caller import Caller
from gateway.domain.consent import CompiledConsent, compile_consent
from gateway.domain.consent.ask import ACT_REASON
from gateway.domain.decide import Permit, decide
from gateway.domain.identifier import SOR, Identifier
from gateway.domain.resource import Facts
from gateway.domain.security_label import ACT_CODE, CONFIDENTIALITY, DATA_CLASS
from gateway.settings import Settings
from gateway.translate import policy_tables

CONSENTS = 20
GOAL = 0.001
"""A decision costs a thousand look-ups: some 30 µs where one takes 30 ns."""

_LOOKUPS = 1000  # for one decision in a round, so that both sides take about as long
_NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
_CLINIC = Identifier(SOR, "953741000016009")


def measure(settings: Settings, rounds: int, decisions: int) -> Figure:
    """Decisions a second, and look-ups a second."""
    policy, _ = policy_tables.load(settings.mappings_folder / "policy")
    consents = [_consent(number) for number in range(CONSENTS)]
    caller, facts = _caller(), _facts()
    table = {f"Condition/{number}": number for number in range(10_000)}
    if not isinstance(decide(caller, facts, consents, policy, _NOW), Permit):
        raise RuntimeError("the decision that is measured must be a permit: nothing may cut it short")

    def ours(_: int) -> float:
        begun = time.process_time()
        for _ in range(decisions):
            decide(caller, facts, consents, policy, _NOW)
        return decisions / (time.process_time() - begun)

    def floor(_: int) -> float:
        keys = [f"Condition/{number % 10_000}" for number in range(_LOOKUPS)]
        begun = time.process_time()
        for _ in range(decisions):
            for key in keys:
                table[key]
        return decisions * _LOOKUPS / (time.process_time() - begun)

    ours(0)
    found = in_turns("decision", rounds, ours, floor)
    took = 1e6 / median(rate for rate, _ in found)
    how = (
        f"{took:.1f} µs of processor time for one decision about a diagnosis: {CONSENTS} consents in force, of which a "
        "quarter name other readers, a quarter another purpose, a quarter hold an exception by label, a quarter deny "
        "by date; the same reader asks again; the floor is one look-up in a dict of 10,000"
    )
    return Figure("decision", GOAL, "decisions/s", how, found)


def _caller() -> Caller:
    return Caller(
        client="epj", client_name="", organisation=_CLINIC, organisation_name="", sector="region", role="hospital",
        user=f"{SOR}|{_CLINIC.value}.kbo", user_name="", user_role="", purposes=("TREAT",), scopes=("system/*.rs",),
    )  # fmt: skip


def _facts() -> Facts:
    return Facts(
        kind="Condition", id="c1", citizen="p1", sector="region", source="rh", data_class="health",
        labels=frozenset({f"{CONFIDENTIALITY}|N"}), clinical=(_NOW,), updated=_NOW,
    )  # fmt: skip


def _consent(number: int) -> CompiledConsent:
    provision = (_of_others, _for_another_purpose, _with_exception, _by_date)[number % 4](number)
    return compile_consent(
        {
            "resourceType": "Consent", "id": f"c{number}", "status": "active", "dateTime": "2026-01-10",
            "scope": _concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
            "patient": {"reference": "Patient/p1"}, "provision": provision,
        }
    )  # fmt: skip


def _of_others(number: int) -> dict[str, Any]:
    return {"type": "deny", "actor": [_actor(f"{number}1000016009")]}


def _for_another_purpose(_: int) -> dict[str, Any]:
    classes = [{"system": DATA_CLASS, "code": "stay"}]
    return {"type": "permit", "actor": [_actor(_CLINIC.value)], "purpose": [_purpose("CAREMGT")], "class": classes}


def _with_exception(_: int) -> dict[str, Any]:
    labels = [{"system": CONFIDENTIALITY, "code": code} for code in "NR"]
    never = {"type": "deny", "securityLabel": [{"system": ACT_CODE, "code": "PSY"}]}
    return {
        "type": "permit", "actor": [_actor(_CLINIC.value)], "purpose": [_purpose("TREAT")], "securityLabel": labels,
        "provision": [never],
    }  # fmt: skip


def _by_date(_: int) -> dict[str, Any]:
    return {"type": "deny", "dataPeriod": {"end": "2020-01-01"}}


def _actor(number: str) -> dict[str, Any]:
    role = _concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP")
    return {"role": role, "reference": {"identifier": {"system": SOR, "value": number}}}


def _purpose(code: str) -> dict[str, str]:
    return {"system": ACT_REASON, "code": code}


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}
