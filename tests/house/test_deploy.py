"""The container and its neighbours: not root, no secret inside, healthy only when ready."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml
from authlib.oauth2.rfc6749 import InsecureTransportError

from gateway.settings import read
from tests.house.tree import ROOT, files, text


def compose() -> dict[str, Any]:
    loaded = yaml.safe_load(text(Path("compose.yaml")))
    assert isinstance(loaded, dict)
    return loaded


def dockerfile() -> list[str]:
    joined = text(Path("Dockerfile")).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def test_compose_has_a_database_and_a_gateway_that_waits_for_it() -> None:
    services = compose()["services"]
    assert set(services) == {"database", "gateway"}
    assert services["database"]["image"].startswith("postgres:18")
    assert services["gateway"]["depends_on"]["database"]["condition"] == "service_healthy"
    assert all(service["healthcheck"]["test"][0] == "CMD" for service in services.values())


def test_compose_keeps_what_must_be_kept() -> None:
    loaded = compose()
    for service in loaded["services"].values():
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in loaded["volumes"]
    assert "database" in loaded["volumes"]


def test_compose_holds_no_secret_and_no_default() -> None:
    for service in compose()["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY|TOKEN|DATABASE_URL", name):
                assert ":?" in str(value), f"{name} must come from the environment"
                assert ":-" not in str(value)


def test_compose_variables_are_well_formed() -> None:
    for variable in re.findall(r"(?<!\$)\$\{([^}]*)\}", text(Path("compose.yaml"))):
        assert re.fullmatch(r"[A-Z_]+(:[?-].*)?", variable)


def test_compose_sets_an_address_that_the_gateway_starts_with() -> None:
    """The image listens everywhere; of that no public URL can be made (README.md, GATEWAY_PUBLIC_URL)."""
    image = dict(re.findall(r"\b(GATEWAY_[A-Z_]+)=(\S+)", "\n".join(dockerfile())))
    given = compose()["services"]["gateway"]["environment"]
    usual = {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value)) for name, value in given.items()}
    url = read({name: value for name, value in (image | usual).items() if name != "GATEWAY_DATABASE_URL"}).url()
    InsecureTransportError.check(url)


def test_the_image_is_built_in_two_stages_and_runs_as_nobody_special() -> None:
    lines = dockerfile()
    assert sum(line.startswith("FROM ") for line in lines) == 2
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"]
    health = next(line for line in lines if line.startswith("HEALTHCHECK "))
    assert "/health/ready" in health
    assert not [line for line in lines if re.search(r"^(ENV|ARG) .*(PASSWORD|SECRET|TOKEN)", line)]


def test_the_image_holds_what_it_names_and_the_builder_may_see_it() -> None:
    allowed = {line[1:] for line in text(Path(".dockerignore")).splitlines() if line.startswith("!")}
    for line in dockerfile():
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert source.rstrip("/") in allowed
                assert (ROOT / source).exists()


def test_scripts_can_be_run() -> None:
    scripts = [f for f in files() if f.suffix == ".sh" or f.parts[0] == ".ci"]
    assert scripts
    for script in scripts:
        assert os.access(ROOT / script, os.X_OK), f"{script} is not executable"
        assert text(script).startswith("#!/usr/bin/env bash\n")
        assert "set -euo pipefail" in text(script)


def test_continuous_integration_runs_the_checks_and_the_tests() -> None:
    run = text(Path(".ci/run")).splitlines()
    assert run.index("make check") < run.index("make test")
