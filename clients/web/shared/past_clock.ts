import { TIMESCALE } from "./fragment.ts";

/** What time it was at a moment of what happened before: the player's time goes on where the camera was lost, the clock does not. */

interface Anchor {
  timeS: number;
  capturedMs: number;
}

export class PastClock {
  readonly #anchors: Anchor[];

  /** @param words of the head `Sightline-Clock`: `1795200000000@36000, …`, capture time and decode time */
  constructor(words: string) {
    this.#anchors = words
      .split(",")
      .map((word) => word.trim().split("@").map(Number))
      .filter(([capturedMs, decodeTime]) => Number.isFinite(capturedMs) && Number.isFinite(decodeTime))
      .map(([capturedMs, decodeTime]) => ({ capturedMs: capturedMs!, timeS: decodeTime! / TIMESCALE }));
  }

  /** When the picture at this time of the player was taken; null when nothing is known. */
  at(timeS: number): number | null {
    const anchor = this.#anchors.findLast((one) => one.timeS <= timeS + 0.001) ?? this.#anchors[0];
    return anchor ? anchor.capturedMs + (timeS - anchor.timeS) * 1000 : null;
  }
}
