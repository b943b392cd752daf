"""One message about several citizens or visits: each group by itself, and one answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.errors import GatewayError, MissingField, Unavailable
from gateway.translate.hl7v2.several import Mixed, Several, several
from gateway.translate.languages import Parts
from tests.translate.hl7v2.ward import CPR, PID3, adt, evn, fold, language, msh, pid, pv1, raw, segment

NOW = datetime(2025, 3, 20, 9, 30, 16, tzinfo=UTC)
X, OTHER_X = "0703921VJ5^^^X&1.2.208.176.1.6.1.1&ISO^PNT", "0703921VJ6^^^X&1.2.208.176.1.6.1.1&ISO^PNT"
SECOND = "2505544849^^^CPR&1.2.208.176.1.2&ISO^NNDNK"


def merges(*pairs: tuple[str, str], event: str = "A40", fields: dict[int, str] | None = None, end: str = "\r") -> bytes:
    groups = [one for survivor, former in pairs for one in (pid({3: survivor}), segment("MRG", {1: former}))]
    return raw(msh(event, fields), evn(event), *groups, end=end)


def divided(message: bytes) -> Several:
    found = language().batch(message)
    assert isinstance(found, Several)
    return found


def answered(message: bytes) -> str:
    """The one acknowledgement, as the door gives it."""
    return answer_of(divided(message)).decode("latin-1")


def answer_of(found: Several) -> bytes:
    answers = []
    for one, before in zip(found.messages, found.counts, strict=True):
        try:
            language().translate(one)
            answers.append(language().accept(one, NOW))
        except GatewayError as error:
            error.where = language().placed(error.where, before)
            answers.append(language().refuse(one, error, NOW))
    return found.answer(answers, NOW)


TWO = merges((PID3, X), (SECOND, OTHER_X))


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_each_pair_is_merged_and_nobody_else(end: str) -> None:
    message = TWO.replace(b"\r", end.encode())
    parts = divided(message).messages
    made = fold(*(adt("A01", citizen=pid({3: number})) for number in (X, OTHER_X)), *parts)
    lives = {p["identifier"][0]["value"]: p for p in made["Patient"]}
    assert [number for number, p in lives.items() if p["active"]] == [CPR, "2505544849"]
    assert [one.value for part in parts for one in language().translate(part).merged] == ["0703921VJ5", "0703921VJ6"]
    for former, survivor in (("0703921VJ5", CPR), ("0703921VJ6", "2505544849")):
        replaced = {"other": {"reference": f"Patient/{lives[survivor]['id']}"}, "type": "replaced-by"}
        assert lives[former]["link"] == [replaced]


def test_the_answer_is_one() -> None:
    told = answered(TWO)
    assert told.count("MSH|") == 1
    assert "\rMSA|AA|M1" in told


def test_a_refusal_names_the_group_that_it_is_about() -> None:
    third = merges((PID3, X), (SECOND, OTHER_X), ("0000000000^^^^NNDNK", "9^^^REGH"))
    told = answered(third)
    assert "\rMSA|AE|M1" in told
    assert "\rERR||PID^3^3|" in told
    assert "at PID\\S\\3\\S\\3" in told
    assert "0000000000" not in told
    self_merged = merges((SECOND, OTHER_X), (SECOND, SECOND))
    assert "\rERR||MRG^2^1|" in answered(self_merged)


def test_what_may_succeed_later_asks_for_the_whole_again() -> None:
    found = divided(TWO)
    yes = language().accept(found.messages[0], NOW)
    content = language().refuse(found.messages[1], MissingField(where="PID^1^3"), NOW)
    away = language().refuse(found.messages[1], Unavailable(), NOW)
    assert b"\rMSA|AR|M1" in found.answer([yes, away], NOW)
    assert b"\rMSA|AR|M1" in found.answer([content, away], NOW)
    assert b"\rMSA|AE|M1" in found.answer([content, yes], NOW)


@pytest.mark.parametrize(
    ("accept", "kept", "wrong"),
    [("AL", "CA", "CE"), ("ER", "", "CE"), ("SU", "CA", ""), ("NE", "", "")],
)
@pytest.mark.parametrize("application", ["", "NE"])
def test_the_accept_acknowledgement_is_one_as_well(application: str, accept: str, kept: str, wrong: str) -> None:
    for pairs, code in (((PID3, X), kept), (("0000000000^^^^NNDNK", "9^^^REGH"), wrong)):
        message = merges((SECOND, OTHER_X), pairs, fields={15: accept, 16: application})
        told = answered(message)
        assert told.count("MSH|") == told.count(f"\rMSA|{code}|M1") == (1 if code else 0)
        if code == "CE":
            assert "\rERR||PID^2^3|" in told
        assert all(language().later(one, NOW) is None for one in divided(message).messages)


def test_a_message_of_a_batch_is_divided_too() -> None:
    last = adt("A01", citizen=pid({3: SECOND}))
    bad = merges((SECOND, OTHER_X), ("0000000000^^^^NNDNK", "9^^^REGH"))
    whole = b"BHS|^~\\&|SP|REGH|GW|KK|2026||||B-1\r" + TWO + bad + last + b"BTS|3\r"
    found = language().batch(whole)
    assert isinstance(found, Mixed)
    assert not isinstance(found, Parts), "what is wrong with one message is no other's"
    assert found.messages == [TWO, bad, last]
    assert found.parts(2) is None
    answers = [answer_of(part) if (part := found.parts(n)) else language().accept(last, NOW) for n in range(3)]
    told = found.answer(answers, NOW).decode("latin-1")
    assert [line[:6] for line in told.split("\r") if line.startswith("MSA")] == ["MSA|AA", "MSA|AE", "MSA|AA"]
    assert "\rERR||PID^2^3|" in told
    assert told.endswith("BTS|3\r")


def test_a_place_in_a_group_is_counted_from_the_first_of_the_message() -> None:
    before = {"PID": 2, "MRG": 1}
    places = {"PID^1^3": "PID^3^3", "MRG^1": "MRG^2", "MRG^2": "MRG^3", "PV1^1^19": "PV1^1^19", "MSH^1^9": "MSH^1^9"}
    assert {place: language().placed(place, before) for place in (*places, "", "PID", "PID^")} == {
        **places, "": "", "PID": "PID", "PID^": "PID^",
    }  # fmt: skip


def test_two_citizens_swap_their_places() -> None:
    there = pv1({3: "PSYK2^4^1^HGH", 19: "V88^^^REGH&1.2.208.176.1.2.1&ISO^VN"})
    swap = raw(
        msh("A17"), evn("A17", happened="20250315120000+0100"), pid(), pv1({3: "PSYK2^4^1^HGH"}), pid({3: SECOND}),
        pv1({3: "MED1^12^2^HGH", 19: "V88^^^REGH&1.2.208.176.1.2.1&ISO^VN"}),
    )  # fmt: skip
    made = fold(adt("A01"), raw(msh(fields={10: "M2"}), evn(), pid({3: SECOND}), there), *divided(swap).messages)
    places = {
        one["subject"]["reference"]: [(at["status"], at["location"]["display"][:5]) for at in one["location"]]
        for one in made["Encounter"]
    }
    numbers = {f"Patient/{p['id']}": p["identifier"][0]["value"] for p in made["Patient"]}
    assert {numbers[who]: told for who, told in places.items()} == {
        CPR: [("completed", "MED1-"), ("active", "PSYK2")],
        "2505544849": [("completed", "PSYK2"), ("active", "MED1-")],
    }


def test_several_visits_of_another_citizen() -> None:
    visits = [
        one
        for number in ("V1", "V2")
        for one in (segment("MRG", {1: X, 5: f"{number}^^^REGH"}), pv1({19: f"{number}^^^REGH"}))
    ]
    found = divided(raw(msh("A45"), evn("A45"), pid(), *visits))
    assert len(found.messages) == 2
    made = fold(*found.messages)
    assert sorted(one["identifier"][0]["value"] for one in made["Encounter"]) == ["V1", "V2"]


@pytest.mark.parametrize(
    "message",
    [
        merges((SECOND, X)),
        merges((SECOND, X), (CPR, OTHER_X), event="A34"),  # its structure has one pair
        raw(msh("A24"), evn("A24"), pid(), pid({3: SECOND})),  # two records of one person
        raw(msh("A01"), evn(), pid(), pid(), pv1()),
        b"PID PID MRG MRG",
        b"MSH|^~\\&|",
        b"MSH\r" * 9 + b"PID\rPID",
    ],
)
def test_everything_else_is_one_message(message: bytes) -> None:
    assert several(message) is None


def test_other_delimiters() -> None:
    found = divided(TWO.translate(bytes.maketrans(b"|^~\\&", b"$:;!%")))
    place = language().placed("PID^1^3", found.counts[1])
    refused = language().refuse(found.messages[1], MissingField(where=place), NOW)
    told = found.answer([language().accept(found.messages[0], NOW), refused], NOW)
    assert b"\rERR$$PID:2:3$" in told
    assert b"at PID^2^3." in told
