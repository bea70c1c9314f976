#!/usr/bin/env python3
"""Reads journals of `wasm-agent`, format version 1, with nothing but Python's standard library.

Written from `runtime/journal/FORMAT.md`, and shares no code with the program that writes journals: where both agree,
the page says enough. Slow, and meant to be read.

    journal.py show FILE                       each record as one line of JSON
    journal.py verify FILE... [--key PUB]      whether each file is whole and unchanged, as one line of JSON

Exit codes: 0 nothing is wrong, 2 not a journal, 6 not what was written.
"""

from __future__ import annotations

import argparse
import base64
import sys
import zlib
from pathlib import Path
from typing import Iterator, Optional

import ed25519
from blake3 import blake3
from cbor import Malformed
from frames import MAGIC, Frame, changed_behind, whole_frames
from records import BLOB, END, INTENT, NOTE, OUTCOME, SEAL, Object, OtherVersion, Record, Records, Seal, line

SIGNED_DOMAIN = b"wasm-agent journal seal v1\n"
PUBLIC_KEY_START = bytes.fromhex("302a300506032b6570032100")
"""What a public Ed25519 key begins with as a SubjectPublicKeyInfo (RFC 8410); its 32 bytes follow."""

RUNNING, ENDED, RECOVERED, COMPLETE = range(4)
"""How far a run is: its end may be followed by a note of a recovery, and then by a seal."""

GOOD, NO_JOURNAL, WRONG = 0, 2, 6


class NoJournal(Exception):
    """The file does not begin with the magic and header of a journal of version 1."""


class Changed(Exception):
    """A record is not what was written."""

    def __init__(self, record: int, offset: int, why: str) -> None:
        super().__init__(f"record {record} at offset {offset}: {why}")
        self.record = record
        self.offset = offset


class Journal:
    """One journal, read from its start. Reading stops with `Changed` at the first wrong record."""

    def __init__(self, data: bytes, verify: bool, key: Optional[bytes] = None) -> None:
        """`verify`: compare blobs' contents with their digests, and check signatures. `key`: demand this one's."""
        if not data.startswith(MAGIC):
            raise NoJournal("it does not begin with the magic")
        self.data = data
        self.verify = verify
        self.key = key
        self.count = 0
        self.sealed = 0
        self.sealed_end = len(MAGIC)
        self.last_seal: Optional[bytes] = None
        self.covered_from = 0, len(MAGIC)
        self.complete = False
        self.end = len(MAGIC)
        self.check = zlib.crc32(MAGIC)
        self.torn = 0
        self.open_effects: set[int] = set()

    def read(self) -> Iterator[tuple[Frame, Record]]:
        """Every record that can be believed, in order."""
        records, since_seal, stage = Records(), bytearray(MAGIC), RUNNING
        for frame in whole_frames(self.data):
            try:
                record = records.read(frame.payload)
            except OtherVersion as error:
                raise NoJournal(str(error)) from error
            except Malformed as error:
                raise Changed(self.count, frame.offset, str(error)) from error
            stage = _next_stage(stage, record)
            if stage is None:
                raise Changed(self.count, frame.offset, "it follows the end of the run")
            if self.verify and record.kind == BLOB and not _contents_match(frame, record):
                break
            if self.verify and self.key is not None and records.signed_by != self.key:
                raise Changed(self.count, frame.offset, "the header names another key, or none")
            if record.seal is not None:
                self._check_seal(record.seal, bytes(since_seal), records, frame)
                since_seal.clear()
            since_seal += frame.sealed_bytes()
            self._note_effect(record)
            self.complete = stage == COMPLETE
            self.count += 1
            self.end = frame.end
            self.check = frame.check
            yield frame, record
        self._stop()

    def _check_seal(self, seal: Seal, covered: bytes, records: Records, frame: Frame) -> None:
        if seal.records != self.count:
            raise Changed(self.count, frame.offset, f"a seal of {seal.records} records")
        if (seal.signature is None) != (records.signed_by is None):
            raise Changed(self.count, frame.offset, "a seal is signed where the header has a key, and nowhere else")
        if seal.hash != blake3(covered):
            raise Changed(*self.covered_from, "it or one behind it was changed, up to the seal")
        if self.verify and seal.signature is not None:
            signed = SIGNED_DOMAIN + records.run + seal.hash + seal.records.to_bytes(8, "little")
            if not ed25519.verify(records.signed_by, signed, seal.signature):
                raise Changed(*self.covered_from, "it or one behind it was changed, up to the signed seal")
        self.sealed, self.sealed_end, self.last_seal = self.count + 1, frame.end, seal.hash
        self.covered_from = self.count, frame.offset

    def _note_effect(self, record: Record) -> None:
        if record.kind == INTENT:
            self.open_effects.add(record.effect)
        elif record.kind == OUTCOME:
            self.open_effects.discard(record.effect)

    def _stop(self) -> None:
        """Judges what follows the last record that can be believed."""
        self.torn = len(self.data) - self.end
        if self.torn and self.complete:
            raise Changed(self.count, self.end, "it was added after the end of the run")
        if self.torn and changed_behind(self.data, self.end, self.check):
            raise Changed(self.count, self.end, "it is not what was written here")
        if self.count == 0:
            raise NoJournal("it is cut off inside its header")

    def unsealed(self) -> Optional[Object]:
        """What lies after the last seal, if anything does."""
        if self.sealed_end == len(self.data):
            return None
        return {"records": self.count - self.sealed, "torn_bytes": self.torn, "at": self.end}


def _next_stage(stage: int, record: Record) -> Optional[int]:
    """How far a run is after one more record, or `None` where none may stand."""
    if stage == RUNNING:
        return ENDED if record.kind == END else RUNNING
    if stage in (ENDED, RECOVERED) and record.kind == SEAL:
        return COMPLETE
    is_recovery = record.kind == NOTE and record.json["name"] == "recovered"
    return RECOVERED if stage == ENDED and is_recovery else None


def _contents_match(frame: Frame, record: Record) -> bool:
    return blake3(frame.payload[len(frame.sealed) :]).hex() == record.json["blake3"]


def show(path: Path) -> int:
    """Prints every record that can be believed."""
    journal = Journal(path.read_bytes(), verify=False)
    for frame, record in journal.read():
        print(line({"record": journal.count - 1, "offset": frame.offset, **record.json}))
    if not journal.complete:
        print(line({"event": "incomplete", "unsealed": journal.unsealed()}))
    return GOOD


def verify(path: Path, key: Optional[bytes]) -> int:
    """Prints whether a journal is whole and unchanged."""
    journal = Journal(path.read_bytes(), True, key)
    for _ in journal.read():
        pass
    verified = {
        "event": "verified",
        "complete": journal.complete,
        "records": journal.count,
        "sealed_records": journal.sealed,
        "bytes": len(journal.data),
        "seal": journal.last_seal and journal.last_seal.hex(),
        "unsealed": journal.unsealed(),
        "open_effects": sorted(journal.open_effects),
        "open_effects_count": len(journal.open_effects),
    }
    print(line(verified))
    # Nobody signed what follows the last seal.
    return WRONG if key is not None and journal.unsealed() else GOOD


def public_key(path: Path) -> bytes:
    """The key in a file such as `openssl pkey -pubout` writes."""
    lines = path.read_text().split()
    der = base64.b64decode("".join(lines[lines.index("KEY-----") + 1 : -3]))
    if not der.startswith(PUBLIC_KEY_START) or len(der) != len(PUBLIC_KEY_START) + 32:
        raise SystemExit(f"{path}: not a public Ed25519 key")
    return der[len(PUBLIC_KEY_START) :]


def main() -> int:
    parser = argparse.ArgumentParser(description="Reads journals of wasm-agent, format version 1.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("show").add_argument("file", type=Path, nargs=1)
    verifying = commands.add_parser("verify")
    verifying.add_argument("file", type=Path, nargs="+")
    verifying.add_argument("--key", type=Path, help="the public key that has to have signed")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8")
    verifies = arguments.command == "verify"
    key = public_key(arguments.key) if verifies and arguments.key else None
    worst = GOOD
    for path in arguments.file:
        try:
            code = verify(path, key) if verifies else show(path)
        except NoJournal as error:
            code = NO_JOURNAL
            print(line({"event": "error", "exit": code, "message": f"{path}: not a journal: {error}"}))
        except Changed as error:
            code = WRONG
            wrong = {"record": error.record, "offset": error.offset}
            print(line({"event": "error", "exit": code, "message": f"{path}: not what was written: {error}", **wrong}))
        worst = max(worst, code)
    return worst


if __name__ == "__main__":
    sys.exit(main())
