/** What an init segment says of itself, for when the `init` text before it does not. */

const AVCC = [0x61, 0x76, 0x63, 0x43]; // "avcC"

/** `avc1.` and three bytes in hexadecimal (RFC 6381); empty when it is no H.264. */
export function codecOf(body: Uint8Array): string {
  for (let at = 0; at + 8 <= body.length; at += 1) {
    if (!AVCC.every((byte, offset) => body[at + offset] === byte)) continue;
    // After the version: profile, compatibility, level (ISO 14496-15 §5.3.3.1).
    const profile = Array.from(body.subarray(at + 5, at + 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
    return `avc1.${profile.toUpperCase()}`;
  }
  return "";
}
