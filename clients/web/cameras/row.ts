import type { CameraState } from "../shared/items.ts";
import { ageWords, elapsed } from "../shared/time.ts";

/** How one camera is (`GET /api/cameras/health`), and the words for it. */

export interface Check {
  at_ms: number;
  /** Null for the daily one. */
  asked_by: string | null;
  outcome: "good" | "faulty" | "unsure" | "unanswered";
  faults: { fault: string; message: string }[];
  message: string;
}

export interface Reference {
  at_ms: number;
  /** Null when a check has set it. */
  set_by: string | null;
}

export interface Row {
  id: string;
  number: number;
  name: string;
  district: string;
  state: CameraState;
  /** The figures are null when nothing is heard of its reader. */
  fps: number | null;
  bitrate_bps: number | null;
  gop_pictures: number | null;
  losses: number | null;
  picture_age_ms: number | null;
  masked: boolean;
  check: Check | null;
  check_ordered_ms: number | null;
  reference: Reference | null;
}

export const STATES: Record<CameraState["state"], string> = {
  live: "Live",
  stalled: "Stalled",
  down: "Down",
  unknown: "Not heard of",
  starting: "Connecting",
  idle: "Idle",
};

export const FAULTS: Record<string, string> = {
  black: "black",
  covered: "covered",
  obstructed: "partly hidden",
  frozen: "frozen",
  blurred: "blurred",
  moved: "looks elsewhere",
  silent: "gave no picture",
};

export function isConnected(row: Row): boolean {
  return row.state.state === "live" || row.state.state === "stalled";
}

/** What the last check found, worst first; empty when it found nothing. */
export function faults(row: Row): string[] {
  if (row.check?.outcome === "unanswered") return ["silent"];
  return row.check?.faults.map(({ fault }) => fault) ?? [];
}

export function hasFault(row: Row): boolean {
  return faults(row).length > 0;
}

/** "Down: connection refused". */
export function stateWords(row: Row): string {
  const { state, reason } = row.state;
  if (state === "idle") return "Idle: nobody watches";
  return reason ? `${STATES[state]}: ${reason}` : STATES[state];
}

export function checkWords(row: Row): string {
  if (!row.check) return "never checked";
  const { outcome, message } = row.check;
  if (outcome === "good") return "good";
  if (outcome === "unsure") return `not sure: ${message}`;
  if (outcome === "unanswered") return `gave no picture: ${message}`;
  const words = row.check.faults.map(({ fault }) => FAULTS[fault] ?? fault).join(", ");
  return `${words}: ${message}`;
}

/** "2.1 Mbit/s". */
export function bitrateWords(bitsPerSecond: number): string {
  if (bitsPerSecond >= 1_000_000) return `${(bitsPerSecond / 1_000_000).toFixed(1)} Mbit/s`;
  return `${Math.round(bitsPerSecond / 1000)} kbit/s`;
}

/** How old the newest picture is by now. @param readAgoMs how long ago the figures were read */
export function pictureWords(row: Row, readAgoMs: number): string {
  if (row.picture_age_ms === null) return "–";
  const ageMs = row.picture_age_ms + readAgoMs;
  return ageMs < 600_000 ? ageWords(ageMs) : elapsed(ageMs);
}

/** A figure of a camera that is connected; nothing is measured of the others. */
export function figure(row: Row, value: number | null, words: (value: number) => string = String): string {
  return value === null || !isConnected(row) ? "–" : words(value);
}
