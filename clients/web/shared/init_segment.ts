/** What an init segment says of itself. */

const HEAD_BYTES = 8;
/** By the name of the box: H.264 (ISO 14496-15 §5.3.3.1), H.265 (§8.3.3.1). */
const CODECS: Record<string, (configuration: Uint8Array<ArrayBuffer>) => string> = { avcC: h264, hvcC: h265 };

export interface Configuration {
  /** As RFC 6381 writes it: `avc1.42C01F`. */
  codec: string;
  /** Content of `avcC` or `hvcC`: what a VideoDecoder takes as description. */
  description: Uint8Array<ArrayBuffer>;
}

/** Nothing when it is neither H.264 nor H.265. */
export function configurationOf(body: Uint8Array<ArrayBuffer>): Configuration | null {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  for (let at = 0; at + HEAD_BYTES <= body.length; at += 1) {
    const name = String.fromCharCode(...body.subarray(at + 4, at + HEAD_BYTES));
    const codec = CODECS[name];
    const length = codec ? view.getUint32(at) : 0;
    if (!codec || length <= HEAD_BYTES || at + length > body.length) continue;
    const description = body.subarray(at + HEAD_BYTES, at + length);
    return { codec: codec(description), description };
  }
  return null;
}

/** For when the `init` text before it does not say it; empty when it is neither H.264 nor H.265. */
export function codecOf(body: Uint8Array<ArrayBuffer>): string {
  return configurationOf(body)?.codec ?? "";
}

/** After the version: profile, compatibility, level. */
function h264(configuration: Uint8Array): string {
  return `avc1.${hex(configuration.subarray(1, 4)).toUpperCase()}`;
}

/** ISO 14496-15 Annex E.3: profile, its compatibility flags backwards, tier and level, constraints without zeros at the end. */
function h265(configuration: Uint8Array<ArrayBuffer>): string {
  const view = new DataView(configuration.buffer, configuration.byteOffset, configuration.byteLength);
  const profile = view.getUint8(1);
  const space = ["", "A", "B", "C"][profile >> 6];
  const tier = (profile & 0x20) === 0 ? "L" : "H";
  const constraints = Array.from(configuration.subarray(6, 12));
  while (constraints.at(-1) === 0) constraints.pop();
  const parts = [`${space}${profile & 0x1f}`, backwards(view.getUint32(2)).toString(16).toUpperCase(), `${tier}${view.getUint8(12)}`];
  return ["hvc1", ...parts, ...constraints.map((byte) => byte.toString(16).toUpperCase())].join(".");
}

/** The 32 bits, the last first. */
function backwards(flags: number): number {
  let turned = 0;
  for (let bit = 0; bit < 32; bit += 1) turned = (turned << 1) | ((flags >>> bit) & 1);
  return turned >>> 0;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
