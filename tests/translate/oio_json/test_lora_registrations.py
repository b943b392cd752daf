"""LoRa JSON: what is registered when, and which edges of a virkning belong to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.identifier import CPR as CPR_SYSTEM
from gateway.domain.identifier import Identifier
from gateway.errors import MissingField, WrongType
from gateway.translate.languages import Known
from gateway.translate.oio.lora import OioJson
from tests.translate.oio_json.objects import CASE, CPR, UNIT, case, effect, folded, raw

NOW = datetime(2025, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "period"),
    [
        (
            effect("2025-01-14 00:00:00", "2025-03-01 00:00:00"),
            ("2025-01-14T00:00:00+01:00", "2025-02-28T23:59:59+01:00"),
        ),
        (
            effect("2025-01-14 00:00:00", "2025-03-01 00:00:00") | {"from_included": True, "to_included": False},
            ("2025-01-14T00:00:00+01:00", "2025-02-28T23:59:59+01:00"),
        ),
        (effect("2025-01-14", "2025-03-01") | {"to_included": True}, ("2025-01-14", "2025-03-01")),
        (effect("2025-01-14", "2025-03-01") | {"from_included": False}, ("2025-01-15", "2025-02-28")),
        (
            effect("2025-01-14 00:00:00+00", "2025-06-30 23:59:59.999+02") | {"to_included": True},
            ("2025-01-14T00:00:00+00:00", "2025-06-30T23:59:59.999+02:00"),
        ),
        (effect("2025-01-14", "infinity") | {"to_included": True}, ("2025-01-14", None)),
    ],
)
def test_an_edge_that_belongs_to_its_effect(lora: OioJson, told: Any, period: tuple[str, str | None]) -> None:
    """PostgreSQL's ranges say which of their edges are in them; some systems mean the last day."""
    others = [{"uuid": UNIT, "objekttype": "Bruger", "indeks": 1, "virkning": told}]
    made = folded(lora, case(relationer__andrebehandlere=others, fratidspunkt="2025-06-01 00:00:00+02"))
    other = next(m for m in made["CareTeam"][0]["participant"] if m["role"][0]["text"] == "Andre behandlere")
    assert (other["period"]["start"], other["period"].get("end")) == period


def test_what_lora_deleted_is_taken_out_though_it_tells_all_that_was_before(lora: OioJson) -> None:
    """A deletion is one more registration, and LoRa lists the newest first or last."""
    told = case()
    held = {name: told.pop(name) for name in ("attributter", "tilstande", "relationer")}
    times = ("2025-01-14 10:00:00+01", "2025-03-01 10:00:00+01")
    first, gone = (
        held | {"fratidspunkt": {"tidsstempeldatotid": time, "graenseindikator": True}, "livscykluskode": code}
        for time, code in zip(times, ("Importeret", "Slettet"), strict=True)
    )
    known = {("koebenhavn-sag", "CarePlan", f"koebenhavn-sag|CarePlan|{CASE}"): Known(Identifier(CPR_SYSTEM, CPR), NOW)}
    before = {"results": [[{"id": CASE, "registreringer": [first]}]]}
    for listed in ([first, gone], [gone, first]):
        whole = {"results": [[{"id": CASE, "registreringer": listed}]]}
        assert lora.translate_known(raw(whole), known).event == "Fjern"
        assert folded(lora, before, whole, known=known)["CarePlan"][0]["status"] == "entered-in-error"
    again = first | {"fratidspunkt": "2025-05-01 10:00:00+02"}
    whole = {"results": [[{"id": CASE, "registreringer": [first, gone, again]}]]}
    assert folded(lora, before, whole)["CarePlan"][0]["status"] == "draft"


def test_a_time_of_a_registration_that_is_none_is_told_with_its_place(lora: OioJson) -> None:
    told = case()
    held = {name: told.pop(name) for name in ("attributter", "tilstande", "relationer")}
    broken = held | {"fratidspunkt": {"tidsstempeldatotid": ["2025-01-14"]}, "livscykluskode": "Slettet"}
    with pytest.raises(WrongType) as error:
        lora.translate(raw({"results": [[{"id": CASE, "registreringer": [held, broken]}]]}))
    assert error.value.where == "results[0][0].registreringer[1].fratidspunkt"


def test_null_is_nothing(lora: OioJson) -> None:
    """As some serialisers write what there is none of."""
    told = case(fratidspunkt="2025-06-01 00:00:00+02")
    told["relationer"] |= {"andrebehandlere": None, "journalpost": None}
    assert folded(lora, told) == folded(lora, case(fratidspunkt="2025-06-01 00:00:00+02"))
    with pytest.raises(MissingField) as error:
        lora.translate(raw(case() | {"relationer": None}))
    assert error.value.where.startswith("relationer")
