"""Whatever a plan's title and text hold, an OIO case carries what XML can."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.translate.oio.written import case, patient, plan, team


@given(st.text(max_size=400), st.text(max_size=400))
def test_any_title_is_carried_as_far_as_xml_can(title: str, text: str) -> None:
    found = case(patient(), plan(title=title, description=text), team()).first("AttributListe", "Egenskaber")
    assert found is not None
    assert len(found.said("Titel")) <= 255
