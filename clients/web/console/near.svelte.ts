import { api } from "../shared/api.ts";
import type { Candidate, Nearest } from "../shared/items.ts";

/** The cameras around a place, as the server ranks them: it knows which work, where they look and what their last check found. */

const TRY_AGAIN_MS = 2_000;
/** Which camera works changes while somebody looks. */
const LOOK_AGAIN_MS = 10_000;
/** The server looks no farther around. */
const MOST_RADIUS_M = 5_000;

export class Near {
  /** Best first; null before the first answer. */
  cameras: Candidate[] | null = $state.raw(null);
  /** "No working view of this point."; empty when it is seen. */
  message = $state("");
  /** The server did not answer the last time: what is here may not be so any more. */
  isUnsure = $state(false);
  #again: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  /** Looks until the function that is returned is called. */
  look(place: { lat: number; lon: number }, radiusM: number | null, count: number): () => void {
    const turn = (this.#turn += 1);
    const ask = async (): Promise<void> => {
      const found = await api.nearest(place, radiusM === null ? null : Math.min(MOST_RADIUS_M, radiusM), count).catch(() => null);
      if (turn !== this.#turn) return;
      this.#heard(found);
      this.#again = setTimeout(() => void ask(), found ? LOOK_AGAIN_MS : TRY_AGAIN_MS);
    };
    void ask();
    return () => {
      this.#turn += 1;
      clearTimeout(this.#again);
    };
  }

  #heard(found: Nearest | null): void {
    this.isUnsure = found === null;
    if (!found) return;
    this.cameras = found.cameras;
    this.message = found.message;
  }
}
