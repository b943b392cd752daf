"""How long KL's ServicePerformer lasts: it tells no period, so as long as what was granted does. Who may see who is
around the citizen and not the plan must see that, too."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.team import memberships
from gateway.translate.kl import Kl
from tests.translate.kl.reporting import Json, about, folded, plan, report

NAMED = {"careTeam": [{"reference": "CareTeam/t"}]}


def team(**more: Any) -> Json:
    return about("CareTeam", "t", **({"status": "active", "participant": [{"member": {"display": "Karla"}}]} | more))


def granted(name: str, start: str, end: str = "", **more: Any) -> Json:
    period = {"start": start} | ({"end": end} if end else {})
    return plan(name, **({"period": period} | NAMED | more))


def period(kl: Kl, *bundles: Json) -> Any:
    return folded(kl, *bundles)["CareTeam/t"].body.get("period")


@pytest.mark.parametrize(
    ("plans", "expected"),
    [
        ([granted("a", "2026-01-10")], {"start": "2026-01-10"}),
        ([granted("a", "2026-01-10", "2026-02-01")], {"start": "2026-01-10", "end": "2026-02-01"}),
        (
            [granted("a", "2026-01-10", "2026-02-01"), granted("b", "2025-06", "2026-02")],
            {"start": "2025-06", "end": "2026-02"},
        ),
        ([granted("a", "2026-01-10", "2026-02-01"), granted("b", "2025-06-01")], {"start": "2025-06-01"}),
        ([granted("a", "2026-01-10", "2026-02-01", status="entered-in-error"), granted("b", "2025-06-01")],
         {"start": "2025-06-01"}),
        ([granted("a", "2026-01-10", status="revoked")], None),
        ([granted("a", "2026-01-10", "2026-02-01", intent="plan")], None),
        ([plan("a")], None),
    ],
)  # fmt: skip
def test_a_team_lasts_as_long_as_the_grants_that_name_it(kl: Kl, plans: list[Json], expected: Any) -> None:
    assert period(kl, report("2026-03-01", team(), *plans)) == expected


def test_a_period_of_its_own_stays(kl: Kl) -> None:
    own = {"start": "2024-01-01", "end": "2027-01-01"}
    assert period(kl, report("2026-03-01", team(period=own), granted("a", "2026-01-10", "2026-02-01"))) == own


def test_a_plan_that_is_opened_again_opens_its_team(kl: Kl) -> None:
    over = report("2026-03-01", team(), granted("a", "2026-01-10", "2026-02-01"))
    again = report("2026-04-01", team(), granted("a", "2026-01-10"))
    alone = report("2026-05-01", team())
    assert period(kl, over, again) == period(kl, again, over) == {"start": "2026-01-10"}
    assert period(kl, over, alone) == {"start": "2026-01-10", "end": "2026-02-01"}, "what it does not speak of stays"


def test_nobody_is_in_the_team_of_a_grant_that_is_over(kl: Kl) -> None:
    """A consent that names the team opens nothing any more."""
    (one,) = memberships(
        folded(kl, report("2026-03-01", team(participant=[{"member": {"identifier": {"system": "http://cvr.dk",
        "value": "64942212"}}}]), granted("a", "2026-01-10", "2026-02-01")))["CareTeam/t"].body | {"id": "t"}
    )  # fmt: skip
    assert one.end is not None
