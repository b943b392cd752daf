"""Walks through a case system as the `walk:` of its rules says (translate/vendor/walk.py), one citizen at a time."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gateway.errors import Refused
from gateway.flows.fetch import Found, Letter
from gateway.outbound.asking import Asking
from gateway.translate.vendor.walk import Action, Letters, Step, Walk, at, deep, filled, started

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Mark:
    """A letter as it lies there: its object, what is done with it, and the object that it is to be placed on; `lost`
    when there is none of the name that an operator gave."""

    node: Json
    letters: Letters
    step: str
    place: Json | None
    lost: bool


@dataclass
class Walker:
    """One system, opened. `root` is its root document, empty where it has none."""

    asking: Asking
    walk: Walk
    root: Json

    async def find(self, number: str) -> Found | None:
        """All answers of all steps for the citizen with this number; None when the system does not know them.

        All or nothing: an answer that cannot be used makes the whole look worth nothing, and so does a system that
        answers each time and is never done. Raises Unreachable, Refused.
        """
        try:
            async with asyncio.timeout(self.asking.limits.look):
                return await self._found(number)
        except TimeoutError:
            raise Refused("One citizen takes too long") from None

    async def _found(self, number: str) -> Found | None:
        self.asking.begin()
        answers: dict[str, list[Any]] = {"": [self.root]}
        letters: list[Letter] = []
        for step in self.walk.steps:
            if step.letters is not None and not self.asking.there.letters:
                continue
            answers[step.name] = await self._step(step, answers, number)
            if not answers[step.name] and step is self.walk.steps[0]:
                return None
            if step.letters is not None:
                letters += [self._letter(step, step.letters, node, answers) for node in answers[step.name]]
        content = {
            step.name: [self._kept(one) for one in answers[step.name]]
            for step in self.walk.steps
            if step.keep and step.letters is None
        }
        return Found(content, letters)

    async def keep(self, letter: Letter) -> None:
        """Accept the letter, place it where that is wanted, archive it: by its links, of which one that is not there
        (any more) is done already. Raises Unreachable, Refused."""
        mark: _Mark = letter.mark
        node = mark.node
        for action in (mark.letters.accept, mark.letters.place if mark.place else None, mark.letters.archive):
            if mark.lost and action is mark.letters.archive:
                raise Refused("There is nothing of the name under place to put letters on", where=mark.step)
            link = _href(node, action.link) if action else ""
            if action and link:
                told = await self.asking.ask(action.method, link, self._sent(action, mark), step=mark.step)
                node = await self._again(told, node, mark.step)

    async def _again(self, told: Any, node: Json, step: str) -> Json:
        """The letter as it is now: as the answer shows it, or looked at once more."""
        if isinstance(told, dict) and "_links" in told:
            return told
        own = _href(node, "self")
        found = await self.asking.ask("get", own, step=step) if own else None
        return found if isinstance(found, dict) else node

    def _sent(self, action: Action, mark: _Mark) -> dict[str, str]:
        around = {"place": mark.place or {}, "letter": mark.node}
        made = {name: filled(text, "", around) for name, text in action.send.items()}
        if None in made.values():
            raise Refused("What is to be told of a letter is not there", where=mark.step)
        return {name: text for name, text in made.items() if text is not None}

    async def _step(self, step: Step, answers: Mapping[str, list[Any]], number: str) -> list[Any]:
        found: list[Any] = []
        for answer in answers[step.of]:
            for node in started(step, answer):
                found += await self._from(step, node, number)
        return found

    async def _from(self, step: Step, node: Json, number: str) -> list[Any]:
        """What one request brings, all its pages."""
        url, found, seen = self._url(step, node, number), [], set()
        body = None if step.post is None else _filled_body(step, node, number)
        while url:
            if url in seen:
                raise Refused("The pages lead round in a circle", where=step.name)
            seen.add(url)
            answer = await self.asking.ask("get" if body is None else "post", url, body, step=step.name)
            if answer is None and not step.optional and step is not self.walk.steps[0]:
                raise Refused("A link leads nowhere", where=step.name)
            found += _listed(step, answer)
            url, body = _next(step, answer), None
        return found

    def _url(self, step: Step, node: Json, number: str) -> str:
        if step.get:
            url = filled(step.get, number, node, lambda text: _in_path(text, step))
        else:
            url = _href(node, step.link) or None
        if url is None and not step.optional:
            raise Refused("A link is missing" if step.link else "What the URL is made of is missing", where=step.name)
        return url or ""

    def _letter(self, step: Step, letters: Letters, node: Json, answers: Mapping[str, list[Any]]) -> Letter:
        try:
            raw = base64.b64decode(str(node.get(letters.raw, "")), validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        wanted = self.asking.there.place if letters.place else ""
        place = _place(letters.place, wanted, answers) if letters.place else None
        return Letter(raw, _Mark(node, letters, step.name, place, lost=bool(wanted) and place is None))

    def _kept(self, node: Any) -> Any:
        """An answer without what changes though nothing has happened."""
        if isinstance(node, dict):
            return {name: self._kept(value) for name, value in node.items() if name not in self.walk.leave_out}
        return [self._kept(item) for item in node] if isinstance(node, list) else node


def _in_path(text: str, step: Step) -> str:
    """A value as one part of a URL; a dot or two would lead to another place."""
    if text.strip(".") == "":
        raise Refused("What the URL is made of is no id", where=step.name)
    return quote(text, safe="")


def _filled_body(step: Step, node: Json, number: str) -> dict[str, str]:
    made = {name: filled(text, number, node) for name, text in (step.post or {}).items()}
    if None in made.values():
        raise Refused("What is to be asked is not there", where=step.name)
    return {name: text for name, text in made.items() if text is not None}


def _href(node: Any, name: str) -> str:
    """A link of a HAL object (`_links`), or the first of several of one name; what is to be filled in by us (`{?page}`)
    is left out."""
    links = node.get("_links") if isinstance(node, dict) else None
    link = links.get(name) if isinstance(links, dict) else None
    if isinstance(link, list):
        link = next(iter(link), None)
    href = link.get("href") if isinstance(link, dict) else None
    return href.partition("{")[0] if isinstance(href, str) else ""


def _listed(step: Step, answer: Any) -> list[Any]:
    """The objects in an answer: the list at `items`, a list, or the answer itself."""
    if answer is None:
        return []
    found = at(answer, step.items) if step.items else answer if isinstance(answer, list) else [answer]
    if not all(isinstance(one, dict) for one in found):
        raise Refused("An answer is no object and no list of objects", where=step.name)
    return found


def _next(step: Step, answer: Any) -> str:
    """The next page: a link, or a member that is a URL."""
    direct = answer.get(step.next) if isinstance(answer, dict) else None
    return _href(answer, step.next) or (direct if isinstance(direct, str) else "")


def _place(action: Action, name: str, answers: Mapping[str, list[Any]]) -> Json | None:
    """The object of this name among the answers of a step."""
    nodes = deep(answers.get(action.among, ()), action.deep) if action.deep else answers.get(action.among, ())
    wanted = [node for node in nodes if isinstance(node, dict) and node.get(action.by) == name]
    return wanted[0] if name and wanted else None
