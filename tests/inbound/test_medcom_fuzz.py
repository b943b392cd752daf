"""Changed notifications through the door: each is answered in a declared way, and none is a failure of ours."""

from __future__ import annotations

import json
from copy import deepcopy
from random import Random
from typing import Any

from gateway.inbound.scopes import Scope
from gateway.translate.fhir import parse, write_xml
from tests.flows.messages import case
from tests.inbound.http_world import http, run
from tests.inbound.oauth_client import hospital
from tests.inbound.test_message_doors import count
from tests.translate.medcom.notices import END, LEFT, asking, notice, resource

Json = dict[str, Any]
SENDER = hospital(scopes=(Scope("Bundle", "c"),), sends=("regionh-medcom", "koebenhavn-sag"))
MESSAGES = 100
GOOD = [
    asking(notice(header="m1")),
    notice(
        "start-leave-inpatient", header="m2", earlier=(("m1", "admit-inpatient"),), status="onleave", leave=(LEFT, "")
    ),
    notice(header="m3", status="finished", end=END, deceased=True, earlier=(("m1", "admit-inpatient"),)),
    notice("cancel-admit-inpatient", header="m4", earlier=(("m1", "admit-inpatient"),), status="entered-in-error"),
]
VALUES: list[Any] = [
    *(
        None,
        True,
        0,
        -1.5,
        "",
        " ",
        "x",
        "\u0000",
        "\u202e",
        "Patient/1",
        "urn:uuid:",
        "MessageHeader/m1",
    ),
    *("2025-02-30", "9999-12-31T23:59:59Z", "2025-01-01T00:00:00+14:00", "x" * 70_000, [], {}, [None], [[]], [{}]),
    *({"reference": "Encounter/x"}, {"resourceType": "Bundle"}, {"value": "x", "system": "urn:x"}),
]


def changed(random: Random) -> Json:
    """One to three values anywhere replaced, taken away or doubled."""
    bundle = deepcopy(random.choice(GOOD)) | {"id": f"e{random.random()}"}
    for _ in range(random.randint(1, 3)):
        node: Any = bundle
        for _ in range(random.randint(0, 7)):
            below = [
                one for one in (node.values() if isinstance(node, dict) else node) if one and type(one) in (dict, list)
            ]
            if not below:
                break
            node = random.choice(below)
        if not node:
            continue
        at = random.choice(sorted(node) if isinstance(node, dict) else range(len(node)))
        if random.random() < 0.3:
            del node[at]
        elif isinstance(node, list) and random.random() < 0.3:
            node.append(node[at])
        else:
            node[at] = deepcopy(random.choice(VALUES))
    return bundle


def check(status: int, answer: Json) -> None:
    assert status in (200, 400, 403, 413, 422), answer
    if answer["resourceType"] == "OperationOutcome":
        assert status != 200
        assert answer["issue"][0]["severity"] == "error"
    else:
        code = resource(answer, "MessageHeader")["response"]["code"]
        assert code == ("ok" if status == 200 else "fatal-error")


def test_every_answer_is_a_declared_one(database_url: str) -> None:
    random = Random(20261122)

    async def test() -> None:
        async with http(database_url, SENDER) as here:
            head = await here.bearer("system/Bundle.c")
            xml = head | {"Content-Type": "application/xml"}
            assert (await here.web.post("/cases/oio", headers=xml, content=case("2509479989"))).status_code == 200
            accepted = 0
            for number in range(MESSAGES):
                content, form = json.dumps(changed(random)).encode(), "json"
                if number % 3 == 0:
                    try:
                        content, form = write_xml(parse(content)), "xml"
                    except Exception:  # noqa: BLE001 - what XML cannot hold goes as JSON
                        form = "json"
                headers = head | {"Content-Type": f"application/fhir+{form}"}
                told = await here.web.post("/fhir/$process-message", headers=headers, content=content)
                check(told.status_code, parse(told.content))
                assert b"2509479989" not in told.content
                accepted += told.status_code == 200
            assert accepted, "some changes are harmless"
            kinds = await here.gateway.database.fetch("SELECT DISTINCT reason FROM message WHERE state = 'quarantined'")
            assert all(json.loads(row["reason"])["kind"] != "GatewayError" for row in kinds), "no fault of ours"
            assert await count(here, "resource", "kind = 'Patient'") == 1

    run(test)
