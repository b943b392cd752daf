"""No patch takes long, however many operations it has and however large the resource is."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import TooLarge
from tests.translate.fhir.patching.test_fhirpath_patch import after, operation


def test_no_patch_takes_long() -> None:
    many = {"resourceType": "Patient", "identifier": [{"value": str(at)} for at in range(5_000)]}
    slow = operation("replace", "Patient.identifier.where(value = '4999').value", value={"valueString": "4999"})
    with pytest.raises(TooLarge):
        after(*[slow] * 100, body=many)
    nested = operation("add", "Patient" + ".extension" * 31, name="extension", value={"valueExtension": {"url": "u"}})
    deep: dict[str, Any] = {"url": "u"}
    for _ in range(30):
        deep = {"url": "u", "extension": [deep]}
    with pytest.raises(TooLarge):
        after(nested, body={"resourceType": "Patient", "extension": [deep]})
    with pytest.raises(TooLarge):
        after(*[operation("delete", "Patient.maritalStatus")] * 1001)
