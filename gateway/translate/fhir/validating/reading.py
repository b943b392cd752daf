"""Bytes that are to be validated: all types of R4 are read, and what cannot be read is a fault like others."""

from __future__ import annotations

import re
from typing import Any

from gateway.errors import GatewayError, TooLarge
from gateway.translate.fhir.reading import parse, written_in
from gateway.translate.fhir.structure import MOST_FAULTS
from gateway.translate.fhir.validating.problem import WARNING, Problem
from gateway.translate.r4 import definitions

# A text in quotes, or a comment; possessive, so that each byte is looked at once.
_TEXT_OR_COMMENT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|//[^\r\n]*+|/\*(?:[^*]|\*(?!/))*+\*/', re.DOTALL)
_COMMENTS = "JSON has no comments: they were passed over here, and refuse the content where it is written."

_ORDER = "In FHIR XML elements stand in the order of their definition."


def read(raw: bytes, content_type: str = "") -> tuple[dict[str, Any] | None, list[Problem]]:
    """The resource in these bytes, None where there is none, and what is wrong with the way it is written.

    Comments in JSON are a warning, as they say nothing of the resource. Raises TooLarge.
    """
    disordered: list[str] = []
    try:
        made = parse(raw, content_type, definitions().facts, disordered)
        return made, [Problem(where, _ORDER, "structure") for where in disordered[:MOST_FAULTS]]
    except TooLarge:
        raise
    except GatewayError as error:
        fault = error
    bare = raw if written_in(raw) == "xml" else without_comments(raw)
    if bare != raw:
        try:
            return parse(bare, "json", definitions().facts), [Problem("", _COMMENTS, "structure", WARNING)]
        except GatewayError as error:
            fault = error
    return None, [Problem(fault.where, fault.text, "structure")]


def without_comments(raw: bytes) -> bytes:
    """JSON with blanks for its comments; line ends stay, so that places do too.

    >>> without_comments(b'{"a": "//" /* b */}')
    b'{"a": "//"        }'
    """
    return _TEXT_OR_COMMENT.sub(lambda m: m[0] if m[0][:1] == b'"' else re.sub(rb"[^\r\n]", b" ", m[0]), raw)
