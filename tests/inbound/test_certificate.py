"""What a sender's certificate calls it, and what a door's TLS is made of."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from gateway.errors import SettingsError
from gateway.inbound.certificate import door_context, names_of, subject_of
from tests.certificates import authority, signed

NOTHING = Path()


def certificate(common: str, organisation: str = "Region Test", **other: object) -> dict[str, object]:
    """A verified certificate as `ssl` tells it."""
    subject = ((("countryName", "DK"),), (("organizationName", organisation),), (("commonName", common),))
    return {"subject": subject, **other}


def test_all_its_names() -> None:
    told = certificate("epj", subjectAltName=(("DNS", "epj.example"), ("URI", "urn:oid:1.2.3")))
    assert subject_of(told) == "CN=epj,O=Region Test,C=DK"
    assert names_of(told) == ("CN=epj,O=Region Test,C=DK", "CN=epj", "epj.example", "urn:oid:1.2.3")


def test_no_certificate_has_no_name() -> None:
    assert names_of({}) == ()
    assert subject_of({}) == ""


@pytest.mark.parametrize("value", ["x,CN=epj", "x+CN=epj", "x\\,CN=epj", 'x",CN=epj'])
def test_no_value_reads_as_another_name(value: str) -> None:
    names = names_of(certificate("stranger", value)) + names_of(certificate(value))
    assert "CN=epj" not in names
    assert not any(name.startswith("CN=epj,") for name in names)


def test_an_organisation_is_no_name_of_its_own() -> None:
    assert "O=Region Test" not in names_of(certificate("epj"))


def test_without_a_certificate_there_is_no_tls() -> None:
    assert door_context(NOTHING, NOTHING, NOTHING) is None


def test_senders_must_show_a_certificate_where_authorities_are_named(tmp_path: Path) -> None:
    own = signed(tmp_path, "door")
    mutual = door_context(own.certificate, own.key, authority(tmp_path))
    assert mutual is not None
    assert mutual.verify_mode is ssl.CERT_REQUIRED
    assert mutual.minimum_version >= ssl.TLSVersion.TLSv1_2
    plain = door_context(own.certificate, own.key, NOTHING)
    assert plain is not None
    assert plain.verify_mode is ssl.CERT_NONE


def test_what_does_not_fit_ends_the_start(tmp_path: Path) -> None:
    own, other = signed(tmp_path, "door"), signed(tmp_path, "other")
    locked = signed(tmp_path, "locked", secret=b"a secret")
    junk = tmp_path / "junk.pem"
    junk.write_text("no certificate")
    for files in (
        (own.certificate, other.key, NOTHING),
        (own.certificate, NOTHING, NOTHING),
        (locked.certificate, locked.key, NOTHING),
        (tmp_path / "none.pem", own.key, NOTHING),
        (own.certificate, own.key, junk),
        (own.certificate, own.key, tmp_path / "none.pem"),
        (NOTHING, own.key, NOTHING),
        (NOTHING, NOTHING, authority(tmp_path)),
    ):
        with pytest.raises(SettingsError) as caught:
            door_context(*files)
        assert "GATEWAY_TLS_CERTIFICATE" in caught.value.told()
