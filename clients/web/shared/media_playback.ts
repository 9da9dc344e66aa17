import type { Fragment } from "./fragment.ts";
import { Jitter } from "./jitter.ts";
import { MediaBuffer } from "./media_buffer.ts";
import type { Comes, Playback, PlaybackOwner } from "./playback.ts";
import { Timeline } from "./timeline.ts";

/** Plays frames in a video element: the browser decodes and paces, we keep it close behind the newest. */
export class MediaPlayback implements Playback {
  readonly way = "media";
  readonly skipped = 0;
  readonly #video: HTMLVideoElement;
  readonly #owner: PlaybackOwner;
  readonly #media: MediaBuffer;
  readonly #timeline = new Timeline();
  readonly #jitter = new Jitter();
  readonly #listeners = new AbortController();
  #callback: number | null = null;
  #presented: number | null = null;
  #paintedS: number | null = null;

  constructor(video: HTMLVideoElement, codec: string, owner: PlaybackOwner) {
    this.#video = video;
    this.#owner = owner;
    this.#media = new MediaBuffer(video, codec, (why) => {
      this.#stopWatching();
      owner.failed(this, why);
    });
    if (!("requestVideoFrameCallback" in HTMLVideoElement.prototype)) {
      video.addEventListener("timeupdate", () => this.#shown(video.currentTime, 1), { signal: this.#listeners.signal });
    } else this.#await();
  }

  get gapS(): number {
    return this.#paintedS === null ? 0 : Math.max(0, this.#timeline.newestS - this.#paintedS);
  }

  /** Seconds behind the newest at which it means to play. */
  get targetS(): number {
    return this.#media.targetS;
  }

  begin(init: Fragment, codec: string): void {
    this.#media.begin(init.body, this.#timeline.offsetS, codec);
  }

  take(frame: Fragment, { isCut, isBurst }: Comes): void {
    const { offsetS, jumped } = this.#timeline.place(frame.decodeTimeS, frame.capturedMs, isCut);
    if (jumped || isBurst) {
      this.#media.jumpToEdge();
      this.#jitter.cut();
    } else this.#jitter.arrived(performance.now(), this.#timeline.newestS);
    this.#media.targetS = this.#jitter.targetS;
    this.#media.append(frame.body, offsetS, frame.isKey ? this.#timeline.newestS : null);
  }

  control(): void {
    this.#media.control();
  }

  close(): void {
    this.#stopWatching();
    this.#media.close();
  }

  #stopWatching(): void {
    this.#listeners.abort();
    if (this.#callback !== null) this.#video.cancelVideoFrameCallback(this.#callback);
  }

  #await(): void {
    this.#callback = this.#video.requestVideoFrameCallback((_now, frame) => {
      const count = this.#presented === null ? 1 : frame.presentedFrames - this.#presented;
      this.#presented = frame.presentedFrames;
      this.#await(); // first: whoever is told may close us
      this.#shown(frame.mediaTime, count);
    });
  }

  #shown(timeS: number, count: number): void {
    const capturedMs = this.#timeline.capturedAt(timeS);
    if (capturedMs === null) return;
    this.#paintedS = timeS;
    this.#owner.painted(this, capturedMs, Math.max(1, count));
  }
}
