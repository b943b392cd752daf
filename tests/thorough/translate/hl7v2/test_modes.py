"""Original and enhanced mode: who is told what, at once and later, by MSH-15 and MSH-16 (table 0155)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.errors import (
    Forbidden,
    GatewayError,
    MissingField,
    TooLarge,
    Unavailable,
    UnknownCode,
    UnknownEvent,
    UnknownSource,
)
from gateway.translate.hl7v2.header import Header, read
from gateway.translate.hl7v2.modes import Wanted, wanted
from tests.translate.hl7v2.ward import evn, language, msh, pid, pv1, raw

NOW = datetime(2025, 3, 14, 9, 30, 16, tzinfo=UTC)


def header(accept: str, application: str, kind: str = "ADT^A01") -> Header:
    return read(raw(msh("A01", {9: kind, 15: accept, 16: application})))


def told(accept: str, application: str, error: GatewayError | None = None, *, connected: bool = True) -> Wanted:
    return wanted(header(accept, application), error, connected)


@pytest.mark.parametrize(
    ("accept", "application", "now", "later"),
    [
        ("", "", "AA", ""),
        ("AL", "NE", "CA", ""),
        ("AL", "", "CA", ""),
        ("SU", "NE", "CA", ""),
        ("ER", "NE", "", ""),
        ("NE", "NE", "", ""),
        ("AL", "AL", "CA", "AA"),
        ("AL", "SU", "CA", "AA"),
        ("AL", "ER", "CA", ""),
        ("NE", "AL", "", "AA"),
        ("", "AL", "", "AA"),
        ("ER", "AL", "", "AA"),
        ("al", "al", "CA", "AA"),
        ("XX", '""', "AA", ""),
        ("XX", "AL", "", "AA"),
    ],
)
def test_what_is_well(accept: str, application: str, now: str, later: str) -> None:
    assert told(accept, application) == Wanted(now, later)


@pytest.mark.parametrize(
    ("accept", "application", "now", "later"),
    [
        ("", "", "AE", ""),
        ("AL", "NE", "CE", ""),
        ("ER", "NE", "CE", ""),
        ("SU", "NE", "", ""),
        ("NE", "NE", "", ""),
        ("AL", "AL", "CA", "AE"),
        ("AL", "ER", "CA", "AE"),
        ("AL", "SU", "CE", ""),
        ("ER", "AL", "", "AE"),
        ("NE", "ER", "", "AE"),
    ],
)
def test_what_is_wrong_inside(accept: str, application: str, now: str, later: str) -> None:
    for error in (MissingField(), UnknownCode()):
        assert told(accept, application, error) == Wanted(now, later)


@pytest.mark.parametrize(
    ("accept", "application", "now"),
    [
        ("", "", "AR"),
        ("AL", "NE", "CR"),
        ("AL", "AL", "CR"),
        ("ER", "AL", "CR"),
        ("SU", "AL", "AR"),
        ("NE", "AL", "AR"),
        ("SU", "NE", ""),
        ("NE", "NE", ""),
        ("NE", "SU", ""),
    ],
)
def test_what_is_rejected_at_the_door(accept: str, application: str, now: str) -> None:
    """Nothing of it is processed and nothing is in the outbox: it is told at once or never."""
    for error in (UnknownEvent(), UnknownSource(), Unavailable(), Forbidden(), TooLarge(), GatewayError()):
        assert told(accept, application, error) == Wanted(now)


def test_without_a_connection_the_application_acknowledgement_comes_on_the_line_where_nothing_else_does() -> None:
    assert told("NE", "AL", connected=False) == Wanted("AA")
    assert told("", "AL", connected=False) == Wanted("AA")
    assert told("NE", "ER", MissingField(), connected=False) == Wanted("AE")
    assert told("AL", "AL", connected=False) == Wanted("CA", "AA")


@pytest.mark.parametrize("application", ["", "AL", "NE", "ER", "SU"])
def test_an_acknowledgement_is_never_acknowledged(application: str) -> None:
    for error in (None, MissingField(), UnknownSource()):
        for accept in ("", "NE"):
            assert wanted(header(accept, application, "ACK^A01"), error, connected=True) == Wanted("")
    assert wanted(header("AL", application, "ACK"), None, connected=True) == Wanted("CA")


def test_one_failure_is_told_once_and_only_to_who_asks() -> None:
    for accept in ("", "AL", "NE", "ER", "SU"):
        for application in ("", "AL", "NE", "ER", "SU"):
            for error in (MissingField(), UnknownEvent(), Unavailable()):
                for connected in (True, False):
                    found = told(accept, application, error, connected=connected)
                    negative = [code for code in (found.now, found.later) if code[1:] in ("E", "R")]
                    asks = not (accept or application) or accept in ("AL", "ER") or application in ("AL", "ER")
                    assert len(negative) == (1 if asks else 0)


def enhanced(accept: str, application: str, patient: str = "") -> bytes:
    return raw(msh("A01", {15: accept, 16: application}), evn(), patient or pid(), pv1())


def test_the_commit_acknowledgement_names_the_message() -> None:
    answer = language().accept(enhanced("AL", "NE"), NOW).decode().split("\r")
    assert answer[1] == "MSA|CA|M1"
    assert answer[0].split("|")[2:6] == ["GW", "KK", "SP", "REGH"]


def test_a_commit_error_has_its_place_and_code() -> None:
    answer = language().refuse(enhanced("ER", "NE"), MissingField(where="PID^1^3"), NOW).decode().split("\r")
    assert answer[1] == "MSA|CE|M1"
    assert answer[2].startswith("ERR||PID^1^3|101^Required field missing^HL70357|E|")
    assert language().refuse(enhanced("ER", "NE"), UnknownEvent(), NOW).split(b"\r")[1] == b"MSA|CR|M1"


def test_nothing_is_said_to_who_wants_nothing() -> None:
    assert language().accept(enhanced("NE", "NE"), NOW) == b""
    assert language().refuse(enhanced("NE", "NE"), MissingField(), NOW) == b""


def test_the_application_acknowledgement_is_a_message_of_its_own() -> None:
    message = enhanced("AL", "AL")
    one = language().later(message, NOW)
    assert one is not None
    assert (one.destination, one.language, one.answers) == ("regh", "hl7v2", "M1")
    lines = [line.split("|") for line in one.body.decode().split("\r")]
    assert lines[0][8:10] == ["ACK^A01^ACK", one.message_id]
    assert lines[0][14:16] == ["AL", "NE"], "its receiver tells that it has it, and no more"
    assert lines[1][:3] == ["MSA", "AA", "M1"]
    commit = language().accept(message, NOW).split(b"|")[9].decode()
    assert commit != one.message_id


def test_what_is_wrong_is_told_later_with_its_place() -> None:
    error = MissingField(where="PID^1^3")
    assert language().refuse(enhanced("AL", "AL"), error, NOW).split(b"\r")[1] == b"MSA|CA|M1"
    one = language().later(enhanced("AL", "AL"), NOW, error)
    assert one is not None
    lines = one.body.decode().split("\r")
    assert lines[1] == "MSA|AE|M1"
    assert lines[2].startswith("ERR||PID^1^3|101^")


def test_in_the_original_mode_nothing_is_told_later() -> None:
    assert language().later(enhanced("", ""), NOW) is None
    assert language().later(enhanced("", ""), NOW, MissingField()) is None


@pytest.mark.parametrize(
    "garbage", [b"", b"\xff" * 9, b"MSH", b"PID|1", b"MSH|^~\\&|A|B|||||ADT^A01|1|P|2.5|||AL|AL\r"]
)
def test_garbage_and_strangers_get_no_later_answer(garbage: bytes) -> None:
    for error in (None, MissingField(), UnknownSource()):
        assert language().later(garbage, NOW, error) is None
        assert language().refuse(garbage, error or MissingField(), NOW)
