"""Properties of every set of consents: nothing that is added, reordered or not understood lets anybody see more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.consent import Evaluation, compile_consent, prepared
from gateway.domain.consent.ask import TREAT
from gateway.domain.security_label import counting
from tests.domain.consent.making import UNKNOWN, N, ask, consent, rule, thing
from tests.domain.consent.worlds import LABELS, SEEN, World, no_more, seen

STEPS = (timedelta(microseconds=-1), timedelta(), timedelta(microseconds=1))
seeds = st.integers(0, 2**40)


def worlds(seed: int, count: int = 4) -> Iterator[World]:
    """Some worlds of one seed."""
    return (World(seed + number) for number in range(count))


def test_the_worlds_are_worth_testing() -> None:
    outcomes = Counter(word for seed in range(400) for word in seen(World(seed).consents, World(seed)))
    assert all(outcomes[word] > 40 for word in SEEN.values()), outcomes


@given(seeds)
def test_the_order_of_consents_exceptions_and_values_changes_nothing(seed: int) -> None:
    for world in worlds(seed):
        before = Evaluation([compile_consent(c) for c in world.consents], world.ask).verdict(world.thing)
        turned = deepcopy(world.consents)
        world.random.shuffle(turned)
        assert Evaluation([compile_consent(c) for c in turned], world.ask).verdict(world.thing) == before
        for place in world.spots(turned):
            for value in place.values():
                if isinstance(value, list):
                    world.random.shuffle(value)
        assert Evaluation([compile_consent(c) for c in turned], world.ask).verdict(world.thing).word == before.word


@given(seeds)
def test_a_further_deny_never_widens(seed: int) -> None:
    for world in worlds(seed):
        further = consent(world.provision(9) | {"type": "deny"}, id="more")
        assert no_more(seen([*world.consents, further], world), seen(world.consents, world))


@given(seeds)
def test_a_deny_as_exception_never_widens(seed: int) -> None:
    for world in worlds(seed):
        further = deepcopy(world.consents)
        if spots := world.spots(further):
            world.random.choice(spots).setdefault("provision", []).append(world.provision(9) | {"type": "deny"})
        assert no_more(seen(further, world), seen(world.consents, world))


ODD: list[tuple[str, Any]] = [
    ("modifierExtension", UNKNOWN),
    ("decision", "permit"),
    ("type", "allow"),
    ("period", {"start": "?"}),
    ("dataPeriod", {}),
    ("actor", {"reference": {"reference": "https://example.org/Practitioner/1"}}),
    ("purpose", {"code": "TREAT"}),
    ("action", {"text": "læse"}),
    ("securityLabel", {"code": "N"}),
    ("class", {"display": "alt"}),
    ("code", {"text": "alt"}),
    ("data", {"meaning": "dependents", "reference": {"reference": "Encounter/e1"}}),
    ("provision", {}),
    ("provision", {"type": "allow", "purpose": [{"code": "TREAT"}]}),
]


@given(seeds, st.sampled_from(ODD))
def test_something_not_understood_never_widens(seed: int, odd: tuple[str, Any]) -> None:
    name, value = odd
    for world in worlds(seed):
        further = deepcopy(world.consents)
        for spot in world.random.sample(world.spots(further), 1) if further else ():
            known = spot.get(name, [])
            if name in ("period", "dataPeriod") and known:
                continue  # replacing a limit is not adding something
            spot[name] = [*known, value] if isinstance(known, list) and isinstance(value, dict) else value
            if name in ("period", "dataPeriod"):
                spot[name] = value
        assert no_more(seen(further, world), seen(world.consents, world))


@given(seeds, st.sampled_from(["modifierExtension", "implicitRules", "dateTime", "scope"]))
def test_nor_on_the_consent_itself(seed: int, name: str) -> None:
    for world in worlds(seed):
        further = [one | {name: UNKNOWN if name == "modifierExtension" else "?"} for one in world.consents]
        assert no_more(seen(further[:1] + world.consents[1:], world), seen(world.consents, world))


@given(seeds)
def test_every_purpose_must_be_permitted(seed: int) -> None:
    for world in worlds(seed):
        evaluation = Evaluation([compile_consent(c) for c in world.consents], world.ask)
        assert SEEN[evaluation.verdict(world.thing).word] == min(seen(world.consents, world))


@given(seeds)
def test_an_oral_consent_never_permits_more_than_a_written_one(seed: int) -> None:
    for world in worlds(seed):
        oral = [{name: value for name, value in one.items() if name != "extension"} for one in world.consents]
        assert no_more(seen(oral, world), seen(world.consents, world))


@given(seeds)
def test_a_permit_covers_every_label_that_counts(seed: int) -> None:
    for world in worlds(seed):
        labels = world.random.sample(LABELS, 2)
        said = consent(rule("permit", labels=labels))
        covered = counting(world.thing.labels) and counting(world.thing.labels) <= set(labels)
        about = thing(*world.thing.labels or {N})
        assert set(seen([said], World(seed), about)) <= ({1, 2} if covered else {0})


@given(seeds)
def test_what_is_prepared_for_an_asker_is_what_is_worked_out_anew_at_every_moment(seed: int) -> None:
    """Days around everything that begins and ends: a year and more before and after, in an order of their own."""
    (world,) = worlds(seed, 1)
    compiled = [compile_consent(one) for one in world.consents]
    days = [datetime(2026, 1, 10, tzinfo=UTC) + timedelta(days=31 * step, hours=step) for step in range(-6, 20)]
    moments = [*days, *(m + shift for one in compiled for m in one.moments if 2000 < m.year < 2100 for shift in STEPS)]
    world.random.shuffle(moments)
    for now in moments:
        ask = replace(world.ask, now=now)
        again, anew = prepared(compiled, ask), Evaluation(compiled, ask)
        for purpose in anew.purposes:
            assert again.verdict_for(purpose, world.thing) == anew.verdict_for(purpose, world.thing), now


def test_a_withdrawn_consent_leaves_nothing_behind() -> None:
    said = consent(rule("permit"))
    for status, expected in (("active", "permit"), ("inactive", "silent"), ("active", "permit")):
        evaluation = prepared([compile_consent(said | {"status": status})], ask())
        assert evaluation.verdict_for(TREAT, thing()).word == expected
