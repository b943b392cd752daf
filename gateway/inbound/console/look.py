"""One look of the log: who, on whose behalf, why, what was shown, what was withheld by which rule, and the proof."""

from __future__ import annotations

from starlette.responses import Response

from gateway.flows.find_looks import open_look
from gateway.flows.prove_look import prove_look
from gateway.inbound.console.frame import Here


async def show(here: Here) -> Response:
    """GET /console/look/{id}: the number of a record tells of nobody."""
    found = await open_look(here.gateway, here.caller, here.request.path_params["id"])
    record = found.record
    rules = {row.rule: row for row in here.gateway.policy.rows}
    why = {
        rule: (rules[rule].why, rules[rule].law) for rule in (*record.rules, *dict(record.withheld)) if rule in rules
    }
    proof = await prove_look(here.gateway, found)
    return here.page(
        "look.html", number=found.id, record=record, why=why, proof=proof, when=here.moment(record.time),
        reason=here.reason(record.override_code, record.time),
    )  # fmt: skip
