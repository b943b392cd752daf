"""What was worked out lately, so that it is not worked out again: the newest so many, the oldest goes first."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Lately(OrderedDict[Key, Value]):
    """`get` as of any dict, `keep` for what it does not give. What stands in it is never more than `most`."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def keep(self, key: Key, value: Value) -> Value:
        """The value, which is known from now on."""
        if len(self) >= self._most and key not in self:
            self.popitem(last=False)
        self[key] = value
        return value
