/** How unevenly pictures come, and how far behind the newest one must play for that. */

/**
 * For an even stream at 25 pictures a second: one picture that is shown, and 60 ms to spare. A picture is then displayed some 70 ms
 * after it was taken (tests/bench/display.py).
 */
export const LEAST_GAP_S = 0.1;
export const MOST_GAP_S = 0.8;
const KEPT = 128;
const SPARE_S = 0.04;
const LONGEST_STEP_S = 3;
/** Sorting at every picture would be work for nothing. */
const LOOK_EVERY = 8;

export class Jitter {
  #last: { atMs: number; timeS: number } | null = null;
  #offsS: number[] = [];
  #stepS = 0;
  #count = 0;
  #targetS = LEAST_GAP_S;

  /** @param timeS when it is to be shown, on the player's time line */
  arrived(atMs: number, timeS: number): void {
    const last = this.#last;
    this.#last = { atMs, timeS };
    const stepS = last ? timeS - last.timeS : 0;
    if (!last || stepS <= 0 || stepS > LONGEST_STEP_S) return;
    this.#stepS = this.#stepS === 0 ? stepS : this.#stepS + (stepS - this.#stepS) / 8;
    this.#offsS[this.#count % KEPT] = Math.abs((atMs - last.atMs) / 1000 - stepS);
    this.#count += 1;
    if (this.#count % LOOK_EVERY === 0) this.#targetS = this.#target();
  }

  /** What comes next does not follow what came last: how long that took says nothing. */
  cut(): void {
    this.#last = null;
  }

  /** Seconds between the end of what is there and what is shown, at the moment when a picture comes. */
  get targetS(): number {
    return this.#targetS;
  }

  /** One picture until the next comes, twice what 19 of 20 are off, and something to spare. */
  #target(): number {
    const sorted = [...this.#offsS].sort((a, b) => a - b);
    const offS = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0;
    return Math.min(MOST_GAP_S, Math.max(LEAST_GAP_S, this.#stepS + 2 * offS + SPARE_S));
  }
}
