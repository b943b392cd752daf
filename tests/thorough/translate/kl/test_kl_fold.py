"""What an order becomes behind the translation: the joint plan, whatever the order of arrival."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

from gateway.domain.citizen import people
from gateway.domain.fold import fold
from gateway.domain.plan import compose
from gateway.domain.resource import Resource, ids
from gateway.domain.statement import Statement
from gateway.translate.conformance import Profiles
from gateway.translate.kl import Kl
from gateway.translate.rules.sources import Sources
from tests.translate.invariants import broken
from tests.translate.kl.orders import RAW, order, raw, the

MAPPINGS = Path(__file__).parents[4] / "mappings"


def folded(kl: Kl, *messages: bytes) -> list[Resource]:
    said: list[Statement] = []
    for one in messages:
        said += kl.translate(one).statements
    citizen = kl.translate(RAW).citizen[0].key
    person = people({citizen: [citizen]}, [])[citizen]
    return fold(said, person, ids(b"test"), {s.id: s for s in Sources.read(MAPPINGS)})


def test_the_joint_plan_holds_every_intervention_and_the_coordinator(kl: Kl) -> None:
    resources = [r.body for r in folded(kl, RAW)]
    citizen = next(r["id"] for r in resources if r["resourceType"] == "Patient")
    plan, team = compose(resources, citizen, datetime(2025, 5, 2, tzinfo=UTC))
    texts = [str(a["detail"].get("code")) for a in plan["activity"]]
    assert sum("Støtte til" in text or "Kørsel" in text or "ophold" in text for text in texts) == 6
    ended = next(a["detail"] for a in plan["activity"] if "administration" in str(a))
    assert ended["status"] == "completed"  # its period is over, whatever its status says
    assert len(plan["goal"]) == 3
    assert len(plan["addresses"]) == 10
    coordinators = [p for p in team["participant"] if "'coordinator'" in str(p["role"])]
    assert [p["member"]["display"] for p in coordinators] == ["Borgercenter Voksne"]


def test_the_joint_plan_of_an_order_conforms_to_our_profiles(kl: Kl) -> None:
    resources = [r.body for r in folded(kl, RAW)]
    profiles = Profiles.read()
    citizen = next(r["id"] for r in resources if r["resourceType"] == "Patient")
    for made in compose(resources, citizen, datetime(2025, 5, 2, tzinfo=UTC)):
        assert [*profiles.check(made), *broken(profiles, made)] == []
    for resource in resources:
        assert profiles.check(resource | {"meta": {"versionId": "1"} | resource["meta"]}) == []


def test_any_order_and_any_repetition_give_the_same_resources(kl: Kl) -> None:
    later = order()
    later["timestamp"] = "2025-03-01T08:00:00+01:00"
    the(later, "CarePlan", activity="Kørsel")["status"] = "entered-in-error"
    the(later, "Goal", description="post")["description"]["text"] = "Rasmus åbner selv sin post hver dag."
    messages = [RAW, raw(later), RAW]
    expected = folded(kl, *messages)
    for permutation in itertools.permutations(messages):
        assert folded(kl, *permutation) == expected
    goal = next(r for r in expected if "hver dag" in str(r.body))
    assert goal.kind == "Goal"
    assert [r.kind for r in expected if r.withdrawn] == ["CarePlan"]
