import { periodMs, type Rendition } from "./rendition.ts";
import { type TileState, tileState } from "./tile_state.ts";
import type { ServerClock } from "./time.ts";
import type { CameraState } from "./items.ts";

/** What is known of the picture that is seen: when it was taken, when it was painted, and what is wrong. */

const RATE_WINDOW_MS = 2_000;

export class Sight {
  camera: CameraState | null = null;
  linkIsOpen = true; // until we hear otherwise
  /** Why the server or this browser does not show the camera; empty otherwise. */
  refusal = "";
  /** The reader lost its camera after the newest picture. */
  wasCut = false;
  readonly #clock: ServerClock;
  #capturedMs: number | null = null;
  #paintedMs = 0;
  #recent: number[] = [];
  #total = 0;

  constructor(clock: ServerClock) {
    this.#clock = clock;
  }

  joined(state: CameraState): void {
    this.linkIsOpen = true;
    this.refusal = "";
    this.camera = state;
  }

  /** @param count pictures since the last time; the newest was taken at `capturedMs` */
  painted(capturedMs: number, count: number): void {
    const nowMs = Date.now();
    this.#capturedMs = capturedMs;
    this.#paintedMs = nowMs;
    this.#total += count;
    this.#recent.push(nowMs);
  }

  look(rendition: Rendition | null, nowMs: number): { state: TileState; fps: number; total: number } {
    this.#recent = this.#recent.filter((at) => at > nowMs - RATE_WINDOW_MS);
    const state = tileState({
      nowMs: this.#clock.at(nowMs),
      camera: this.camera,
      linkIsOpen: this.linkIsOpen,
      capturedMs: this.#capturedMs,
      paintedMs: this.#clock.at(this.#paintedMs),
      wasCut: this.wasCut,
      refusal: this.refusal,
      periodMs: periodMs(rendition),
    });
    return { state, fps: this.#recent.length / (RATE_WINDOW_MS / 1000), total: this.#total };
  }
}
