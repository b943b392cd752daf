"""What operators look at: health and metrics; and how log lines are written."""

from __future__ import annotations

import logging
import sys
from typing import Any

import orjson
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from gateway.flows.health import ready as check_ready
from gateway.inbound.door import Inbound


async def live(inbound: Inbound, request: Request) -> Response:
    """GET /health/live: the process answers."""
    return Response("live\n", media_type="text/plain")


async def ready(inbound: Inbound, request: Request) -> Response:
    """GET /health/ready: a look-up could be answered and recorded now; 503 when not. What is to be mended all the same
    follows, a line for each: that the access log is not signed, that the clock is behind it."""
    wrong = await check_ready(inbound.gateway)
    return Response("\n".join(["ready", *wrong]) + "\n", media_type="text/plain")


async def metrics(inbound: Inbound, request: Request) -> Response:
    """GET /metrics: Prometheus text."""
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def write_logs(*, debug: bool = False) -> None:
    """One JSON object per line on standard error, from our own loggers and the libraries'.

    Texts of exceptions are never written: they may hold what a citizen's message held.
    """
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_exceptions,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_json)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if debug else logging.INFO),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    to_json = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(serializer=lambda value, **_: _json(value).decode()),
        ],
    )
    lines = logging.StreamHandler()
    lines.setFormatter(to_json)
    root = logging.getLogger()
    root.handlers[:] = [lines]
    root.setLevel(logging.INFO if debug else logging.WARNING)
    logging.getLogger("gateway").setLevel(logging.DEBUG if debug else logging.INFO)


def _json(value: object, **_: object) -> bytes:
    return orjson.dumps(value, default=repr)


def _without_exceptions(_: object, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """The kind of an exception stays, its text goes."""
    told = event.pop("exc_info", None)
    error = (
        told[1]
        if isinstance(told, tuple)
        else told
        if isinstance(told, BaseException)
        else sys.exc_info()[1]
        if told
        else None
    )
    record = event.get("_record")
    if record is not None and record.exc_info:
        error, record.exc_info, record.exc_text = record.exc_info[1], None, None
    if error is not None:
        event["error"] = type(error).__name__
    return event
