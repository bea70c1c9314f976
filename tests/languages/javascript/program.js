// Files, environment, time, random numbers, standard input and requests, as a JavaScript program uses them. There is no
// `node:fs` here: files are WASI's own functions. `fetch` is the usual one.

import { getArguments, getEnvironment } from "wasi:cli/environment@0.2.12";
import { getStdin } from "wasi:cli/stdin@0.2.12";
import { getStdout } from "wasi:cli/stdout@0.2.12";
import { getDirectories } from "wasi:filesystem/preopens@0.2.12";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function print(line) {
  getStdout().blockingWriteAndFlush(encoder.encode(`${line}\n`));
}

function names(folder) {
  const found = [];
  const entries = folder.readDirectory();
  for (let entry = entries.readDirectoryEntry(); entry; entry = entries.readDirectoryEntry()) found.push(entry.name);
  return found.sort();
}

async function main() {
  const [, name, first, second, url] = getArguments();
  print(`arguments: ${first} ${second}`);
  print(`environment: ${new Map(getEnvironment()).get("GREETING")}`);
  print(`input: ${decoder.decode(getStdin().blockingRead(1024n)).trimEnd()}`);

  const [folder] = getDirectories().find(([, guest]) => guest === name);
  const input = folder.openAt({}, "in.txt", {}, { read: true });
  const [bytes] = input.read(1024n, 0n);
  const text = decoder.decode(bytes);
  const output = folder.openAt({}, "out.txt", { create: true }, { write: true });
  print(`wrote: ${output.write(encoder.encode(text + text), 0n)} bytes`);

  folder.createDirectoryAt("made");
  folder.renameAt("out.txt", folder, "made/out.txt");
  print(`names: ${names(folder).join(" ")}`);
  try {
    folder.statAt({}, "missing.txt");
  } catch (error) {
    if ((error.payload ?? error) === "no-entry") print("missing: not found");
  }

  const before = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 2));
  if (performance.now() - before >= 1 && new Date().getFullYear() > 2023) print("clock: ok");

  const numbers = () => crypto.getRandomValues(new Uint8Array(16)).join();
  if (numbers() !== numbers()) print("random: ok");

  const response = await fetch(url);
  print(`response: ${response.status} ${await response.text()}`);
}

export const run = {
  async run() {
    await main();
  },
};
