"""Ydelsesindeks, SF1490: what was paid, and that less was paid than was granted."""

from __future__ import annotations

from itertools import permutations

import pytest

from gateway.translate.ydelse import Ydelse
from tests.translate.ydelse.folding import alert, folded, of
from tests.translate.ydelse.making import (
    OTHER_GRANT,
    REDUCED,
    WHOLE,
    amount,
    benefit,
    granted,
    imported,
    paid,
    plan,
    registered,
)

GRANT = imported(granted(registered(benefit(plans=plan("12550.00")))))
MAY = "2025-05-01T00:00:00+02:00"


def payment(month: int, *kroner: str, number: int = 0, **more: str) -> bytes:
    """What was paid for a month, each amount under its own index."""
    last = 28 if month == 2 else 30 if month in (4, 6, 9, 11) else 31
    days = {"start": f"2025-{month:02}-01", "end": f"2025-{month:02}-{last}"} | more
    uuid = f"b1d2c7f4-3b0f-4d53-8a42-6f3f0c5c{number or month:04}"
    amounts = [amount(one, number=str(index), **days) for index, one in enumerate(kroner)]
    return imported(paid(*amounts, uuid=uuid, at=f"2025-{month:02}-{last}T06:00:00+02:00"))


def test_payments_stand_on_the_benefit(ydelse: Ydelse) -> None:
    (account,) = of("Account", folded(ydelse, payment(4, "12550.00"), GRANT, payment(3, "12550.00")))
    told = [one for one in account["extension"] if one["url"].endswith("benefit-payment")]
    parts = [{part["url"]: part for part in one["extension"]} for one in told]
    assert [one["period"]["valuePeriod"] for one in parts] == [
        {"start": "2025-03-01", "end": "2025-03-31"}, {"start": "2025-04-01", "end": "2025-04-30"},
    ]  # fmt: skip
    assert parts[0]["amount"]["valueMoney"]["value"] == 12550.0
    assert parts[0]["on"]["valueDateTime"] == "2025-03-31"
    assert account["name"] == "Kontanthjælp"


def test_a_payment_before_its_grant_is_kept(ydelse: Ydelse) -> None:
    (account,) = of("Account", folded(ydelse, payment(3, "100.00")))
    assert account["status"] == "unknown"
    assert account["meta"]["security"][0]["code"] == "R"
    assert [one["url"].rpartition("/")[2] for one in account["extension"]] == ["oio-sensitivity", "benefit-payment"]


def test_a_payment_that_names_no_benefit_stands_by_itself(ydelse: Ydelse) -> None:
    made = folded(ydelse, GRANT, imported(paid(amount("100.00", grant=""))))
    assert len(of("Account", made)) == 2
    assert of("Flag", made) == []


@pytest.mark.parametrize(
    ("kroner", "code"), [("12550.00", ""), ("12550", ""), ("12549.99", "reduced"), ("0.00", "stopped"), ("13000", "")]
)
def test_less_than_granted(ydelse: Ydelse, kroner: str, code: str) -> None:
    flag = alert(ydelse, GRANT, payment(3, kroner))
    assert (flag["code"]["coding"][0]["code"] if flag else "") == code
    if flag:
        assert (flag["status"], flag["period"]) == ("active", {"start": "2025-03-01"})
        assert "Kontanthjælp" in flag["code"]["text"]


def test_whole_again(ydelse: Ydelse) -> None:
    flag = alert(
        ydelse,
        GRANT,
        *(payment(month, kroner) for month, kroner in ((2, "12550"), (3, "9000"), (4, "8000"), (5, "12550"))),
    )
    assert flag is not None
    assert flag["status"] == "inactive"
    assert flag["period"] == {"start": "2025-03-01", "end": "2025-04-30"}


def test_arrears_count_for_the_time_they_are_paid_for(ydelse: Ydelse) -> None:
    short, rest = payment(3, "9000.00"), payment(3, "3550.00", number=77)
    assert alert(ydelse, GRANT, short) is not None
    assert alert(ydelse, GRANT, short, rest) is None
    held_back = alert(ydelse, GRANT, payment(3, "12550.00", "-2000.00"))
    assert held_back is not None, "what is taken back lowers what was paid"


def test_a_payment_that_was_registered_again_counts_once(ydelse: Ydelse) -> None:
    first = imported(paid(amount("9000.00"), at="2025-03-31T06:00:00+02:00"))
    second = imported(paid(amount("12550.00"), at="2025-04-02T06:00:00+02:00"))
    for order in ((GRANT, first, second), (second, GRANT, first), (first, second, first, GRANT)):
        assert alert(ydelse, *order) is None


@pytest.mark.parametrize(
    ("days", "every", "shown"),
    [
        ({"start": "2025-03-17", "end": "2025-03-31"}, "Månedlig", False),  # part of a month
        ({"start": "2025-03-17", "end": "2025-03-23"}, "Ugentlig", True),
        ({"start": "2025-03-17", "end": "2025-03-31"}, "efter aftale", True),  # nobody says what a whole one is
        ({"start": "2024-12-01", "end": "2024-12-31"}, "Månedlig", False),  # before it was granted
        ({"start": "2024-12-15", "end": "2025-01-14"}, "Månedlig", False),  # the grant does not cover it
        ({"start": ""}, "Månedlig", False),  # for no time that is told
    ],
)
def test_only_a_whole_time_of_the_plan_is_held_against_it(
    ydelse: Ydelse, days: dict[str, str], every: str, shown: bool
) -> None:
    grant = imported(granted(registered(benefit(plans=plan("12550.00", every)))))
    assert (alert(ydelse, grant, payment(3, "100.00", **days)) is not None) == shown


def test_the_amount_of_its_own_time_counts(ydelse: Ydelse) -> None:
    """A grant that was lowered is not held against a payment of before, nor the other way about."""
    entries = (benefit(plans=plan("12550.00"), to=MAY), benefit(plans=plan("9000.00"), from_=MAY))
    grant = imported(granted(registered(*entries, at="2025-05-02T09:00:00+02:00")))
    assert alert(ydelse, grant, payment(3, "12550.00"), payment(5, "9000.00")) is None
    flag = alert(ydelse, grant, payment(3, "9000.00"), payment(5, "9000.00"))
    assert flag is not None
    assert (flag["status"], flag["period"]["end"]) == ("inactive", "2025-03-31")


def test_what_the_grant_says_goes_before_what_amounts_say(ydelse: Ydelse) -> None:
    grant = imported(
        granted(registered(benefit(REDUCED, plans=plan("12550.00"), from_=MAY), at="2025-05-02T09:00:00+02:00"))
    )
    flag = alert(ydelse, grant, payment(5, "0.00"))
    assert flag is not None
    assert (flag["code"]["coding"][0]["code"], flag["period"]) == ("reduced", {"start": MAY})


def test_another_benefit_is_not_touched(ydelse: Ydelse) -> None:
    made = folded(ydelse, GRANT, imported(paid(amount("1.00", grant=OTHER_GRANT))))
    assert of("Flag", made) == []


def test_the_order_of_arrival_and_repetition_never_matter(ydelse: Ydelse) -> None:
    corrected = imported(granted(registered(benefit(WHOLE, plans=plan("12000.00")), at="2025-04-10T09:00:00+02:00")))
    messages = (GRANT, payment(3, "12000.00"), payment(4, "8000.00"), corrected)
    expected = [one.body for one in folded(ydelse, *messages)]
    assert [body["period"] for body in expected if body["resourceType"] == "Flag"] == [{"start": "2025-04-01"}]
    for order in permutations(messages):
        assert [one.body for one in folded(ydelse, *order, order[0])] == expected


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Nedsættelse af kontanthjælp", "reduced"),
        ("32.24.06", "reduced"),
        ("32.24.07 Ophør af kontanthjælp", "stopped"),
        ("Kontanthjælp", ""),
        ("32.24.04", ""),
    ],
)
def test_what_it_was_paid_as_tells_too(ydelse: Ydelse, name: str, code: str) -> None:
    """Without a grant: the class of the payment alone."""
    told = payment(3, "9000.00").decode().replace(">Kontanthjælp<", f">{name}<").encode()
    flag = alert(ydelse, told)
    assert (flag["code"]["coding"][0]["code"] if flag else "") == code
    if flag:
        assert (flag["status"], flag["period"]) == ("active", {"start": "2025-03-01"})
        assert flag["meta"]["security"][0]["code"] == "R"
        again = alert(ydelse, payment(4, "12550.00"), told)
        assert again is not None
        assert (again["status"], again["period"]["end"]) == ("inactive", "2025-03-31")
