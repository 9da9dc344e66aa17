import { steer } from "./edge.ts";
import { LEAST_GAP_S } from "./jitter.ts";

/** A MediaSource that is fed one frame at a time and played at its edge. */

const KEPT_BEHIND_S = 4;
const TRIM_BEHIND_S = 8;
const MOST_WAITING_BYTES = 8 * 1024 * 1024;

type AnyMediaSource = typeof MediaSource;

/** Undefined where the browser plays no streams at all. Plain MediaSource first: iPads have both. */
const Source: AnyMediaSource | undefined =
  globalThis.MediaSource ?? (globalThis as { ManagedMediaSource?: AnyMediaSource }).ManagedMediaSource;
const canChangeRate = !("ManagedMediaSource" in globalThis);

/** Which of the two this browser has; empty when it has neither. */
export const SOURCE: "MediaSource" | "ManagedMediaSource" | "" =
  Source === undefined ? "" : globalThis.MediaSource ? "MediaSource" : "ManagedMediaSource";

export function canPlay(codec: string): boolean {
  return Source !== undefined && Source.isTypeSupported(mime(codec));
}

/** For what needs another than the newest picture. Throws where {@link SOURCE} is empty. */
export function newSource(): MediaSource {
  if (!Source) throw new Error("This browser plays no streams.");
  return new Source();
}

interface Piece {
  bytes: Uint8Array<ArrayBuffer>;
  offsetS: number;
  /** Of an init segment of another kind of codec; empty else. */
  changesTo: string;
}

export class MediaBuffer {
  readonly #video: HTMLVideoElement;
  readonly #source: MediaSource;
  readonly #address: string;
  readonly #failed: (why: string) => void;
  readonly #listeners = new AbortController();
  #buffer: SourceBuffer | null = null;
  #waiting: Piece[] = [];
  #waitingBytes = 0;
  #toEdge = true;
  /** When key frames are shown, oldest first. */
  #keysS: number[] = [];
  #codec: string;
  /** Seconds behind the newest picture at which it plays. */
  targetS = LEAST_GAP_S;

  /** @param failed called once; make a new one, beginning with an init segment and a key frame */
  constructor(video: HTMLVideoElement, codec: string, failed: (why: string) => void) {
    this.#video = video;
    this.#failed = failed;
    this.#codec = codec;
    this.#source = newSource();
    this.#address = URL.createObjectURL(this.#source);
    const { signal } = this.#listeners;
    this.#source.addEventListener("sourceopen", () => this.#open(codec), { once: true, signal });
    video.addEventListener("error", () => this.#fail(video.error?.message || "the picture could not be decoded"), { signal });
    video.muted = true;
    video.playsInline = true;
    video.disableRemotePlayback = true; // a ManagedMediaSource does not open without
    video.src = this.#address;
  }

  /**
   * Takes a frame.
   * @param offsetS seconds to add to the times in it
   * @param keyS when it is shown, of a key frame
   */
  append(bytes: Uint8Array<ArrayBuffer>, offsetS: number, keyS: number | null): void {
    if (keyS !== null) this.#keysS.push(keyS);
    this.#put({ bytes, offsetS, changesTo: "" });
  }

  /** Takes an init segment of what may be another codec than before. */
  begin(bytes: Uint8Array<ArrayBuffer>, offsetS: number, codec: string): void {
    const isOther = kindOf(codec) !== kindOf(this.#codec);
    this.#codec = codec;
    this.#put({ bytes, offsetS, changesTo: isOther ? codec : "" });
  }

  #put(piece: Piece): void {
    this.#waiting.push(piece);
    const { bytes } = piece;
    this.#waitingBytes += bytes.byteLength;
    if (this.#waitingBytes > MOST_WAITING_BYTES) return this.#fail("the browser does not take the pictures");
    this.#pump();
  }

  /** What is played from here on is the newest, whatever lies before. */
  jumpToEdge(): void {
    this.#toEdge = true;
  }

  /** Looks where the player is and corrects it; to be called now and then, and does so itself when a picture has come. */
  control(hasJustCome = false): void {
    const video = this.#video;
    const ranges = video.buffered;
    if (ranges.length === 0 || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || video.seeking) return;
    const start = ranges.start(ranges.length - 1);
    const end = ranges.end(ranges.length - 1);
    const beforeHole = video.currentTime < start;
    const steering = steer(end - video.currentTime, this.targetS, canChangeRate, video.playbackRate);
    if (this.#toEdge || beforeHole || steering.do === "seek") {
      const edge = Math.max(start, end - this.targetS);
      this.#toEdge = false;
      if (beforeHole || edge > video.currentTime) video.currentTime = edge;
      // Between two pictures the gap is smaller by up to their distance: no reason to slow down.
    } else if (hasJustCome && video.playbackRate !== steering.rate) video.playbackRate = steering.rate;
    if (video.paused) video.play().catch((error: DOMException) => this.#refused(error));
  }

  /** Lets go of decoder and memory; the element shows nothing any more. */
  close(): void {
    if (this.#listeners.signal.aborted) return;
    this.#end();
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  #end(): void {
    this.#listeners.abort();
    this.#waiting = [];
    this.#buffer = null;
    URL.revokeObjectURL(this.#address);
  }

  #open(codec: string): void {
    try {
      this.#source.duration = Infinity;
      const buffer = this.#source.addSourceBuffer(mime(codec));
      buffer.mode = "segments";
      const { signal } = this.#listeners;
      buffer.addEventListener("updateend", () => (this.control(true), this.#pump()), { signal });
      buffer.addEventListener("error", () => this.#fail("the browser refused the pictures"), { signal });
      this.#buffer = buffer;
      this.#pump();
    } catch (error) {
      this.#fail(String(error));
    }
  }

  #pump(): void {
    const buffer = this.#buffer;
    if (!buffer || buffer.updating || this.#source.readyState !== "open") return;
    try {
      if (this.#trim(buffer)) return;
      const first = this.#waiting[0];
      if (!first) return;
      if (first.changesTo) {
        buffer.changeType(mime(first.changesTo));
        first.changesTo = "";
      }
      const count = this.#waiting.findIndex((piece) => piece.offsetS !== first.offsetS || piece.changesTo !== "");
      const pieces = this.#waiting.slice(0, count === -1 ? undefined : count);
      if (buffer.timestampOffset !== first.offsetS) buffer.timestampOffset = first.offsetS;
      const bytes = joined(pieces);
      buffer.appendBuffer(bytes);
      this.#waiting.splice(0, pieces.length);
      this.#waitingBytes -= bytes.byteLength;
    } catch (error) {
      // No room: what was played goes at once, and it is tried again. When that is not enough, all is begun anew.
      if (error instanceof DOMException && error.name === "QuotaExceededError" && this.#trim(buffer, 0, 0)) return;
      this.#fail(String(error));
    }
  }

  /** Some browsers let nothing play by itself while the battery is low; another way may. Other errors are of a play that was cut short. */
  #refused(error: DOMException): void {
    if (error.name === "NotAllowedError") this.#fail("the browser lets no video play by itself");
  }

  /**
   * Forgets what was played. True when that is under way.
   *
   * Only up to a key frame: what is removed takes everything up to the next one along (MSE §3.5.9), with a key frame every 12 s
   * also what is being played.
   */
  #trim(buffer: SourceBuffer, keptS = KEPT_BEHIND_S, behindS = TRIM_BEHIND_S): boolean {
    if (buffer.buffered.length === 0) return false;
    const start = buffer.buffered.start(0);
    const nowS = this.#video.currentTime;
    const untilS = this.#keysS.findLast((keyS) => keyS <= nowS - keptS) ?? 0;
    if (nowS - start < behindS || untilS <= start) return false;
    this.#keysS = this.#keysS.filter((keyS) => keyS >= untilS);
    buffer.remove(start, untilS);
    return true;
  }

  #fail(why: string): void {
    if (this.#listeners.signal.aborted) return;
    this.#end();
    this.#failed(why);
  }
}

/** `avc1`, `hvc1`: between levels and profiles of one a SourceBuffer changes by itself. */
function kindOf(codec: string): string {
  return codec.slice(0, 4);
}

function mime(codec: string): string {
  return `video/mp4; codecs="${codec}"`;
}

function joined(pieces: Piece[]): Uint8Array<ArrayBuffer> {
  const only = pieces[0];
  if (only && pieces.length === 1) return only.bytes;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.bytes.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece.bytes, at);
    at += piece.bytes.byteLength;
  }
  return whole;
}
