import { ask, NO_DECODER, plays } from "./abilities.ts";
import { DecoderPlayback } from "./decoder_playback.ts";
import type { Fragment } from "./fragment.ts";
import { SOURCE } from "./media_buffer.ts";
import { MediaPlayback } from "./media_playback.ts";
import type { Playback, PlaybackOwner, Way } from "./playback.ts";
import { Still } from "./still.ts";
import { wayName, Ways } from "./ways.ts";

/** Brings the pictures of one camera on the screen by the way that works here, and by another when it does not. */

/** Played so long, a way has shown that it works. */
const STEADY_MS = 5_000;
/** Frames go in and no picture has come out for so long: it hangs. More than the 5 s for which a tile that nobody sees is fed. */
const HANGS_MS = 8_000;
/** A camera that has stopped is no hanging player: its last picture stays. */
const STILL_FED_MS = 2_000;

export interface Screen {
  video: HTMLVideoElement;
  canvas: HTMLCanvasElement;
}

export interface ShowingOwner {
  painted(capturedMs: number, count: number): void;
  /** Single pictures of the server would be better. @param canRetry this browser plays the codec, but has failed to */
  isHopeless(canRetry: boolean): void;
}

export class Showing implements PlaybackOwner {
  readonly #screen: Screen;
  readonly #owner: ShowingOwner;
  readonly #still: Still;
  readonly #ways = new Ways({ plays, source: SOURCE, noDecoder: NO_DECODER });
  #playing: Playback | null = null;
  /** Takes over when its first picture is there: no black moment. */
  #next: Playback | null = null;
  #begunMs = 0;
  /** Since when frames went in without a picture coming out; null when none did. */
  #fedSinceMs: number | null = null;
  #fedMs = 0;
  #init: Fragment | null = null;
  #codec = "";
  #awaitsKey = true;
  #isCut = false;
  #isJpeg = false;
  /** The pictures are on the canvas, not in the video element. */
  isOnCanvas = false;
  /** The picture fills the screen: the newest counts more than an even pace. Holds from the next key frame on. */
  isLarge = false;

  constructor(screen: Screen, owner: ShowingOwner) {
    this.#screen = screen;
    this.#owner = owner;
    this.#still = new Still(screen.canvas, (capturedMs) => this.#jpegPainted(capturedMs));
  }

  /** Frames are missing here: nothing before the next key frame can be shown. */
  restart(): void {
    this.#fedSinceMs = null;
    this.#awaitsKey = true;
    this.#isCut = true;
  }

  /** The next frame is a key frame, and some before it were left out. */
  cut(): void {
    this.#isCut = true;
  }

  begin(init: Fragment, codec: string): void {
    this.#init = init;
    this.#codec = codec;
    void ask(codec);
    this.#playing?.begin(init, codec);
    this.#next?.begin(init, codec);
  }

  /** False when it is left out: only a key frame can begin. */
  frame(frame: Fragment, isBurst: boolean): boolean {
    if (this.#awaitsKey && !frame.isKey) return false;
    if (frame.isKey) this.#chooseWay(Date.now());
    this.#awaitsKey = this.#playing === null && this.#next === null;
    if (this.#awaitsKey) return false;
    const comes = { isCut: frame.isDiscontinuity || this.#isCut, isBurst };
    this.#isCut = false;
    this.#feeding(Date.now());
    this.#playing?.take(frame, comes);
    this.#next?.take(frame, comes);
    return true;
  }

  jpeg(picture: Fragment): void {
    this.#still.show(picture.body, picture.capturedMs);
  }

  control(): void {
    this.#playing?.control();
    this.#next?.control();
    // What nobody sees need not be painted.
    if (document.hidden) this.#fedSinceMs = null;
    if (this.#playing && this.#hangs(Date.now())) {
      const hanging = this.#playing;
      hanging.close();
      this.failed(hanging, `no picture in ${HANGS_MS / 1000} s`);
    }
  }

  /** Shows nothing any more, until the next key frame. */
  drop(): void {
    this.#still.end();
    this.#dropPlaybacks();
  }

  get gapMs(): number {
    return Math.round((this.#playing?.gapS ?? 0) * 1000);
  }

  get skipped(): number {
    return this.#playing?.skipped ?? 0;
  }

  /** "MSE", "WebCodecs"; empty while nothing is shown. */
  get way(): string {
    return this.#isJpeg ? wayName("jpeg", SOURCE) : this.#playing ? wayName(this.#playing.way, SOURCE) : "";
  }

  /** Which one plays and why, in a sentence; empty for single pictures: why those is known elsewhere. */
  get wayWords(): string {
    return this.#isJpeg || !this.#playing ? "" : this.#ways.words(this.#playing.way, this.isLarge);
  }

  /** Why no stream is shown, in words. */
  get whyNone(): string {
    return this.#ways.whyNone(this.#codec);
  }

  painted(from: Playback, capturedMs: number, count: number): void {
    if (from === this.#next) {
      this.#playing?.close();
      this.#playing = from;
      this.#next = null;
    }
    this.#fedSinceMs = null;
    this.#still.end();
    this.#isJpeg = false;
    this.isOnCanvas = from.way === "decoder";
    if (Date.now() - this.#begunMs > STEADY_MS) this.#ways.worked(from.way);
    this.#owner.painted(capturedMs, count);
  }

  failed(from: Playback, why: string): void {
    this.#fedSinceMs = null;
    this.#ways.failed(from.way, why, Date.now());
    if (from === this.#playing) this.#playing = this.#next;
    this.#next = null;
    this.#awaitsKey ||= this.#playing === null;
  }

  #feeding(nowMs: number): void {
    const wasStill = nowMs - this.#fedMs > STILL_FED_MS;
    if (wasStill || this.#fedSinceMs === null) this.#fedSinceMs = nowMs;
    this.#fedMs = nowMs;
  }

  #hangs(nowMs: number): boolean {
    return this.#fedSinceMs !== null && nowMs - this.#fedSinceMs > HANGS_MS && nowMs - this.#fedMs < STILL_FED_MS;
  }

  #chooseWay(nowMs: number): void {
    const { way, isHopeless } = this.#ways.choose(this.#codec, this.isLarge, nowMs);
    if (isHopeless) this.#owner.isHopeless(plays("media", this.#codec) || plays("decoder", this.#codec));
    if (way === null || !this.#init || way === (this.#next ?? this.#playing)?.way) return;
    this.#next?.close();
    this.#next = null;
    if (way === this.#playing?.way) return;
    const playback = this.#build(way);
    this.#begunMs = nowMs;
    if (this.#playing === null) this.#playing = playback;
    else this.#next = playback;
    playback.begin(this.#init, this.#codec);
  }

  #build(way: Way): Playback {
    const { video, canvas } = this.#screen;
    return way === "media" ? new MediaPlayback(video, this.#codec, this) : new DecoderPlayback(canvas, this);
  }

  #jpegPainted(capturedMs: number): void {
    this.#isJpeg = this.isOnCanvas = true;
    this.#dropPlaybacks();
    this.#owner.painted(capturedMs, 1);
  }

  #dropPlaybacks(): void {
    this.#playing?.close();
    this.#next?.close();
    this.#playing = this.#next = null;
    this.#fedSinceMs = null;
    this.#awaitsKey = true;
  }
}
