"""The public TestScripts of mock.health, run against a real gateway with the token of a registered client.

Every script stands in one of two tables: it passes with the status that is told here, or it does not apply, for the
reason that is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.conformance.conftest import Standing
from tests.conformance.testscripts import Ran, Runner

FOLDERS = ("fhir-r4-base", "bulk-data-v2", "smart-on-fhir-v2")

# Which status the script's request is answered with: the scripts themselves let most of them pass.
PASSES: dict[str, int] = {
    "fhir-r4-base/MUST/capability-statement": 200,
    "fhir-r4-base/MUST/patient-read-by-id-shape": 404,
    "fhir-r4-base/MUST/patient-search-by-id": 200,
    "fhir-r4-base/MUST/silent-ignore": 400,
    "fhir-r4-base/MUST/observation-search-basic": 200,
    "fhir-r4-base/MUST/patient-search-by-birthdate": 200,
    "fhir-r4-base/MUST/patient-search-by-gender": 200,
    "fhir-r4-base/SHOULD/include-forward-observation-patient": 200,
    "fhir-r4-base/SHOULD/observation-by-code": 200,
    "fhir-r4-base/SHOULD/observation-combo-code": 200,
    "fhir-r4-base/SHOULD/revinclude-wildcard-no-5xx": 200,
    "fhir-r4-base/SHOULD/sort-descending-lastupdated": 200,
    "fhir-r4-base/SHOULD/string-modifier-contains": 200,
    "fhir-r4-base/SHOULD/string-modifier-exact": 200,
    "fhir-r4-base/SHOULD/summary-count": 200,
    "fhir-r4-base/SHOULD/total-accurate": 200,
    "fhir-r4-base/MAY/composite-component-code-value": 200,
    "fhir-r4-base/MAY/has-reverse-chaining": 200,
    "fhir-r4-base/MAY/history-type": 200,
    "fhir-r4-base/MAY/token-not-modifier": 200,
    "fhir-r4-base/MAY/bulk-data-export": 202,
    "bulk-data-v2/MAY/ndjson-output-format-accepted": 202,
    "bulk-data-v2/MUST/patient-export-content-location": 202,
    "bulk-data-v2/MUST/patient-export-returns-202": 202,
    "bulk-data-v2/SHOULD/capability-declares-export": 200,
    "smart-on-fhir-v2/MAY/discovery-advertises-backend-services": 200,
    "smart-on-fhir-v2/MUST/capability-statement-declares-smart": 200,
    "smart-on-fhir-v2/MUST/discovery-content-type-json": 200,
    "smart-on-fhir-v2/MUST/discovery-endpoint-200": 200,
    "smart-on-fhir-v2/MUST/discovery-has-required-fields": 200,
    "smart-on-fhir-v2/SHOULD/discovery-also-at-root": 200,
    "smart-on-fhir-v2/SHOULD/discovery-supports-pkce-s256": 200,
}
# Searches that have something to find: an empty page proves little.
FINDS = (
    "fhir-r4-base/MUST/observation-search-basic",
    "fhir-r4-base/MUST/patient-search-by-birthdate",
    "fhir-r4-base/MUST/patient-search-by-gender",
    "fhir-r4-base/SHOULD/include-forward-observation-patient",
    "fhir-r4-base/SHOULD/observation-combo-code",
    "fhir-r4-base/SHOULD/sort-descending-lastupdated",
    "fhir-r4-base/MAY/composite-component-code-value",
    "fhir-r4-base/MAY/token-not-modifier",
)
DOES_NOT_APPLY: dict[str, str] = {
    "fhir-r4-base/MAY/expand-valueset": "$expand is not offered: a code is asked for, a set is read whole",
    "fhir-r4-base/MAY/lookup-loinc": "LOINC is none of the code systems that are kept here, so 404 is the answer",
    "bulk-data-v2/MAY/system-export-discoverable": "nobody may take out all citizens: export is bound to its caller",
    "bulk-data-v2/SHOULD/group-export-discoverable": "there are no Groups: to be in one says something of a citizen",
    "smart-on-fhir-v2/SHOULD/discovery-has-patient-scope": "no launch in the context of a patient",
}


@pytest.fixture(scope="module")
def scripts(examples: Path) -> dict[str, dict[str, Any]]:
    """Every script by its place, without `.json`."""
    folder = examples / "fhir" / "mock-health-testscripts"
    files = [file for name in FOLDERS for file in sorted((folder / name).glob("*/*.json"))]
    return {str(file.relative_to(folder).with_suffix("")): json.loads(file.read_bytes()) for file in files}


@pytest.fixture(scope="module")
def runner(standing: Standing) -> Iterator[Runner]:
    with httpx2.Client(timeout=20) as web:
        yield Runner(web, f"{standing.url}/fhir", standing.url, standing.bearer("scripts"))


def test_every_script_has_its_place(scripts: dict[str, dict[str, Any]]) -> None:
    tables = (PASSES, DOES_NOT_APPLY)
    assert len(scripts) >= 29
    assert scripts.keys() == {name for table in tables for name in table}
    assert sum(map(len, tables)) == len(scripts), "a script stands in one table"


@pytest.mark.parametrize("name", PASSES)
def test_applying_scripts(name: str, scripts: dict[str, dict[str, Any]], runner: Runner) -> None:
    ran = runner.run(scripts[name])
    assert ran.passed, ran
    assert ran.statuses == (PASSES[name],), ran
    assert ran.entries or name not in FINDS


def _script(operator: str, **assertion: str) -> dict[str, Any]:
    operation = {"type": {"code": "read"}, "resource": "Nothing", "params": "/1"}
    actions = [{"operation": operation}, {"assert": {"operator": operator, **assertion}}]
    return {"resourceType": "TestScript", "test": [{"action": actions}]}


def test_a_pass_does_not_come_from_what_is_not_there(runner: Runner) -> None:
    assert runner.run(_script("notIn", responseCode="500,503")).failures == ("404: nothing is there",)
    assert runner.run(_script("equals", responseCode="404")) == Ran((404,), (), 1)
    assert not runner.run(_script("equals", responseCode="200")).passed
