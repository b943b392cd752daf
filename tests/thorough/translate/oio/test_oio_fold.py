"""What cases become behind the translation: parts of the joint plan, whatever the order of arrival."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from gateway.domain.citizen import people
from gateway.domain.fold import fold
from gateway.domain.plan import compose
from gateway.domain.resource import Resource, ids
from gateway.domain.statement import Statement
from gateway.translate.conformance import Profiles
from gateway.translate.oio import Oio
from gateway.translate.rules.sources import Sources
from tests.translate.invariants import broken
from tests.translate.oio.cases import SAG, changed, updated
from tests.translate.oio.conftest import MAPPINGS

CLOSED = changed(
    ("2025-03-10T09:15:00+01:00", "2025-06-02T10:00:00+02:00"),
    ("2025-03-10T09:15:04.120+01:00", "2025-06-02T10:00:01+02:00"),
    ("2025-02-20T00:00:00+01:00", "2025-06-01T00:00:00+02:00"),
    (">Afgjort<", ">Afsluttet<"),
)  # fmt: skip


def folded(oio: Oio, *messages: bytes) -> list[Resource]:
    said: list[Statement] = []
    for one in messages:
        said += oio.translate(one).statements
    citizen = oio.translate(SAG.encode()).citizen[0].key
    person = people({citizen: [citizen]}, [])[citizen]
    return fold(said, person, ids(b"test"), {s.id: s for s in Sources.read(MAPPINGS)})


def test_the_case_stands_in_the_joint_plan(oio: Oio) -> None:
    resources = [r.body for r in folded(oio, SAG.encode())]
    citizen = next(r["id"] for r in resources if r["resourceType"] == "Patient")
    plan, team = compose(resources, citizen, datetime(2025, 5, 2, tzinfo=UTC))
    (activity,) = plan["activity"]
    assert activity["detail"]["description"] == "Midlertidigt botilbud efter § 110"
    assert activity["detail"]["status"] == "in-progress"
    assert {p["member"]["display"] for p in team["participant"]} == {
        "Center for Udsatte Voksne", "Vibeke Thorup Damsgaard", "Asger Lindholt",
    }  # fmt: skip
    profiles = Profiles.read()
    for made in (plan, team):
        assert [*profiles.check(made), *broken(profiles, made)] == []
    for resource in resources:
        assert profiles.check(resource | {"meta": {"versionId": "1"} | resource["meta"]}) == []


def test_any_order_and_any_repetition_give_the_same_resources(oio: Oio) -> None:
    messages = [SAG.encode(), updated(), CLOSED, SAG.encode()]
    expected = folded(oio, *messages)
    for permutation in itertools.permutations(messages):
        assert folded(oio, *permutation) == expected
    case = next(r.body for r in expected if r.kind == "CarePlan")
    assert (case["status"], case["period"]["end"]) == ("completed", "2025-05-31T23:59:59+02:00")
