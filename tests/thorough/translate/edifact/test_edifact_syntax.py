"""The syntax: service strings, release characters, line ends, character sets, and every fault told with its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.errors import (
    GatewayError,
    MissingField,
    RuleBroken,
    SegmentOrder,
    TooLarge,
    UnknownMessage,
    UnknownVersion,
    Unreadable,
    WrongCharset,
    WrongType,
)
from gateway.translate.edifact.delimiters import STANDARD, Delimiters, delimiters_of
from gateway.translate.edifact.interchange import interchange, parts
from gateway.translate.edifact.language import Edifact
from gateway.translate.edifact.segments import MAX_SEGMENT, read
from tests.translate.edifact.interchanges import admission, discharge, email, enclosed, framed, raw

UNB = "UNB+UNOC:3+5790000209354:14+5790002508226:14+250314:1015+ENV1"


def elements(content: str) -> list[list[str]]:
    """Of the second segment of an interchange."""
    return [list(element) for element in read(raw([UNB, content]))[1][1].elements]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("FTX+a:b+c", [["FTX"], ["a", "b"], ["c"]]),
        ("FTX+a?:b", [["FTX"], ["a:b"]]),
        ("FTX+a?+b", [["FTX"], ["a+b"]]),
        ("FTX+a?'b", [["FTX"], ["a'b"]]),
        ("FTX+a??:b", [["FTX"], ["a?", "b"]]),
        ("FTX+a???:b", [["FTX"], ["a?:b"]]),
        ("FTX+foretaget?::Røntgen", [["FTX"], ["foretaget:", "Røntgen"]]),
        ("FTX+?a", [["FTX"], ["a"]]),
        ("FTX+++x::", [["FTX"], [""], [""], ["x", "", ""]]),
    ],
)
def test_release_characters_take_the_meaning_of_the_one_after_them(written: str, meant: list[list[str]]) -> None:
    assert elements(written) == meant


@pytest.mark.parametrize("between", ["", "\n", "\r\n", "\r\n\r\n"])
def test_line_ends_between_segments_mean_nothing(between: str) -> None:
    found = interchange(enclosed(admission(), between=between))
    assert [segment.tag for segment in found.messages[0].segments[:3]] == ["UNH", "BGM", "DTM"]


def test_a_line_broken_within_a_segment_is_put_together() -> None:
    assert elements("FTX+Borge\r\nren") == [["FTX"], ["Borgeren"]]


def test_the_service_string_chooses_the_characters() -> None:
    message = (
        "UNA|*.\\ ~UNB*UNOC|3*1|14*2|14*250314|1015*R~UNH*L1*MEDDIS|D|93A|UN|D9134L~NAD*a\\*b|c:'+~UNT*3*L1~UNZ*1*R~"
    )
    found = interchange(message.encode())
    assert found.messages[0].segments[1].elements == (("NAD",), ("a*b", "c:'+"))


def test_a_blank_release_character_is_none() -> None:
    assert delimiters_of(b"UNA:+.  'UNB")[0] == Delimiters(release="")
    assert Delimiters(release="").split("a?:b", ":") == ["a?", "b"]


@pytest.mark.parametrize(
    "una", ["UNA++.? '", "UNA:+.+ '", "UNAa+.? '", "UNA:+.? 1", "UNA:+.? \n", "UNA:+", "UNA\0+.? '"]
)
def test_a_service_string_that_parts_nothing_is_refused(una: str) -> None:
    with pytest.raises(Unreadable) as told:
        interchange(una.encode() + raw([UNB]))
    assert told.value.where == "UNA"


def test_what_is_released_comes_back() -> None:
    for text in ("a+b", "??", "?", "a:b'c?+", "''", "æ:ø"):
        assert STANDARD.plain(STANDARD.released(text)) == text
        assert STANDARD.split(STANDARD.released(text) + ":x", ":")[0] == STANDARD.released(text)


def test_unoc_is_read_as_windows_1252(edifact: Edifact) -> None:
    found = edifact.translate(enclosed(email(name="Bjørk – “Åse”")))
    assert [one.body["name"][0]["family"] for one in found.statements if one.kind == "Patient"] == ["Bjørk – “Åse”"]


def test_utf_8_is_read_where_it_is_declared(edifact: Edifact) -> None:
    found = edifact.translate(enclosed(email(name="Žižek-Sørensen"), charset="UNOY", codec="utf-8"))
    assert [one.body["name"][0]["family"] for one in found.statements if one.kind == "Patient"] == ["Žižek-Sørensen"]


@pytest.mark.parametrize(
    ("content", "error", "where"),
    [
        (enclosed(email(), codec="utf-8"), WrongCharset, "segment 12 (NAD) of the interchange"),
        (enclosed(email(), charset="UNOA"), WrongCharset, "segment 12 (NAD) of the interchange"),
        (enclosed(email(), charset="UNOB"), WrongCharset, "segment 12 (NAD) of the interchange"),
        (
            enclosed(email()).replace("ø".encode("cp1252"), b"\x81", 1),
            WrongCharset,
            "segment 12 (NAD) of the interchange",
        ),
        (enclosed(email(), charset="UNOQ"), UnknownVersion, "UNB-1.1"),
    ],
)
def test_a_wrong_character_set_is_told_and_never_guessed(content: bytes, error: type[GatewayError], where: str) -> None:
    with pytest.raises(error) as told:
        interchange(content)
    assert told.value.where == where


def changed(old: str, new: str) -> Callable[[], bytes]:
    def make() -> bytes:
        content = enclosed(admission())
        assert old.encode() in content
        return content.replace(old.encode(), new.encode(), 1)

    return make


FRAMES: list[tuple[Callable[[], bytes], type[GatewayError], str]] = [
    (changed("UNB+", "UNX+"), SegmentOrder, "segment 1 (UNX) of the interchange"),
    (changed(":14+5790002508226", ":14+"), MissingField, "UNB-3"),
    (changed("5790000209354:14+57", ":14+57"), MissingField, "UNB-2"),
    (changed("+ENV1++++1'", "+++++1'"), MissingField, "UNB-5"),
    (changed("250314:1015", "25-03-14:10"), WrongType, "UNB-4"),
    (changed("250314:1015", "250314:2515"), WrongType, "UNB-4"),
    (changed("UNZ+1+ENV1'", ""), SegmentOrder, "segment 27 (UNT) of the interchange"),
    (changed("UNZ+1+", "UNZ+2+"), RuleBroken, "UNZ-1"),
    (changed("UNZ+1+", "UNZ+one+"), RuleBroken, "UNZ-1"),
    (changed("UNZ+1+", "UNZ++"), RuleBroken, "UNZ-1"),
    (changed("UNZ+1+ENV1", "UNZ+1+ENV2"), RuleBroken, "UNZ-2"),
    (changed("UNZ+1+ENV1'", "UNZ+1+ENV1"), Unreadable, "segment 28 of the interchange"),
    (changed("UNZ+1+ENV1'", "UNZ+1+ENV1?'"), Unreadable, "segment 28 of the interchange"),
    (changed("UNH+", "UNG+"), SegmentOrder, "segment 2 (UNG) of the interchange"),
    (changed("UNH+BREV1", "BGM+BREV1"), SegmentOrder, "segment 2 (BGM) of the interchange"),
    (changed("GIS+N'", "UNZ+1'"), SegmentOrder, "segment 15 (UNZ) of the interchange"),
    (changed("UNT+26+BREV1'", "UNT+26+BREV1'GIS+N'"), SegmentOrder, "segment 28 (GIS) of the interchange"),
    (changed("GIS+N'", "gis+N'"), Unreadable, "segment 15 of the interchange"),
    (changed("GIS+N'", "GIS+\0'"), Unreadable, "segment 15 of the interchange"),
    (changed("GIS+N'", "'"), Unreadable, "segment 15 of the interchange"),
    (changed("+ENV1++++1'", "+ENV1++++1++1'"), UnknownMessage, "UNB-11"),
]


@pytest.mark.parametrize(("make", "error", "where"), FRAMES)
def test_a_fault_of_the_interchange_is_told_with_its_place(
    make: Callable[[], bytes], error: type[GatewayError], where: str
) -> None:
    with pytest.raises(error) as told:
        interchange(make())
    assert told.value.where == where


LETTERS: list[tuple[Callable[[], bytes], type[GatewayError], str]] = [
    (changed("UNT+26+", "UNT+25+"), RuleBroken, "segment 26 (UNT), UNT-1"),
    (changed("UNT+26+", "UNT+x+"), RuleBroken, "segment 26 (UNT), UNT-1"),
    (changed("UNT+26+BREV1", "UNT+26+BREV9"), RuleBroken, "segment 26 (UNT), UNT-2"),
    (changed("UNT+26+BREV1'", ""), SegmentOrder, "segment 25 (PAS)"),
    (changed("UNH+BREV1+", "UNH++"), MissingField, "segment 1 (UNH), UNH-1"),
    (changed(":D2030C", ""), MissingField, "segment 1 (UNH), UNH-2"),
    (changed(":D2030C", ":D9999Z"), UnknownMessage, "segment 1 (UNH), UNH-2.5"),
    (changed("CON++38683868:TE'", "NAD+SOR+1:SOR:SST'"), SegmentOrder, "segment 6 (NAD)"),
    (changed("S11+11'", "S07+07'"), SegmentOrder, "segment 20 (GIS)"),
    (changed("GIS+P'", "S02+02'"), SegmentOrder, "segment 21 (S02)"),
    (changed("SPR+ORG+50:SKS:SST+DIS20:SKS:SST'", "RFF+XX:1'"), MissingField, "S01[SEQ-2=1]/SPR-3"),
    (changed("RFF+SRI:BREV1'", "RFF+SRX:BREV1'"), MissingField, "S02/RFF[SRI]-1.2"),
    (changed("GIS+N'", "XYZ+N'"), SegmentOrder, "segment 14 (XYZ)"),
    (changed("GIS+N'", "PAS+N'"), SegmentOrder, "segment 14 (PAS)"),
    (changed("S07+07'", "S01+01'"), SegmentOrder, "segment 17 (S01)"),
    (changed("S07+07'", "S99+01'"), SegmentOrder, "segment 17 (S99)"),
    (changed("RFF+SRI:BREV1'\r\nDTM", "GIS+N'\r\nDTM"), SegmentOrder, "segment 13 (S02)"),
    (changed("PNA+PAT+", "ADR+PAT+"), SegmentOrder, "segment 17 (S07)"),
    (changed("SEQ++2'", "RFF+LOC:1'"), SegmentOrder, "segment 10 (S01)"),
    (changed("SEQ++2'", "SEQ++7'"), MissingField, "S01[SEQ-2=2]/NAD-2.1"),
    (changed("GIS+N'", "GIS+Q'"), GatewayError, "segment 14 (GIS), GIS-1"),
    (changed("GIS+N'", "GIS'"), MissingField, "segment 14 (GIS), S02/GIS-1"),
    (changed("PAS+HS'", "PAS+ZZ'"), GatewayError, "segment 25 (PAS), PAS-1"),
    (changed("20250314101500:204'\r\nS07", "20250314101500:999'\r\nS07"), WrongType, "segment 16 (DTM), DTM-1"),
    (changed("20250314101500:204'\r\nS07", "20251399101500:204'\r\nS07"), WrongType, "segment 16 (DTM), DTM-1"),
    (changed("2512489996", "251248999"), WrongType, "segment 18 (PNA), PNA-2.1"),
    (changed("2512489996", ""), MissingField, "segment 18 (PNA), S07/PNA-2.1"),
]


@pytest.mark.parametrize(("make", "error", "where"), LETTERS)
def test_a_fault_of_a_letter_is_told_with_its_segment(
    make: Callable[[], bytes], error: type[GatewayError], where: str, edifact: Edifact
) -> None:
    with pytest.raises(error) as told:
        edifact.translate(make())
    assert told.value.where == where
    assert "2512489996" not in told.value.told()


def test_a_letter_is_about_one_citizen(edifact: Edifact) -> None:
    message = admission()
    other = "PNA+PAT+1502824933:::CPR:IM"
    at = message.index("S11+11")
    for added, where in (([other], "segment 19 (PNA)"), (["S07+07", other], "segment 19 (S07)")):
        with pytest.raises(SegmentOrder) as told:
            edifact.translate(enclosed([*message[:at], *added, *message[at:]]))
        assert told.value.where == where


def test_a_letter_has_one_sender(edifact: Edifact) -> None:
    content = enclosed(admission()).replace(b"NAD+ROR", b"NAD+SOR").replace(b"SEQ++2", b"SEQ++1")
    with pytest.raises(RuleBroken) as told:
        edifact.translate(content)
    assert told.value.where == "segment 10 (S01)"


def test_a_number_that_means_nobody_is_told_with_its_segment(edifact: Edifact) -> None:
    with pytest.raises(GatewayError) as told:
        edifact.translate(enclosed(admission(citizen="0000000000")))
    assert told.value.where.startswith("segment 18 (PNA), ")


def test_a_segment_that_is_too_long_is_refused() -> None:
    with pytest.raises(TooLarge) as told:
        interchange(enclosed(email(text=["x" * 1_000_000])))
    assert told.value.where == "segment 28 of the interchange"
    assert interchange(enclosed(email(text=["x" * (MAX_SEGMENT - 100)]))).messages[0].fault is None


def test_too_many_elements_are_refused() -> None:
    with pytest.raises(TooLarge):
        interchange(enclosed(email(text=[":" * 5000])))


def test_every_letter_becomes_an_interchange_of_its_own() -> None:
    whole = enclosed(admission(), discharge(), email())
    found = parts(whole)
    assert [interchange(one).messages[0].reference for one in found] == ["BREV1", "BREV2", "BREV3"]
    assert {interchange(one).header.elements for one in found} == {interchange(whole).header.elements}


def test_one_broken_letter_leaves_its_neighbours(edifact: Edifact) -> None:
    whole = enclosed(admission(), discharge()).replace(b"UNT+26+BREV1", b"UNT+99+BREV1")
    first, second = parts(whole)
    with pytest.raises(RuleBroken):
        edifact.translate(first)
    assert edifact.translate(second).message_id == "5790000209354#BREV2"


def test_what_cannot_be_parted_stays_whole() -> None:
    for content in (
        b"",
        b"nonsense",
        enclosed(admission()),
        enclosed(admission(), discharge()).replace(b"UNZ+2", b"UNZ+3"),
    ):
        assert parts(content) == [content]


def test_several_letters_are_not_read_as_one(edifact: Edifact) -> None:
    with pytest.raises(RuleBroken):
        edifact.translate(enclosed(admission(), discharge()))


def test_segments_are_counted_from_one_in_their_own_letter() -> None:
    second = interchange(enclosed(admission(), framed(discharge())[:-1])).messages[1]
    assert second.place(second.segments[2]) == "segment 3 (DTM)"
