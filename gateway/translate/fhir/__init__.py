"""FHIR R4 on the wire: strict reading of JSON and XML, writing of both, the structure check."""

from __future__ import annotations

from gateway.translate.fhir.reading import parse, parse_message, written_in
from gateway.translate.fhir.write_json import write_json
from gateway.translate.fhir.write_xml import write_xml

__all__ = ["parse", "parse_message", "write_json", "write_xml", "written_in"]
