"""Questions that lead out of a citizen's world, into the directory: compiled here, asked there before anything matches.

`service-provider.name=…` asks which organisations have that name. What the caller may see of the directory answers it,
with names: `Organization/1` and the keys of identifiers, since citizens' resources refer to staff, organisations and
places by those. The answer says nothing of any citizen, and is the same whoever is searched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.domain import directory
from gateway.domain.searching.matching.here import NOWHERE, Here
from gateway.domain.searching.parameter import Parameter
from gateway.domain.searching.world import Body, World, literal
from gateway.errors import BadRequest

Test = Callable[[Body, World], bool]
Served = Mapping[str, Mapping[str, Parameter]]
"""The parameters of every type that is served, by type and name."""

MOST_QUESTIONS = 10
"""So many may one search ask of the directory: each is a search of its own."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One parameter as it was given, for a type: its name with chains and modifiers, and its value; in a `_filter` with
    the operator."""

    kind: str
    name: str
    value: str
    op: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked of the directory: the names of those that meet `test` (or that these refer to `through` a
    parameter); with `identity` those that stand `below` it, or above, it among them. `beyond` is asked before."""

    asked: Asked
    test: Test
    beyond: tuple[Question, ...] = ()
    through: Parameter | None = None
    identity: str = ""
    below: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What parameters are understood by, and the questions that they lead to."""

    served: Served
    here: Here = NOWHERE
    questions: list[Question] = field(default_factory=list)

    def ask(
        self, asked: Asked, compiled: Callable[[Asked, Context], Test], through: Parameter | None = None
    ) -> Question:
        """A question of the directory. Raises BadRequest as the rest of the request does."""
        inner = Context(self.served, self.here)
        test = compiled(asked, inner)
        return self._added(Question(asked, test, tuple(inner.questions), through))

    def climb(self, identity: str, kind: str, *, below: bool) -> Question:
        """Which of the directory stand below or above one."""
        return self._added(Question(Asked(kind, "", ""), lambda body, world: False, identity=identity, below=below))

    def _added(self, question: Question) -> Question:
        self.questions.append(question)
        if len(self.questions) > MOST_QUESTIONS:
            raise BadRequest("This asks too much of the directory", hint=f"At most {MOST_QUESTIONS} chains into it.")
        return question


def how(value: str, kind: str, url: str) -> tuple[str, str]:
    """(type, id) of what a value of `:below` and `:above` names: `id`, `Type/id`, this gateway's URL."""
    told = literal(value, url)
    return told if told[0] else (kind, value)


def names_in(reference: Any, url: str) -> Iterator[str]:
    """By what a reference names something here: `Location/1`, the key of an identifier."""
    if isinstance(reference, dict):
        kind, identity = literal(reference, url)
        if kind:
            yield f"{kind}/{identity}"
        yield from directory.name_of({name: one for name, one in reference.items() if name != "reference"})


def own_names(body: Body) -> Iterator[str]:
    """By what others may refer to a resource of the directory."""
    yield f"{body['resourceType']}/{body['id']}"
    yield from directory.identifiers_of(body)
