"""Share: what decision and record cost a read, in the very flow: the same reads with both, and with neither."""

from __future__ import annotations

from gateway.cli.benching.figure import Figure, in_turns
from gateway.cli.benching.http_lane import request
from gateway.cli.benching.second import second_gateway
from gateway.cli.benching.stage import Stage

CONNECTIONS = 32
MOST = 0.35
"""Consent, labels and record together may take so much of a read's time."""

_TURNS = 5
"""Each round is so many short turns with half the reads: from one second to the next the machine differs by more than
the two gateways do."""

_PLANS = """
SELECT r.id FROM resource r JOIN resource c ON c.citizen = r.citizen AND c.kind = 'Consent'
 WHERE r.kind = 'CarePlan' AND r.sector = 'municipality' ORDER BY r.id
"""


def measure(stage: Stage, rounds: int, reads: int) -> Figure:
    """Reads a second of a whole gateway, and of one that neither decides nor records, on the same rows."""
    plans = [str(row[0]) for row in stage.rows(_PLANS)]
    serving, load = stage.serving, stage.load
    rounds, reads = rounds * _TURNS, max(1, reads // 2)

    def rate(host: str, port: int) -> float:
        headers = {**stage.bearer("hospital"), "Accept": "application/fhir+json"}
        every = [request("GET", f"/fhir/CarePlan/{plan}", headers) for plan in plans]
        jobs = [every[number % len(every)] for number in range(reads + CONNECTIONS)]
        return reads / load.http(host, port, jobs, CONNECTIONS)

    with second_gateway(serving.settings, serving.settings.database_url, serving.url, bare=True) as port:
        rate("127.0.0.1", port)  # each plan is decided about once
        rate(serving.host, serving.http_port)
        found = in_turns(
            "share", rounds, lambda _: rate(serving.host, serving.http_port), lambda _: rate("127.0.0.1", port)
        )
    figure = Figure("share", 1 - MOST, "reads/s", "", found)
    how = (
        f"reads of {len(plans)} citizens' plans over HTTP with {CONNECTIONS} connections, {reads} a round, against the "
        f"same reads by a second gateway from which decision, labels and record are cut out: they cost "
        f"{1 - figure.ratio:.2f} of a read's time, and may cost {MOST}; signing the log goes on beside the first alone"
    )
    return Figure("share", 1 - MOST, "reads/s", how, found)
