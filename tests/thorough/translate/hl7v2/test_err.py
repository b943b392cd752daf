"""Every negative acknowledgement says where and why: ERR with a location and a code of table 0357, in the form of the
message's version."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.errors import GatewayError
from gateway.translate.hl7v2.ack import CONDITIONS
from tests.translate.hl7v2.ward import PID3, evn, language, msh, pid, pv1, raw, segment

NOW = datetime(2025, 3, 14, 9, 30, 16, tzinfo=UTC)

# What is wrong, and what is answered: MSA-1, code of table 0357, location.
WRONG = {
    "unknown event": ((msh("A99"), evn(), pid(), pv1()), "AR", "201", "MSH^1^9"),
    "unknown type": ((msh("A01", {9: "ORU^R01"}), pid()), "AR", "200", "MSH^1^9"),
    "no type": ((msh("A01", {9: ""}), pid(), pv1()), "AE", "101", "MSH^1^9"),
    "no control id": ((msh("A01", {10: ""}), pid(), pv1()), "AE", "101", "MSH^1^10"),
    "unknown sender": ((msh("A01", {3: "NOBODY"}), pid(), pv1()), "AR", "204", "MSH^1^3"),
    "unknown character set": ((msh("A01", {18: "KLINGON"}), evn(), pid(), pv1()), "AE", "102", "MSH^1^18"),
    "no PID": ((msh(), evn(), pv1()), "AE", "100", "PID^1"),
    "no PV1": ((msh(), evn(), pid()), "AE", "100", "PV1^1"),
    "two visits": ((msh(), evn(), pid(), pv1(), pv1()), "AE", "100", "PV1^2"),
    "a second message inside": ((msh(), evn(), pid(), pv1(), msh()), "AE", "100", "MSH^2"),
    "no citizen": ((msh(), evn(), pid({3: ""}), pv1()), "AE", "101", "PID^1^3"),
    "no number of a citizen": ((msh(), evn(), pid({3: "x^^^CPR&1.2.208.176.1.2&ISO"}), pv1()), "AE", "101", "PID^1^3"),
    "two citizens": (
        (msh(), evn(), pid({3: f"{PID3}~2509479989^^^CPR&1.2.208.176.1.2&ISO^NNDNK"}), pv1()), "AE", "102", "PID^1^3",
    ),
    "too many repetitions": ((msh(), evn(), pid({3: PID3 + "~x" * 2000}), pv1()), "AR", "207", "PID^1^3"),
    "no day of birth": ((msh(), evn(), pid({7: "soon"}), pv1()), "AE", "102", "PID^1^7"),
    "no time": ((msh(), evn(), pid(), pv1({44: "soon"})), "AE", "102", "PV1^1^44"),
    "no time of registration": ((msh(), evn(recorded="soon"), pid(), pv1()), "AE", "102", "EVN^1^2"),
    "ends before it begins": (
        (msh("A03"), evn("A03"), pid(), pv1({45: "20250301091500+0100"})), "AE", "102", "PV1^1^45",
    ),
    "no time at all": (
        (msh("A01", {7: ""}), segment("EVN", {1: "A01"}), pid(), pv1()), "AE", "101", "EVN^1^2",
    ),
    "no segment": ((msh(), evn(), pid(), "what is this", pv1()), "AE", "102", "PID^1"),
    "merged with itself": (
        (msh("A40"), evn("A40"), pid(), segment("MRG", {1: PID3})), "AE", "102", "MRG^1^1",
    ),
    "merged with nobody": ((msh("A40"), evn("A40"), pid(), segment("MRG", {1: ""})), "AE", "101", "MRG^1^1"),
}  # fmt: skip


def answered(segments: tuple[str, ...], version: str) -> list[list[str]]:
    message = raw(*segments).replace(b"|2.5|", f"|{version}|".encode())
    with pytest.raises(GatewayError) as caught:
        language().translate(message)
    answer = language().refuse(message, caught.value, NOW).decode()
    return [line.split("|") for line in answer.split("\r")[:-1]]


@pytest.mark.parametrize("version", ["2.5", "2.5.1", "2.6", "2.8"])
@pytest.mark.parametrize("name", WRONG)
def test_location_and_code_stand_in_fields_of_their_own(name: str, version: str) -> None:
    segments, code, condition, where = WRONG[name]
    _, msa, err = answered(segments, version)
    assert msa[1] == code
    assert err[:5] == ["ERR", "", where, f"{condition}^{CONDITIONS[condition]}^HL70357", "E"]
    assert err[7]


@pytest.mark.parametrize("version", ["2.2", "2.3", "2.3.1", "2.4"])
@pytest.mark.parametrize("name", WRONG)
def test_before_2_5_they_stand_together(name: str, version: str) -> None:
    segments, code, condition, where = WRONG[name]
    _, msa, err = answered(segments, version)
    assert msa[1] == code
    assert msa[3], "the text"
    place = [*where.split("^"), "", ""][:3]
    assert err == ["ERR", "^".join([*place, f"{condition}&{CONDITIONS[condition]}&HL70357"])]


def test_a_version_that_is_not_received() -> None:
    _, msa, err = answered((msh("A01", {12: "3.0"}), evn(), pid(), pv1()), "2.5")
    assert (msa[1], err[2:4]) == ("AR", ["MSH^1^12", "203^Unsupported version id^HL70357"])
