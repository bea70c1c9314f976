"""Frames, their checks, and where a journal ends: FORMAT.md, sections 1, 3 and 5."""

from __future__ import annotations

import zlib
from typing import Iterator, NamedTuple, Optional

from cbor import Malformed, head

MAGIC = b"WAJOURN1"
HEAD_BYTES = 8
PAYLOAD_BYTES_MAX = (16 << 20) + (64 << 10)
SEARCH_BYTES = (17 << 20) + (64 << 10)
"""How far behind a wrong frame frames are looked for."""

BLOB_START = bytes.fromhex("83035820")
"""What a blob record begins with: array of three, kind 3, byte string of 32."""


class Frame(NamedTuple):
    """One frame that is wholly in the file."""

    offset: int
    check: int
    payload: bytes
    sealed: bytes
    """The payload without a blob's contents: what checks and seals cover."""

    @property
    def end(self) -> int:
        return self.offset + HEAD_BYTES + len(self.payload)

    def check_after(self, check: int) -> int:
        """The check that this frame ought to have where the one before it has `check`."""
        length = len(self.payload).to_bytes(4, "little")
        return zlib.crc32(self.sealed, zlib.crc32(length, check))

    def follows(self, check: int) -> bool:
        """Whether this frame's check is the one that comes after `check`."""
        return self.check == self.check_after(check)

    def sealed_bytes(self) -> bytes:
        """Check, length and payload, a blob's contents left out."""
        return self.check.to_bytes(4, "little") + len(self.payload).to_bytes(4, "little") + self.sealed


def frame_at(data: bytes, offset: int) -> Optional[Frame]:
    """The frame that begins at `offset`, if a whole one does. Says nothing about its check."""
    body = offset + HEAD_BYTES
    if body > len(data):
        return None
    check = int.from_bytes(data[offset : offset + 4], "little")
    length = int.from_bytes(data[offset + 4 : body], "little")
    if not 0 < length <= PAYLOAD_BYTES_MAX or body + length > len(data):
        return None
    payload = data[body : body + length]
    return Frame(offset, check, payload, payload[: _sealed_length(payload)])


def _sealed_length(payload: bytes) -> int:
    """Bytes of a payload that checks cover: all, or a blob's up to its contents."""
    contents = len(BLOB_START) + 32
    if payload.startswith(BLOB_START):
        try:
            major, length, start = head(payload, contents)
        except Malformed:
            return len(payload)
        if major == 2 and start + length == len(payload):
            return start
    return len(payload)


def whole_frames(data: bytes) -> Iterator[Frame]:
    """The frames from the start whose checks hold, each after the one before."""
    check, offset = zlib.crc32(MAGIC), len(MAGIC)
    while True:
        frame = frame_at(data, offset)
        if frame is None or not frame.follows(check):
            return
        yield frame
        check, offset = frame.check, frame.end


def changed_behind(data: bytes, offset: int, check: int) -> bool:
    """Whether frames of this journal stand behind the wrong one at `offset`: then it was changed, not torn.

    `check` is that of the last sound frame.
    """
    length = _length_that_holds(data, offset, check)
    # Where the check holds, nothing inside of the contents counts: they may be a journal themselves.
    start = offset if length is None else offset + HEAD_BYTES + length
    wrong = frame_at(data, offset)
    checks = [check, _field(data, offset)] + ([wrong.check_after(check)] if wrong is not None else [])
    places = range(start, min(len(data), offset + SEARCH_BYTES))
    return any(_begins_frames(data, at, checks) for at in places)


def _begins_frames(data: bytes, at: int, checks: list[int]) -> bool:
    """Whether a frame stands here that belongs to this journal: it follows one of these checks, or is followed."""
    frame = frame_at(data, at)
    if frame is None:
        return False
    behind = frame_at(data, frame.end)
    return any(frame.follows(check) for check in checks) or (behind is not None and behind.follows(frame.check))


def _field(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 4], "little")


def _length_that_holds(data: bytes, offset: int, check: int) -> Optional[int]:
    """The length of a wrong frame whose check holds over its sealed bytes: its blob's contents are missing or wrong."""
    body = offset + HEAD_BYTES
    length = _field(data, offset + 4)
    # Missing contents are taken for zeros here: the check does not cover them.
    start = data[body : body + len(BLOB_START) + 32 + 5]
    payload = start.ljust(length, b"\0") if len(start) <= length <= PAYLOAD_BYTES_MAX else start
    if len(payload) != length or not payload.startswith(BLOB_START):
        return None
    frame = Frame(offset, _field(data, offset), payload, payload[: _sealed_length(payload)])
    return length if frame.follows(check) else None
