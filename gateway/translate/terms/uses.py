"""Whether the tables of an installation name codes that there are: a label on a misspelled code protects nothing.

Asked at start and by `gateway check`, for the code systems and parts of them that are known completely.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Mark, Problems
from gateway.translate.terms.rows import ALL
from gateway.translate.terms.system import System
from gateway.translate.terms.terms import Terms

_SKS = "urn:oid:1.2.208.176.2.4.12"
_DIAGNOSIS = re.compile(r"D?[A-Z]\d+")


def check_prefix(terms: Terms, url: str, spelled: str, mark: Mark, problems: Problems) -> None:
    """A beginning of codes, or a range of them (`DF10-DF19`), as mappings/policy has them. `url` may be `*`."""
    for prefix in spelled.split("-") if _is_range(spelled) else [spelled]:
        system = terms.system(_SKS) if url == ALL and _DIAGNOSIS.fullmatch(prefix) else terms.system(url)
        if system and prefix and _is_told(system, prefix) and not system.begins(prefix):
            problems.unknown(mark, f"{system.about.name} code", prefix, system.codes)


def check_codes(terms: Terms, codes: Codes, problems: Problems) -> None:
    """Both sides of every code table."""
    for table in codes.tables.values():
        for row in table.rows:
            for url, code in ((row.source_system, row.source_code), (row.target_system, row.target_code)):
                system = terms.system(url) if url and code else None
                if system is None or not system.knows_all_like(code):
                    continue
                found = system.find(code)
                if found is None:
                    problems.unknown(row.mark, f"{system.about.name} code", code, system.codes)
                elif not found.exact:
                    problems.add(row.mark, f"{code} is written {found.code} in {system.about.name}")


def every_spelling(terms: Terms, urls: Iterable[str]) -> tuple[str, ...]:
    """These systems under all of their URLs."""
    known = [system.about for url in urls if (system := terms.system(url))]
    return tuple(dict.fromkeys((*urls, *(url for about in known for url in (about.url, *about.also)))))


def every_code(terms: Terms, urls: Iterable[str], codes: Iterable[str]) -> tuple[str, ...]:
    """These codes, each with the other codes of its concept: what is said of one is said of all."""
    systems = [system for url in urls if (system := terms.system(url))]
    found = [(system, one) for code in codes for system in systems if (one := system.find(code)) and one.exact]
    return tuple(dict.fromkeys((*codes, *(code for system, one in found for code in system.all_codes(one.concept)))))


def _is_told(system: System, prefix: str) -> bool:
    """Whether the table can tell that there is nothing of this beginning."""
    parts = system.about.complete
    inside = any(part.startswith(prefix) or prefix.startswith(part) for part in parts)
    return parts == (ALL,) or inside or system.about.spelled == "prefix"


def _is_range(spelled: str) -> bool:
    first, _, last = spelled.partition("-")
    return bool(_DIAGNOSIS.fullmatch(first) and _DIAGNOSIS.fullmatch(last))
