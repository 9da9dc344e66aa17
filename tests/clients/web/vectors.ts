import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The examples of docs/wire.md that all clients and the server read: tests/vectors/wire. */

const FOLDER = join(process.env.SIGHTLINE_ROOT ?? "../..", "tests/vectors/wire");

type Messages = Record<string, Record<string, unknown>>;

export function textVectors(file: string): { server: Messages; client: Messages } {
  return JSON.parse(readFileSync(join(FOLDER, `${file}.json`), "utf-8"));
}

export interface BinaryVector {
  file: string;
  kind: number;
  flags: number;
  camera_number: number;
  sequence: number;
  captured_ms: number;
  dts: string;
  body_length: number;
  body_starts_with: string;
}

export function binaryVectors(): Record<string, BinaryVector> {
  return JSON.parse(readFileSync(join(FOLDER, "binary.json"), "utf-8"));
}

export function binaryMessage(file: string): ArrayBuffer {
  const bytes = readFileSync(join(FOLDER, file));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}
