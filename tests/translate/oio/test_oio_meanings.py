"""What the states of cases and efforts mean for the plan, read from the tables that the rules read."""

from __future__ import annotations

from gateway.translate.oio.meanings import meanings
from gateway.translate.oio.parts import LIFE
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from tests.translate.oio.conftest import MAPPINGS


def test_every_state_in_the_order_of_its_life() -> None:
    found = meanings(Codes.read(MAPPINGS / "codes", Problems()))
    assert tuple(sorted(LIFE, key=lambda code: found[code][0])) == LIFE
    assert found["Afgjort"] == (2, {"status": "active", "intent": "order"})
    assert found["Opstaaet"] == (0, {"status": "draft", "intent": "proposal"})
    assert found["Vurderet"][1]["status"] == "completed", "of efforts too"


def test_without_tables_no_state_means_anything() -> None:
    assert meanings(Codes({})) == {}
