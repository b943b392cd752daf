"""A joint plan on a terminal."""

from __future__ import annotations

from gateway.cli.playing.show import plan_lines
from gateway.cli.playing.story import acknowledged, wire

PLAN = {"resourceType": "CarePlan", "activity": [{"detail": {"description": "Bostøtte", "status": "in-progress"}}]}
TEAM = {
    "resourceType": "CareTeam",
    "participant": [
        {"role": [{"text": "Tovholder"}], "member": {"display": "Karen Lund"}, "period": {"end": "2026-01-15"}},
        {"role": [{"text": "Mor"}], "member": {"reference": "RelatedPerson/r1"}},
    ],
}
PERSON = {"resourceType": "RelatedPerson", "id": "r1", "name": [{"given": ["Lise"], "family": "Ravnsborg"}]}
STAY = {
    "resourceType": "Encounter", "status": "onleave", "class": {"code": "IMP"},
    "period": {"start": "2026-03-02T14:20:00+01:00"},
    "extension": [{"url": "https://faellesplan.dk/fhir/StructureDefinition/leave-period", "valuePeriod": {}}],
}  # fmt: skip


def lines(*parts: dict) -> str:
    return "\n".join(plan_lines({"entry": [{"resource": part} for part in (PLAN, TEAM, *parts)]}))


def test_each_part_has_a_line() -> None:
    told = lines(PERSON, STAY)
    assert "Bostøtte (i gang)" in told
    assert "Karen Lund: Tovholder (til 2026-01-15)" in told
    assert "Lise Ravnsborg: Mor" in told
    assert "på orlov fra 2026-03-02 14:20, 1 orlov" in told


def test_a_relative_who_is_not_shown_has_no_name() -> None:
    assert "pårørende: Mor" in lines()


def test_nothing_is_said_of_nothing() -> None:
    nothing = [{"resource": {"resourceType": kind}} for kind in ("CarePlan", "CareTeam")]
    assert plan_lines({"entry": nothing}) == ["  (intet)"]


def test_an_acknowledgement_is_read_from_its_own_segment() -> None:
    assert acknowledged(b"MSH|^~\\&|MSA|AA\rMSA|AA|1\r")
    assert not acknowledged(b"MSH|^~\\&|MSA|AA\rMSA|AE|1\r")
    assert not acknowledged(b"")


def test_segments_end_with_cr_on_the_wire() -> None:
    assert wire(b"MSH\r\nPID\nPV1\r") == b"MSH\rPID\rPV1\r"
