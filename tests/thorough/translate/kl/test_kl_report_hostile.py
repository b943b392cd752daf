"""Whatever comes as a report: a translation, or an error without a value of it; and whatever order of reports and
orders: the same resources."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.translate.fhir import parse, write_xml
from gateway.translate.kl import Kl
from gateway.translate.translation import Translation
from tests.translate.kl.orders import message
from tests.translate.kl.reporting import (
    CPR,
    Json,
    about,
    case_number,
    contact,
    evaluation,
    folded,
    function,
    goal,
    intervention,
    plan,
    ranked,
    raw,
    report,
    target_group,
)

NOW = datetime(2026, 2, 4, 9, 31, tzinfo=UTC)
HISTORY = {
    "resourceType": "Provenance", "id": "h", "target": [{"reference": "CarePlan/a"}],
    "recorded": "2026-01-12T09:00:00+01:00", "agent": [{"who": {"reference": "Patient/p1"}}],
}  # fmt: skip
WHOLE = report(
    "2026-01-12", target_group("c1"), function("f"), goal("g", ranked("f", 1)), evaluation(), contact(),
    plan("a", ranked("c1", 1)), intervention("i", "a"), HISTORY,
    about("ServiceRequest", "s", status="active", intent="proposal", extension=[case_number()],
          relevantHistory=[{"reference": "Provenance/h"}]),
)  # fmt: skip
RAW = raw(WHOLE)
_VALUES = st.sampled_from(
    [None, True, 0, -1, 1.5, "", "x", "Patient/x", "#x", "urn:uuid:x", [], {}, [[]], [None], ["x"], [{}],
     {"reference": "#"}, {"reference": "Provenance/h"}, {"reference": "CarePlan/a"}, {"coding": "x"},
     {"coding": [{"system": 7}]}, {"coding": [{"system": "urn:oid:1.2.208.176.2.21", "code": "E1"}]},
     {"extension": "x"}, {"extension": [{"url": 7}]}, {"identifier": {"system": "urn:x", "value": "1"}}]
)  # fmt: skip


def outcome(kl: Kl, content: bytes) -> Translation | GatewayError:
    """What `translate` does; anything but these two fails the test."""
    try:
        found: Translation | GatewayError = kl.reports.translate(content)
    except GatewayError as error:
        found = error
    if isinstance(found, GatewayError):
        assert CPR not in found.told()
        assert parse(kl.reports.refuse(content, found, NOW))
    else:
        assert CPR not in str(found.findings)
        assert parse(kl.reports.accept_with(content, found.findings, NOW))
    return found


def paths(node: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [here, *(p for name, value in below for p in paths(value, (*here, name)))]


_PATHS = [p for p in paths(WHOLE) if p]


@given(st.sampled_from(_PATHS), st.sampled_from(["remove", "double", "change"]), _VALUES)
def test_any_element_gone_twice_or_changed(kl: Kl, path: tuple[Any, ...], change: str, value: Any) -> None:
    bundle: Any = copy.deepcopy(WHOLE)
    parent = bundle
    for step in path[:-1]:
        parent = parent[step]
    if change == "remove":
        del parent[path[-1]]
    elif change == "double" and isinstance(parent, list):
        parent.append(parent[path[-1]])
    else:
        parent[path[-1]] = value
    outcome(kl, raw(bundle))


@given(st.integers(0, len(RAW) - 1), st.integers(0, 30), st.binary(max_size=5))
def test_any_damage(kl: Kl, at: int, cut: int, put: bytes) -> None:
    outcome(kl, RAW[:at] + put + RAW[at + cut :])


@given(st.binary(max_size=200))
def test_any_bytes(kl: Kl, noise: bytes) -> None:
    assert isinstance(outcome(kl, noise), GatewayError)


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "RiskAssessment", "id": "x", "meta": "odd", "subject": "odd"},
        {"resourceType": "Parameters", "id": "x"},
        {"resourceType": "Bundle", "id": "x", "type": "collection"},
        {"resourceType": "Provenance", "id": "x", "target": [{"reference": "Provenance/x"}], "agent": [{"who": {}}],
         "recorded": "2026-01-12T09:00:00+01:00"},
        {"resourceType": 7},
        {"resourceType": "Patient", "id": "p1", "contained": [{"resourceType": "Patient", "id": "p2"}]},
    ],
)  # fmt: skip
def test_resources_that_nobody_expects(kl: Kl, resource: Json) -> None:
    bundle = copy.deepcopy(WHOLE)
    bundle["entry"].append({"resource": resource})
    outcome(kl, raw(bundle))


def test_histories_that_tell_of_each_other_end(kl: Kl) -> None:
    first = HISTORY | {"entity": [{"role": "source", "what": {"reference": "Provenance/k"}}]}
    second = HISTORY | {"id": "k", "target": [{"reference": "Provenance/h"}],
                        "entity": [{"role": "source", "what": {"reference": "Provenance/h"}}]}  # fmt: skip
    bundle = report("2026-01-12", plan("a", intent="plan"), first, second)
    body = folded(kl, bundle)["CarePlan/a"].body
    assert sorted(one["id"] for one in body["contained"]) == ["h", "k"]


def test_a_report_of_many_is_read_in_step_with_its_size(kl: Kl) -> None:
    """Twice as much takes no four times as long: counted in steps of the interpreter, not in seconds."""
    import sys

    def steps(many: int) -> int:
        content = raw(report("2026-01-12", *(target_group(f"c{n}") for n in range(many)), *(
            intervention(f"i{n}", "a") for n in range(many))))  # fmt: skip
        kl.reports.translate(content)
        counted = 0

        def count(*_: Any) -> None:
            nonlocal counted
            counted += 1

        sys.setprofile(count)
        try:
            kl.reports.translate(content)
        finally:
            sys.setprofile(None)
        return counted

    assert steps(80) < 2.3 * steps(40)


# --- any order


def _order(text: str) -> Json:
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [{"system": "urn:oid:1.2.208.176.1.2", "value": CPR}],
    }
    made = message(patient, plan("a", intent="plan", description=text), focus="CarePlan/a")
    made["entry"][0]["resource"]["id"] = text.replace(" ", "-").replace("ø", "oe")
    return made


_TEXTS = st.sampled_from(["Egen bolig", "Nøgle", "Ro"])
_DAYS = st.sampled_from([f"2026-01-{day:02}" for day in range(10, 20)])
_ENDS = st.sampled_from(["", "2026-03-01", "2026-04-01"])
_STATES = st.sampled_from(["active", "entered-in-error", "on-hold"])
_BUNDLES = st.one_of(
    st.builds(
        lambda day, end, status: report(day, plan("a", intent="plan", end=end, status=status)), _DAYS, _ENDS, _STATES
    ),
    st.builds(lambda day, text: _order(text) | {"timestamp": f"{day}T09:00:00Z"}, _DAYS, _TEXTS),
    st.builds(lambda day, on: report(day, intervention("a", on)), _DAYS, st.sampled_from(["b", "c"])),
)  # fmt: skip


@given(st.lists(_BUNDLES, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_any_order_of_orders_and_reports_gives_the_same(kl: Kl, bundles: list[Json], chance: Any) -> None:
    shuffled = [*bundles, *bundles[:1]]
    chance.shuffle(shuffled)
    first, second = folded(kl, *bundles), folded(kl, *shuffled)
    assert {n: (r.body, r.withdrawn) for n, r in first.items()} == {n: (r.body, r.withdrawn) for n, r in second.items()}


def test_the_same_in_xml_whatever_it_holds(kl: Kl) -> None:
    first, second = kl.reports.translate(RAW), kl.reports.translate(write_xml(parse(RAW)))
    assert first.statements == second.statements
    assert first.fingerprint == second.fingerprint
