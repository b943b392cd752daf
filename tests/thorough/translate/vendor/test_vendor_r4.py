"""What the examples beside the rules become is R4, and keeps to the profiles that it claims."""

from __future__ import annotations

import pytest

from gateway.translate.conformance import Profiles
from gateway.translate.vendor import Vendor
from tests.conftest import PROJECT
from tests.translate.invariants import broken
from tests.translate.vendor.answers import folded

PROFILES = Profiles.read()


@pytest.mark.parametrize("name", ["nexus", "momentum"])
def test_every_resource_of_the_examples_is_r4(name: str, request: pytest.FixtureRequest) -> None:
    vendor: Vendor = request.getfixturevalue(name)
    raw = (PROJECT / "mappings" / name / "examples" / "citizen.json").read_bytes()
    found = folded(vendor, vendor.translate(raw))
    assert {one["resourceType"] for one in found} >= {"Patient", "CarePlan", "Condition"}
    for body in found:
        if not body["meta"]:
            del body["meta"]  # as it is served: nothing is labelled yet
        assert [*PROFILES.check(body), *broken(PROFILES, body)] == [], body["resourceType"]
