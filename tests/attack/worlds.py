"""For each caller what both worlds hold, and what only one of them does as that caller may not see it."""

from __future__ import annotations

from tests.attack.addresses import CASES as ADDRESSES
from tests.attack.test_handed_over import HANDED_OVER
from tests.attack.test_municipal_worlds import CASES as MUNICIPAL
from tests.attack.test_non_interference import ALL, BACK, LEAVE, MORE, OF_ANOTHER, OTHER_STAY
from tests.attack.two_worlds import Case
from tests.attack.world import ASK, case, order, plan, stay

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
_SARAHS = next(one for one in MUNICIPAL if one.caller == "psyk").shared
CASES = [
    *(Case(one.caller, one.shared, (*one.hidden, *_MORE[one.caller])) for one in MUNICIPAL),
    Case("citizen", _SARAHS, _OTHERS),
    *ADDRESSES,
    HANDED_OVER,
]
