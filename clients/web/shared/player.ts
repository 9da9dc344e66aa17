import { NO_STREAMS } from "./abilities.ts";
import { type Fragment, Kind } from "./fragment.ts";
import { codecOf } from "./init_segment.ts";
import { type Quality, type Rendition, RENDITIONS, renditionWords } from "./rendition.ts";
import { type Screen, Showing, type ShowingOwner } from "./showing.ts";
import { Sight } from "./sight.ts";
import type { TileState } from "./tile_state.ts";
import type { ServerClock } from "./time.ts";
import type { CameraState } from "./items.ts";

/** One camera on the screen: hears what the video socket tells, and always knows how old the shown picture is. */

/** For so long it asks for single pictures when all else has failed. */
const STILLS_FOR_MS = 60_000;

export interface PlayerNumbers {
  state: TileState;
  /** Pictures painted in the last two seconds, per second, and since the beginning. */
  fps: number;
  total: number;
  /** Pictures that were left out because we, or this machine, were behind. */
  skipped: number;
  codec: string;
  width: number;
  height: number;
  /** The pictures are on the canvas, not in the video element. */
  isOnCanvas: boolean;
  /** What plays them: "MSE", "WebCodecs"; empty before the first picture. */
  way: string;
  /** Which one plays and why, in a sentence. */
  wayWords: string;
  rendition: Rendition | null;
  /** "480p · slow link"; empty when it is what everybody expects. */
  renditionWords: string;
  /** What the server said about it, a sentence. */
  renditionMessage: string;
  /** What the person asked for. */
  quality: Quality;
}

export class Player implements ShowingOwner {
  readonly #sight: Sight;
  readonly #showing: Showing;
  #codec = "";
  #size = { width: 0, height: 0 };
  #burst = 0;
  #received: number | null = null;
  #skipped = 0;
  #rendition: Rendition | null = null;
  #reason = "";
  #message = "";
  #chosen: Quality = "auto";
  /** Single pictures are asked for until then, because this browser shows nothing better; 0: they are not. */
  #stillsUntilMs = 0;
  #chosenBefore: Quality = "auto";
  /** Told when {@link quality} has changed, with the person's reason if it needs one. */
  wants: (reason?: string) => void = () => undefined;

  constructor(screen: Screen, clock: ServerClock) {
    this.#sight = new Sight(clock);
    this.#showing = new Showing(screen, this);
  }

  // What the person wants.

  /** What is to be asked for: his choice, or stills when this browser can do no better. */
  get quality(): Quality {
    return this.#stillsUntilMs > 0 ? "stills" : this.#chosen;
  }

  /** @param reason for the audit: why masks are lifted */
  choose(quality: Quality, reason?: string): void {
    this.#chosenBefore = this.#chosen;
    this.#chosen = quality;
    this.#stillsUntilMs = 0;
    this.wants(reason);
  }

  /** Whether the picture fills the screen. */
  enlarge(isLarge: boolean): void {
    this.#showing.isLarge = isLarge;
  }

  // What the video socket tells.

  joined(state: CameraState): void {
    this.#sight.joined(state);
    this.#showing.restart();
  }

  stateChanged(state: CameraState): void {
    this.#sight.camera = state;
  }

  /** Pictures of this size come from now on; those of another are still on the way and too late. */
  renditionComes(rendition: Rendition, why: string, message: string): void {
    this.#reason = why;
    this.#message = message;
    if (rendition === this.#rendition) return;
    this.#rendition = rendition;
    this.#received = null;
    this.#burst = 0;
    this.#showing.restart();
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
    this.#showing.cut();
  }

  /** Unmasked pictures were not granted; everything stays as it was. */
  wishRefused(why: string): void {
    this.#chosen = this.#chosenBefore === "unmasked" ? "auto" : this.#chosenBefore;
    this.#message = why;
  }

  linkLost(): void {
    this.#sight.linkIsOpen = false;
    this.#coverAgain();
  }

  /** Nobody looks: pictures are not asked for any more. */
  left(): void {
    this.#sight.camera = null;
    this.#coverAgain();
  }

  refused(why: string): void {
    this.#sight.refusal = why;
    this.#showing.drop();
  }

  take(fragment: Fragment): void {
    if (this.#rendition !== null && RENDITIONS[fragment.rendition] !== this.#rendition) return;
    this.#received = fragment.sequence;
    switch (fragment.kind) {
      case Kind.INIT:
        this.#codec ||= codecOf(fragment.body);
        return this.#showing.begin(fragment, this.#codec);
      case Kind.FRAME:
        this.#burst -= 1;
        if (this.#showing.frame(fragment, this.#burst >= 0)) this.#sight.wasCut = false;
        return;
      case Kind.JPEG:
        this.#sight.wasCut = false;
        return this.#showing.jpeg(fragment);
      case Kind.GAP:
        this.#sight.wasCut = true;
    }
  }

  /** For the acknowledgement every 500 ms; null when nothing was received. */
  progress(): { sequence: number; gapMs: number } | null {
    return this.#received === null ? null : { sequence: this.#received, gapMs: this.#showing.gapMs };
  }

  /** Looks after the player and says how things are; to be called a few times a second. */
  look(nowMs = Date.now()): PlayerNumbers {
    this.#showing.control();
    if (this.#stillsUntilMs > 0 && nowMs > this.#stillsUntilMs) this.#askAgain();
    const isOurDoing = (this.#stillsUntilMs > 0 || NO_STREAMS !== "") && this.#rendition === "stills";
    return {
      ...this.#sight.look(this.#rendition, nowMs),
      skipped: this.#skipped + this.#showing.skipped,
      codec: this.#codec,
      ...this.#size,
      isOnCanvas: this.#showing.isOnCanvas,
      way: this.#showing.way,
      wayWords: this.#wayWords(),
      rendition: this.#rendition,
      renditionWords: isOurDoing ? "Stills · this browser" : renditionWords(this.#rendition, this.#reason),
      renditionMessage: this.#message,
      quality: this.#chosen,
    };
  }

  close(): void {
    this.#showing.drop();
  }

  // What the showing tells.

  painted(capturedMs: number, count: number): void {
    this.#sight.refusal = "";
    this.#sight.painted(capturedMs, count);
  }

  isHopeless(canRetry: boolean): void {
    if (this.#stillsUntilMs > 0) return;
    this.#stillsUntilMs = canRetry ? Date.now() + STILLS_FOR_MS : Infinity;
    if (!canRetry) this.#sight.refusal = sentence(this.#showing.whyNone);
    this.wants();
  }

  /** Perhaps it plays by now. */
  #askAgain(): void {
    this.#stillsUntilMs = 0;
    this.wants();
  }

  /** Masks were lifted for this look, not for the next one. */
  #coverAgain(): void {
    if (this.#chosen === "unmasked") this.#chosen = "auto";
  }

  #wayWords(): string {
    if (this.#showing.way !== "JPEG") return this.#showing.wayWords;
    const why = NO_STREAMS || (this.#stillsUntilMs > 0 ? this.#showing.whyNone : "");
    if (why) return sentence(`single pictures (JPEG): ${why}`);
    return this.#rendition === "stills" ? "Single pictures (JPEG), one a second." : "Single pictures (JPEG), as the camera sends them.";
  }
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
