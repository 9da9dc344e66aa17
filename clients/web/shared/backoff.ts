/** How long to wait before coming back: 0.5 s, doubling to 15 s, each 20 % more or less so that not all come at once. */
export class Backoff {
  static readonly FIRST_MS = 500;
  static readonly LAST_MS = 15_000;
  static readonly JITTER = 0.2;
  #failures = 0;

  /** @param random 0 up to 1 */
  nextMs(random: number): number {
    const delay = Math.min(Backoff.FIRST_MS * 2 ** this.#failures, Backoff.LAST_MS);
    this.#failures += 1;
    return delay * (1 + Backoff.JITTER * (2 * random - 1));
  }

  reset(): void {
    this.#failures = 0;
  }
}
