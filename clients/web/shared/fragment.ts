/** The binary messages of /ws/video (docs/wire.md §8): a header of 24 bytes, big-endian, and a body. */

const HEADER_BYTES = 24;
export const TIMESCALE = 90_000;

export const Kind = { INIT: 0, FRAME: 1, JPEG: 2, GAP: 3 } as const;

export interface Fragment {
  /** One of {@link Kind}, or a number from a later version of the protocol: leave those out. */
  kind: number;
  isKey: boolean;
  isDiscontinuity: boolean;
  /** Number of the size in which the pictures are sent, see rendition.ts. */
  rendition: number;
  cameraNumber: number;
  sequence: number;
  /** Milliseconds since the epoch, UTC, on the clock of the reader. */
  capturedMs: number;
  /** Seconds on the camera's own timeline. */
  decodeTimeS: number;
  body: Uint8Array<ArrayBuffer>;
}

/** Reads one message; the body is a view into it, not a copy. Throws RangeError when it is shorter than a header. */
export function readFragment(message: ArrayBuffer): Fragment {
  if (message.byteLength < HEADER_BYTES) {
    throw new RangeError(`picture message of ${message.byteLength} bytes, expected at least ${HEADER_BYTES}`);
  }
  const header = new DataView(message, 0, HEADER_BYTES);
  const flags = header.getUint8(1);
  return {
    kind: header.getUint8(0),
    isKey: (flags & 1) !== 0,
    isDiscontinuity: (flags & 2) !== 0,
    rendition: (flags >> 4) & 7,
    cameraNumber: header.getUint16(2),
    sequence: header.getUint32(4),
    capturedMs: header.getFloat64(8),
    decodeTimeS: Number(header.getBigUint64(16)) / TIMESCALE,
    body: new Uint8Array(message, HEADER_BYTES),
  };
}
