"""Runs R4 TestScripts against a gateway: http://hl7.org/fhir/R4/testscript.html.

As much of the resource as the public scripts use: operations read, search, history and capabilities; asserts on the
status, the media type, a header and the body. What a script asks beyond that ends the run: nothing is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2

Json = dict[str, Any]
_OPERATION = frozenset({"type", "resource", "params", "encodeRequestUrl", "requestHeader", "accept", "pathFromRoot"})
_OF_SCRIPT = frozenset({"setup", "teardown", "fixture", "variable", "profile", "destination", "origin"})
_MISSING = frozenset({404, 405, 501})


class Unsupported(Exception):
    """The script uses a part of TestScript that is not run here."""


@dataclass(frozen=True)
class Ran:
    """What a script did: the statuses that came back, the labels of the asserts that failed, how many there were, and
    how many entries the Bundles held."""

    statuses: tuple[int, ...]
    failures: tuple[str, ...]
    asserts: int
    entries: int = 0

    @property
    def passed(self) -> bool:
        """Every assert holds. That nothing is there proves nothing: it fails unless it is what the script asks."""
        return not self.failures and self.asserts > 0


class Runner:
    """One caller of one server. `base` is the FHIR base, `root` the server's."""

    def __init__(self, web: httpx2.Client, base: str, root: str, headers: dict[str, str]) -> None:
        self._web = web
        self._base = base
        self._root = root
        self._headers = headers

    def run(self, script: Json) -> Ran:
        """All tests of a script. Raises Unsupported."""
        unknown = _OF_SCRIPT & script.keys()
        if script.get("resourceType") != "TestScript" or unknown:
            raise Unsupported(f"{script.get('resourceType')} {sorted(unknown)}")
        statuses: list[int] = []
        failures: list[str] = []
        asserts = entries = 0
        for test in script["test"]:
            answer: httpx2.Response | None = None
            wants_missing = _asks_for_missing(test)
            for action in test["action"]:
                if "operation" in action:
                    answer = self._operation(action["operation"])
                    statuses.append(answer.status_code)
                    entries += answer.text.count('"search":{"mode":"match"')
                    if answer.status_code in _MISSING and not wants_missing:
                        failures.append(f"{answer.status_code}: nothing is there")
                elif answer is not None:
                    asserts += 1
                    failures += _failed(action["assert"], answer)
        return Ran(tuple(statuses), tuple(failures), asserts, entries)

    def _operation(self, operation: Json) -> httpx2.Response:
        unknown = operation.keys() - _OPERATION
        code = operation["type"]["code"]
        if unknown or code not in ("read", "search", "history", "capabilities"):
            raise Unsupported(f"operation {code} {sorted(unknown)}")
        base = self._root if operation.get("pathFromRoot") else self._base
        kind = f"/{operation['resource']}" if operation.get("resource") else ""
        middle = {"capabilities": "/metadata", "history": "/_history"}.get(code, "")
        url = f"{base}{kind}{middle}{operation.get('params', '')}"
        headers = {"Accept": "application/fhir+json"} | self._headers
        headers |= {one["field"]: one["value"] for one in operation.get("requestHeader", [])}
        return self._web.get(url, headers=headers)


def _asks_for_missing(test: Json) -> bool:
    asserts = [action["assert"] for action in test["action"] if "assert" in action]
    return any(one.get("responseCode") == "404" and one.get("operator") == "equals" for one in asserts)


_HOLDS: dict[str, Callable[[str, str], bool]] = {
    "equals": lambda found, wanted: found == wanted,
    "notEquals": lambda found, wanted: found != wanted,
    "in": lambda found, wanted: found in wanted.split(","),
    "notIn": lambda found, wanted: found not in wanted.split(","),
    "contains": lambda found, wanted: wanted in found,
    "notContains": lambda found, wanted: wanted not in found,
    "matchesRegex": lambda found, wanted: re.search(wanted, found) is not None,
    "matchesMimeClass": lambda found, wanted: re.fullmatch(rf"application/(\S+\+)?{wanted}", found) is not None,
    "notEmpty": lambda found, wanted: bool(found),
}


def _failed(one: Json, answer: httpx2.Response) -> list[str]:
    """The label of an assert that does not hold."""
    about = one.keys() - {"label", "description", "operator", "warningOnly"}
    if len(about) != 1:
        raise Unsupported(f"assert {sorted(about)}")
    (what,) = about
    media = answer.headers.get("content-type", "").partition(";")[0]
    found = {
        "responseCode": lambda: str(answer.status_code),
        "contentType": lambda: media,
        "headerField": lambda: answer.headers.get(one["headerField"], ""),
        "responseBody": lambda: answer.text,
    }.get(what)
    holds = _HOLDS.get(one.get("operator", "equals"))
    if found is None or holds is None:
        raise Unsupported(f"assert {what} {one.get('operator')}")
    return [] if holds(found(), one[what]) else [f"{one.get('label', what)}: {answer.status_code}"]
