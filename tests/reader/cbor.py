"""CBOR (RFC 8949) as journals use it: FORMAT.md, section 2.

Deterministic encoding only: definite lengths, shortest heads, map keys in the order of their encoded bytes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

NESTING_MAX = 64
"""Arrays, maps and tags within one another; the record's own array is the first."""

ITEMS_MAX = 1_048_576
"""Items of one array, or entries of one map."""


class Malformed(Exception):
    """Bytes that are not what FORMAT.md allows. The text says what is wrong."""


class Map(list):
    """A map: its (key, value) pairs in order. Keys need not be texts, so this is no `dict`."""

    def get(self, name: str) -> Any:
        """The value of a key that is a text, or `None` where there is no such key."""
        for key, value in self:
            if type(key) is str and key == name:
                return value
        return None


class Tag(NamedTuple):
    """A tagged item."""

    number: int
    item: Any


def decode(data: bytes) -> Any:
    """The one item that `data` is."""
    item, end = _item(data, 0, 0)
    if end != len(data):
        raise Malformed(f"{len(data) - end} bytes follow the item")
    return item


def head(data: bytes, at: int) -> tuple[int, int, int]:
    """An item's major type and argument, and where its head ends."""
    if at >= len(data):
        raise Malformed("the item is cut off")
    major, short = data[at] >> 5, data[at] & 0x1F
    if short < 24:
        return major, short, at + 1
    if short > 27:
        raise Malformed(f"head {data[at]:#04x} has no definite length")
    size = 1 << (short - 24)
    if at + 1 + size > len(data):
        raise Malformed("the item is cut off")
    argument = int.from_bytes(data[at + 1 : at + 1 + size], "big")
    least = 24 if size == 1 else 1 << (4 * size)
    if argument < least and major != 7:
        raise Malformed(f"{argument} has a longer head than it needs")
    return major, argument, at + 1 + size


def _item(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    start = at
    major, argument, at = head(data, at)
    if major == 0:
        return argument, at
    if major == 1:
        return -1 - argument, at
    if major in (2, 3):
        end = at + argument
        if end > len(data):
            raise Malformed("the item is cut off")
        if major == 2:
            return bytes(data[at:end]), end
        try:
            return data[at:end].decode("utf-8"), end
        except UnicodeDecodeError:
            raise Malformed("a text is not UTF-8") from None
    if major == 7:
        if data[start] not in (0xF4, 0xF5, 0xF6):
            raise Malformed(f"item {data[start]:#04x} does not occur in journals")
        return {0xF4: False, 0xF5: True, 0xF6: None}[data[start]], at
    if depth == NESTING_MAX:
        raise Malformed(f"items nest deeper than {NESTING_MAX}")
    if major == 6:
        item, at = _item(data, at, depth + 1)
        return Tag(argument, item), at
    if argument > ITEMS_MAX:
        raise Malformed(f"{argument} items, more than {ITEMS_MAX}")
    if major == 4:
        items = []
        for _ in range(argument):
            item, at = _item(data, at, depth + 1)
            items.append(item)
        return items, at
    return _map(data, at, depth, argument)


def _map(data: bytes, at: int, depth: int, entries: int) -> tuple[Map, int]:
    pairs, last = Map(), b""
    for _ in range(entries):
        start = at
        key, at = _item(data, at, depth + 1)
        encoded = bytes(data[start:at])
        if encoded <= last:
            raise Malformed("map keys are not in order")
        last = encoded
        value, at = _item(data, at, depth + 1)
        pairs.append((key, value))
    return pairs, at
