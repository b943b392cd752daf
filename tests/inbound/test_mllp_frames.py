"""Framing: any cut of the stream gives the same frames, and nothing is held beyond the limit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.inbound.mllp_frames import Fault, Frame, Frames

payloads = st.binary(max_size=60).map(lambda b: b.replace(b"\x0b", b"").replace(b"\x1c", b""))


def frame(payload: bytes) -> bytes:
    return b"\x0b" + payload + b"\x1c\x0d"


def read(stream: bytes, cuts: list[int], max_message: int = 1000, max_garbage: int = 50) -> tuple[list[Frame], Frames]:
    frames = Frames(max_message, max_garbage)
    out: list[Frame] = []
    while stream:
        size = min(cuts.pop(0) if cuts else len(stream), frames.room, len(stream))
        out += frames.feed(stream[:size])
        stream = stream[size:]
    return out, frames


@given(st.lists(payloads, max_size=6), st.lists(st.integers(1, 20), max_size=40))
def test_any_cut_gives_the_same_frames(messages: list[bytes], cuts: list[int]) -> None:
    out, frames = read(b"".join(map(frame, messages)), cuts)
    assert out == [Frame(m) for m in messages]
    assert not frames.pending
    assert frames.close() is None


@given(st.binary(max_size=300), st.lists(st.integers(1, 20), max_size=40))
def test_no_bytes_break_it_and_the_cut_does_not_matter(stream: bytes, cuts: list[int]) -> None:
    whole, first = read(stream, [], max_message=40)
    pieces, second = read(stream, cuts, max_message=40)
    assert whole == pieces
    assert first.close() == second.close()
    assert all(len(f.payload) <= 40 for f in whole)


def test_end_block_cut_in_two() -> None:
    frames = Frames(100, 10)
    assert frames.feed(b"\x0bMSH|a\x1c") == []
    assert frames.feed(b"\x0d") == [Frame(b"MSH|a")]


def test_a_lone_1c_is_content() -> None:
    assert read(frame(b"MSH|a\x1cb"), [])[0] == [Frame(b"MSH|a\x1cb")]


def test_largest_allowed_and_one_more() -> None:
    assert read(frame(b"x" * 40), [1] * 43, max_message=40)[0] == [Frame(b"x" * 40)]
    out, frames = read(frame(b"x" * 41), [1] * 44, max_message=40)
    assert out == [Frame(b"x" * 40, Fault.TOO_LARGE)]
    assert frames.broken
    assert frames.feed(frame(b"MSH|next")) == []


def test_never_holds_more_than_the_limit() -> None:
    frames = Frames(1000, 10)
    frames.feed(b"\x0b")
    for _ in range(2000):
        if frames.broken:
            break
        assert len(frames._held) <= 1002
        frames.feed(b"x" * min(7, frames.room))
    assert frames.broken


def test_garbage_between_frames_up_to_its_limit() -> None:
    assert read(b"noise" + frame(b"a") + b"\r\n\r\n" + frame(b"b"), [])[0] == [Frame(b"a"), Frame(b"b")]
    out, frames = read(frame(b"a") + b"z" * 51 + frame(b"b"), [])
    assert out == [Frame(b"a"), Frame(b"", Fault.GARBAGE)]
    assert frames.broken


def test_garbage_is_counted_between_two_frames_only() -> None:
    out, _ = read((b"z" * 40 + frame(b"a")) * 3, [])
    assert out == [Frame(b"a")] * 3


def test_a_frame_begun_inside_another() -> None:
    out, _ = read(b"\x0bMSH|first\rPID\x0bMSH|second\x1c\x0d" + frame(b"MSH|third"), [])
    assert out == [Frame(b"MSH|first\rPID", Fault.TRUNCATED), Frame(b"MSH|second"), Frame(b"MSH|third")]


def test_doubled_start_block_is_one_frame() -> None:
    assert read(b"\x0b\x0bMSH|a\x1c\x0d", [])[0] == [Frame(b"MSH|a")]


def test_open_frame_at_the_end() -> None:
    _, frames = read(b"\x0bMSH|a\rPID|", [])
    assert frames.close() == Frame(b"MSH|a\rPID|", Fault.TRUNCATED)
