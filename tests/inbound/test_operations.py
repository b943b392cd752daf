"""Log lines and health: JSON, one object a line, and no text of an exception in any of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from gateway.flows.log import integrate
from gateway.flows.tokens import record_token
from tests.inbound.http_world import http, run

CPR_LIKE = "251248-9996"
SCRIPT = f"""
import logging, structlog
from gateway.inbound.operations import write_logs
write_logs(debug={{debug}})
structlog.get_logger("gateway.http").info("request", route="/fhir/{{{{kind}}}}", status=200)
structlog.get_logger("gateway.http").debug("only when asked for")
logging.getLogger("gateway.receive").error("bug %s at %s", "KeyError", "x.py:1")
logging.getLogger("library").info("chatter")
try:
    raise ValueError("Nancy {CPR_LIKE}")
except ValueError as error:
    structlog.get_logger("gateway.http").exception("told with its kind")
    structlog.get_logger("gateway.http").error("told with its kind", exc_info=error)
    logging.getLogger("uvicorn.error").exception("told with its kind")
"""


def lines(*, debug: bool = False) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT.format(debug=debug)],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
        timeout=60,
    )
    assert done.stdout == b""
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_every_line_is_json_and_tells_no_exceptions_text() -> None:
    told = lines()
    assert [line["event"] for line in told] == ["request", "bug KeyError at x.py:1", *["told with its kind"] * 3]
    assert told[0]["level"] == "info"
    assert told[0]["route"] == "/fhir/{kind}"
    assert told[0]["timestamp"].endswith("Z")
    assert told[1]["logger"] == "gateway.receive"
    assert [line.get("error") for line in told[2:]] == ["ValueError"] * 3
    assert CPR_LIKE not in json.dumps(told)
    assert "Traceback" not in json.dumps(told)


def test_more_lines_when_asked_for() -> None:
    told = [line["event"] for line in lines(debug=True)]
    assert "only when asked for" in told
    assert "chatter" in told


def test_health_and_the_checkpoint(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            assert (await here.web.get("/health/live")).text == "live\n"
            assert (await here.web.get("/health/ready")).text == "ready\n"
            assert (await here.web.get("/log/checkpoint")).status_code == 404
            await record_token(here.gateway, "", True, "")
            await integrate(here.gateway)
            note = (await here.web.get("/log/checkpoint")).text
            body, signatures = note.split("\n\n")
            assert body.split("\n")[:2] == ["test.example/log", "1"]
            assert len(body.split("\n")[2]) == 44
            assert signatures.startswith("— test.example/log ")
            await here.gateway.database.close()
            assert (await here.web.get("/health/live")).status_code == 200
            away = await here.web.get("/health/ready")
            assert (away.status_code, away.headers["retry-after"]) == (503, "5")
            assert away.headers["content-type"] == "text/plain; charset=utf-8"

    run(test)
