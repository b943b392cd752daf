"""Hostile bytes: never a crash, never a hang, never growth; always one of the declared answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError, RuleBroken
from gateway.translate.edifact.answers import joined
from gateway.translate.edifact.interchange import interchange, parts
from gateway.translate.edifact.language import Edifact
from gateway.translate.edifact.segments import MAX_SEGMENTS
from tests.translate.edifact.interchanges import admission, discharge, email, enclosed, receipt

NOW = datetime(2025, 3, 14, 9, 15, tzinfo=UTC)
WHOLE = [
    enclosed(admission(), discharge(), email()),
    enclosed(email(text=["Kære ?'kollega?':.:Hilsen \\:os"])),
    enclosed(receipt("C0230Q", "CTL02", "4", "FTX+VER+P00++Nej?: tak")),
    enclosed(admission(), una="UNA|*.\\ ~").replace(b"+", b"*").replace(b":", b"|").replace(b"'", b"~"),
]
BITS = st.sampled_from(
    [
        *(b"'", b"+", b":", b"?", b"??", b"?'", b"UNA:+.? '", b"UNA'+.:?+", b"UNB+", b"UNH+", b"UNT+1+1'"),
        *(b"UNZ+1+ENV1'", b"S01+01'", b"SEQ++1'", b"DTM+182:9:204'", b"\0", b"\xff", b"\r\n", b"UNO+1+9999'"),
        *(b"FTX+NC+P00++\\'", b"UCM+1'", b"UCI+1+2+3+4'", b"PNA+PAT+2512489996'"),
    ]
)


def answered(edifact: Edifact, raw: bytes) -> None:
    """Every letter is understood or refused with a kind of ours, and the answer is an interchange that is right."""
    found = [_answer(edifact, one) for one in parts(raw)]
    assert not [told for _, told in found if "2512489996" in told]
    body = joined(raw, [answer for answer, _ in found], NOW)
    assert all(message.fault is None for message in interchange(body).messages) if body else True


def _answer(edifact: Edifact, raw: bytes) -> tuple[bytes, str]:
    try:
        edifact.translate(raw)
    except GatewayError as error:
        return edifact.refuse(raw, error, NOW), error.told()
    return edifact.accept(raw, NOW), ""


@given(raw=st.binary(max_size=300))
def test_any_bytes(raw: bytes, edifact: Edifact) -> None:
    answered(edifact, raw)


@given(bits=st.lists(BITS, max_size=40))
def test_any_marks(bits: list[bytes], edifact: Edifact) -> None:
    answered(edifact, b"".join(bits))
    answered(edifact, b"UNB+UNOC:3+1:14+2:14+250101:1200+R'" + b"".join(bits))


@settings(max_examples=150)
@given(whole=st.sampled_from(WHOLE), data=st.data())
def test_damaged_letters(whole: bytes, data: st.DataObject, edifact: Edifact) -> None:
    at, length = data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, 40))
    answered(edifact, whole[:at] + data.draw(BITS | st.binary(max_size=3)) + whole[at + length :])
    answered(edifact, b"'\r\n".join(data.draw(st.permutations(whole.split(b"'\r\n")))))


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_letters_cut_short(cut: int, edifact: Edifact) -> None:
    for whole in WHOLE:
        answered(edifact, whole[: len(whole) * cut // 60])


HEAD = b"UNB+UNOC:3+1:14+2:14+250101:1200+R'"
LARGE = {
    "one segment of a megabyte": HEAD + b"UNH+1+MEDDIS:D:93A:UN:D9134L'FTX+" + b"a" * 1_000_000 + b"'",
    "no terminator": HEAD + b"UNH+" * 500_000,
    "release characters only": HEAD + b"?" * 1_000_001,
    "release characters before the end": HEAD + b"UNH+" + b"?" * 1_000_000 + b"'",
    "element marks only": HEAD + b"UNH" + b"+" * 1_000_000 + b"'",
    "released terminators": HEAD + b"?'" * 500_000,
    "line ends only": HEAD + b"\r\n" * 500_000,
    "tiny segments": HEAD + b"GIS+N'" * 150_000,
    "many messages": HEAD + b"UNH+1+MEDDIS:D:93A:UN:D9134L'UNT+2+1'" * 20_000 + b"UNZ+20000+R'",
    "many groups": HEAD
    + b"UNH+1+MEDDIS:D:93A:UN:D9134L'"
    + b"S01+01'NAD+SOR'SEQ++1'" * 6_000
    + b"UNT+18002+1'UNZ+1+R'",
    "many refusals": HEAD
    + b"UNH+1+CONTRL:D:93A:ZZ:C0230Q+CTL02'UCI+1+1+1+4'"
    + b"UCM+1+MEDDIS:D:93A:UN:D9134L+4'" * 6_000
    + b"UNT+6003+1'UNZ+1+R'",
    "a long text": enclosed(email(text=["Linje:" * 5] * 12_000)),
    "a package that is not there": HEAD + b"UNO+1+999999999999999'" + b"x" * 1000,
    "spaces": b" " * 2_000_000,
    "NUL bytes": b"\0" * 2_000_000,
}


@pytest.mark.parametrize("name", LARGE)
def test_large_things_come_to_an_end(name: str, edifact: Edifact) -> None:
    for one in parts(LARGE[name])[:3]:
        answer, _ = _answer(edifact, one)
        assert not answer or interchange(answer).messages[0].fault is None


def test_too_many_segments_are_refused() -> None:
    with pytest.raises(GatewayError) as told:
        interchange(HEAD + b"GIS+N'" * (MAX_SEGMENTS + 1))
    assert told.value.text == "The interchange has too many segments."


def test_a_failure_never_repeats_the_message(edifact: Edifact) -> None:
    secret = b"2512489996"
    for whole in WHOLE:
        answer = edifact.refuse(whole, RuleBroken("x"), NOW)
        assert secret not in answer
