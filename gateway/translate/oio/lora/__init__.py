"""LoRa JSON: the dialect of OIO Sag, Dokument and Indsats that Magenta's LoRa speaks over REST."""

from gateway.translate.oio.lora.address import addressed, taken_out
from gateway.translate.oio.lora.language import OioJson

__all__ = ["OioJson", "addressed", "taken_out"]
