"""The joint plan is the same and is R4, whatever parts it is made of and in whatever order."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.plan import compose
from gateway.domain.team import is_coordinator
from gateway.translate.fhir.structure import structure
from tests.domain.test_plan import CITIZEN, NOW, effort, member, order, part

PARTS = st.lists(
    st.one_of(
        st.builds(order, st.integers(0, 3), period=st.sampled_from([{}, {"start": "2025-01-01"}])),
        st.builds(effort, st.integers(4, 6), st.integers(0, 3)),
        st.builds(part, st.just("Goal"), st.integers(0, 3)),
        st.builds(
            part, st.just("CareTeam"), st.integers(0, 2),
            participant=st.lists(
                st.builds(
                    member, st.sampled_from(["anna", "bo", "carl"]), st.sampled_from(["", "coordinator"]),
                    st.sampled_from(["", "2025-01-01", "2025-06-01T10:00:00+02:00"]),
                ),
                max_size=3,
            ),
        ),
    ),
    max_size=8, unique_by=lambda p: (p["resourceType"], p["id"]),
)  # fmt: skip


@given(PARTS, st.randoms(use_true_random=False))
def test_the_order_of_the_parts_does_not_matter(parts: list, random: Any) -> None:
    expected = json.dumps(compose(parts, CITIZEN, NOW))
    random.shuffle(parts)
    assert json.dumps(compose(parts, CITIZEN, NOW)) == expected


@given(PARTS)
def test_what_is_composed_is_r4_with_one_current_coordinator(parts: list) -> None:
    plan, team = compose(parts, CITIZEN, NOW)
    assert structure(plan) == []
    assert structure(team) == []
    current = [p for p in team.get("participant", []) if "end" not in p.get("period", {}) and is_coordinator(p)]
    assert len(current) <= 1
