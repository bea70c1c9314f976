"""Files, environment, time, random numbers, standard input and requests, as a Python program uses them.

`urllib` and `requests` need sockets, which no tool has; requests are `wasi:http`'s own functions.
"""

import os
import pathlib
import secrets
import sys
import time
from urllib.parse import urlsplit

from wit_world import exports
from wit_world.imports import outgoing_handler
from wit_world.imports.wasi_http_types import (
    Fields,
    IncomingBody,
    OutgoingRequest,
    Scheme_Http,
)


class Run(exports.Run):
    def run(self) -> None:
        main()


def main() -> None:
    folder, first, second, url = sys.argv[1:]
    folder = pathlib.Path(folder)
    print(f"arguments: {first} {second}")
    print(f"environment: {os.environ['GREETING']}")
    print(f"input: {sys.stdin.readline().rstrip()}")

    text = (folder / "in.txt").read_text()
    print(f"wrote: {(folder / 'out.txt').write_text(text * 2)} bytes")

    (folder / "made").mkdir()
    (folder / "out.txt").rename(folder / "made" / "out.txt")
    print("names:", *sorted(os.listdir(folder)))
    try:
        (folder / "missing.txt").stat()
    except FileNotFoundError:
        print("missing: not found")

    before = time.monotonic()
    time.sleep(0.001)
    if time.monotonic() - before >= 0.001 and time.gmtime().tm_year > 2023:
        print("clock: ok")
    if secrets.token_bytes(16) != secrets.token_bytes(16):
        print("random: ok")

    status, body = get(url)
    print(f"response: {status} {body.decode()}")


def get(url: str) -> tuple[int, bytes]:
    """Sends a GET request."""
    parts = urlsplit(url)
    request = OutgoingRequest(Fields())
    request.set_scheme(Scheme_Http())
    request.set_authority(parts.netloc)
    request.set_path_with_query(parts.path)
    pending = outgoing_handler.handle(request, None)
    pending.subscribe().block()
    response = pending.get().value.value
    body = response.consume()
    stream = body.stream()
    received = b""
    while len(received) < int(response.headers().get("content-length")[0]):
        received += stream.blocking_read(1024)
    stream.__exit__(None, None, None)
    IncomingBody.finish(body)
    return response.status(), received
