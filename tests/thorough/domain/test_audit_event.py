"""AuditEvents against IHE BALP's own StructureDefinitions, R4, and the lines that must never appear in them.

`problems` reads a snapshot: cardinality, patterns, slices by value, required bindings. It is kept small because
these profiles use no more; FHIR's own rules are checked with fhir.resources.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from fhirpathpy import evaluate

from gateway.domain import audit_event as told
from gateway.domain.audit_event import Server, audit_event
from gateway.domain.record import AccessRecord, Decision, Outcome

OWN_PROFILES = Path(__file__).parents[3] / "profiles" / "compiled"
SERVER = Server("gateway.example.dk", "https://gateway.example.dk/fhir")
PATIENT, GOAL = "a1" * 16, "b2" * 16
TIME = datetime(2026, 3, 1, 12, 30, 0, 42_000, tzinfo=UTC)


def record(interaction: str = "read", decision: Decision = Decision.PERMIT, **changed: Any) -> AccessRecord:
    given: dict[str, Any] = {
        "time": TIME,
        "citizen": PATIENT,
        "user": "urn:oid:1.2.208.176.1.3|BVZ12",
        "user_name": "Åse Prøve-Holm",
        "user_role": "nurse",
        "user_authorisation": "BVZ12",
        "on_behalf_of": "urn:oid:1.2.208.176.1.3|CDE34",
        "organisation": "urn:oid:1.2.208.176.1.1|265161000016000",
        "organisation_name": "Psykiatrisk afsnit",
        "sector": "region",
        "client": "hospital",
        "client_name": "EPJ",
        "client_version": "4.1",
        "address": "10.1.2.3",
        "purposes": ("TREAT",),
        "basis": ("sundhedsloven § 42 a",),
        "consents": ("c3" * 16,),
        "rules": ("policy/treatment.csv:12",),
        "trace": "76d148b6-586d-11ec-bf63-0242ac130002",
        "token": "C187CC480FAC40A0936902D8BC324F5F",
    }
    if decision is Decision.OVERRIDE:
        given |= {"override_code": "acute", "override_reason": "borgeren er bevidstløs"}
    if interaction in told._ONE:
        given |= {"kind": "Goal", "resources": (f"Goal/{GOAL}/_history/3",)}
    if interaction.startswith("search") or interaction in ("operation", "token"):
        given |= {"kind": "Goal", "query": f"GET /fhir/Goal?patient={PATIENT}"}
    if interaction == "token":
        given |= {"citizen": "", "query": "POST /oauth/token grant_type=client_credentials"}
    if interaction in ("import", "export", "notify"):
        given |= {"messages": ("MSG00001",), "resources": (f"Goal/{GOAL}/_history/3", f"Encounter/{GOAL}/_history/1")}
    return AccessRecord(interaction=interaction, decision=decision, **(given | changed))


def event(*args: Any, **changed: Any) -> dict[str, Any]:
    return audit_event(record(*args, **changed), "17", SERVER)


# --- a reader of snapshots ----------------------------------------------------------------------------------------


class Balp:
    """The StructureDefinitions and ValueSets of IHE BALP."""

    def __init__(self, folder: Path) -> None:
        self.profiles = {d["url"]: d["snapshot"]["element"] for d in _load(folder, "StructureDefinition-*.json")}
        self.codes = {d["url"]: set(_codes(d)) for d in _load(folder, "ValueSet-*.json")}
        for file in sorted(OWN_PROFILES.glob("StructureDefinition-audit-*.json")):
            own = json.loads(file.read_text())
            self.profiles[own["url"]] = own["snapshot"]["element"]

    def problems(self, resource: dict[str, Any]) -> list[str]:
        found = []
        for url in resource["meta"]["profile"]:
            if url in self.profiles:
                elements = {e["id"]: e for e in self.profiles[url]}
                found += [f"{url.rpartition('.')[2]}: {p}" for p in self._check(elements, "AuditEvent", resource)]
                found += [f"{url}: {rule}" for rule in _broken(elements["AuditEvent"], resource)]
        return found

    def _check(self, elements: dict[str, Any], id: str, node: Any) -> Iterator[str]:
        for child in [c for c in elements if c.rpartition(".")[0] == id and ":" not in c.rpartition(".")[2]]:
            name = child.rpartition(".")[2]
            values = _values(node, name)
            yield from _count(elements[child], len(values), child)
            slices = [s for s in elements if s.startswith(child + ":") and "." not in s[len(child) :]]
            homes = dict.fromkeys(slices, 0)
            for value in values:
                yield from self._matches(elements[child], value, child)
                home = next((s for s in slices if self._belongs(elements, child, s, value)), child)
                if home in homes:
                    homes[home] += 1
                elif slices and elements[child]["slicing"]["rules"] == "closed":
                    yield f"{child}: outside every slice"
                yield from self._check(elements, home, value)
            for home, count in homes.items():
                yield from _count(elements[home], count, home)

    def _belongs(self, elements: dict[str, Any], child: str, slice_id: str, value: Any) -> bool:
        for discriminator in elements[child]["slicing"]["discriminator"]:
            path = discriminator["path"]
            rule = elements[slice_id if path == "$this" else f"{slice_id}.{path}"]
            part = value if path == "$this" else value.get(path)
            if part is None or any(True for _ in self._matches(rule, part, slice_id)):
                return False
        return True

    def _matches(self, rule: dict[str, Any], value: Any, where: str) -> Iterator[str]:
        for key, wanted in rule.items():
            if key.startswith(("pattern", "fixed")) and not _holds(wanted, value):
                yield f"{where}: is not {json.dumps(wanted)}"
        binding = rule.get("binding", {})
        codes = self.codes.get(binding.get("valueSet", ""))
        if codes and binding["strength"] == "required":
            codings = value.get("coding", [value]) if isinstance(value, dict) else [{"code": value}]
            if not any((c.get("system"), c["code"]) in codes for c in codings):
                yield f"{where}: is not in {binding['valueSet']}"


def _broken(root: dict[str, Any], resource: dict[str, Any]) -> Iterator[str]:
    """Invariants of our own profiles, in FHIRPath."""
    for rule in root.get("constraint", []):
        if rule["key"].startswith("audit-") and evaluate(resource, rule["expression"]) != [True]:
            yield rule["human"]


def _load(folder: Path, pattern: str) -> Iterator[Any]:
    for file in sorted((folder / "fhir" / "ihe-balp").glob(pattern)):
        yield json.loads(file.read_text())


def _codes(value_set: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for include in value_set["compose"]["include"]:
        for concept in include.get("concept", []):
            yield include["system"], concept["code"]


def _values(node: Any, name: str) -> list[Any]:
    if not isinstance(node, dict):
        return []
    if name.endswith("[x]"):
        return [value for key, value in node.items() if key.startswith(name[:-3])]
    value = node.get(name, [])
    return value if isinstance(value, list) else [value]


def _count(rule: dict[str, Any], count: int, where: str) -> Iterator[str]:
    if count < rule["min"]:
        yield f"{where}: {count} of at least {rule['min']}"
    if rule["max"] != "*" and count > int(rule["max"]):
        yield f"{where}: {count} of at most {rule['max']}"


def _holds(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(_holds(part, value.get(name)) for name, part in wanted.items())
    if isinstance(wanted, list):
        return isinstance(value, list) and all(any(_holds(item, other) for other in value) for item in wanted)
    return bool(wanted == value)


@pytest.fixture(scope="module")
def balp(examples: Path) -> Balp:
    return Balp(examples)


def test_the_reader_agrees_with_the_examples_of_the_guide(balp: Balp, examples: Path) -> None:
    seen = 0
    for example in _load(examples, "AuditEvent-ex-auditBasic*.json"):
        assert balp.problems(example) == [], example["id"]
        seen += 1
    assert seen > 20


def test_our_own_profiles_are_there_and_bite(balp: Balp) -> None:
    own = [told.REFUSED, told.FILTERED, told.OVERRIDE, told.OPERATION, told.FAILED]
    assert set(own) <= set(balp.profiles)
    wrong = event(decision=Decision.DENY)
    assert balp.problems(wrong), "refused and yet a success"
    wrong = event(decision=Decision.FILTERED)
    wrong["entity"][-1]["name"] = "permit"
    assert balp.problems(wrong)


def test_the_reader_finds_what_is_wrong(balp: Balp) -> None:
    for path, change in (
        (("agent",), lambda agents: agents[1:]),
        (("agent",), lambda agents: [*agents, agents[0]]),
        (("entity",), lambda entities: entities[1:]),
        (("entity",), lambda entities: [*entities, entities[1]]),
        (("action",), lambda _: "E"),
        (("outcome",), lambda _: "4"),
        (("subtype",), lambda _: [{"system": "http://hl7.org/fhir/restful-interaction", "code": "search"}]),
    ):
        wrong = event()
        wrong[path[0]] = change(wrong[path[0]])
        assert balp.problems(wrong), path


# --- what we write --------------------------------------------------------------------------------------------------

INTERACTIONS = [
    "read", "vread", "search-type", "search-system", "search", "create", "update", "patch", "delete", "operation",
    "history-instance", "token", "login", "logout", "import", "export", "notify",
]  # fmt: skip
EXPECTED = {
    "read": "PatientRead",
    "vread": "PatientRead",
    "search-type": "PatientQuery",
    "create": "PatientCreate",
    "update": "PatientUpdate",
    "patch": "PatientUpdate",
    "delete": "PatientDelete",
}


def bare() -> dict[str, Any]:
    """A machine alone, with nothing known of it but its name."""
    names = ("user", "user_name", "user_role", "user_authorisation", "on_behalf_of", "organisation", "client_name",
             "organisation_name", "sector", "client_version", "address", "trace", "token")  # fmt: skip
    return dict.fromkeys(names, "") | dict.fromkeys(("purposes", "basis", "consents", "rules"), ())


@pytest.mark.parametrize("interaction", INTERACTIONS)
@pytest.mark.parametrize("decision", list(Decision))
@pytest.mark.parametrize("with_citizen", [True, False])
@pytest.mark.parametrize("fields", [{}, bare()], ids=["full", "bare"])
def test_every_record_conforms(
    balp: Balp, interaction: str, decision: Decision, with_citizen: bool, fields: dict[str, Any]
) -> None:
    outcome = Outcome.MINOR if decision is Decision.DENY else Outcome.SUCCESS
    made = event(interaction, decision, **fields, outcome=outcome, **({} if with_citizen else {"citizen": ""}))
    assert balp.problems(made) == []
    assert AuditEvent.model_validate(made)
    assert sum(agent["requestor"] for agent in made["agent"]) == 1
    profiles = [url for url in made["meta"]["profile"] if url != told.TOKEN_USE]
    assert len(profiles) == len(set(profiles)) <= 2
    if decision is Decision.DENY:
        assert profiles == [told.REFUSED]


@pytest.mark.parametrize(("interaction", "name"), EXPECTED.items())
def test_balp_profiles_are_claimed_where_balp_has_a_pattern(interaction: str, name: str) -> None:
    assert event(interaction)["meta"]["profile"][0] == f"{told.BALP}IHE.BasicAudit.{name}"
    without = event(interaction, citizen="")["meta"]["profile"][0]
    assert without == f"{told.BALP}IHE.BasicAudit.{name.removeprefix('Patient')}"


def test_messages_are_disclosures_and_tokens_are_iti_71() -> None:
    assert event("import", token="")["meta"]["profile"] == [told.BALP + "IHE.BasicAudit.PrivacyDisclosure.Recipient"]
    assert event("notify", token="")["meta"]["profile"] == [told.BALP + "IHE.BasicAudit.PrivacyDisclosure.Source"]
    assert event("token")["meta"]["profile"] == [told.BALP + "IHE.IUA.71"]


def test_what_balp_has_no_pattern_for_has_ours() -> None:
    assert event("operation", operation="joint-plan", token="")["meta"]["profile"] == [told.OPERATION]
    assert event("operation")["subtype"][0]["code"] == "operation"
    assert event("operation", operation="joint-plan")["subtype"][1]["code"] == "joint-plan"
    filtered = event(decision=Decision.FILTERED)["meta"]["profile"]
    assert filtered[0].endswith("PatientRead")
    assert told.FILTERED in filtered
    assert told.OVERRIDE in event(decision=Decision.OVERRIDE)["meta"]["profile"]
    assert told.FAILED in event(outcome=Outcome.SERIOUS)["meta"]["profile"]
    assert not any(url.endswith("PatientRead") for url in event(outcome=Outcome.SERIOUS)["meta"]["profile"])


def by_code(made: dict[str, Any], where: str, code: str) -> dict[str, Any]:
    found = []
    for item in made[where]:
        kind = item["type"]["coding"][0] if where == "agent" else item["type"]
        if kind["code"] == code:
            found.append(item)
    assert len(found) == 1, (code, found)
    return dict(found[0])


def test_who_looked() -> None:
    made = event()
    user = by_code(made, "agent", "IRCP")
    assert user["who"]["identifier"] == {"system": "urn:oid:1.2.208.176.1.3", "value": "BVZ12"}
    assert user["requestor"] is True
    assert user["policy"] == ["C187CC480FAC40A0936902D8BC324F5F"]
    assert user["purposeOfUse"][0]["coding"][0]["code"] == "TREAT"
    assert by_code(made, "agent", "RESP")["who"]["identifier"]["value"] == "CDE34"
    assert by_code(made, "agent", "PROV")["who"]["identifier"]["value"] == "265161000016000"
    client = by_code(made, "agent", "110152")
    assert client["network"] == {"address": "10.1.2.3", "type": "2"}
    assert client["who"]["identifier"]["value"] == "hospital"
    assert by_code(made, "agent", "110153")["network"]["address"] == SERVER.address
    assert made["source"]["observer"]["display"] == "gateway.example.dk"
    assert made["purposeOfEvent"][0]["coding"][0]["code"] == "TREAT"


def test_a_machine_alone_is_its_own_requestor() -> None:
    made = event("search-type", **bare())
    assert by_code(made, "agent", "110153")["requestor"] is True
    assert by_code(made, "agent", "110153")["network"] == {"address": "hospital", "type": "1"}


def test_whom_it_was_about_and_what_was_shown() -> None:
    made = event()
    patient = by_code(made, "entity", "1")
    assert patient["what"]["reference"] == f"Patient/{PATIENT}"
    assert patient["role"]["code"] == "1"
    assert by_code(made, "entity", "2")["what"]["reference"] == f"Goal/{GOAL}/_history/3"
    assert by_code(made, "entity", "XrequestId")["what"]["identifier"]["value"].startswith("76d148b6")
    assert by_code(made, "entity", "Consent")["what"]["reference"] == "Consent/" + "c3" * 16


def test_the_question_is_kept_and_its_results_stand_apart() -> None:
    made = event("search-type", resources=(f"Goal/{GOAL}/_history/3",))
    query = by_code(made, "entity", "2")
    assert b64decode(query["query"]).decode() == f"GET /fhir/Goal?patient={PATIENT}"
    assert query["role"]["code"] == "24"
    assert by_code(made, "entity", "Goal")["what"]["reference"] == f"Goal/{GOAL}/_history/3"


def test_the_messages_of_a_machine_are_named() -> None:
    assert by_code(event("import"), "entity", "message")["what"]["identifier"]["value"] == "MSG00001"


def test_why_it_was_decided_so() -> None:
    made = event(
        decision=Decision.OVERRIDE,
        withheld=(("policy/never.csv:3", 2),),
        override_code="acute",
        override_reason="borgeren er bevidstløs",
    )
    decision = by_code(made, "entity", "decision")
    assert decision["name"] == "override"
    assert {d["type"]: d["valueString"] for d in decision["detail"]} == {
        "rule": "policy/treatment.csv:12",
        "basis": "sundhedsloven § 42 a",
        "withheld:policy/never.csv:3": "2",
        "override-code": "acute",
        "override-reason": "borgeren er bevidstløs",
    }


def test_the_outcome_is_told() -> None:
    made = event(decision=Decision.DENY, outcome=Outcome.MINOR, outcome_text="Forbidden")
    assert (made["outcome"], made["outcomeDesc"]) == ("4", "Forbidden")
    assert event()["outcome"] == "0"
    assert "outcomeDesc" not in event()


def test_no_cpr_comes_out() -> None:
    made = event(
        "search-type",
        query="GET /fhir/Patient?identifier=urn:oid:1.2.208.176.1.2|251248-9996",
        override_reason="251248-9996",
        outcome_text="2512489996",
    )
    query = b64decode(by_code(made, "entity", "2")["query"]).decode()
    assert "9996" not in json.dumps(made) + query


def test_equal_records_give_equal_events() -> None:
    assert json.dumps(event()) == json.dumps(event())
    assert event()["recorded"] == "2026-03-01T12:30:00.042Z"
