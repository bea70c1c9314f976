"""CBOR (RFC 8949) as journals use it: FORMAT.md, section 2. Definite lengths, no floats, few tags."""

from __future__ import annotations

from typing import Any, NamedTuple

PAYLOAD_TAG = 44601

NESTING_MAX = 64
"""Arrays, maps and tags within one another; the record's own array is the first."""


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
        return payload(Tag(argument, item)), at
    if major == 4:
        items = []
        for _ in range(argument):
            item, at = _item(data, at, depth + 1)
            items.append(item)
        return items, at
    pairs = Map()
    for _ in range(argument):
        key, at = _item(data, at, depth + 1)
        value, at = _item(data, at, depth + 1)
        pairs.append((key, value))
    return pairs, at


def payload(tag: Tag) -> Tag:
    """A tag, which has to be that of bytes that stand elsewhere: FORMAT.md, section 4."""
    fields = tag.item if type(tag.item) is list else []
    lengths = all(type(field) is int and field >= 0 for field in fields[1:])
    is_digest = fields and type(fields[0]) is bytes and len(fields[0]) == 32
    if tag.number != PAYLOAD_TAG or len(fields) not in (2, 3) or not is_digest or not lengths:
        raise Malformed(f"tag {tag.number} of {fields}")
    return tag
