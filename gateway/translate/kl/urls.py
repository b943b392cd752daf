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
_KINDS = ("extension", "system")
_TURNS = 4  # a rename may lead to another; more than this is a circle


@dataclass(frozen=True, slots=True)
class Meant:
    """Present URLs of one kind of thing by the old ones; of `prefixes`, which end in a slash, what is behind stays."""

    exact: Mapping[str, str]
    prefixes: Mapping[str, str]

    def of(self, url: str, turns: int = _TURNS) -> str:
        """The present URL; the same where it is no old one."""
        found = self.exact.get(url)
        if found is None:
            name = url.rfind("/") + 1
            start = self.prefixes.get(url[:name])
            if start is None:
                return url
            found = start + url[name:]
        return self.of(found, turns - 1) if turns > 1 and found != url else found


@dataclass(frozen=True, slots=True)
class Urls:
    """Those of extensions, and those of code systems."""

    extensions: Meant
    systems: Meant


def read(path: Path, problems: Problems) -> Urls:
    """The table in a file; every fault is noted with its line."""
    name = f"mappings/{path.parent.name}/{path.name}"
    exact: dict[str, dict[str, str]] = {kind: {} for kind in _KINDS}
    prefixes: dict[str, dict[str, str]] = {kind: {} for kind in _KINDS}
    for line in lines(path, name, _COLUMNS, problems):
        kind, written, meant = (line.cells[column] for column in ("kind", "written", "meant"))
        table = prefixes if written.endswith("/") else exact
        if kind not in _KINDS or not written or not meant:
            problems.add(line.mark, "kind (extension, system), written and meant must be there")
        elif written in table[kind]:
            problems.add(line.mark, "this URL stands here twice")
        else:
            table[kind][written] = meant
    extension, system = (Meant(exact[kind], prefixes[kind]) for kind in _KINDS)
    return Urls(extension, system)
