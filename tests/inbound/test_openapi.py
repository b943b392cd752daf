"""OpenAPI and the routing table say the same, in both directions; every path of the document answers as a door."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.routing import compile_path

from gateway.inbound.door import Bearer, Open, template
from gateway.inbound.doors import DOORS
from tests.inbound.http_world import Http, http, run

_METHODS = {"get", "post", "put", "patch", "delete"}
_FILLED = {"id": "1", "version": "1", "kind": "Patient"}


async def document(here: Http) -> dict[str, Any]:
    answer = await here.web.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    return dict(answer.json())


def filled(path: str) -> str:
    """The path with something in each place."""
    return re.sub(r"{(\w+)}", lambda place: _FILLED.get(place[1], "x"), path)


def test_every_door_is_in_it_and_every_path_is_a_door(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            stated = await document(here)
            of_table = {
                (door.method.lower(), template(door).replace("{kind}", kind or "{kind}"))
                for door in DOORS
                for kind in (door.kinds or ("",))
            }
            of_document = {(method, path) for path, row in stated["paths"].items() for method in row}
            assert of_document == of_table
            assert all(method in _METHODS for method, _ in of_document)

    run(test)


def test_every_path_answers_as_its_door(database_url: str) -> None:
    """Who shows no token is told so at every path that takes one, and nowhere is a path or method unknown."""

    async def test() -> None:
        async with http(database_url) as here:
            stated = await document(here)
            regexes = [(compile_path(door.path)[0], door) for door in DOORS]
            for path, row in stated["paths"].items():
                for method, operation in row.items():
                    answer = await here.web.request(method.upper(), filled(path))
                    door = next(
                        d
                        for regex, d in regexes
                        if d.method.lower() == method
                        and (match := regex.match(filled(path)))
                        and (not d.kinds or match["kind"] in d.kinds)
                    )
                    if operation["security"]:
                        assert isinstance(door, Bearer), path
                        assert answer.status_code in (401, 429), (method, path)  # who fails too often waits
                    else:
                        assert isinstance(door, Open), path
                        assert answer.status_code not in (405, 500), (method, path)
                        assert "Nothing is here" not in answer.text, (method, path)
                    assert str(answer.status_code) in operation["responses"], (method, path, answer.status_code)

    run(test)


def test_it_is_openapi_and_tells_nothing_of_this_installation(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            stated = await document(here)
            assert stated["openapi"].startswith("3.1.")
            assert stated["servers"] == [{"url": "https://gateway.example"}]
            scopes = stated["components"]["securitySchemes"]["smart"]["flows"]["clientCredentials"]["scopes"]
            ids = [one["operationId"] for row in stated["paths"].values() for one in row.values()]
            assert len(ids) == len(set(ids))
            text = json.dumps(stated)
            for part, name in set(re.findall(r'"\$ref": "#/components/(\w+)/([^"]+)"', text)):
                assert name in stated["components"][part]
            told = {*here.gateway.sources, *(client.id for client in here.world.clients)}
            assert not [name for name in told if f'"{name}"' in text]
            for path, row in stated["paths"].items():
                for method, one in row.items():
                    places = [p["name"] for p in one.get("parameters", []) if p["in"] == "path"]
                    assert sorted(places) == sorted(re.findall(r"{(\w+)}", path)), path
                    assert ("requestBody" in one) == (method in ("post", "put", "patch")), path
                    assert {scope for need in one["security"] for scope in need["smart"]} <= scopes.keys()

    run(test)


def test_parameters_are_those_of_the_type(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            stated = await document(here)
            statement = (await here.web.get("/fhir/metadata")).json()["rest"][0]["resource"]
            for resource in statement:
                row = stated["paths"].get(f"/fhir/{resource['type']}", {}).get("get")
                names = {p["name"] for p in row["parameters"]} - {"_format"} if row else set()
                assert {p["name"] for p in resource.get("searchParam", [])} <= names, resource["type"]
            of_patient = {p["name"] for p in stated["paths"]["/fhir/Patient"]["get"]["parameters"]}
            paths = stated["paths"]
            for path, named in (
                ("/fhir/Patient/{id}", {"_summary", "_elements"}), ("/fhir/Patient/{id}/_history", {"_since", "_at"}),
                ("/fhir/Organization/_history", {"_count"}), ("/fhir/Patient/{id}/$everything", {"start", "_type"}),
                ("/fhir/Patient/$export", {"_typeFilter"}), ("/fhir/Patient/{id}/$joint-plan", {"at"}),
            ):  # fmt: skip
                assert named <= {p["name"] for p in paths[path]["get"]["parameters"]}, path
            assert {p["name"] for p in paths["/fhir/Binary/{id}"]["get"]["parameters"]} & {"_summary"} == set()
            assert "birthdate" in of_patient
            assert "code" not in of_patient

    run(test)
