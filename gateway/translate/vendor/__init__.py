"""Case systems that do not send by themselves and are asked instead (KMD Nexus, KMD Momentum): what was fetched of one
citizen is one JSON document, and the rules in mappings/<system>/<system>.yaml say what it means (docs/vendors.md)."""

from gateway.translate.vendor.language import Vendor

__all__ = ["Vendor"]
