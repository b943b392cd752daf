"""What cannot be understood is refused with its class, its place and its code, and without a value."""

from __future__ import annotations

import pytest

from gateway.errors import (
    GatewayError,
    MissingField,
    SegmentOrder,
    TooLarge,
    UnknownEvent,
    UnknownMessage,
    UnknownProcessing,
    UnknownSource,
    UnknownVersion,
    Unreadable,
)  # fmt: skip
from tests.translate.hl7v2.ward import PID3, adt, evn, language, msh, of_kind, pid, pv1, raw, segment, translated


def refused(*segments: str) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        translated(*segments)
    return caught.value


@pytest.mark.parametrize(
    ("segments", "kind", "where"),
    [
        ((msh("A99"), evn(), pid(), pv1()), UnknownEvent, "MSH^1^9"),
        ((msh("A98"), evn(), pid(), pv1()), UnknownEvent, "MSH^1^9"),
        ((msh(""), pid(), pv1()), UnknownEvent, "MSH^1^9"),
        ((msh("A01", {9: "ORU^R01^ORU_R01"}), pid()), UnknownMessage, "MSH^1^9"),
        ((msh("A01", {9: "ORU^A01"}), pid(), pv1()), UnknownMessage, "MSH^1^9"),
        ((msh("A01", {9: "ADT^S12"}), pid(), pv1()), UnknownEvent, "MSH^1^9"),
        ((msh("A01", {9: "ACK"}), pid()), Unreadable, "MSA^1"),
        ((msh("A01", {9: "ACK"}), "MSA|XX|1"), Unreadable, "MSA^1^1"),
        ((msh("A01", {9: ""}), pid(), pv1()), MissingField, "MSH^1^9"),
        ((msh("A01", {10: ""}), pid(), pv1()), MissingField, "MSH^1^10"),
        ((msh("A01", {12: "3.0"}), pid(), pv1()), UnknownVersion, "MSH^1^12"),
        ((msh("A01", {11: "T"}), pid(), pv1()), UnknownProcessing, "MSH^1^11"),
        ((msh("A01", {12: "2x"}), pid(), pv1()), UnknownVersion, "MSH^1^12"),
        ((msh("A01", {3: "STRANGER"}), pid(), pv1()), UnknownSource, "MSH^1^3"),
        ((msh("A01", {3: "", 4: ""}), pid(), pv1()), UnknownSource, "MSH^1^3"),
        ((msh(),), SegmentOrder, "PID^1"),
        ((msh(), pv1()), SegmentOrder, "PID^1"),
        ((msh(), evn(), pid()), SegmentOrder, "PV1^1"),
        ((msh(), pv1(), pid()), SegmentOrder, "PV1^1"),
        ((msh(), pid(), pid(), pv1()), SegmentOrder, "PID^2"),
        ((msh(), pid(), pv1(), pv1()), SegmentOrder, "PV1^2"),
        ((msh(), pid(), pv1(), msh()), SegmentOrder, "MSH^2"),
        ((msh("A01", {7: ""}), segment("EVN", {1: "A01"}), pid(), pv1()), MissingField, "EVN^1^2"),
        ((msh(), evn(), pid(), pv1(), "no segment"), Unreadable, "PV1^1"),
        ((msh(), evn(), pid({3: PID3 + "~X" * 2000}), pv1()), TooLarge, "PID^1^3"),
    ],
)
def test_it_is_told_with_class_and_place(segments: tuple[str, ...], kind: type[GatewayError], where: str) -> None:
    error = refused(*segments)
    assert type(error) is kind
    assert error.where == where


@pytest.mark.parametrize(
    ("kind", "ack", "condition"),
    [
        (UnknownEvent, "AR", "201"),
        (UnknownMessage, "AR", "200"),
        (UnknownProcessing, "AR", "202"),
        (UnknownVersion, "AR", "203"),
        (MissingField, "AE", "101"),
        (SegmentOrder, "AE", "100"),
    ],
)
def test_the_codes_of_table_0357(kind: type[GatewayError], ack: str, condition: str) -> None:
    assert (kind.ack, kind.condition) == (ack, condition)


@pytest.mark.parametrize("version", ["2.1", "2.2", "2.3.1", "2.4", "2.5", "2.5.1", "2.7", "2.8.2", "2.9", ""])
def test_every_version_of_2_is_understood(version: str) -> None:
    assert translated(msh("A01", {12: version}), evn(), pid(), pv1()).event == "A01"


@pytest.mark.parametrize("kind", ["ADT^A01^ADT_A01", "ADT^A01", "ADT^A01^ADT_A99", "ADT&x^A01"])
def test_the_structure_is_not_asked(kind: str) -> None:
    assert translated(msh("A01", {9: kind}), evn(), pid(), pv1()).event == "A01"


def test_a_refused_message_changes_nothing_of_the_next() -> None:
    before = language().translate(adt())
    refused(msh(), evn(), pid({3: ""}), pv1())
    assert language().translate(adt()) == before


def test_lines_of_any_kind_give_the_same() -> None:
    segments = (msh(), evn(), pid(), pv1(), "DG1|1||DF205^x^SKS")
    one, *others = (
        language().translate(start + raw(*segments, end=end))
        for start in (b"", b"\xef\xbb\xbf", b"\r\n")
        for end in ("\r", "\n", "\r\n")
    )
    for other in others:
        assert [s.body for s in other.statements] == [s.body for s in one.statements]


def test_small_letters_in_segment_ids_give_the_same() -> None:
    one = language().translate(adt())
    other = language().translate(adt().replace(b"PID|", b"pid|").replace(b"PV1|", b"Pv1|"))
    assert [s.body for s in other.statements] == [s.body for s in one.statements]


def test_the_truncation_mark_gives_the_same() -> None:
    other = language().translate(adt().replace(b"|^~\\&|", b"|^~\\&#|"))
    assert [s.body for s in other.statements] == [s.body for s in language().translate(adt()).statements]


def test_other_delimiters_give_the_same() -> None:
    table = str.maketrans("|^~&", "*:;%")
    other = language().translate(adt().decode().translate(table).encode())
    assert [s.body for s in other.statements] == [s.body for s in language().translate(adt()).statements]


def test_every_value_of_two_quotes_is_no_value() -> None:
    found = language().translate(adt("A08", visit=pv1({2: '""', 3: '""', 4: '""', 7: '""', 44: '""'})))
    (said,) = of_kind(found, "Encounter")
    assert {"class", "location", "type", "participant", "serviceProvider", "period"} <= set(said.cleared)
    assert set(said.body) == {"identifier"}


def test_numbers_that_are_moved_to_another_person_are_rejected() -> None:
    """A43: what was said under them can no longer be told from what was said of the person that they are taken from."""
    with pytest.raises(UnknownEvent) as caught:
        language().translate(raw(msh("A43"), evn("A43"), pid(), segment("MRG", {1: "778^^^REGH", 4: "779^^^REGH"})))
    assert caught.value.hint.startswith("Received of ADT: A01, ")
    assert "A43" not in caught.value.hint
