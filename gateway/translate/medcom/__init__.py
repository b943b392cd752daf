"""MedCom FHIR messages: HospitalNotification in, Acknowledgement out."""

from __future__ import annotations

from gateway.translate.medcom.language import MedCom

__all__ = ["MedCom"]
