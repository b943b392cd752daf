"""The facts of a resource: its codes, dates, authors, references and citizens, and nothing of its content."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.facts import facts_of, judged
from gateway.domain.identifier import Identifier
from gateway.domain.labels import KindRow, Labeller, LabelRow
from gateway.domain.resource import Facts, Resource
from gateway.domain.security_label import ACT_CODE, CONFIDENTIALITY
from gateway.domain.source import Source
from tests.domain.consent.making import at


def facts(body: dict[str, Any], **more: Any) -> Facts:
    said: dict[str, Any] = {"sector": "region", "source": "rh", "data_class": "health"}
    return facts_of({"id": "x"} | body, "p1", **said | more)


def test_the_main_code_of_each_type() -> None:
    concept = {"coding": [{"system": "urn:s", "code": "1"}, {"system": "urn:t", "code": "2"}, {"display": "?"}]}
    both = frozenset({"urn:s|1", "urn:t|2"})
    assert facts({"resourceType": "Condition", "code": concept}).codes == both
    assert facts({"resourceType": "Encounter", "type": [concept]}).codes == both
    assert (
        facts({"resourceType": "CarePlan", "activity": [{"detail": {"code": concept}}, {"reference": {}}]}).codes
        == both
    )
    assert facts({"resourceType": "Goal", "description": concept}).codes == both
    assert facts({"resourceType": "Consent", "category": [concept], "provision": {}}).codes == both
    assert facts({"resourceType": "Condition", "category": [concept], "code": {"text": "x"}}).codes == frozenset()


def test_a_day_is_a_day_and_a_time_is_a_time() -> None:
    day = facts({"resourceType": "Condition", "onsetDateTime": "2026-03-01"}).clinical
    assert day == (at("2026-03-01T00:00:00+01:00"), at("2026-03-01T23:59:59.999999+01:00"))
    stay = {"resourceType": "Encounter", "period": {"start": "2026-03-01T10:00:00.0Z", "end": "2026-03-02T10:00:00.0Z"}}
    assert facts(stay).clinical == (at("2026-03-01T10:00:00Z"), at("2026-03-02T10:00:00Z"))


def test_dates_of_the_content_only() -> None:
    assert facts({"resourceType": "Patient", "birthDate": "1950-06-12"}).clinical == ()
    assert facts({"resourceType": "Goal", "target": [{"dueDate": "2027-01-01"}]}).clinical == ()
    assert facts({"resourceType": "Observation", "effectiveDateTime": "sidste uge"}).clinical == ()
    open_end = facts({"resourceType": "CarePlan", "period": {"start": "2026-01-01", "end": "9999-12-31"}})
    assert len(open_end.clinical) == 2
    assert open_end.ends is None


def test_when_it_ends() -> None:
    assert facts({"resourceType": "CarePlan", "period": {"end": "2026-03-31"}}).ends == at(
        "2026-03-31T23:59:59.999999+02:00"
    )
    assert facts({"resourceType": "CarePlan", "period": {"start": "2026-03-31"}}).ends is None
    assert facts({"resourceType": "CarePlan"}).ends is None


def test_who_wrote_it() -> None:
    plan = {
        "resourceType": "CarePlan",
        "author": {"identifier": {"system": "urn:oid:1.3.184", "value": "11111111"}},
        "contributor": [{"reference": "CareTeam/t"}],
    }
    assert facts(plan).authors == {"http://cvr.dk|11111111", "CareTeam/t"}
    done = {"resourceType": "Procedure", "performer": [{"actor": {"reference": "Practitioner/1"}}]}
    assert facts(done).authors == {"Practitioner/1"}


def test_what_it_refers_to() -> None:
    body = {
        "resourceType": "Condition",
        "subject": {"reference": "Patient/p1"},
        "encounter": {"reference": "Encounter/e1/_history/3"},
        "evidence": [{"detail": [{"reference": "Observation/o1"}, {"reference": "#inside"}]}],
    }
    assert facts(body).related == {"Patient/p1", "Encounter/e1", "Observation/o1"}


def test_every_citizen_it_is_about() -> None:
    meeting = {
        "resourceType": "Appointment",
        "participant": [{"actor": {"reference": "Patient/p2"}}, {"actor": {"reference": "Patient/p1"}}],
    }
    assert facts(meeting).citizens == ("p1", "p2")
    assert facts(meeting, same=["p2"]).citizens == ()
    assert facts({"resourceType": "Condition", "subject": {"reference": "Patient/p1"}}).citizens == ()


def test_joined_identities_are_one_citizen() -> None:
    old = {
        "resourceType": "Patient",
        "id": "p0",
        "link": [{"other": {"reference": "Patient/p1"}, "type": "replaced-by"}],
    }
    assert facts(old).citizens == ()
    new = {"resourceType": "Patient", "id": "p1", "link": [{"other": {"reference": "Patient/p0"}, "type": "replaces"}]}
    assert facts(new).citizens == ()


def test_a_resource_is_judged_once() -> None:
    labeller = Labeller(
        [LabelRow(("urn:s",), ("F",), f"{ACT_CODE}|PSY", "psychiatry")],
        [KindRow("Condition", "*", "*", "health", False)],
    )
    body = {
        "resourceType": "Condition",
        "id": "c1",
        "meta": {},
        "code": {"coding": [{"system": "urn:s", "code": "F2"}]},
    }
    resource = Resource("Condition", "c1", body, "rh", "region", notes=("n",), sources=("rh", "kk"))
    labelled, found = judged(resource, "p1", labeller)
    assert (found.kind, found.id, found.citizen, found.data_class) == ("Condition", "c1", "p1", "psychiatry")
    assert found.labels == {f"{ACT_CODE}|PSY", f"{CONFIDENTIALITY}|R"}
    assert found.sources == ("rh", "kk")
    assert [c["code"] for c in labelled.body["meta"]["security"]] == ["PSY", "R"]
    assert (labelled.notes, resource.body["meta"]) == (("n",), {})
    assert judged(labelled, "p1", labeller) == (labelled, found)


values = st.recursive(
    st.none() | st.integers(0, 2) | st.text(max_size=4) | st.sampled_from(["2026-01-01", "Patient/p2", "F2"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["code", "coding", "system", "reference", "period", "start", "author", "activity", "detail"]),
        inner, max_size=3,
    ),
    max_leaves=10,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["code", "period", "author", "activity", "link", "date", "meta"]), values))
def test_no_body_is_too_odd(body: dict[str, Any]) -> None:
    odd = {"resourceType": "CarePlan"} | {k: v for k, v in body.items() if k != "meta"}
    assert facts(odd).kind == "CarePlan"


@pytest.mark.parametrize("odd", [{}, {"link": [{"other": None}]}, {"performer": [None, {"actor": None}]}])
def test_nor_is_one_without_anything(odd: dict[str, Any]) -> None:
    assert facts(odd).citizen == "p1"


def test_from_where_a_resource_comes() -> None:
    """Its sources' organisations and its provider: a spærring of a place hits them all."""
    sor = "urn:oid:1.2.208.176.1.1"
    sources = {
        one: Source(one, one, "region", Identifier(sor, number), "hl7v2", ())
        for one, number in (("a", "265161000016000"), ("b", "399841000016000"), ("c", "953741000016009"))
    }
    provider = {"identifier": {"system": sor, "value": "111111000016000"}}
    body = {"resourceType": "Encounter", "id": "e", "serviceProvider": provider}
    stay = Resource("Encounter", "e", body, "a", "region", sources=("a", "b"))
    _, found = judged(stay, "p1", Labeller([], []), sources)
    assert found.places == {f"{sor}|{number}" for number in ("265161000016000", "399841000016000", "111111000016000")}
    assert judged(stay, "p1", Labeller([], []))[1].places == {f"{sor}|111111000016000"}
