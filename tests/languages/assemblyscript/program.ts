// Environment, time, random numbers and standard input, as an AssemblyScript program uses them. The standard library
// has no files: they are WASI's own functions.

import {
  errno,
  fd,
  fd_read,
  fd_readdir,
  fd_write,
  fd_close,
  filestat,
  oflags,
  path_create_directory,
  path_filestat_get,
  path_open,
  path_rename,
  rights,
} from "@assemblyscript/wasi-shim/assembly/bindings/wasi_snapshot_preview1";

/** The first folder that is granted. */
const FOLDER: fd = 3;

function open(name: string, how: u16, may: u64): fd {
  const text = String.UTF8.encode(name);
  const opened = new StaticArray<u32>(1);
  const to = changetype<usize>(opened);
  assert(path_open(FOLDER, 0, changetype<usize>(text), text.byteLength, how, may, 0, 0, to) == errno.SUCCESS);
  return opened[0];
}

/** Moves bytes from or to a file, by a vector of one buffer. */
function move(file: fd, bytes: ArrayBuffer, write: bool): i32 {
  const vector: StaticArray<u32> = [changetype<usize>(bytes) as u32, bytes.byteLength as u32];
  const moved = new StaticArray<u32>(1);
  const failed = write
    ? fd_write(file, changetype<usize>(vector), 1, changetype<usize>(moved))
    : fd_read(file, changetype<usize>(vector), 1, changetype<usize>(moved));
  assert(failed == errno.SUCCESS);
  return moved[0];
}

function names(): string[] {
  const buffer = new ArrayBuffer(4096);
  const used = new StaticArray<u32>(1);
  assert(fd_readdir(FOLDER, changetype<usize>(buffer), 4096, 0, changetype<usize>(used)) == errno.SUCCESS);
  const found: string[] = [];
  // An entry has 24 bytes, the length of the name at 16, and the name behind.
  for (let at: usize = changetype<usize>(buffer), end = at + used[0]; at < end; ) {
    const length = load<u32>(at, 16);
    const name = String.UTF8.decodeUnsafe(at + 24, length);
    if (!name.startsWith(".")) found.push(name);
    at += 24 + length;
  }
  return found.sort();
}

function main(): void {
  console.log("arguments: " + process.argv[2] + " " + process.argv[3]);
  console.log("environment: " + process.env.get("GREETING"));

  const line = new ArrayBuffer(100);
  const length = process.stdin.read(line);
  console.log("input: " + String.UTF8.decode(line.slice(0, length)).trimEnd());

  const text = new ArrayBuffer(100);
  const input = open("in.txt", 0, rights.FD_READ);
  const half = text.slice(0, move(input, text, false));
  fd_close(input);
  const output = open("out.txt", oflags.CREAT, rights.FD_WRITE);
  const wrote = move(output, half, true) + move(output, half, true);
  fd_close(output);
  console.log("wrote: " + wrote.toString() + " bytes");

  const made = String.UTF8.encode("made");
  const from = String.UTF8.encode("out.txt");
  const to = String.UTF8.encode("made/out.txt");
  const missing = String.UTF8.encode("missing.txt");
  assert(path_create_directory(FOLDER, changetype<usize>(made), made.byteLength) == errno.SUCCESS);
  assert(
    path_rename(FOLDER, changetype<usize>(from), from.byteLength, FOLDER, changetype<usize>(to), to.byteLength) ==
      errno.SUCCESS,
  );
  console.log("names: " + names().join(" "));
  const stat = new ArrayBuffer(64);
  if (
    path_filestat_get(FOLDER, 0, changetype<usize>(missing), missing.byteLength, changetype<filestat>(stat)) ==
    errno.NOENT
  ) {
    console.log("missing: not found");
  }

  const before = process.hrtime();
  while (process.hrtime() - before < 1_000_000) {}
  if (Date.now() > 1_704_067_200_000) console.log("clock: ok");

  const first = new Uint8Array(16);
  const second = new Uint8Array(16);
  crypto.getRandomValues(first);
  crypto.getRandomValues(second);
  if (memory.compare(first.dataStart, second.dataStart, 16) != 0) console.log("random: ok");
  process.exit(3);
}

main();
