/** Lays the camera's own times on one unbroken time line for the player, and remembers when each picture was taken. */

const LONGEST_STEP_S = 3;
const KEPT = 600;
const CLOSE_S = 0.005;
const FIRST_STEP_S = 0.04;

export class Timeline {
  #offsetS = 0;
  #lastDecodeS: number | null = null;
  #stepS = FIRST_STEP_S;
  #pictures: { timeS: number; capturedMs: number }[] = [];

  /**
   * Places a frame. A camera that was away, started again or was skipped ahead is put right behind what came before:
   * a hole would stop the player.
   *
   * @param isCut frames are missing before this one, or the camera's own time starts again
   * @returns seconds to add to the frame's own time, and whether that is a new value
   */
  place(decodeTimeS: number, capturedMs: number, isCut = false): { offsetS: number; jumped: boolean } {
    const last = this.#lastDecodeS;
    const stepS = last === null ? 0 : decodeTimeS - last;
    const jumped = last === null || isCut || stepS <= 0 || stepS > LONGEST_STEP_S;
    if (jumped) this.#offsetS = (last === null ? 0 : last + this.#offsetS + this.#stepS) - decodeTimeS;
    else this.#stepS = stepS;
    this.#lastDecodeS = decodeTimeS;
    this.#pictures.push({ timeS: decodeTimeS + this.#offsetS, capturedMs });
    if (this.#pictures.length > KEPT) this.#pictures = this.#pictures.slice(-KEPT / 2);
    return { offsetS: this.#offsetS, jumped };
  }

  /** When the picture at this time of the player was taken; nothing when it is not known any more. */
  capturedAt(timeS: number): number | null {
    for (let index = this.#pictures.length - 1; index >= 0; index -= 1) {
      const picture = this.#pictures[index];
      if (picture && picture.timeS <= timeS + CLOSE_S) return picture.capturedMs;
    }
    return null;
  }

  /** Seconds added to the times of the frame placed last. */
  get offsetS(): number {
    return this.#offsetS;
  }

  /** Time of the newest frame for the player. */
  get newestS(): number {
    return this.#pictures.at(-1)?.timeS ?? 0;
  }
}
