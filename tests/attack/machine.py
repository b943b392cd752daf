"""The state machine: any requests in any order, writes among them, while what is hidden goes on coming in one world.

http://hypothesis.readthedocs.io/en/latest/stateful.html
"""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.attack.asked import a_bundle, a_change, a_create, a_look, a_message, another, who
from tests.attack.further import further
from tests.attack.searches import an_export, deeper
from tests.attack.twins import Request, Twins, open_twins
from tests.attack.two_worlds import Case

_SEEDS = st.integers(0, 2**32)


def try_all(case: Case, first: str, second: str, *, examples: int, steps: int) -> dict[int, int]:
    """Run the machine; gives how many answers there were of each status, under 0 how many notifications. Raises
    AssertionError for the first answer that differs between the worlds."""
    with asyncio.Runner() as runner, pytest.MonkeyPatch.context() as patch:
        stack = AsyncExitStack()
        twins = runner.run(open_twins(stack, first, second, patch))
        machine = _machine(runner, twins, case)
        # Not shrunk: every try builds two worlds, and the steps that led there are printed.
        chosen = settings(
            max_examples=examples, stateful_step_count=steps, phases=(Phase.generate,), deadline=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        try:
            run_state_machine_as_test(machine, settings=chosen)
        finally:
            runner.run(stack.aclose())
    return twins.statuses | {0: twins.notices}


def _machine(runner: asyncio.Runner, twins: Twins, case: Case) -> type[RuleBasedStateMachine]:  # noqa: C901 - one rule each
    class Machine(RuleBasedStateMachine):
        @initialize(hidden=st.integers(0, len(case.hidden)))
        def world(self, hidden: int) -> None:
            """So much of what is hidden is there from the beginning, the rest comes later."""
            self.later = list(case.hidden[hidden:])
            runner.run(twins.begin(replace(case, hidden=case.hidden[:hidden])))

        @precondition(lambda self: self.later)
        @rule()
        def hidden_comes(self) -> None:
            sender, message = self.later.pop(0)
            runner.run(twins.hear(sender, message))

        @rule(seed=_SEEDS)
        def look(self, seed: int) -> None:
            runner.run(twins.ask(a_look(random.Random(seed), twins)))

        @rule(seed=_SEEDS)
        def look_again(self, seed: int) -> None:
            runner.run(twins.ask(a_look(random.Random(seed), twins)))

        @rule(seed=_SEEDS)
        def create(self, seed: int) -> None:
            runner.run(twins.ask(a_create(random.Random(seed), twins)))

        @rule(seed=_SEEDS)
        def change(self, seed: int) -> None:
            runner.run(twins.ask(a_change(random.Random(seed), twins)))

        @rule(seed=_SEEDS)
        def bundle(self, seed: int) -> None:
            runner.run(twins.ask(a_bundle(random.Random(seed), twins)))

        @rule(seed=_SEEDS)
        def other_doors(self, seed: int) -> None:
            runner.run(twins.ask(another(random.Random(seed), twins)))

        @rule(seed=_SEEDS)
        def besides(self, seed: int) -> None:
            runner.run(twins.ask(further(random.Random(seed), twins)))

        @rule(seed=_SEEDS)
        def besides_again(self, seed: int) -> None:
            runner.run(twins.ask(further(random.Random(seed), twins)))

        @rule(seed=_SEEDS)
        def search_deeper(self, seed: int) -> None:
            runner.run(twins.ask(deeper(random.Random(seed), twins)))

        @rule()
        def pages_to_the_end(self) -> None:
            for _ in range(20):
                if not twins.pages:
                    break
                one, other = twins.pages.pop()
                runner.run(twins.ask(Request("GET", one), Request("GET", other)))

        @rule(seed=_SEEDS)
        def message(self, seed: int) -> None:
            said = a_message(random.Random(seed), case.caller)
            if said is not None:
                runner.run(twins.say(said))

        @rule(seed=_SEEDS)
        def everybody_in_bulk(self, seed: int) -> None:
            runner.run(twins.export(an_export(random.Random(seed), twins)))

        @rule()
        def subscribers_are_told(self) -> None:
            runner.run(twins.notified())

        @rule(seed=_SEEDS)
        def page_of_the_console(self, seed: int) -> None:
            runner.run(twins.page(who(random.Random(seed))))

    return Machine
