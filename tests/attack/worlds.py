"""For each caller what both worlds hold, and what only one of them does as that caller may not see it."""

from __future__ import annotations

from typing import Any

from gateway.domain.identifier import SOR
from tests.attack.addresses import CASES as ADDRESSES
from tests.attack.test_handed_over import HANDED_OVER
from tests.attack.test_municipal_worlds import CARE, REDUCED, WORK
from tests.attack.test_municipal_worlds import CASES as MUNICIPAL
from tests.attack.test_non_interference import ALL, BACK, LEAVE, MORE, OF_ANOTHER, OTHER_STAY, goal
from tests.attack.two_worlds import Case
from tests.attack.world import ASK, REASON, SARAH, about, case, consent, order, plan, stay


def word(said: dict[str, Any]) -> dict[str, Any]:
    """A Consent as an order holds it."""
    return {name: value for name, value in said.items() if name != "patient"} | {"id": "w"}


_MORE = {
    "psyk": (), "social": (("psyk", LEAVE), ("psyk", BACK), ("herlev", OTHER_STAY)), "nursing": (("social", MORE),),
    "jobcenter": (("social", MORE), ("social", ALL), ("social", OF_ANOTHER)), "benefit": (), "helpers": (),
    "elsewhere": (("social", MORE), ("social", ALL), ("psyk", LEAVE)),
}  # fmt: skip
_OTHERS = (
    ("social", OF_ANOTHER),
    ("psyk", stay(ASK, "A01", 21, visit="V21")),
    ("elsewhere", case(ASK, owner="11259979")),
    ("social", order(ASK, plan("q", title="En andens"), number="22")),
)
_LET = consent("", "permit", dateTime="2026-03-01", provision=about("CarePlan") | {"purpose": [
    {"system": REASON, "code": "COC"}]})  # fmt: skip
_KEPT = consent("", "deny", provision={"actor": [{"role": {"text": "læser"}, "reference": {"identifier": {
    "system": SOR, "value": "265161000016000"}}}]})  # fmt: skip
# A provider whom she lets see her plan alone, and a hospital that she lets see nothing.
_PROVIDED = (
    ("social", order(SARAH, plan("a", goal=[{"reference": "Goal/g"}]), goal("g"), word(_LET))),
    ("psyk", stay(SARAH)),
)
_OBJECTED = (("social", order(SARAH, plan("a"), word(_KEPT))),)
_HEALTH = (("psyk", LEAVE), ("psyk", BACK), ("herlev", OTHER_STAY))
_SARAHS = next(one for one in MUNICIPAL if one.caller == "psyk").shared
CASES = [
    *(Case(one.caller, one.shared, (*one.hidden, *_MORE[one.caller])) for one in MUNICIPAL),
    Case("citizen", _SARAHS, _OTHERS),
    Case("provider", _PROVIDED, (*_HEALTH, REDUCED, CARE, WORK)),
    Case(
        "herlev", _OBJECTED, (("psyk", stay(SARAH)), *_HEALTH, ("social", MORE)), name="a hospital that she objects to"
    ),
    *ADDRESSES,
    HANDED_OVER,
]
