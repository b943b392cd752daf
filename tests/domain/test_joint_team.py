"""Who is in the joint team when a team of one sector is over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gateway.domain.fold import fold
from gateway.domain.plan import compose
from gateway.domain.statement import Act, Statement, Verb
from gateway.domain.team import TEAM_ROLE, memberships
from tests.domain.stays import IDS, PERSON, SOURCES, local, moment

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
COORDINATOR = {"coding": [{"system": TEAM_ROLE, "code": "coordinator"}]}


def member(name: str, role: dict[str, Any] | None = None, **period: str) -> dict[str, Any]:
    made: dict[str, Any] = {"member": {"display": name}, "role": [role or {"text": "Ansvarlig"}]}
    return made | ({"period": period} if period else {})


def team(number: int, *members: dict[str, Any], **more: Any) -> dict[str, Any]:
    base = {"resourceType": "CareTeam", "id": f"t{number}", "status": "active", "participant": list(members)}
    return base | more


def shown(*teams: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Name → period of everybody in the joint team."""
    told = composed(*teams).get("participant", [])
    return {one["member"]["display"]: one.get("period", {}) for one in told}


def composed(*teams: dict[str, Any]) -> dict[str, Any]:
    """The joint team."""
    return compose(teams, "p1", NOW)[1]


def test_of_a_closed_case_everybody_has_left_when_it_closed() -> None:
    closed = team(
        1,
        member("Kommunen", start="2025-06-02"),
        member("Vibeke", start="2025-06-02", end="2026-01-31"),
        member("Jens", start="2025-06-02", end="2027-01-31"),
        status="inactive",
        period={"start": "2025-06-02", "end": "2026-02-28"},
    )
    assert shown(closed) == {
        "Kommunen": {"start": "2025-06-02", "end": "2026-02-28"},
        "Vibeke": {"start": "2025-06-02", "end": "2026-01-31"},
        "Jens": {"start": "2025-06-02", "end": "2026-02-28"},
    }


def test_a_team_whose_period_is_over_is_over_though_its_status_is_active() -> None:
    assert shown(team(1, member("A"), period={"end": "2026-03-19"})) == {"A": {"end": "2026-03-19"}}
    assert shown(team(1, member("A"), period={"end": "2026-03-20"})) == {"A": {}}, "the end day is included"


def test_where_nobody_tells_when_it_ended_nobody_is_shown() -> None:
    assert shown(team(1, member("A"), status="inactive"), team(2, member("B"))) == {"B": {}}


def test_the_coordinator_of_a_closed_case_coordinates_no_more() -> None:
    closed = team(1, member("Vibeke", COORDINATOR, start="2025-06-02"), status="inactive", period={"end": "2026-02-28"})
    assert shown(closed) == {"Vibeke": {"start": "2025-06-02", "end": "2026-02-28"}}
    following = team(2, member("Ulla", COORDINATOR, start="2026-03-01"))
    assert shown(closed, following)["Ulla"] == {"start": "2026-03-01"}
    assert shown(closed, following)["Vibeke"]["end"] == "2026-02-28"


def roles(*teams: dict[str, Any]) -> dict[str, str]:
    """Name → code of everybody's role in the joint team."""
    told = compose(teams, "p1", NOW)[1]["participant"]
    return {one["member"]["display"]: one["role"][0]["coding"][0]["code"] for one in told}


def test_a_coordinator_whose_beginning_nobody_told_gets_no_end_from_another_s() -> None:
    undated = team(1, member("Ulla", COORDINATOR))
    dated = team(2, member("Vibeke", COORDINATOR, start="2025-06-02"))
    assert shown(undated, dated) == {"Ulla": {}, "Vibeke": {"start": "2025-06-02"}}
    assert roles(undated, dated) == roles(dated, undated) == {"Ulla": "deputy", "Vibeke": "coordinator"}


def test_an_undated_coordinator_keeps_the_other_roles() -> None:
    authority = {"system": "urn:x", "code": "koordinerende-myndighed"}
    both = {"coding": [*COORDINATOR["coding"], authority], "text": "Tovholder"}
    undated = team(1, member("Hjemløseenheden", both))
    dated = team(2, member("Vibeke", COORDINATOR, start="2025-06-02"))
    told = {one["member"]["display"]: one["role"] for one in compose([undated, dated], "p1", NOW)[1]["participant"]}
    assert told["Hjemløseenheden"] == [{"coding": [authority]}]


def test_of_two_undated_coordinators_one_is_the_deputy() -> None:
    assert sorted(roles(team(1, member("A", COORDINATOR)), team(2, member("B", COORDINATOR))).values()) == [
        "coordinator", "deputy",
    ]  # fmt: skip


def test_an_undated_coordinator_who_has_left_before_was_the_coordinator() -> None:
    left = team(1, member("Ulla", COORDINATOR, end="2025-06-01"))
    following = team(2, member("Vibeke", COORDINATOR, start="2025-06-02"))
    assert shown(left, following) == {"Ulla": {"end": "2025-06-01"}, "Vibeke": {"start": "2025-06-02"}}
    assert set(roles(left, following).values()) == {"coordinator"}


def test_an_undated_coordinator_alone_is_the_coordinator() -> None:
    assert roles(team(1, member("Ulla", COORDINATOR))) == {"Ulla": "coordinator"}


def test_of_dated_coordinators_each_ends_where_the_next_begins() -> None:
    chain = [member(name, COORDINATOR, start=start) for name, start in (("A", "2024"), ("B", "2025-01"), ("C", "2026"))]
    ends = {name: period.get("end") for name, period in shown(team(1, *chain)).items()}
    assert ends == {"A": "2025-01", "B": "2026", "C": None}


def there_for(name: str, goal: str, **period: str) -> dict[str, Any]:
    tie = {"url": "https://faellesplan.dk/fhir/StructureDefinition/member-for", "valueReference": {"reference": goal}}
    return member(name, **period) | {"extension": [tie]}


def goals(*members: dict[str, Any]) -> list[list[str]]:
    """Of everybody in the joint team, what they are there for."""
    told = compose([team(1, *members)], "p1", NOW)[1]["participant"]
    return [[one["valueReference"]["reference"] for one in person.get("extension", [])] for person in told]


def test_who_is_there_for_two_goals_is_there_once_for_both() -> None:
    both = [there_for("Ea", "Goal/b"), there_for("Ea", "Goal/a"), member("Ea")]
    assert goals(*both) == goals(*reversed(both)) == [["Goal/a", "Goal/b"]]
    assert goals(there_for("Ea", "Goal/a"), there_for("Ib", "Goal/a")) == [["Goal/a"], ["Goal/a"]]


def test_who_has_left_one_goal_is_still_there_for_the_other() -> None:
    left, stays = there_for("Ea", "Goal/a", start="2026-01-01", end="2026-02-01"), there_for("Ea", "Goal/b")
    for members in ([left, stays], [stays, left]):
        assert goals(*members) == [["Goal/b"]]
        assert shown(team(1, *members)) == {"Ea": {}}


def test_a_provider_is_in_the_team_wherever_it_is_named() -> None:
    """KL's profile names the provider in managingOrganization, its guide in participant.member."""
    shelter = {"type": "Organization", "display": "Herberget Fyrtårnet"}
    offer = [{"coding": [{"system": "urn:oid:1.2.208.176.2.22", "code": "25de7444-3919-4dab-b844-8cec6c15f30e"}]}]
    organised = team(1, category=offer, managingOrganization=[shelter])
    taking_part = team(2, {"role": offer, "member": shelter}, category=offer)
    for teams in ([organised], [taking_part], [organised, taking_part]):
        assert composed(*teams)["participant"] == [{"role": offer, "member": shelter}]
    both = team(1, {"member": shelter}, category=offer, managingOrganization=[shelter])
    assert len(composed(both)["participant"]) == 1
    hospital = team(1, managingOrganization=[{"type": "Organization", "display": "Sygehus"}])
    assert "participant" not in composed(hospital)


def test_a_provider_of_what_ffb_has_no_code_for_is_in_the_team() -> None:
    """§ 110, a shelter: the very offer of the citizens whom this is for."""
    shelter = {"type": "Organization", "display": "Herberget Fyrtårnet"}
    kle = {"system": "https://data.gov.dk/id/classification/KLE", "code": "27.57.16"}
    uncoded = {"coding": [{"system": "urn:oid:1.2.208.176.2.22", "display": "Herberg"}]}
    for offer in ({"text": "Herberg § 110"}, {"coding": [kle]}, uncoded):
        told = composed(team(1, category=[offer], managingOrganization=[shelter]))["participant"]
        assert told == [{"role": [offer], "member": shelter}]
    limited = {"url": "https://faellesplan.dk/fhir/StructureDefinition/oio-sensitivity", "valueCode": "VIP_SAGER"}
    owned = team(1, category=[{"coding": [kle]}], managingOrganization=[shelter], extension=[limited])
    assert "participant" not in composed(owned), "the owner of a case provides nothing"
    loinc = {"coding": [{"system": "http://loinc.org", "code": "LA27976-2"}]}
    assert "participant" not in composed(team(1, category=[loinc], managingOrganization=[shelter]))


def test_a_membership_that_ends_when_it_begins_was_none() -> None:
    """ROL-2 DE takes back a role that had not begun; one that had ends then."""

    def told(verb: Verb, at: float) -> Statement:
        participant = {"member": {"display": "Jens Jensen"}, "period": {"start": local(2)}}
        body = {"id": "jens", "participant": participant}
        return Statement("CareTeam", "t", Act.MEMBER, verb, moment(at), moment(at), body, "psyk", f"m{at}{verb}/0")

    for left, there in ((2, None), (3, [{"start": local(2), "end": local(3)}])):
        (team,) = fold([told(Verb.ASSERT, 1), told(Verb.WITHDRAW, left)], PERSON, IDS, SOURCES)
        listed = team.body.get("participant")
        assert (listed and [one["period"] for one in listed]) == there


def test_nobody_is_in_a_team_before_or_after_there_is_one() -> None:
    """T26: the team ended and nobody said so of each member; a consent that names the team opens nothing any more."""
    number = {"system": "http://cvr.dk", "value": "64942212"}
    member = {"member": {"type": "Organization", "identifier": number}, "period": {"start": "2024-01-01"}}
    team = {"resourceType": "CareTeam", "id": "t", "status": "active", "participant": [member]}
    for period, holds in (({}, True), ({"end": "2025-01-31"}, False), ({"end": "2025-12-31"}, True),
                          ({"start": "2025-07-01"}, False), ({"start": "2023-01-01"}, True)):  # fmt: skip
        (found,) = memberships(team | {"period": period})
        assert found.holds(datetime(2025, 6, 1, tzinfo=UTC)) == holds, period


def grant(number: int, *teams: int, **more: Any) -> dict[str, Any]:
    """A plan that the citizen was granted, and the teams that it names."""
    named = [{"reference": f"CareTeam/t{team_}"} for team_ in teams]
    return (
        {"resourceType": "CarePlan", "id": f"p{number}", "status": "active", "intent": "order"}
        | more
        | ({"careTeam": named})
    )


OVER = {"period": {"start": "2024-01-01", "end": "2025-12-31"}}
RUNS = {"period": {"start": "2026-01-01"}}


def test_a_team_that_tells_no_period_ends_with_what_was_granted() -> None:
    """KL's ServicePerformer has none: the provider of a grant that is over provides nothing any more."""
    shelter = team(1, member("Herberget"))
    assert shown(grant(1, 1, **OVER), shelter) == {"Herberget": {"end": "2025-12-31"}}
    assert shown(grant(1, 1, **OVER), grant(2, 1, **RUNS), shelter) == {"Herberget": {}}, "another grant goes on"
    assert shown(grant(1, 1, **RUNS | {"status": "revoked"}), shelter) == {}, "nobody tells when it was"
    assert shown(grant(1, 1, **OVER | {"status": "entered-in-error"}), shelter) == {"Herberget": {}}
    assert shown(grant(1, 1, **OVER | {"intent": "plan"}), shelter) == {"Herberget": {}}, "an expectation ends nobody"
    own = team(1, member("Herberget"), period={"end": "2026-12-31"})
    assert shown(grant(1, 1, **OVER), own) == {"Herberget": {}}, "it tells its own"


def test_the_coordinator_of_a_grant_that_is_over_is_no_more() -> None:
    """Whatever they are called: neither of the two has a period of its own."""
    for before, now in (("Center Nord", "Center Syd"), ("Center Syd", "Center Nord")):
        parts = [grant(1, 1, **OVER), team(1, member(before, COORDINATOR))]
        parts += [grant(2, 2, **RUNS), team(2, member(now, COORDINATOR))]
        assert shown(*parts) == {before: {"end": "2025-12-31"}, now: {}}
        assert roles(*parts)[now] == "coordinator"


def test_an_undated_coordinator_comes_after_all_who_have_left() -> None:
    left = team(1, member("Vibeke", COORDINATOR, start="2025-06-02", end="2026-01-31"))
    undated = team(2, member("Ulla", COORDINATOR))
    for parts in ((left, undated), (undated, left)):
        assert shown(*parts) == {"Vibeke": {"start": "2025-06-02", "end": "2026-01-31"}, "Ulla": {}}
        assert set(roles(*parts).values()) == {"coordinator"}
    following = team(3, member("Jens", COORDINATOR, start="2026-02-01"))
    assert roles(left, undated, following)["Ulla"] == "deputy", "one who is known to have come goes before"
