"""OIO Sag (KOMBIT SF1470 v6 and 1.2.STS-4, XML): the municipalities' case systems."""

from gateway.translate.oio.language import Oio

__all__ = ["Oio"]
