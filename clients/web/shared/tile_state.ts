import type { CameraState } from "./items.ts";
import { ageWords, clockTime } from "./time.ts";

/** What a tile says of its picture. A picture that stands still must never look live: when in doubt, the worse word. */

export type TileWord = "starting" | "live" | "late" | "old" | "frozen" | "down";

export interface TileFacts {
  /** On the server's clock, as all `…Ms` here. */
  nowMs: number;
  camera: CameraState | null;
  linkIsOpen: boolean;
  /** When the picture on the screen was taken; null before the first. */
  capturedMs: number | null;
  /** When it was painted. */
  paintedMs: number;
  /** The reader said that it lost its camera after this picture. */
  wasCut: boolean;
  /** Why the server or this browser does not show this camera; empty otherwise. */
  refusal: string;
  /** From one picture to the next where that is long: single pictures; else 0. */
  periodMs: number;
}

export interface TileState {
  word: TileWord;
  /** Null without a picture. */
  ageMs: number | null;
  /** Why, in words; empty when all is well. */
  reason: string;
  /** Null when that is not known. */
  sinceMs: number | null;
  /** One picture now and then, which nobody must take for a moving one. */
  isStill: boolean;
}

/** By docs/wire.md §8 nothing older is live. */
const LATE_MS = 2_000;
const OLD_MS = 5_000;
const FROZEN_MS = 3_000;
/** Of single pictures so many may be missing before it says so. */
const PERIODS = 2;

export function tileState(facts: TileFacts): TileState {
  const { camera, capturedMs, nowMs, periodMs } = facts;
  const ageMs = capturedMs === null ? null : Math.max(0, nowMs - capturedMs);
  const isStill = periodMs > 0;
  const lastMs = capturedMs ?? camera?.since_ms ?? null;
  const say = (word: TileWord, reason = "", sinceMs: number | null = lastMs): TileState => ({ word, ageMs, reason, sinceMs, isStill });

  if (facts.refusal) return say("down", facts.refusal);
  if (camera?.state === "down") return say("down", camera.reason || "the camera is not connected", camera.since_ms);
  if (capturedMs === null || ageMs === null) {
    if (!facts.linkIsOpen) return say("down", "no link to the server");
    if (camera?.state === "stalled") return say("down", camera.reason || "no picture", camera.since_ms);
    return say("starting", camera?.state === "unknown" ? "nothing heard of the camera's reader" : "");
  }
  if (!facts.linkIsOpen) return say("frozen", "no link to the server");
  if (camera?.state === "stalled") return say("frozen", camera.reason || "the camera sends no picture");
  if (camera?.state === "unknown") return say("frozen", "nothing heard of the camera's reader");
  if (facts.wasCut) return say("frozen", "the camera was lost");
  if (nowMs - facts.paintedMs > Math.max(FROZEN_MS, (PERIODS + 1) * periodMs)) return say("frozen", "pictures have stopped");
  if (camera?.state !== "live") return say(ageMs > OLD_MS ? "old" : "late", "connecting");
  if (ageMs > OLD_MS) return say("old");
  return say(ageMs > Math.max(LATE_MS, PERIODS * periodMs) ? "late" : "live");
}

/** The badge in the corner: "LIVE 0.3 s", "STILL 0.8 s". */
export function badgeWords(state: TileState): string {
  if (state.word === "starting") return "CONNECTING";
  if (state.word === "down" || state.ageMs === null) return "NO PICTURE";
  if (state.word === "frozen" && state.sinceMs !== null) return `LAST ${clockTime(state.sinceMs)}`;
  const word = state.word === "live" && state.isStill ? "STILL" : state.word.toUpperCase();
  return `${word} ${ageWords(state.ageMs)}`;
}

/** The words over a picture that is not one any more; empty while pictures come. */
export function overlayWords(state: TileState, nowMs: number): { title: string; detail: string } | null {
  switch (state.word) {
    case "starting":
      return { title: "Connecting to the camera", detail: state.reason };
    case "frozen":
      return { title: `NO NEW PICTURE ${ageWords(nowMs - (state.sinceMs ?? nowMs))}`, detail: `${state.reason} · retrying` };
    case "down":
      return { title: state.sinceMs === null ? "NO PICTURE" : `NO PICTURE since ${clockTime(state.sinceMs)}`, detail: state.reason };
    default:
      return null;
  }
}
