"""Read: a hospital reads the municipality's CarePlan on the citizen's consent, against the least that a route with a
durable record could do."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.cli.benching import population
from gateway.cli.benching.figure import Figure, in_turns, say
from gateway.cli.benching.floor_route import TABLE, floor_route
from gateway.cli.benching.http_lane import request
from gateway.cli.benching.stage import Stage
from gateway.domain.identifier import CPR

CONNECTIONS = 32
GOAL = 0.4
_PLANS = """
SELECT r.citizen, r.id FROM identity i JOIN resource r ON r.citizen = i.citizen
 WHERE i.key = ANY($1) AND r.kind = 'CarePlan' AND r.sector = 'municipality'
"""
_READS = "SELECT count(*) FROM access_record WHERE interaction = 'read' AND decision = 'permit'"
_RECORD_BYTES = "SELECT avg(octet_length(body))::int FROM access_record WHERE interaction = 'read'"
_BODY_BYTES = "SELECT avg(octet_length(body))::int FROM resource WHERE kind = 'CarePlan'"


def measure(stage: Stage, rounds: int, reads: int, numbers: Sequence[int]) -> Figure:
    """Both servers read the same rows of the same database with as many connections to it."""
    say(f"read: {len(numbers)} citizens are admitted and consent")
    plans = _plans(stage, numbers)
    before = stage.number(_READS)
    serving, load = stage.serving, stage.load
    pool = serving.settings.database_connections

    def requests() -> list[bytes]:
        headers = {**stage.bearer("hospital"), "Accept": "application/fhir+json"}
        every = [request("GET", f"/fhir/CarePlan/{plan}", headers) for plan in plans]
        return [every[number % len(every)] for number in range(reads + CONNECTIONS)]

    def ours(_: int) -> float:
        return reads / load.http(serving.host, serving.http_port, requests(), CONNECTIONS)

    ours(-1)
    record_bytes = stage.number(_RECORD_BYTES)
    stage.rows(TABLE)
    with floor_route(serving.settings.database_url, pool, record_bytes) as port:

        def floor(_: int) -> float:
            return reads / load.http("127.0.0.1", port, requests(), CONNECTIONS)

        floor(-1)
        found = in_turns("read", rounds, ours, floor)
    stage.grown(_READS, before, (rounds + 1) * (reads + CONNECTIONS))
    how = (
        f"GET /fhir/CarePlan/{{id}} by the hospital over HTTP with {CONNECTIONS} connections, {reads} reads a round of "
        f"{len(plans)} citizens' plans ({stage.number(_BODY_BYTES)} bytes), each decided on the citizen's consent "
        f"and on record before the answer, from a second process; the floor is a Starlette route on uvicorn that "
        f"selects the same row and inserts {record_bytes} bytes durably; one process each, {pool} connections to the "
        "database"
    )
    return Figure("read", GOAL, "reads/s", how, found)


def _plans(stage: Stage, numbers: Sequence[int]) -> list[str]:
    """The ids of these citizens' CarePlans of the municipality, after admission and consent through the doors."""
    serving, load = stage.serving, stage.load
    admissions = [population.admission(number) for number in numbers]
    load.mllp(serving.host, serving.mllp_port, admissions, CONNECTIONS)
    found = stage.rows(_PLANS, [f"{CPR}|{population.cpr(number)}" for number in numbers])
    headers = {**stage.bearer("social"), "Content-Type": "application/fhir+json"}
    consents = [request("POST", "/fhir/Consent", headers, population.consent(patient)) for patient, _ in found]
    load.http(serving.host, serving.http_port, consents, CONNECTIONS)
    return [plan for _, plan in found]
