"""A case that turns out to be about another citizen: whatever comes when, it is one citizen's in the end."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from itertools import permutations

from gateway.domain.citizen import Person
from gateway.domain.fold import fold
from gateway.domain.identifier import CVR, Identifier
from gateway.domain.moved import Standing, registrations, taken_back
from gateway.domain.registered import fold_registered
from gateway.domain.resource import ids
from gateway.domain.source import Source
from gateway.domain.statement import Act, Statement, Verb

SOURCE = Source("sag", "Sagssystem", "municipality", Identifier(CVR, "64942212"), "oio", ("64942212",))
KEY = ("CarePlan", "sag|CarePlan|u")
PERSON = Person("a", frozenset({"a"}))
CITIZENS = {"a": "citizen-a", "b": "citizen-b", "b too": "citizen-b"}


def told(day: int, act: Act = Act.REGISTER) -> Statement:
    at = datetime(2025, 1, day, tzinfo=UTC)
    parts = [{"slot": f"day {day}", "keep": "all", "body": {"title": f"day {day}"}}]
    return Statement(*KEY, act, Verb.ASSERT, at, at, {"by": "u", "parts": parts}, "sag", f"sag:{day}/0")


def arrived(*messages: tuple[str, Statement]) -> dict[str, tuple[bool, str]]:
    """What stands for each citizen after these messages, each of which is settled when it comes."""
    said: dict[str, dict[str, Statement]] = defaultdict(dict)
    standing: dict[str, Standing] = {}
    for identity, statement in messages:
        said[CITIZENS[identity]][statement.origin] = statement
        for one in registrations(identity, [statement]):
            before = standing.get(identity)
            standing[identity] = max(before, one, key=lambda each: each.order) if before else one
        for loser, statements in taken_back(standing.values(), CITIZENS, "sag").items():
            said[CITIZENS[loser]] |= {each.origin: each for each in statements}
    found = {}
    for citizen, statements in said.items():
        ordered = sorted(statements.values(), key=lambda each: each.order)
        made = fold_registered(*KEY, ordered, ids(b"x"), {"sag": SOURCE})
        found[citizen] = (made.withdrawn, "" if made.withdrawn else str(made.body))
    return found


def test_the_newest_registration_says_whose_it_is_in_any_order() -> None:
    messages = [("a", told(1)), ("b", told(2)), ("b", told(3, Act.AMEND)), ("a", told(4)), ("b too", told(5))]
    for count in range(2, len(messages) + 1):
        outcomes = {str(sorted(arrived(*order).items())) for order in permutations(messages[:count])}
        assert len(outcomes) == 1, count
        final = arrived(*messages[:count])
        owner = CITIZENS[messages[count - 1][0]]
        assert {citizen: withdrawn for citizen, (withdrawn, _) in final.items()} == {
            citizen: citizen != owner for citizen in final
        }


def test_two_identities_of_one_person_lose_nothing_to_each_other() -> None:
    assert arrived(("b", told(1)), ("b too", told(2)))["citizen-b"][0] is False


def test_the_same_again_changes_nothing() -> None:
    messages = [("a", told(1)), ("b", told(2))]
    assert arrived(*messages, *messages) == arrived(*messages)


def test_who_turns_out_to_be_one_person_afterwards_has_the_case_whoever_told_of_it_last() -> None:
    """What was taken back from the one is what stands for the other: joined, the case was nobody else's."""
    for last in ("a", "b"):
        first = "b" if last == "a" else "a"
        before, newest = told(1), told(2)
        standing = [*registrations(first, [before]), *registrations(last, [newest])]
        taken = [one for each in taken_back(standing, CITIZENS, "sag").values() for one in each]
        assert len(taken) == 1
        made = fold([before, newest, *taken], PERSON, ids(b"x"), {"sag": SOURCE})
        assert [(one.kind, one.withdrawn) for one in made] == [("CarePlan", False)]
        alone = fold([before, *taken], PERSON, ids(b"x"), {"sag": SOURCE})
        assert [(one.kind, one.withdrawn) for one in alone] == [("CarePlan", True)]


def test_what_a_third_has_stays_away_from_two_who_are_one() -> None:
    standing = [*registrations("a", [told(1)]), *registrations("b", [told(2)]), *registrations("c", [told(3)])]
    at_first = taken_back(standing[:2], CITIZENS, "sag")["a"]
    later = taken_back(standing, CITIZENS | {"c": "citizen-c"}, "sag")
    joined = [told(1), told(2), *at_first, *later["a"], *later["b"]]
    assert [one.withdrawn for one in fold(joined, PERSON, ids(b"x"), {"sag": SOURCE})] == [True]
    newest = [told(1), told(3), *at_first, *later["a"]]
    assert [one.withdrawn for one in fold(newest, PERSON, ids(b"x"), {"sag": SOURCE})] == [False]
