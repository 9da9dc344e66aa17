import { type Fragment, Kind } from "./fragment.ts";
import { codecOf } from "./init_segment.ts";
import { canPlay, MediaBuffer } from "./media_buffer.ts";
import { Still } from "./still.ts";
import { type TileState, tileState } from "./tile_state.ts";
import type { ServerClock } from "./time.ts";
import { Timeline } from "./timeline.ts";
import type { CameraState } from "./items.ts";

/** Shows one camera: frames through a MediaSource, JPEG on a canvas, and always knows how old the shown picture is. */

const REBUILD_AFTER_MS = 500;
const RATE_WINDOW_MS = 2_000;

export interface PlayerNumbers {
  state: TileState;
  /** Pictures painted in the last two seconds, per second, and since the beginning. */
  fps: number;
  total: number;
  /** Pictures that the server left out because we were behind. */
  skipped: number;
  codec: string;
  width: number;
  height: number;
  /** The pictures are on the canvas, not in the video element. */
  isOnCanvas: boolean;
}

export class Player {
  readonly #video: HTMLVideoElement;
  readonly #clock: ServerClock;
  readonly #still: Still;
  #timeline = new Timeline();
  #media: MediaBuffer | null = null;
  #init: Fragment | null = null;
  #codec = "";
  #size = { width: 0, height: 0 };
  #isOnCanvas = false;
  #awaitsKey = true;
  #isCut = false;
  #burst = 0;
  #rebuiltMs = 0;

  #camera: CameraState | null = null;
  #linkIsOpen = true; // until we hear otherwise
  #refusal = "";
  #isLost = false;

  #received: number | null = null;
  #capturedMs: number | null = null;
  #paintedMs = 0;
  #paintedS = 0;
  #presented = 0;
  #recent: number[] = [];
  #total = 0;
  #skipped = 0;
  #closed = false;

  constructor(video: HTMLVideoElement, canvas: HTMLCanvasElement, clock: ServerClock) {
    this.#video = video;
    this.#clock = clock;
    this.#still = new Still(canvas, (capturedMs) => this.#painted(capturedMs, 1));
    this.#awaitFrame();
  }

  // What the video socket tells.

  joined(state: CameraState): void {
    this.#linkIsOpen = true;
    this.#refusal = "";
    this.#camera = state;
    this.#awaitsKey = true;
    this.#isCut = true;
  }

  stateChanged(state: CameraState): void {
    this.#camera = state;
  }

  initComes(codec: string, width: number, height: number): void {
    this.#codec = codec;
    this.#size = { width, height };
  }

  /** So many frames come at once: only the newest is worth showing. */
  burstComes(frames: number): void {
    this.#burst = frames;
  }

  /** We were too slow, the server went on to the newest key frame. */
  skipped(count: number): void {
    this.#skipped += count;
    this.#isCut = true;
  }

  linkLost(): void {
    this.#linkIsOpen = false;
  }

  /** Nobody looks: pictures are not asked for any more. */
  left(): void {
    this.#camera = null;
  }

  refused(why: string): void {
    this.#refusal = why;
    this.#dropMedia();
  }

  take(fragment: Fragment): void {
    this.#received = fragment.sequence;
    switch (fragment.kind) {
      case Kind.INIT:
        this.#init = fragment;
        this.#codec ||= codecOf(fragment.body);
        this.#refusal = canPlay(this.#codec) ? "" : `This device cannot play ${this.#codec || "this stream"}.`;
        this.#media?.append(fragment.body, this.#timeline.offsetS);
        break;
      case Kind.FRAME:
        this.#frame(fragment);
        break;
      case Kind.JPEG:
        this.#isLost = false;
        this.#isOnCanvas = true;
        this.#still.show(fragment.body, fragment.capturedMs);
        break;
      case Kind.GAP:
        this.#isLost = true;
        break;
    }
  }

  /** For the acknowledgement every 500 ms; null when nothing was received. */
  progress(): { sequence: number; gapMs: number } | null {
    if (this.#received === null) return null;
    const gapS = this.#media && this.#capturedMs !== null ? this.#timeline.newestS - this.#paintedS : 0;
    return { sequence: this.#received, gapMs: Math.max(0, Math.round(gapS * 1000)) };
  }

  /** Looks after the player and says how things are; to be called a few times a second. */
  look(nowMs = Date.now()): PlayerNumbers {
    this.#media?.control();
    this.#recent = this.#recent.filter((at) => at > nowMs - RATE_WINDOW_MS);
    const state = tileState({
      nowMs: this.#clock.at(nowMs),
      camera: this.#camera,
      linkIsOpen: this.#linkIsOpen,
      capturedMs: this.#capturedMs,
      paintedMs: this.#clock.at(this.#paintedMs),
      wasCut: this.#isLost,
      refusal: this.#refusal,
    });
    return {
      state,
      fps: this.#recent.length / (RATE_WINDOW_MS / 1000),
      total: this.#total,
      skipped: this.#skipped,
      codec: this.#codec,
      isOnCanvas: this.#isOnCanvas,
      ...this.#size,
    };
  }

  close(): void {
    this.#closed = true;
    this.#still.close();
    this.#dropMedia();
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  #frame(fragment: Fragment): void {
    if (this.#awaitsKey && !fragment.isKey) return;
    this.#awaitsKey = false;
    this.#isLost = false;
    if (!this.#media && !this.#build()) return;
    const isCut = fragment.isDiscontinuity || this.#isCut;
    const { offsetS, jumped } = this.#timeline.place(fragment.decodeTimeS, fragment.capturedMs, isCut);
    if (jumped || this.#burst > 0) this.#media?.jumpToEdge();
    this.#isCut = false;
    this.#isOnCanvas = false;
    this.#burst -= 1;
    this.#media?.append(fragment.body, offsetS);
  }

  #build(): boolean {
    if (!this.#init || this.#refusal || Date.now() - this.#rebuiltMs < REBUILD_AFTER_MS) {
      this.#awaitsKey = true;
      return false;
    }
    this.#rebuiltMs = Date.now();
    this.#timeline = new Timeline();
    this.#media = new MediaBuffer(this.#video, this.#codec, () => {
      this.#media = null;
      this.#awaitsKey = true;
    });
    this.#media.append(this.#init.body, 0);
    return true;
  }

  #dropMedia(): void {
    this.#media?.close();
    this.#media = null;
    this.#awaitsKey = true;
  }

  #awaitFrame(): void {
    if (!("requestVideoFrameCallback" in HTMLVideoElement.prototype)) {
      this.#video.addEventListener("timeupdate", () => this.#frameShown(this.#video.currentTime, 1));
      return;
    }
    this.#video.requestVideoFrameCallback((_now, frame) => {
      if (this.#closed) return;
      const presented = frame.presentedFrames - this.#presented;
      this.#presented = frame.presentedFrames;
      this.#frameShown(frame.mediaTime, presented);
      this.#awaitFrame();
    });
  }

  #frameShown(timeS: number, count: number): void {
    const capturedMs = this.#media ? this.#timeline.capturedAt(timeS) : null;
    if (capturedMs === null) return;
    this.#paintedS = timeS;
    this.#painted(capturedMs, count);
  }

  #painted(capturedMs: number, count: number): void {
    const nowMs = Date.now();
    this.#capturedMs = capturedMs;
    this.#paintedMs = nowMs;
    this.#total += Math.max(1, count);
    this.#recent.push(nowMs);
  }
}
