"""Old and new URLs of the same thing: mappings/kl/urls.csv.

KL moved its canonicals more than once and both spellings are in circulation. Extensions are renamed (a reader looks
for one URL); codings keep what was sent and get the present system's coding beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.translate.rules.lines import lines
from gateway.translate.rules.problems import Problems

_COLUMNS = ("kind", "written", "meant", "why")
_KINDS = frozenset({"extension", "system"})
_TURNS = 4  # a rename may lead to another; more than this is a circle


@dataclass(frozen=True, slots=True)
class Urls:
    """`exact` and `prefixes` by kind; a prefix ends in a slash."""

    exact: Mapping[tuple[str, str], str]
    prefixes: Mapping[tuple[str, str], str]

    def extension(self, url: str) -> str:
        """The present URL of an extension."""
        return self._meant("extension", url)

    def system(self, url: str) -> str:
        """The present URL of a code system."""
        return self._meant("system", url)

    def _meant(self, kind: str, url: str) -> str:
        for _ in range(_TURNS):
            found = self.exact.get((kind, url)) or self._by_prefix(kind, url)
            if found is None or found == url:
                break
            url = found
        return url

    def _by_prefix(self, kind: str, url: str) -> str | None:
        head, slash, name = url.rpartition("/")
        start = self.prefixes.get((kind, head + slash))
        return start + name if start else None


def read(path: Path, problems: Problems) -> Urls:
    """The table in a file; every fault is noted with its line."""
    name = f"mappings/{path.parent.name}/{path.name}"
    exact: dict[tuple[str, str], str] = {}
    prefixes: dict[tuple[str, str], str] = {}
    for line in lines(path, name, _COLUMNS, problems):
        kind, written, meant = (line.cells[column] for column in ("kind", "written", "meant"))
        table = prefixes if written.endswith("/") else exact
        if kind not in _KINDS or not written or not meant:
            problems.add(line.mark, "kind (extension, system), written and meant must be there")
        elif (kind, written) in table:
            problems.add(line.mark, "this URL stands here twice")
        else:
            table[kind, written] = meant
    return Urls(exact, prefixes)
