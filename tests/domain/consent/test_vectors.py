"""The decision vectors beside the project, and IHE's Privacy Consent on FHIR examples: all come out as they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.consent import Ask, Word, compile_consent, evaluate
from gateway.domain.resource import Facts
from tests.domain.consent.making import CONFIDENTIALITY, NOW, PSY, SUD, N, R, at, dates, thing


def vectors(examples: Path) -> list[dict[str, Any]]:
    return json.loads((examples / "fhir" / "consent-decision-vectors.json").read_text())["vectors"]


def asked(request: dict[str, Any]) -> Ask:
    purpose = request["purposeOfUse"]
    return Ask(
        actors=frozenset({request["actor"]}),
        organisations=frozenset({request["organization"]}),
        member_of=frozenset(request["memberOf"]),
        care_teams=frozenset(request["careTeams"]),
        purposes=(purpose,) if purpose else (),
        action=request["action"],
        now=at(request["now"]),
    )


def about(resource: dict[str, Any]) -> Facts:
    code, updated, clinical = resource["code"], resource["lastUpdated"], resource["clinicalDate"]
    citizen = resource["patient"].removeprefix("Patient/")
    labels = resource["labels"] or [{"system": CONFIDENTIALITY, "code": "N"}]  # the labeller runs on every write
    others = [p.removeprefix("Patient/") for p in resource.get("otherPatients", [])]
    return Facts(
        kind=resource["type"],
        id=resource["id"],
        citizen=citizen,
        sector="",
        source="",
        data_class="health",
        labels=frozenset(f"{one['system']}|{one['code']}" for one in labels),
        codes=frozenset({f"{code['system']}|{code['code']}"}) if code else frozenset(),
        clinical=dates(clinical) if clinical else (),
        updated=dates(updated)[0] if updated else None,
        authors=frozenset(resource["authoredBy"]),
        related=frozenset(resource["related"]),
        citizens=(citizen, *others) if others else (),
    )


def outcome(vector: dict[str, Any]) -> str:
    consents = [compile_consent(c) for c in vector["consents"]]
    verdict = evaluate(consents, asked(vector["request"]), about(vector["resource"]))
    if verdict.word is not Word.SILENT:
        return str(verdict.word)
    treats = vector["implicitPolicy"] == "permit-treatment" and vector["request"]["purposeOfUse"] == "TREAT"
    return "permit" if treats else "deny"


def test_every_vector_comes_out(examples: Path) -> None:
    listed = vectors(examples)
    wrong = {v["id"]: (v["rule"], outcome(v)) for v in listed if outcome(v) != v["expect"]}
    assert len(listed) >= 42
    assert not wrong


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_consents_does_not_matter(examples: Path, order: int) -> None:
    for vector in vectors(examples):
        turned = vector | {"consents": vector["consents"][::order]}
        assert outcome(turned) == vector["expect"], vector["id"]


# example of IHE PCF → who, purpose, labels of the data, what comes out (its own narrative)
PCF = [
    ("basic-treat", "practitioner", "TREAT", {N}, "permit"),
    ("basic-treat", "practitioner", "HRESCH", {N}, "silent"),
    ("basic-reject", "practitioner", "TREAT", {N}, "deny"),
    ("basic-research", "practitioner", "HRESCH", {N}, "permit"),
    ("expired-treat", "practitioner", "TREAT", {N}, "silent"),
    ("advanced-normal", "practitioner", "TREAT", {N}, "permit"),
    ("advanced-normal", "practitioner", "TREAT", {R}, "deny"),
    ("advanced-normal-restricted", "practitioner", "TREAT", {N, R}, "permit"),
    ("advanced-normal-not-restricted", "practitioner", "TREAT", {R}, "deny"),
    ("advanced-normal-focused-psy", "practitioner", "TREAT", {PSY}, "permit"),
    ("advanced-normal-focused-psy", "practitioner", "TREAT", {N, PSY}, "permit"),
    ("advanced-normal-focused-psy", "clerk", "TREAT", {PSY}, "deny"),
    ("advanced-normal-focused-psy", "clerk", "TREAT", {N}, "permit"),
    ("advanced-normal-focused-psy-or-sdv", "practitioner", "TREAT", {N, PSY}, "permit"),
    ("advanced-normal-focused-psy-or-sdv", "practitioner", "TREAT", {N, PSY, SUD}, "deny"),
    ("advanced-normal-break-glass-restricted", "privilegedUsers", "BTG", {R}, "permit"),
    ("advanced-normal-break-glass-restricted", "practitioner", "BTG", {R}, "silent"),
    ("intermediate-not-authoredby", "clerk", "TREAT", {N}, "deny"),
    ("intermediate-authoredby", "clerk", "TREAT", {N}, "permit"),
    ("intermediate-not-timeframe", "clerk", "TREAT", {N}, "deny"),
    ("intermediate-timeframe", "clerk", "TREAT", {N}, "permit"),
    ("intermediate-purpose", "clerk", "http://example.org/policies/purposeOfUse|FooBar", {N}, "silent"),
    ("intermediate-purpose", "researcher", "http://example.org/policies/purposeOfUse|FooBar", {N}, "permit"),
]


@pytest.mark.parametrize(("name", "who", "purpose", "labels", "expected"), PCF)
def test_ihe_examples(examples: Path, name: str, who: str, purpose: str, labels: set[str], expected: str) -> None:
    folder = examples / "fhir" / "ihe-pcf"
    body = json.loads((folder / f"Consent-ex-consent-{name}.json").read_text())
    groups = frozenset({"Group/ex-privilegedUsers"}) if who == "privilegedUsers" else frozenset()
    organisation = "Organization/ex-org-researcher" if who == "researcher" else "Organization/ex-organization"
    request = Ask(
        actors=frozenset({f"Practitioner/ex-{who}"}), organisations=frozenset({organisation}), purposes=(purpose,),
        now=NOW, member_of=groups,
    )  # fmt: skip
    facts = thing(
        *labels, citizen="ex-patient", clinical=dates("2022-06-01"), updated=dates("2022-06-02")[0],
        authors=frozenset({"Practitioner/ex-practitioner"}),
    )  # fmt: skip
    assert evaluate([compile_consent(body)], request, facts).word == expected


def test_break_glass_dissent(examples: Path) -> None:
    body = json.loads((examples / "fhir/ihe-pcf/Consent-ex-dissent-intermediate-break-glass.json").read_text())
    facts = thing(N, citizen="ex-patient")
    for purpose, groups, expected in [
        ("TREAT", {"Group/ex-privilegedUsers"}, "deny"),
        ("BTG", {"Group/ex-privilegedUsers"}, "permit"),
        ("BTG", set(), "deny"),
    ]:
        who = frozenset({"Practitioner/ex-practitioner"})
        request = Ask(who, frozenset(), (purpose,), NOW, member_of=frozenset(groups))
        assert evaluate([compile_consent(body)], request, facts).word == expected
