"""GET /openapi.json: OpenAPI 3.1 of every door, drawn from the routing table and the search parameters in force.

https://spec.openapis.org/oas/v3.1.1. A door on several resource types becomes one path for each, so that each has the
parameters of its own type. Nothing here is said of a door that its row does not say, or its interaction in FHIR.
Open to everyone, as the CapabilityStatement is: it tells what the source tells, and nothing of a citizen, a client or
an installation. A page that tries doors out is not served.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from inspect import getdoc
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway import __version__
from gateway.domain.searching.query import RESULT
from gateway.flows.parts import Gateway
from gateway.inbound import capability, messages, negotiate, outcome
from gateway.inbound.bodies import FORM
from gateway.inbound.door import Bearer, Door, Inbound, Open, template
from gateway.inbound.rest.answering import OF_ANSWER
from gateway.translate.answers import soap

Json = dict[str, Any]

FHIR = (negotiate.JSON, negotiate.XML)
_PLACEHOLDER = re.compile(r"{(\w+)(?::(\w+))?}")
_BEFORE = re.compile(r"^(?:GET|POST|PUT|PATCH|DELETE)\b[^:]*(?::\s*|$)")  # what a docstring of a door begins with
_PATTERNS = {"id": r"^[A-Za-z0-9\-.]{1,64}$", "kind": "^[A-Z][A-Za-z]{2,63}$"}
_PLAINLY = "^[A-Za-z0-9][A-Za-z0-9._~-]*$"  # as paths are written here (shell.py)
_SEARCHES = frozenset({"search-type", "search-system"})
_CONDITIONAL = frozenset({"update-conditional", "patch-conditional", "delete-conditional"})
_WRITES = frozenset({"create", "update", "patch", "delete", "transaction"}) | _CONDITIONAL
_RESOURCES = frozenset({"create", "update", "update-conditional"})
_PATCHES = frozenset({"patch", "patch-conditional"})
_HEADERS = {
    "read": ("If-None-Match", "If-Modified-Since"),
    "vread": ("If-None-Match", "If-Modified-Since"),
    "create": ("If-None-Exist", "Prefer"),
    "update": ("If-Match", "Prefer"),
    "patch": ("If-Match", "Prefer"),
    "delete": ("If-Match",),
    "$export": ("Prefer",),
    "update-conditional": ("If-Match", "Prefer"),
    "patch-conditional": ("If-Match", "Prefer"),
    "delete-conditional": ("If-Match",),
}
_PART = ("_summary", "_elements")
_VERSIONS = ("_count", "_since", "_at", *_PART)
_ASKED = {
    "read": _PART,
    "vread": _PART,
    "history-instance": _VERSIONS,
    "history-type": _VERSIONS,
    "$everything": ("_type", "_since", "start", "end", "_count", *_PART),
    "$joint-plan": ("at",),
    "$export": ("_type", "_since", "_typeFilter", "_outputFormat"),
}
"""What an interaction takes besides search parameters, each told in _ASKED_AS."""
_TEXT: Json = {"schema": {"type": "string", "minLength": 1}}
_ASKED_AS: dict[str, Json] = {
    "_summary": {"schema": {"enum": ["true", "text", "data", "false"]}},
    "_elements": {"schema": {"type": "string", "pattern": "^[A-Za-z]+(,[A-Za-z]+)*$"}},
    "_count": {"schema": {"type": "integer", "minimum": 1, "maximum": 999_999}},
    "_since": {"description": "FHIR instant: what changed then or later", **_TEXT},
    "_at": {"description": "FHIR dateTime: what stood at some moment of it", **_TEXT},
    "_type": {"description": "FHIR types, with commas between them", **_TEXT},
    "_typeFilter": {"description": "a search of one type, percent-encoded", **_TEXT},
    "_outputFormat": {"schema": {"enum": ["application/fhir+ndjson", "application/ndjson", "ndjson"]}},
    "start": {"description": "FHIR date: what was then or later", **_TEXT},
    "end": {"description": "FHIR date: what was then or before", **_TEXT},
    "at": {"description": "FHIR dateTime: as it stood then", "schema": {"type": "string"}},
}
_NEEDED = frozenset({("If-Match", "update"), ("Prefer", "$export")})
_ABOUT = {
    200: "answered", 201: "created", 202: "begun", 204: "done, with nothing to say", 303: "elsewhere",
    304: "the caller has it already", 400: "the request cannot be understood", 401: "a valid access token is needed",
    403: "neither the registration nor the decision allows this", 404: "not there, or not for this caller",
    405: "not offered here", 406: "this format is not written", 408: "the request did not arrive in time",
    409: "others write the same at this moment", 410: "it was deleted, or the link is too old",
    412: "the resource has changed since it was read, or several match", 413: "larger than is taken",
    415: "this kind of content is not read", 422: "the content cannot be accepted",
    428: "If-Match is needed", 429: "too many requests", 500: "a fault of the gateway",
    503: "not now: nothing was lost, try again",
}  # fmt: skip
_ALWAYS = (400, 429, 500, 503)


async def document(inbound: Inbound, request: Request) -> Response:
    """GET /openapi.json: this interface as OpenAPI 3.1."""
    return Response(inbound.openapi, media_type="application/json", headers={"Cache-Control": "max-age=300"})


def drawn(gateway: Gateway, doors: Sequence[Door]) -> bytes:
    """The document of a gateway with these doors, as JSON."""
    paths: dict[str, Json] = {}
    for door in doors:
        for path, kind in _paths(door):
            paths.setdefault(path, {}).setdefault(door.method.lower(), _operation(gateway, door, path, kind))
    made = {
        "openapi": "3.1.1",
        "info": {
            "title": "Fællesplan gateway",
            "version": __version__,
            "description": "One joint plan per citizen. FHIR R4 under /fhir; /fhir/metadata states the same in FHIR.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": gateway.public_url}],
        "paths": paths,
        "components": {
            "securitySchemes": {"smart": _security(gateway.public_url, paths)},
            "schemas": _SCHEMAS,
            "responses": dict(_failures(doors)),
        },
    }
    return msgspec.json.encode(made)


def _paths(door: Door) -> Iterator[tuple[str, str]]:
    """The paths of one door: one for each resource type, with that type; otherwise its own, with "" or the type that
    its path names."""
    path = template(door)
    for kind in door.kinds:
        yield path.replace("{kind}", kind), kind
    if not door.kinds:
        named = re.match(r"/fhir/([A-Z]\w+)", path)
        yield path, named[1] if named else ""


def _operation(gateway: Gateway, door: Door, path: str, kind: str) -> Json:
    told = _BEFORE.sub("", (getdoc(door.answer) or "").partition("\n\n")[0].replace("\n", " "))
    body = _body(door, kind)
    made: Json = {
        "operationId": re.sub(r"\W+", "-", f"{door.method.lower()}{path.replace('*', 'every')}").strip("-"),
        "summary": f"{door.interaction or door.method} {kind}".strip(),
        "description": told,
        "tags": [kind or path.split("/")[1]],
        "parameters": [*_path_parameters(door, path), *_query(gateway, door, kind), *_headers(door)],
        "requestBody": body,
        "responses": _responses(door, bool(body)),
        "security": [{"smart": _scopes(door, kind)}] if isinstance(door, Bearer) else [],
    }
    return {name: value for name, value in made.items() if value or name == "security"}


def _path_parameters(door: Door, path: str) -> Iterator[Json]:
    for name, form in _PLACEHOLDER.findall(door.path):
        if f"{{{name}}}" in path:
            schema = {"type": "string", "pattern": _PATTERNS.get(form, _PLAINLY)}
            yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query(gateway: Gateway, door: Door, kind: str) -> Iterator[Json]:
    """Search parameters where the interaction searches or names what it changes by a search, and the answer's form."""
    searches = door.interaction in _SEARCHES and door.method == "GET"
    if kind and (searches or door.interaction in _CONDITIONAL):
        further = dict.fromkeys(RESULT, "string") if searches else {}
        served = further | capability.searched(gateway, kind)
        for name, form in sorted(served.items()):
            if name in OF_ANSWER:
                continue
            schema = {"type": "array", "items": {"type": "string", "minLength": 1}}
            yield {"name": name, "in": "query", "description": f"FHIR {form}", "schema": schema, "explode": True}
    for name in _ASKED.get(door.interaction, ()) if door.method == "GET" and kind != "Binary" else ():
        yield {"name": name, "in": "query", **_ASKED_AS[name]}
    if _is_fhir(door) and door.interaction != "import":
        yield {"name": "_format", "in": "query", "schema": {"enum": ["json", "xml", *FHIR]}}


def _headers(door: Door) -> Iterator[Json]:
    for name in _HEADERS.get(door.interaction, ()) if _is_fhir(door) else ():
        needed = (name, door.interaction) in _NEEDED
        yield {"name": name, "in": "header", "required": needed, "schema": {"type": "string"}}


def _body(door: Door, kind: str) -> Json:
    if door.method not in ("POST", "PUT", "PATCH"):
        return {}
    taken = {name: {"schema": schema} for name, schema in _taken(door, kind)}
    return {"required": door.interaction not in ("$everything", "$export", "$joint-plan"), "content": taken}


def _taken(door: Door, kind: str) -> Iterator[tuple[str, Json]]:
    """The media types that a door takes, each with what is known of its content."""
    language = door.language if isinstance(door, Bearer) else ""
    if not _is_fhir(door) or door.path.endswith("/_search"):
        for name in messages.TAKEN[language] if language else (FORM,):
            yield name, _plain(name)
        return
    if door.interaction in _PATCHES:
        yield capability.JSON_PATCH, _ref("JsonPatch")
    for name in FHIR:
        yield name, _content(name, _sent(door, kind))


def _sent(door: Door, kind: str) -> str:
    """The type of the resource that is sent; "" for any."""
    if door.interaction in _RESOURCES:
        return kind
    by_interaction = {"transaction": "Bundle"} | dict.fromkeys(_PATCHES, "Parameters")
    return by_interaction.get(door.interaction, "")


def _content(media: str, kind: str) -> Json:
    """XML is a text to OpenAPI: FHIR XML has a schema of its own."""
    if media == negotiate.XML:
        return {"type": "string"}
    if not kind:
        return _ref("Resource")
    return {"allOf": [_ref("Resource"), {"properties": {"resourceType": {"const": kind}}}]}


def _responses(door: Door, has_body: bool) -> Json:
    good = {str(code): _response(code, _media(door, code)) for code in _good(door)}
    bad = {str(code): {"$ref": f"#/components/responses/{_named(door, code)}"} for code in _bad(door, has_body)}
    return dict(sorted({**bad, **good}.items()))


def _bad(door: Door, has_body: bool) -> set[int]:
    bad = {*_ALWAYS}
    if isinstance(door, Bearer):
        bad |= {401, 403, 404}
    if "{" in door.path or door.tell is outcome.plain or "/.well-known/" in door.path:
        bad |= {404}
    if _is_page(door):
        bad |= {404}
    if _is_page(door) or door.tell is outcome.oauth:
        bad |= {401, 403}
    if _is_fhir(door):
        bad |= {406}
    if has_body:
        bad |= {408, 413, 415, 422}
    if isinstance(door, Bearer) and door.language:  # also of a message that is an id alone
        bad |= {422}
    if door.interaction in _WRITES:
        bad |= {405, 409, 410, 412, 422, 428}
    if door.interaction in ("read", "vread", "history-instance", "search-type", "$export"):
        bad |= {410}
    return bad


def _failures(doors: Sequence[Door]) -> Iterator[tuple[str, Json]]:
    """Every way of telling every failure, once."""
    for door in doors:
        for code in _ABOUT:
            if code >= 400:
                yield _named(door, code), _response(code, _media(door, code))


def _named(door: Door, code: int) -> str:
    family = _media(door, code)[0].partition("/")[2].replace("+", "-")
    return f"{family}-{code}"


def _good(door: Door) -> tuple[int, ...]:
    by_interaction = {
        "read": (200, 304), "vread": (200, 304), "create": (200, 201), "update": (200,), "patch": (200,),
        "delete": (204,), "import": (200, 204), "$export": (202,), "update-conditional": (200, 201),
        "patch-conditional": (200,), "delete-conditional": (204,), "export-status": (200, 202), "export-cancel": (202,),
    }  # fmt: skip
    if _is_page(door):
        return (200, 303)
    if door.path == "/console/tickets":
        return (201,)
    return by_interaction.get(door.interaction, (200,))


def _response(code: int, media: Sequence[str]) -> Json:
    made: Json = {"description": _ABOUT[code]}
    if code in (202, 204, 303, 304):
        return made
    kind = "OperationOutcome" if code >= 400 else ""
    told = {name: {"schema": _content(name, kind) if name in FHIR else _plain(name)} for name in media}
    return made | {"content": told}


def _plain(media: str) -> Json:
    return {"type": "object"} if media in (FORM, "application/json") else {"type": "string"}


def _media(door: Door, code: int) -> tuple[str, ...]:
    """The media types of an answer."""
    if door.interaction == "export-file" and code == 200:
        return ("application/fhir+ndjson",)
    if _is_page(door):
        return ("text/html", "text/css") if code == 200 else ("text/html",)
    if isinstance(door, Bearer) and door.language:
        return _ANSWERED.get(door.language, ("application/xml",))
    if door.tell is outcome.plain:
        return ("text/plain",)
    if door.tell is outcome.oauth:
        return ("application/json",)
    return FHIR if _is_fhir(door) or code >= 400 else ("application/json",)


_ANSWERED = {
    "hl7v2": (outcome.ER7,),
    "edifact": (outcome.EDIFACT, "application/xml"),
    "oio-json": ("application/json",),
    **dict.fromkeys(("oio", "ydelse"), ("application/xml", *soap.MEDIA.values())),
}  # as outcome.media_type_of decides, and messages.py of what came in an envelope


def _is_fhir(door: Door) -> bool:
    """Whether it speaks FHIR: all below /fhir that is an interaction, and the messages that are FHIR."""
    language = door.language if isinstance(door, Bearer) else ""
    return not language and (door.interaction == "import" or (door.path.startswith("/fhir") and bool(door.interaction)))


def _is_page(door: Door) -> bool:
    return isinstance(door, Open) and door.tell not in (outcome.fhir, outcome.oauth, outcome.plain)


def _scopes(door: Bearer, kind: str) -> list[str]:
    needs = (need.rpartition(".") for need in door.needs)
    return [f"system/{named or kind or '*'}.{letter}" for named, _, letter in needs]


def _security(url: str, paths: dict[str, Json]) -> Json:
    asked = {
        scope
        for path in paths.values()
        for operation in path.values()
        for one in operation["security"]
        for scope in one["smart"]
    }
    flow = {"tokenUrl": f"{url}/oauth/token", "scopes": dict.fromkeys(sorted(asked), "SMART v2")}
    about = "SMART Backend Services: private_key_jwt, purpose of use in the assertion. /.well-known/smart-configuration"
    return {"type": "oauth2", "description": about, "flows": {"clientCredentials": flow}}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


_SCHEMAS: Json = {
    "Resource": {
        "type": "object",
        "description": "A FHIR R4 resource: http://hl7.org/fhir/R4/resourcelist.html",
        "required": ["resourceType"],
        "properties": {"resourceType": {"type": "string"}, "id": {"type": "string"}},
    },
    "JsonPatch": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["op", "path"],
            "properties": {
                "op": {"enum": ["add", "remove", "replace", "move", "copy", "test"]},
                "path": {"type": "string"},
                "from": {"type": "string"},
            },
        },
    },
}
