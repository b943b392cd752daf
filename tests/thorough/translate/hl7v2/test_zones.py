"""In which zone a time is: the field's own, else the one that MSH-7 tells for its message, else the source's.

A Danish sender's offset in MSH-7 is that of the day on which it sends: times of the other half of the year have
another.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from gateway.translate.hl7v2 import time
from tests.translate.hl7v2.desk import siu
from tests.translate.hl7v2.ward import body, evn, fold, language, msh, pid, pv1, raw, translated

DK = ZoneInfo("Europe/Copenhagen")
SUMMER, WINTER = "20250714091500", "20250114091500"


def start(sent: str, admitted: str) -> str:
    """When a stay begins whose message was sent then."""
    message = raw(msh(fields={7: sent}), evn(recorded=""), pid(), pv1({44: admitted}))
    return str(body(language().translate(message), "Encounter")["period"]["start"])


@pytest.mark.parametrize(
    ("sent", "admitted", "begins"),
    [
        ("20250716120000", SUMMER, "2025-07-14T09:15:00+02:00"),
        ("20250716120000-0500", SUMMER, "2025-07-14T09:15:00-05:00"),
        ("202507161200+0000", SUMMER, "2025-07-14T09:15:00+00:00"),
        ("20250716120000-0500", f"{SUMMER}+0200", "2025-07-14T09:15:00+02:00"),
        ("20250716120000.123+0530", WINTER, "2025-01-14T09:15:00+05:30"),
        ("20250716120000+0200", WINTER, "2025-01-14T09:15:00+01:00"),
        ("20251116120000+0100", SUMMER, "2025-07-14T09:15:00+02:00"),
        ("20251116120000+0200", SUMMER, "2025-07-14T09:15:00+02:00"),
        ("20251116120000+0200", WINTER, "2025-01-14T09:15:00+02:00"),
        ("20251026023000+0200", WINTER, "2025-01-14T09:15:00+01:00"),
        ("20251026023000+0100", SUMMER, "2025-07-14T09:15:00+02:00"),
        ("20251026033000+0200", WINTER, "2025-01-14T09:15:00+02:00"),
        ("20250716-0500", SUMMER, "2025-07-14T09:15:00-05:00"),
    ],
)
def test_a_time_without_a_zone_is_in_the_message_s_own(sent: str, admitted: str, begins: str) -> None:
    assert start(sent, admitted) == begins


def test_every_time_of_the_message_is_in_it() -> None:
    message = raw(
        msh("A03", {7: "20250716120000-0500"}), evn("A03", "20250714100000", "20250714094500"),
        pid({29: "20250714094500"}), pv1({44: "20250714080000", 45: "20250714094500"}),
    )  # fmt: skip
    found = language().translate(message)
    (told,) = [one for one in found.statements if one.kind == "Encounter"]
    assert (told.happened.isoformat(), told.recorded.isoformat()) == (
        "2025-07-14T14:45:00+00:00", "2025-07-14T15:00:00+00:00",
    )  # fmt: skip
    assert body(found, "Patient")["deceasedDateTime"] == "2025-07-14T09:45:00-05:00"


def test_the_next_message_s_zone_is_its_own() -> None:
    """What was made of a text is remembered, and is not another moment's."""
    name = pid({5: "Eksempelsen^Åse^^^^^L^^^^^20240701120000"})
    starts = []
    for sent in ("20250716120000-0500", "20250716120000", "20250716120000+0300", "20250716120000-0500"):
        made = translated(msh(fields={7: sent}), evn(recorded=""), name, pv1())
        starts.append(body(made, "Patient")["name"][0]["period"]["start"][-6:])
    assert starts == ["-05:00", "+02:00", "+03:00", "-05:00"]


def test_an_appointment_s_times_are_in_it_too() -> None:
    (made,) = fold(siu("S12", {11: "^^^20250401130000^20250401140000"}, tq1=False))["Appointment"]
    assert made["start"] == "2025-04-01T13:00:00+02:00"
    message = siu("S12", {11: "^^^20250401130000^20250401140000"}, tq1=False).replace(b"+0100|", b"-0400|", 1)
    (made,) = fold(message)["Appointment"]
    assert (made["start"], made["end"]) == ("2025-04-01T13:00:00-04:00", "2025-04-01T14:00:00-04:00")


@pytest.mark.parametrize("sent", ["2025-03-14", "20250230120000-0500", "20250314120000-0599", "20250314120000-2300"])
def test_a_header_that_tells_no_time_tells_no_zone(sent: str) -> None:
    assert time.of_message(sent, DK) is DK


def test_the_trace_tells_whose_zone_it_is() -> None:
    foreign = language().explain(raw(msh(fields={7: "20250716120000-0500"}), evn(recorded=""), pid(), pv1()))
    own = language().explain(raw(msh(), evn(), pid(), pv1()))
    zones = [[row.fields for row in one.rows if row.target == "Translation.timezone"] for one in (foreign, own)]
    assert zones == [[("MSH-7",)], []]
