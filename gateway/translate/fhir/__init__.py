"""FHIR R4 on the wire: strict reading of JSON and XML, writing of both, the structure check."""

from __future__ import annotations

from gateway.translate.fhir.reading import parse, written_in
from gateway.translate.fhir.write_json import write_json
from gateway.translate.fhir.write_xml import write_xml

__all__ = ["parse", "write_json", "write_xml", "written_in"]
