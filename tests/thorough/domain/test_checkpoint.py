"""Signed notes and checkpoints: the public C2SP vectors, our own, and every way to spell them wrong."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.checkpoint import (
    BadNote,
    BadSignature,
    Checkpoint,
    NoteKey,
    NotSigned,
    note_key,
    open_checkpoint,
    open_note,
    parse_checkpoint,
    parse_note,
    sign_checkpoint,
    sign_note,
    signature_line,
)

# The example of https://c2sp.org/signed-note and golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    "\u2014 EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
NOTE = TEXT + "\n" + PETER_LINE

SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = NoteKey("log.example.dk", SECRET.public_key().public_bytes_raw())
OTHER_SECRET = Ed25519PrivateKey.from_private_bytes(bytes(32))
OTHER = NoteKey("log.example.dk", OTHER_SECRET.public_key().public_bytes_raw())
POINT = Checkpoint("log.example.dk", 7, bytes(range(32)), datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC))


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_the_public_vector_verifies() -> None:
    note = parse_note(NOTE.encode())
    assert note.text == TEXT
    assert open_note(note, [note_key(PETER)], verify) == (note_key(PETER),)


def test_the_public_vector_with_two_signers() -> None:
    note = parse_note(NOTE + ENOCH_LINE)
    both = [note_key(PETER), note_key(ENOCH)]
    assert [key.name for key in open_note(note, both, verify)] == ["PeterNeumann", "EnochRoot"]
    assert open_note(note, both[1:], verify) == (both[1],), "a line of an unknown key is skipped"


@pytest.mark.parametrize("text", [PETER, ENOCH, str(KEY)])
def test_a_verifier_key_is_written_as_it_was_read(text: str) -> None:
    assert str(note_key(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER.replace("+AR", "+Ag"),
        PETER[:-4],
        "Peter Neumann" + PETER[12:],
        PETER.replace("ARpc", "AR*c"),
        "+c74f20a3+" + PETER.split("+", 2)[2],
    ],
)
def test_a_wrong_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        note_key(text)


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        TEXT + "\n",
        TEXT + PETER_LINE,
        NOTE[:-1],
        NOTE + "\n",
        NOTE.replace("\u2014", "-"),
        NOTE.replace("\u2014 ", "\u2014  "),
        NOTE.replace("x08go", "x08g*"),
        NOTE.replace("PeterNeumann x", "Peter+Neumann x"),
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("problem", "pro\tblem"),
        TEXT + "\n" + "\u2014 PeterNeumann AAAA\n",
        TEXT + "\n" + PETER_LINE * 101,
        "x" * 1_000_001 + NOTE,
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(BadNote):
        parse_note(note)


def test_bytes_that_are_not_utf8_are_no_note() -> None:
    with pytest.raises(BadNote):
        parse_note(b"\xff" + NOTE.encode())


def test_base64_has_one_spelling() -> None:
    """The last character before `=` may carry loose bits; only the one with zero bits is accepted."""
    with pytest.raises(BadNote):
        parse_note(NOTE.replace("nAM=", "nAN="))


def test_a_text_may_hold_empty_lines() -> None:
    text = "a\n\nb\n"
    note = parse_note(sign_note(text, KEY, SECRET.sign))
    assert note.text == text
    assert open_note(note, [KEY], verify) == (KEY,)


def test_a_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    good = sign_note(TEXT, KEY, SECRET.sign)
    spoiled = good + signature_line("something else\n", note_key(PETER), SECRET.sign)
    with pytest.raises(BadSignature):
        open_note(parse_note(spoiled), [KEY, note_key(PETER)], verify)
    assert open_note(parse_note(spoiled), [KEY], verify) == (KEY,)
    with pytest.raises(BadSignature):
        open_note(parse_note(good + signature_line(TEXT, KEY, SECRET.sign)), [KEY], verify)


def test_nobody_known_signed() -> None:
    note = parse_note(sign_note(TEXT, KEY, SECRET.sign))
    for keys in ([], [note_key(PETER)], [OTHER], [NoteKey("other.name", KEY.public)]):
        with pytest.raises(NotSigned):
            open_note(note, keys, verify)


def test_a_checkpoint_comes_back() -> None:
    note = sign_checkpoint(POINT, KEY, SECRET.sign)
    assert open_checkpoint(note.encode(), [KEY], verify) == POINT
    assert note.split("\n\n")[0].split("\n") == [
        "log.example.dk",
        "7",
        b64encode(bytes(range(32))).decode(),
        "time 2026-03-01T12:00:00.000005Z",
    ]


def test_the_same_checkpoint_is_the_same_bytes() -> None:
    assert sign_checkpoint(POINT, KEY, SECRET.sign) == sign_checkpoint(POINT, KEY, SECRET.sign)


def test_a_checkpoint_of_another_log_has_other_extension_lines() -> None:
    text = f"go.sum database tree\n0\n{b64encode(bytes(32)).decode()}\nanything goes\n"
    point = parse_checkpoint(text)
    assert (point.size, point.time, point.extensions) == (0, None, ("anything goes",))
    assert point.text() == text


ROOT = b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        f"origin\n1\n{ROOT}",
        "origin\n1\n",
        f"\n1\n{ROOT}\n",
        f"origin\n01\n{ROOT}\n",
        f"origin\n-1\n{ROOT}\n",
        f"origin\n+1\n{ROOT}\n",
        f"origin\n1 \n{ROOT}\n",
        f"origin\n\u0661\n{ROOT}\n",
        f"origin\n1{'0' * 19}\n{ROOT}\n",
        f"origin\n1\n{ROOT[:-4]}\n",
        f"origin\n1\n{ROOT[:-1]}\n",
        f"origin\n1\n{ROOT}\n\nx\n",
        f"origin\n1\n{ROOT}\ntime 2026-13-01T12:00:00.000000Z\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        parse_checkpoint(text)


def test_an_origin_of_two_lines_is_not_signed() -> None:
    with pytest.raises(BadNote):
        sign_checkpoint(Checkpoint("a\nb", 0, bytes(32)), KEY, SECRET.sign)


@given(st.integers(0, 10**18), st.binary(min_size=32, max_size=32), st.none() | st.datetimes(timezones=st.just(UTC)))
@settings(max_examples=60, deadline=None)
def test_any_checkpoint_comes_back(size: int, root: bytes, time: datetime | None) -> None:
    point = Checkpoint("o", size, root, time)
    assert parse_checkpoint(point.text()) == point


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_changed_byte_goes_through(data: st.DataObject) -> None:
    note = sign_checkpoint(POINT, KEY, SECRET.sign).encode()
    at = data.draw(st.integers(0, len(note) - 1))
    changed = note[:at] + bytes([note[at] ^ data.draw(st.integers(1, 255))]) + note[at + 1 :]
    with pytest.raises((BadNote, BadSignature, NotSigned)):
        open_checkpoint(changed, [KEY], verify)


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_garbage_is_refused_and_nothing_else(raw: bytes) -> None:
    with pytest.raises(BadNote):
        parse_note(raw)
