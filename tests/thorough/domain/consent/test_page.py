"""The example on docs/samtykke.md does what the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.domain.consent.making import PSY, N, R, ask, thing, word, written

PAGE = Path(__file__).parents[4] / "docs" / "samtykke.md"
CENTRE = {
    "organisations": frozenset({"urn:oid:1.2.208.176.1.1|953741000016009"}), "sector": "municipality", "role": "social",
}  # fmt: skip


def example() -> dict[str, Any]:
    found = re.search(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert found
    body: dict[str, Any] = json.loads(found[1])
    return body


@pytest.mark.parametrize(
    ("data_class", "labels", "expected"),
    [("stay", [N], "permit"), ("health", [N], "permit"), ("health", [R, PSY], "deny"), ("substance", [R], "deny")],
)
def test_the_example(data_class: str, labels: list[str], expected: str) -> None:
    said = written(example())
    assert word(said, ask("CAREMGT", **CENTRE), thing(*labels, data_class=data_class)) == expected
    assert word(said, ask("TREAT", **CENTRE), thing(*labels, data_class=data_class)) in ("silent", expected)


def test_every_line_of_the_settled_rules_has_its_tests() -> None:
    """Tests are named by the number of their rule (1 to 15; the tests of decisions hold the half of 8 and 10 to 12)."""
    folders = [Path(__file__).parent, Path(__file__).parents[3] / "domain" / "consent"]
    code = "".join(file.read_text("utf-8") for folder in folders for file in sorted(folder.glob("test_*.py")))
    told = [int(number) for number in re.findall(r"^def test_(\d+)_", code, re.MULTILINE)]
    assert set(told) == set(range(1, 16))
