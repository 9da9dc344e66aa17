import type { Way } from "./playback.ts";

/**
 * By which way a camera is played: the first that this browser has for its codec and that works. One that fails is tried again
 * after a pause, for ever; the next one has its turn when that did not help.
 */

const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 15_000;
const PATIENCE = 3;
/** So long the next way plays before a better one that failed is tried again. */
const AWAY_MS = 60_000;

export interface Abilities {
  plays(way: Way, codec: string): boolean;
  /** "MediaSource" or "ManagedMediaSource"; empty: neither. */
  source: string;
  /** Why there is no decoder at all; empty when there is one. */
  noDecoder: string;
}

export interface Choice {
  /** Null when none plays this codec, and while one that failed pauses. */
  way: Way | null;
  /** Nothing plays it here, or everything has failed again and again: single pictures of the server are better. */
  isHopeless: boolean;
}

interface Record {
  failures: number;
  failedMs: number;
  why: string;
}

export class Ways {
  readonly #here: Abilities;
  readonly #failed = new Map<Way, Record>();

  constructor(here: Abilities) {
    this.#here = here;
  }

  choose(codec: string, isLarge: boolean, nowMs: number): Choice {
    const playable = order(isLarge).filter((way) => this.#here.plays(way, codec));
    const inTurn = playable.find((way) => {
      const { failures, failedMs } = this.#of(way);
      return failures < PATIENCE || nowMs - failedMs >= AWAY_MS;
    });
    const way = inTurn ?? playable[0];
    if (!way) return { way: null, isHopeless: true };
    const { failures, failedMs } = this.#of(way);
    const pauseMs = failures === 0 ? 0 : Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
    return { way: nowMs - failedMs < pauseMs ? null : way, isHopeless: inTurn === undefined };
  }

  failed(way: Way, why: string, nowMs: number): void {
    this.#failed.set(way, { failures: this.#of(way).failures + 1, failedMs: nowMs, why });
  }

  /** It has played for a while. */
  worked(way: Way): void {
    this.#failed.delete(way);
  }

  /** Which one plays and why, for whoever wants to know. */
  words(way: Way, isLarge: boolean): string {
    const { source } = this.#here;
    if (way === "decoder") {
      const why = isLarge ? "the enlarged picture, with the least delay" : this.#whyNot("media");
      return `Decoded picture by picture (WebCodecs): ${why}.`;
    }
    const only = source === "ManagedMediaSource" ? ": this browser has no MediaSource" : "";
    const instead = isLarge ? `: ${this.#whyNot("decoder")}` : only || ": the usual way";
    return `Played by the browser as a stream (${source})${instead}.`;
  }

  /** Why there are single pictures only. */
  whyNone(codec: string): string {
    const name = codec || "this camera's format";
    const failed = order(false).find((way) => this.#here.plays(way, codec));
    return failed ? `this browser failed to play ${name}: ${this.#of(failed).why}` : `this browser cannot play ${name}`;
  }

  #of(way: Way): Record {
    return this.#failed.get(way) ?? { failures: 0, failedMs: -Infinity, why: "" };
  }

  #whyNot(way: Way): string {
    const failed = this.#failed.get(way);
    if (failed) return `${way === "media" ? this.#here.source : "WebCodecs"} failed (${failed.why})`;
    if (way === "decoder") return this.#here.noDecoder || "WebCodecs does not play this format here";
    return this.#here.source ? `${this.#here.source} does not play this format here` : "this browser has no MediaSource";
  }
}

/** A decoder shows the newest at once, and costs this page's time; a media source paces what comes unevenly. */
function order(isLarge: boolean): Way[] {
  return isLarge ? ["decoder", "media"] : ["media", "decoder"];
}

export function wayName(way: Way | "jpeg", source: string): string {
  if (way === "jpeg") return "JPEG";
  return way === "decoder" ? "WebCodecs" : source === "ManagedMediaSource" ? "Managed MSE" : "MSE";
}
