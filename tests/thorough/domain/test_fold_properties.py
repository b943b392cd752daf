"""Any order and any repetition of the same statements gives byte-equal resources."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.statement import Statement
from tests.domain.stays import as_json, corrected, said, withdrawn

ACTS = ("PLAN", "START", "MOVE", "LEAVE", "RETURN", "END", "DIE", "UPDATE")
MAKERS = (said, said, said, corrected, withdrawn)


@st.composite
def stories(draw: st.DrawFn) -> list[Statement]:
    """Statements that may contradict each other in every way a sender can think of."""
    story = []
    for number in range(1, draw(st.integers(1, 9)) + 1):
        make = draw(st.sampled_from(MAKERS))
        place = {"location": {"display": draw(st.sampled_from(["A", "B", "C"]))}, "status": "active"}
        story.append(
            make(
                number,
                draw(st.sampled_from(ACTS)),
                draw(st.integers(0, 6)),
                recorded=draw(st.integers(0, 6)),
                kind=draw(st.sampled_from(["IMP", "EMER"])),
                provider=draw(st.sampled_from(["265161000016000", "502701000016000", "399841000016000"])),
                key=draw(st.sampled_from(["episode|a", "episode|b", "episode|c"])),
                aliases=draw(st.sampled_from([(), ("episode|b",), ("episode|x",)])),
                corrects=draw(st.integers(0, number - 1)),
                location=[place],
                identifier=[{"system": "urn:x", "value": draw(st.sampled_from(["1", "2"]))}],
            )
        )
    return story


@given(stories(), st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(story: list[Statement], random: object) -> None:
    expected = as_json(story)
    shuffled = [*story, *story[: len(story) // 2]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert as_json(shuffled) == expected


@given(stories())
def test_every_story_makes_encounters_that_r4_allows(story: list[Statement]) -> None:
    from gateway.translate.fhir.structure import structure
    from tests.domain.stays import stays

    for body in stays(*story):
        assert structure(body) == []
