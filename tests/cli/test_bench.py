"""The figures can be measured: every one comes out, as a positive number. How large they are is no test's business."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway import bootstrap
from gateway.cli import main, serve
from gateway.cli.benching import languages, population, second
from gateway.cli.benching.figure import Figure, in_turns
from gateway.cli.benching.http_lane import request
from gateway.cli.translate import SECRET
from gateway.settings import Settings


def measured(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, dict[str, object]]:
    assert main(["bench", "--quick", "--json", *words]) == 0
    out, progress = capsys.readouterr()
    assert "round 1 of 1" in progress
    return dict(json.loads(out)["figures"])


def test_every_figure_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    figures = measured(capsys)
    named = [one.name for one in languages.LANGUAGES]
    last = "decision verify auditor suspicion search intake read share page record tree memory".split()
    assert list(figures) == ["translate", *named, *last]
    for name in figures.keys() - {"memory", "suspicion"}:
        told = figures[name]
        assert all(float(str(told[part])) > 0 for part in ("ratio", "ours", "floor"))
        assert told["how"]
    assert float(str(figures["memory"]["peak"])) >= float(str(figures["memory"]["before"])) > 0


def test_one_figure_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(measured(capsys, "--only", "translate")) == ["translate"]


def test_the_words_of_a_person_name_the_goal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--quick", "--only", "translate"]) == 0
    assert "of the floor (goal 100" in capsys.readouterr().out


def test_rounds_take_turns() -> None:
    order: list[str] = []

    def side(name: str, rate: float) -> float:
        order.append(name)
        return rate

    rounds = in_turns("x", 3, lambda _: side("ours", 3.0), lambda _: side("floor", 4.0))
    assert order == ["ours", "floor", "floor", "ours", "ours", "floor"]
    assert rounds == ((3.0, 4.0),) * 3


def test_a_ratio_is_that_of_neighbours() -> None:
    """When the machine is slow in one round it is slow for both sides."""
    figure = Figure("x", 0.4, "reads/s", "", ((100, 200), (10, 20), (90, 300)))
    assert figure.ratio == 0.5
    assert figure.spread == (0.3, 0.5)
    assert figure.told()["met"] is True


def test_each_citizen_is_somebody_else() -> None:
    """Two admissions that shared a number would be one citizen, or one stay."""
    spoken = bootstrap.read_rules(Settings().mappings_folder, SECRET).languages
    one, other = (spoken.of("hl7v2").translate(population.admission(number)) for number in (1, 2))
    assert not {i.key for i in one.citizen} & {i.key for i in other.citizen}
    assert not {s.key for s in one.statements} & {s.key for s in other.statements}
    assert one.message_id != other.message_id
    case = spoken.of("oio").translate(population.case(1))
    assert case.citizen[0] == one.citizen[0]


def test_nobody_has_the_number_of_a_synthetic_citizen() -> None:
    assert population.cpr(7) == "9900000007"


def test_a_consent_holds_today() -> None:
    consent = json.loads(population.consent("abc"))
    period = consent["provision"]["period"]
    assert consent["dateTime"] == period["start"] < period["end"]
    assert consent["patient"]["reference"] == "Patient/abc"


def test_a_request_goes_over_the_wire_as_http_wants_it() -> None:
    assert request("GET", "/x", {"Accept": "y"}) == b"GET /x HTTP/1.1\r\nHost: gateway\r\nAccept: y\r\n\r\n"
    assert request("POST", "/x", {}, b"ab").endswith(b"Content-Length: 2\r\n\r\nab")


def test_the_fixtures_stand_where_they_are_read() -> None:
    folder = Path(__file__).parents[2] / "fixtures" / "bench"
    assert {path.name for path in folder.iterdir()} == {"adt_a01.hl7", "case.xml", "consent.json"}


def test_a_gateway_that_is_compared_with_is_served_like_the_one_that_is_measured() -> None:
    """On another server, or with a collector that looks through all rules it would be slower for no fault of a look."""
    assert (second.Server, second.settle) == (serve.Server, serve.settle)
