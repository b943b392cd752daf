"""Access records in the shapes that auditors ask for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.domain.log_shapes import CSV_COLUMNS, SAPA_COLUMNS, csv_row, minlog2, sapa_row
from gateway.domain.record import AccessRecord, Decision

RECORD = AccessRecord(
    time=datetime(2026, 7, 1, 10, tzinfo=UTC), interaction="read", decision=Decision.FILTERED, citizen="c" * 32,
    kind="CarePlan", resources=("CarePlan/2/_history/1", "Goal/1/_history/3"), user="urn:x|kbo", user_name="Karla Bo",
    user_role="sygeplejerske", on_behalf_of="urn:x|ib", organisation="http://cvr.dk|64942212", address="192.0.2.7",
    organisation_name="Københavns Kommune", client="kk", client_name="Sagssystem", purposes=("TREAT", "COC"),
    withheld=(("a:1", 4), ("b:2", 1)), trace="t-1", token="j-1", query="GET CarePlan/2",
)  # fmt: skip


def test_csv_has_every_column_and_danish_time() -> None:
    row = dict(zip(CSV_COLUMNS, csv_row(17, RECORD), strict=True))
    assert (row["id"], row["time"]) == ("17", "2026-07-01T12:00:00+02:00")
    assert (row["purposes"], row["withheld"]) == ("TREAT COC", "a:1×4 b:2×1")
    assert row["resources"] == "CarePlan/2/_history/1 Goal/1/_history/3"
    assert row["decision"] == "filtered"


def test_sapas_columns() -> None:
    row = dict(zip(SAPA_COLUMNS, sapa_row(17, RECORD), strict=True))
    assert row == {
        "Log ID": "17", "Kald ID": "t-1", "Transaktions ID": "j-1", "Tidspunkt": "2026-07-01T12:00:00+02:00",
        "IP Adresse": "192.0.2.7", "Bruger ID": "urn:x|kbo", "BrugerNavn": "Karla Bo",
        "Organisatorisk enhed": "Københavns Kommune", "Applikation": "Sagssystem",
        "Soegekriterier": "FormaalType=TREAT+COC; GET CarePlan/2", "Sags ID": "CarePlan/2", "Part": "c" * 32,
        "Aktoer": "urn:x|ib", "Anvendte CVR rettigheder": "64942212", "Partens bopælskommune": "",
    }  # fmt: skip
    hospital = replace(RECORD, organisation="urn:oid:1.2.208.176.1.1|265161000016000")
    assert dict(zip(SAPA_COLUMNS, sapa_row(1, hospital), strict=True))["Anvendte CVR rettigheder"] == ""


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1"])
def test_no_cell_is_taken_for_a_formula(name: str) -> None:
    for row in (csv_row(1, replace(RECORD, user_name=name)), sapa_row(1, replace(RECORD, user_name=name))):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
        assert any(name in cell for cell in row), "nothing is lost"


def test_minlog2_keeps_who_was_at_the_keyboard_and_who_is_responsible_apart() -> None:
    told = minlog2(17, RECORD, "gateway", {"read": "Opslag"})
    assert told["Source"] == {"SystemName": "gateway", "CorrelationId": "17"}
    said = told["Destination"]
    assert (said["PersonIdentifier"], said["PersonIdentifierSource"]) == ("ib", "urn:x")
    assert (said["UserPersonIdentifier"], said["UserPersonName"]) == ("kbo", "Karla Bo")
    assert "PersonName" not in said, "the name of the responsible is not known"
    assert (said["Activity"], said["Reason"], said["Criticality"]) == ("Opslag", "TREAT+COC", "normal")
    own = minlog2(1, replace(RECORD, on_behalf_of=""), "gateway", {})["Destination"]
    assert (own["PersonIdentifier"], own["PersonName"], own["Activity"]) == ("kbo", "Karla Bo", "read")


def test_minlog2_tells_of_overrides_and_refusals() -> None:
    taken = replace(RECORD, decision=Decision.OVERRIDE, override_reason="Bevidstløs")
    said = minlog2(1, taken, "g", {})["Destination"]
    assert (said["Criticality"], said["Addition"]) == ("vaerdispring", "Bevidstløs")
    assert minlog2(1, replace(RECORD, decision=Decision.DENY), "g", {})["Destination"]["Addition"] == "afvist"
