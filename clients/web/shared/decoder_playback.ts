import { draw } from "./canvas.ts";
import { type Fragment, TIMESCALE } from "./fragment.ts";
import { configurationOf } from "./init_segment.ts";
import type { Comes, Playback, PlaybackOwner } from "./playback.ts";
import { Timeline } from "./timeline.ts";

/**
 * Decodes frames with WebCodecs and draws each at once: nothing paces it, so the picture is as new as it can be.
 * What comes unevenly is shown unevenly; that is why only the enlarged picture is played like this.
 */

/**
 * So many frames waiting, and one of them so long, mean that it cannot keep up or that the screen is off: it goes on with the next
 * key frame. Many alone may have come at once, and are decoded at once.
 */
const MOST_WAITING = 10;
const LONGEST_WAIT_MS = 500;
/** Before the access unit stand `moof` and the head of `mdat` (docs/wire.md §8). */
const UNIT_AT = 112;
/** In `trun`, the last field of `moof`: how much later than decoded it is shown. */
const COMPOSITION_AT = 100;
/** A frame that the decoder swallows is forgotten at last. */
const MOST_KNOWN = 1024;

export class DecoderPlayback implements Playback {
  readonly way = "decoder";
  readonly #canvas: HTMLCanvasElement;
  readonly #owner: PlaybackOwner;
  readonly #decoder: VideoDecoder;
  #configuration: VideoDecoderConfig | null = null;
  #isNew = false;
  #isSkipping = false;
  #skipped = 0;
  /** Frames of a burst that are in the decoder: they come at once and are no sign of its being slow. */
  #inBurst = 0;
  readonly #timeline = new Timeline();
  /** What is in the decoder, by the time stamp that it was given here, the oldest first. */
  readonly #inside = new Map<number, { capturedMs: number; sinceMs: number }>();
  #shownS: number | null = null;

  constructor(canvas: HTMLCanvasElement, owner: PlaybackOwner) {
    this.#canvas = canvas;
    this.#owner = owner;
    this.#decoder = new VideoDecoder({
      output: (picture) => this.#decoded(picture),
      error: (error) => this.#fail(error.message),
    });
  }

  get gapS(): number {
    return this.#shownS === null ? 0 : Math.max(0, this.#timeline.newestS - this.#shownS);
  }

  get skipped(): number {
    return this.#skipped;
  }

  begin(init: Fragment, codec: string): void {
    const found = configurationOf(init.body);
    if (!found) return this.#fail("the init segment names no codec");
    this.#configuration = { codec: codec || found.codec, description: found.description, optimizeForLatency: true };
    this.#isNew = true;
  }

  take(frame: Fragment, { isCut, isBurst }: Comes): void {
    if (this.#decoder.state === "closed") return;
    try {
      const { offsetS } = this.#timeline.place(frame.decodeTimeS, frame.capturedMs, isCut);
      if (frame.isKey) this.#atKey(isCut);
      else if (this.#isLate) this.#isSkipping = true;
      if (this.#isSkipping) {
        this.#skipped += 1;
        return;
      }
      this.#decode(frame, offsetS, isBurst);
    } catch (error) {
      this.#fail(String(error));
    }
  }

  control(): void {
    // Nothing to correct: a picture is drawn when it is decoded.
  }

  close(): void {
    if (this.#decoder.state !== "closed") this.#decoder.close();
    this.#inside.clear();
  }

  get #isLate(): boolean {
    const [oldest] = this.#inside.values();
    const isFull = this.#decoder.decodeQueueSize - this.#inBurst >= MOST_WAITING;
    return isFull && oldest !== undefined && performance.now() - oldest.sinceMs > LONGEST_WAIT_MS;
  }

  /** What waits before a key frame is not worth decoding when it is late. */
  #atKey(isCut: boolean): void {
    const mustEmpty = this.#isLate || this.#isSkipping || isCut;
    if (mustEmpty && this.#decoder.state === "configured") this.#decoder.reset();
    if (mustEmpty) {
      this.#inside.clear();
      this.#inBurst = 0;
    }
    if ((this.#isNew || this.#decoder.state === "unconfigured") && this.#configuration) {
      this.#decoder.configure(this.#configuration);
      this.#isNew = false;
    }
    this.#isSkipping = false;
  }

  #decode(frame: Fragment, offsetS: number, isBurst: boolean): void {
    const { body } = frame;
    const laterS = new DataView(body.buffer, body.byteOffset + COMPOSITION_AT, 4).getInt32(0) / TIMESCALE;
    const timestamp = Math.round((frame.decodeTimeS + offsetS + laterS) * 1e6);
    this.#inside.set(timestamp, { capturedMs: frame.capturedMs, sinceMs: performance.now() });
    if (this.#inside.size > MOST_KNOWN) this.#inside.delete(this.#inside.keys().next().value!);
    if (isBurst) this.#inBurst += 1;
    this.#decoder.decode(
      new EncodedVideoChunk({ type: frame.isKey ? "key" : "delta", timestamp, data: body.subarray(UNIT_AT) }),
    );
  }

  #decoded(picture: VideoFrame): void {
    this.#inBurst = Math.max(0, this.#inBurst - 1);
    const of = this.#inside.get(picture.timestamp);
    this.#inside.delete(picture.timestamp);
    // Newer ones are about to come out: drawing this one would only hold them up.
    if (this.#decoder.decodeQueueSize > 1 || !of) return picture.close();
    this.#shownS = picture.timestamp / 1e6;
    draw(this.#canvas, picture, picture.displayWidth, picture.displayHeight);
    picture.close();
    this.#owner.painted(this, of.capturedMs, 1);
  }

  #fail(why: string): void {
    this.close();
    this.#owner.failed(this, why);
  }
}
