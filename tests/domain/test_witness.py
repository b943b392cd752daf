"""The witness's formats, byte by byte: the example of C2SP tlog-witness, and what is not one."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime

import pytest

from gateway.domain.checkpoint import (
    COSIGNATURE,
    BadNote,
    BadSignature,
    NoteKey,
    note_key,
    parse_checkpoint,
    parse_note,
)
from gateway.domain.witness import cosign, cosigned, read_cosignatures, read_submission, write_submission

# https://c2sp.org/tlog-witness, section add-checkpoint
EXAMPLE = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""  # noqa: E501
NOTE = EXAMPLE.partition("\n\n")[2]
KEY = NoteKey("municipality.example/witness", bytes(range(32)), COSIGNATURE)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def sign(message: bytes) -> bytes:
    return message[:64].ljust(64, b"\0")


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    return public == KEY.public and signature == sign(message)


def test_the_standards_example() -> None:
    told = read_submission(EXAMPLE.encode())
    assert (told.old, len(told.proof), told.note) == (20852014, 4, NOTE)
    assert write_submission(told.old, told.proof, told.note) == EXAMPLE.encode()
    point = parse_checkpoint(parse_note(told.note).text)
    assert (point.origin, point.size) == ("example.com/behind-the-sofa", 20852163)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("old 20852014", "old -1"), ("old 20852014", "old 1 "), ("old 20852014", "Old 1"), ("old 20852014\n", ""),
        ("kaw=\n", "kaw\n"), ("kaw=\n", "kaw=\r\n"), ("PlRN", "PlR"), ("\n\nexample", "\nexample"),
        ("PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n", "AA==\n" * 64),
    ],
)  # fmt: skip
def test_what_is_no_submission(old: str, new: str) -> None:
    assert old in EXAMPLE
    with pytest.raises(BadNote):
        read_submission(EXAMPLE.replace(old, new, 1).encode())


def test_a_cosignature_signs_its_own_time_and_the_whole_checkpoint() -> None:
    line = cosign(parse_note(NOTE), KEY, sign, NOW)
    raw = b64decode(line.split(" ")[2])
    assert line.startswith("\u2014 municipality.example/witness ")
    assert raw[:4] == KEY.id
    assert int.from_bytes(raw[4:12], "big") == int(NOW.timestamp())
    assert raw[12:].startswith(b"cosignature/v1\ntime 1772366400\nexample.com/behind-the-sofa\n"[:64])
    assert cosigned(parse_note(NOTE + line), [KEY], verify) == {KEY: NOW}
    assert read_cosignatures(NOTE, line.encode(), KEY, verify) == line
    assert not cosigned(parse_note(NOTE), [KEY], verify), "nobody has seen it"
    assert not cosigned(parse_note(NOTE + line), [NoteKey("another", KEY.public, COSIGNATURE)], verify)


@pytest.mark.parametrize(
    "value",
    [bytes(72), bytes(64), bytes(8) + bytes(63), b"\xff" * 8 + sign(b"")],
)
def test_a_wrong_cosignature_is_none(value: bytes) -> None:
    line = f"\u2014 {KEY.name} {b64encode(KEY.id + value).decode()}\n"
    with pytest.raises(BadSignature):
        cosigned(parse_note(NOTE + line), [KEY], verify)
    with pytest.raises((BadSignature, BadNote)):
        read_cosignatures(NOTE, line.encode(), KEY, verify)


@pytest.mark.parametrize("answer", [b"", b"\xff", b"sorry\n", b"\n"])
def test_an_answer_that_is_no_cosignature(answer: bytes) -> None:
    with pytest.raises((BadSignature, BadNote)):
        read_cosignatures(NOTE, answer, KEY, verify)


def test_a_witness_has_keys_of_its_own_kind() -> None:
    assert note_key(str(KEY), COSIGNATURE) == KEY
    with pytest.raises(BadNote):
        note_key(str(KEY))
    assert KEY.id != NoteKey(KEY.name, KEY.public).id
