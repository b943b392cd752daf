"""Stays of every shape, with corrections and cancellations, in order, out of order and with lost messages."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from gateway.cli.together import folded
from gateway.domain.resource import ids
from gateway.domain.when import instant
from tests.acceptance.notified import Json, Outcome, course
from tests.translate.medcom.notices import MEDCOM, SOURCE, raw

SEEDS = range(40)


def came(bundles: list[Json]) -> dict[str, Any]:
    """The only Encounter, its episode and the Patient."""
    made = folded([MEDCOM.translate(raw(bundle)) for bundle in bundles], ids(b"secret"), {SOURCE.id: SOURCE})
    assert sorted(one.kind for one in made) == ["Encounter", "EpisodeOfCare", "Patient"]
    return {one.kind: one.body for one in made}


def seen(bodies: dict[str, Any]) -> Outcome:
    stay, period = bodies["Encounter"], bodies["Encounter"]["period"]
    leaves = [e["valuePeriod"] for e in stay.get("extension", [])]
    return Outcome(
        stay["status"],
        instant(period["start"]),
        instant(period["end"]) if "end" in period else None,
        [[instant(one[edge]) if edge in one else None for edge in ("start", "end")] for one in leaves],
        bodies["Patient"].get("deceasedBoolean", False),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stay_comes_out_right_whatever_comes_when(seed: int) -> None:
    told, cancelled = course(seed)
    messages = [bundle for _, _, bundle in told.sent]
    shuffled = Random(seed).sample(messages, len(messages))
    for arrived in (messages, shuffled, told.without_originals()):
        bodies = came(arrived)
        if cancelled:
            assert bodies["Encounter"]["status"] == "entered-in-error"
        else:
            assert seen(bodies) == told.outcome()


def test_every_kind_of_notification_is_among_them() -> None:
    words = {(how, message["entry"][-1]["resource"]["activity"]["coding"][0]["code"].removeprefix("cancel-"))
             for seed in SEEDS for how, _, message in course(seed)[0].sent}  # fmt: skip
    assert {how for how, _ in words} == {"", "RE", "AN"}
    assert {"admit-emergency", "admit-inpatient", "start-leave-inpatient", "end-leave-inpatient",
            "discharge-emergency-home", "discharge-inpatient-home"} <= {word for _, word in words}  # fmt: skip
