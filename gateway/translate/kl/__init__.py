"""KL's FHIR R4: the FFB order (kl-ffb-messaging) and the collections of reporting: the municipalities' social plans."""

from gateway.translate.kl.language import Kl
from gateway.translate.kl.order import is_order
from gateway.translate.kl.reports import KlReports

__all__ = ["Kl", "KlReports", "is_order"]
