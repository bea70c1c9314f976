"""Records and what they look like as JSON: FORMAT.md, sections 2, 4 and 6."""

from __future__ import annotations

import base64
import json
from typing import Any, Callable, NamedTuple, Optional

from blake3 import blake3
from cbor import Malformed, Map, Tag, decode

HEADER, FUNCTION, LABEL, BLOB, CALL, INTENT, OUTCOME, ASKED, SETTLED, NOTE, SEAL, END = range(12)

NAMES_MAX = 1024
NAME_BYTES_MAX = 256
PARAMETERS_MAX = 32
ENTRIES_MAX = 64
LIST_ITEMS_MAX = 1_048_576
BLOB_BYTES_MAX = 16 << 20
ITEMS_SHOWN_MAX = 65_536
WRAP = 1 << 64



class OtherVersion(Malformed):
    """A header of a version that this reader does not know."""


Json = Any
Object = dict[str, Json]


# Checks of single items. Each returns what it was given, or what stands for it in JSON.


def integer(item: Any) -> int:
    """A number of 64 bits with a sign."""
    if type(item) is not int or not -(1 << 63) <= item < 1 << 63:
        raise Malformed(f"{_kind(item)} where an integer of 64 bits belongs")
    return item


def unsigned(item: Any) -> int:
    if type(item) is not int or item < 0:
        raise Malformed(f"{_kind(item)} where nothing negative belongs")
    return item


def text(item: Any) -> str:
    if type(item) is not str:
        raise Malformed(f"{_kind(item)} where a text belongs")
    return item


def name(item: Any) -> str:
    if len(text(item).encode()) > NAME_BYTES_MAX:
        raise Malformed(f"a name of more than {NAME_BYTES_MAX} bytes")
    return item


def boolean(item: Any) -> bool:
    if type(item) is not bool:
        raise Malformed(f"{_kind(item)} where `true` or `false` belongs")
    return item


def octets(item: Any, length: Optional[int] = None) -> bytes:
    if type(item) is not bytes or length not in (None, len(item)):
        raise Malformed(f"{_kind(item)} where a byte string of {length} belongs")
    return item


def digest(item: Any) -> str:
    return octets(item, 32).hex()


def run_id(item: Any) -> str:
    return octets(item, 16).hex()


def array(item: Any, length: Optional[int] = None) -> list[Any]:
    if type(item) is not list or length not in (None, len(item)):
        raise Malformed(f"{_kind(item)} where an array belongs")
    return item


def mapping(item: Any) -> Map:
    """A map that belongs to the record itself: its keys are texts, and there are few."""
    if type(item) is not Map or len(item) > ENTRIES_MAX:
        raise Malformed(f"{_kind(item)} where a map belongs")
    for key, _ in item:
        text(key)
    return item


def listed(item: Any) -> list[Any]:
    if len(array(item)) > LIST_ITEMS_MAX:
        raise Malformed(f"a list of {len(item)} items")
    return item


def texts(item: Any) -> list[str]:
    return [text(one) for one in listed(item)]


def pairs(item: Any, value: Callable[[Any], Any]) -> list[list[Any]]:
    found = [array(one, 2) for one in listed(item)]
    return [[text(one[0]), value(one[1])] for one in found]


def one_of(*words: str) -> Callable[[Any], str]:
    def check(item: Any) -> str:
        if text(item) not in words:
            raise Malformed(f"`{item}`, expected one of {', '.join(words)}")
        return item

    return check


def optional(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda item: None if item is None else check(item)


def member(item: Map, key: str, check: Callable[[Any], Any]) -> Any:
    """A member that has to be there."""
    found = [value for other, value in item if other == key]
    if not found:
        raise Malformed(f"the map has no `{key}`")
    return check(found[0])


def member_if_there(item: Map, key: str, check: Callable[[Any], Any]) -> Any:
    is_there = any(other == key for other, _ in item)
    return member(item, key, check) if is_there else None


def _kind(item: Any) -> str:
    return {bytes: "a byte string", str: "a text", list: "an array", Map: "a map"}.get(type(item), repr(item))


# Items as JSON: the end of section 6.


def item_json(item: Any) -> Json:
    return {"items_over": ITEMS_SHOWN_MAX} if count(item) > ITEMS_SHOWN_MAX else part_json(item)


def count(item: Any) -> int:
    """How many items stand in one, itself and the keys of maps counted."""
    if type(item) is list:
        return 1 + sum(count(one) for one in item)
    if type(item) is Map:
        return 1 + sum(count(key) + count(value) for key, value in item)
    return 1


def part_json(item: Any) -> Json:
    if type(item) is int:
        return item if item >= -(1 << 63) else str(item)
    if type(item) is bytes:
        return bytes_json(item)
    if type(item) is list:
        return [part_json(one) for one in item]
    if type(item) is Map:
        return {key_json(key): part_json(value) for key, value in item}
    if type(item) is Tag:
        return payload_json(item)
    return item


def key_json(key: Any) -> str:
    return key if type(key) is str else line(part_json(key))


def bytes_json(item: bytes) -> Object:
    shown: Object = {"length": len(item), "blake3": blake3(item).hex()}
    try:
        return {**shown, "text": item.decode("utf-8")}
    except UnicodeDecodeError:
        return {**shown, "base64": base64.b64encode(item).decode()}


def payload_json(tag: Tag) -> Object:
    """Bytes that stand elsewhere, or nowhere: section 4."""
    digest, length, *offset = tag.item
    shown = {"blake3": digest.hex(), "length": length}
    return {**shown, "stored_at": offset[0]} if offset else shown


def line(value: Json) -> str:
    """One line of JSON, keys in order."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Seal(NamedTuple):
    hash: bytes
    records: int
    signature: Optional[bytes]


class Record(NamedTuple):
    """One record, and its members as JSON. `effect` and `seal` are for whoever verifies."""

    kind: int
    json: Object
    effect: Optional[int] = None
    seal: Optional[Seal] = None


class Records:
    """Reads records in order, and keeps what later ones refer to."""

    def __init__(self) -> None:
        self.run: Optional[bytes] = None
        self.signed_by: Optional[bytes] = None
        self.functions: list[tuple[str, list[str]]] = []
        self.labels: list[str] = []
        self.calls = 0
        self.time = 0
        self.fuel = 0

    def read(self, payload: bytes) -> Record:
        """The record that a frame's payload is."""
        fields = array(decode(payload))
        kind = fields[0] if fields else None
        if type(kind) is not int or kind not in _READERS:
            raise Malformed(f"{kind!r} is no kind of record")
        event, counts, read = _READERS[kind]
        if len(fields) - 1 not in counts:
            raise Malformed(f"a {event} record of {len(fields)} items")
        if (kind == HEADER) != (self.run is None):
            raise Malformed("the header is the first record, and no other")
        if kind in _TIMED:
            self.time = (self.time + integer(fields[1])) % WRAP
        record = read(self, fields[1:])
        timed = {"at_ns": self.time} if kind in _TIMED else {}
        # A member that has no value is left out, further in it is `null`.
        shown = {key: value for key, value in record.json.items() if value is not None}
        return record._replace(kind=kind, json={"event": event, **timed, **shown})

    def _header(self, fields: list[Any]) -> Record:
        header = mapping(fields[0])
        if member(header, "version", unsigned) != 1:
            raise OtherVersion(f"format version {member(header, 'version', unsigned)}")
        self.run = member(header, "run", lambda item: octets(item, 16))
        self.signed_by = member_if_there(header, "signed-by", lambda item: octets(item, 32))
        shown = {
            "run": member(header, "run", run_id),
            "parent": member_if_there(header, "parent", run_id),
            "component": {
                "name": member(header, "component-name", text),
                "sha256": member(header, "component", digest),
            },
            "policy": {"text": member(header, "policy", text), "digest": member(header, "policy-digest", digest)},
            "invocation": member(header, "invocation", self._invocation),
            "arguments": member(header, "arguments", texts),
            "environment": member(header, "environment", lambda item: pairs(item, text)),
            "limits": dict(member(header, "limits", lambda item: pairs(item, unsigned))),
            "engine": member(header, "engine", text),
            "approver": member(header, "approver", text),
            "started_ns": member(header, "started", unsigned),
            "signed_by": member_if_there(header, "signed-by", digest),
            "redaction": member_if_there(header, "redaction", redaction),
        }
        return Record(HEADER, shown)

    def _invocation(self, item: Any) -> Object:
        words = texts(item)
        if words == ["command"]:
            return {"kind": "command"}
        if len(words) == 3 and words[0] == "call":
            return {"kind": "call", "export": words[1], "arguments": words[2]}
        raise Malformed("an invocation is neither a command nor a call")

    def _function(self, fields: list[Any]) -> Record:
        if unsigned(fields[0]) != len(self.functions) or len(self.functions) == NAMES_MAX:
            raise Malformed(f"function {fields[0]} where {len(self.functions)} is next")
        parameters = [name(parameter) for parameter in array(fields[2])]
        if len(parameters) > PARAMETERS_MAX:
            raise Malformed(f"a function with {len(parameters)} parameters")
        self.functions.append((name(fields[1]), parameters))
        return Record(FUNCTION, {"id": fields[0], "name": fields[1], "parameters": parameters})

    def _label(self, fields: list[Any]) -> Record:
        if unsigned(fields[0]) != len(self.labels) or len(self.labels) == NAMES_MAX:
            raise Malformed(f"label {fields[0]} where {len(self.labels)} is next")
        self.labels.append(name(fields[1]))
        return Record(LABEL, {"id": fields[0], "text": fields[1]})

    def _blob(self, fields: list[Any]) -> Record:
        contents = octets(fields[1])
        if len(contents) > BLOB_BYTES_MAX:
            raise Malformed(f"a blob of {len(contents)} bytes")
        return Record(BLOB, {"length": len(contents), "blake3": digest(fields[0])})

    def _call(self, fields: list[Any]) -> Record:
        _, function, fuel, duration, arguments, outcome, *decision = fields
        if unsigned(function) >= len(self.functions):
            raise Malformed(f"function {function}, of {len(self.functions)}")
        called, parameters = self.functions[function]
        given = item_json(arguments)
        is_named = type(given) is list and len(given) == len(parameters)
        self.fuel = (self.fuel + integer(fuel)) % WRAP
        self.calls += 1
        shown = {
            "call": self.calls - 1,
            "function": called,
            "arguments": dict(zip(parameters, given)) if is_named else given,
            "decision": self._decision(decision[0]) if decision else None,
            "fuel": self.fuel,
            "duration_ns": unsigned(duration),
            "outcome": item_json(outcome),
        }
        return Record(CALL, shown)

    def _decision(self, item: Any) -> Object:
        verdict, grant, reason, *action = array(item) if len(array(item)) == 4 else array(item, 3)
        if type(verdict) is not int or verdict not in (0, 1, 2):
            raise Malformed(f"{verdict!r} is no verdict")
        word = ("allow", "ask", "deny")[verdict]
        shown = {"verdict": word, "grant": self._label_or_text(grant), "reason": self._label_or_text(reason)}
        return {**shown, "action": item_json(action[0])} if action else shown

    def _label_or_text(self, item: Any) -> Optional[str]:
        if type(item) is int:
            if not 0 <= item < len(self.labels):
                raise Malformed(f"label {item}, of {len(self.labels)}")
            return self.labels[item]
        return optional(text)(item)

    def _intent(self, fields: list[Any]) -> Record:
        _, effect, call, item = fields
        intent = mapping(item)
        shown = {
            "effect": unsigned(effect),
            "call": unsigned(call),
            "action": member(intent, "action", item_json),
            "digest": member(intent, "digest", digest),
            "decision": member(intent, "decision", lambda item: self._decision(array(item, 3))),
            "approval": member_if_there(intent, "approval", approval),
            "irreversible": member(intent, "irreversible", boolean),
            "before": member_if_there(intent, "before", before),
        }
        return Record(INTENT, shown, effect)

    def _outcome(self, fields: list[Any]) -> Record:
        _, effect, result, detail, *extra = fields
        shown = {
            "effect": unsigned(effect),
            "result": one_of("done", "failed", "denied")(result),
            "detail": optional(text)(detail),
            "extra": item_json(extra[0]) if extra else None,
        }
        return Record(OUTCOME, shown, effect)

    def _asked(self, fields: list[Any]) -> Record:
        _, effect, call, item = fields
        asked = mapping(item)
        shown = {
            "effect": unsigned(effect),
            "call": unsigned(call),
            "action": member(asked, "action", item_json),
            "digest": member(asked, "digest", digest),
            "approver": member(asked, "approver", text),
            "timeout_ns": member(asked, "timeout", unsigned),
        }
        return Record(ASKED, shown)

    def _settled(self, fields: list[Any]) -> Record:
        _, effect, item = fields
        return Record(SETTLED, {"effect": unsigned(effect), "approval": approval(item)})

    def _note(self, fields: list[Any]) -> Record:
        return Record(NOTE, {"name": text(fields[1]), "text": text(fields[2])})

    def _seal(self, fields: list[Any]) -> Record:
        signature = octets(fields[2]) if len(fields) == 3 else None
        seal = Seal(octets(fields[0], 32), unsigned(fields[1]), signature)
        shown = {
            "hash": seal.hash.hex(),
            "records": seal.records,
            "signature": None if signature is None else signature.hex(),
        }
        return Record(SEAL, shown, seal=seal)

    def _end(self, fields: list[Any]) -> Record:
        end = mapping(fields[1])
        shown = {
            "result": member(end, "result", result),
            "fuel": member(end, "fuel", unsigned),
            "calls": member(end, "calls", unsigned),
            "waited_ns": member(end, "waited", unsigned),
            "memory_high_bytes": member(end, "memory", unsigned),
        }
        return Record(END, shown)


def before(item: Any) -> Object:
    file = mapping(item)
    return {"length": member(file, "length", unsigned), "blake3": member_if_there(file, "blake3", digest)}


def redaction(item: Any) -> Object:
    copied = mapping(item)
    return {
        "seal": member(copied, "seal", digest),
        "records": member(copied, "records", unsigned),
        "signed_by": member_if_there(copied, "signed-by", digest),
        "taken_out": member(copied, "taken-out", texts),
    }


def approval(item: Any) -> Object:
    settled = mapping(item)
    return {
        "answer": member(settled, "answer", one_of("approved", "refused", "stopped", "timed-out", "broken")),
        "approver": member(settled, "approver", text),
        "reason": member_if_there(settled, "reason", text),
        "waited_ns": member(settled, "waited", unsigned),
        "remember": member(settled, "remember", one_of("once", "run")),
    }


def result(item: Any) -> Object:
    kind, *fields = array(item) or [None]
    members = {
        "exited": {"code": integer},
        "returned": {"wave": text, "json": optional(text)},
        "trapped": {"message": text},
        "limit": {"which": text},
        "stopped": {"message": text},
        "host-failed": {"message": text},
    }.get(kind if type(kind) is str else "")
    if members is None or len(fields) != len(members):
        raise Malformed("the result is none that a run can have")
    return {"kind": kind, **{key: check(field) for (key, check), field in zip(members.items(), fields)}}


_READERS = {
    HEADER: ("header", (1,), Records._header),
    FUNCTION: ("function", (3,), Records._function),
    LABEL: ("label", (2,), Records._label),
    BLOB: ("blob", (2,), Records._blob),
    CALL: ("call", (6, 7), Records._call),
    INTENT: ("intent", (4,), Records._intent),
    OUTCOME: ("outcome", (4, 5), Records._outcome),
    ASKED: ("approval-asked", (4,), Records._asked),
    SETTLED: ("approval-settled", (3,), Records._settled),
    NOTE: ("note", (3,), Records._note),
    SEAL: ("seal", (2, 3), Records._seal),
    END: ("end", (2,), Records._end),
}
_TIMED = (CALL, INTENT, OUTCOME, ASKED, SETTLED, NOTE, END)
