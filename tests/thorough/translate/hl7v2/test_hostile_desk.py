"""SIU, REF and MDM under attack: any bytes get one of the declared answers, and in no time."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.translate.fhir.structure import structure
from tests.translate.hl7v2.desk import AIL, AIP, line, mdm, ref, siu
from tests.translate.hl7v2.ward import fold, language, segment

NOW = datetime(2025, 3, 14, tzinfo=UTC)
PDF = base64.b64encode(b"%PDF-1.4 synthetic").decode()
AIG = segment("AIG", {1: "1", 3: "5001^Noget^L", 4: "E", 8: "20250401", 11: "5", 12: "min"})
MESSAGES = [
    siu(
        "S12",
        {1: "P", 7: "NETV^Netværksmøde^L", 8: "Normal", 9: "30", 10: "min", 11: "^^M30^20250401130000"},
        AIP,
        AIL,
        AIG,
    ),
    siu("S15", {6: "X^Y"}, tq1=False),
    ref("I12", {5: "O", 7: "20250401", 11: "E-1", 14: "Uro"}, "DG1|1||DF205^Skizofreni^SKS", "OBR|1|||A^B", "NTE|1||C"),
    mdm(
        "T02",
        {4: "2025", 6: "20250314", 13: "D-0", 18: "R", 25: "T"},
        line("Brev"),
        line(f"^AP^PDF^Base64^{PDF}", "ED"),
    ),
]
MARKS = [
    "|",
    "^",
    "~",
    "&",
    "\\",
    '""',
    "\r",
    "\n",
    "\\X0D\\",
    "9" * 30,
    "99991231235959",
    "00000000",
    "-1",
    "æ",
    "\u2028",
]


def understood(raw: bytes) -> None:
    """A translation whose resources are R4, or a failure with an answer."""
    try:
        language().translate(raw)
    except GatewayError as error:
        answer = language().refuse(raw, error, NOW)
    else:
        answer = language().accept(raw, NOW)
        for bodies in fold(raw).values():
            for body in bodies:
                assert structure({name: value for name, value in body.items() if value != {}}) == []
    assert b"MSA|A" in answer


@given(st.sampled_from(MESSAGES), st.data())
def test_any_mark_anywhere(message: bytes, data: st.DataObject) -> None:
    text = message.decode()
    at = data.draw(st.integers(80, len(text)))
    length = data.draw(st.integers(0, 20))
    understood((text[:at] + data.draw(st.sampled_from(MARKS)) + text[at + length :]).encode())


@given(st.sampled_from(MESSAGES), st.data())
def test_any_field_of_any_segment(message: bytes, data: st.DataObject) -> None:
    segments = message.decode().strip("\r").split("\r")
    chosen = data.draw(st.integers(1, len(segments) - 1))
    fields = segments[chosen].split("|")
    fields += [""] * 30
    fields[data.draw(st.integers(1, 30))] = data.draw(st.text(max_size=12) | st.sampled_from(MARKS))
    segments[chosen] = "|".join(fields)
    understood(("\r".join(segments) + "\r").encode())


@pytest.mark.parametrize(
    "message",
    [
        siu("S12", {11: f"^^{'9' * 100_000}^20250401130000"}, tq1=False),
        siu("S12", {}, *[AIP] * 2_000),
        mdm("T02", {}, *[line("x")] * 5_000),
        mdm("T02", {}, line("^AP^PDF^Base64^" + "=" * 1_000_000, "ED")),
        mdm("T02", {}, line("\\.br\\" * 200_000, "FT")),
        mdm("T02", {}, line("^AP^PDF^Base64^" + PDF[:4] * 500_000, "ED")),
        ref("I12", {14: "~".join(["uro"] * 900)}),
    ],
    ids=["digits", "people", "lines", "no base64", "breaks", "file", "reasons"],
)
def test_large_ones_come_to_an_end(message: bytes) -> None:
    understood(message)


@pytest.mark.parametrize("when", ["20250330023000", "20251026023000", "20240229120000", "20250401240000", "2025040113"])
def test_times_that_are_hard(when: str) -> None:
    (one,) = fold(siu("S12", {11: f"^^M60^{when}"}, tq1=False))["Appointment"]
    assert one["start"] < one["end"] or when == "20251026023000", "an hour comes twice"
    assert structure(one | {"meta": {"versionId": "1"}}) == []
