"""Ydelsesindeks (KOMBIT SF1490, 6.0.STS-0, XML): granted benefits and what was paid of them."""

from gateway.translate.ydelse.language import Ydelse

__all__ = ["Ydelse"]
