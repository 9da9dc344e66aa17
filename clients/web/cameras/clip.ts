import { elapsed } from "../shared/time.ts";

/** A clip (docs/wire.md §6.8), and the words for it. */
export interface Clip {
  id: string;
  number: number;
  state: "wanted" | "recording" | "kept" | "failed" | "removed";
  camera: { id: string; number: number; name: string; masks: number };
  from_ms: number;
  to_ms: number;
  why: string;
  alert_id: string | null;
  asked_by: string;
  asked_ms: number;
  /** Why it failed. */
  reason: string;
  first_ms: number | null;
  last_ms: number | null;
  pictures: number;
  bytes: number;
  codec: string;
  sha256: string;
  holes: { from_ms: number; to_ms: number; why: string }[];
  made_ms: number | null;
  keep_until_ms: number | null;
  hold: { by: string; at_ms: number; reason: string } | null;
  removed_ms: number | null;
}

export const CLIP_STATES: Record<Clip["state"], string> = {
  wanted: "Waiting to be recorded",
  recording: "Being recorded",
  kept: "Kept",
  failed: "Failed",
  removed: "Removed",
};

export function isRunning(clip: Clip): boolean {
  return clip.state === "wanted" || clip.state === "recording";
}

/** "2026-11-21 14:03:27", on the clock of this place. */
export function dateTime(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** "2026-11-21 14:03:00 to 14:04:30, 1:30". */
export function spanWords(fromMs: number, toMs: number): string {
  const [from, to] = [dateTime(fromMs), dateTime(toMs)];
  const end = from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to;
  return `${from} to ${end}, ${secondsWords(toMs - fromMs)}`;
}

/** "12 s missing in 2 parts"; empty when nothing is. */
export function missingWords({ holes }: Clip): string {
  if (holes.length === 0) return "";
  const ms = holes.reduce((sum, hole) => sum + hole.to_ms - hole.from_ms, 0);
  return `${secondsWords(ms)} missing in ${holes.length === 1 ? "1 part" : `${holes.length} parts`}`;
}

export function secondsWords(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(ms < 9_950 ? 1 : 0)} s` : elapsed(ms);
}

/** "4.2 MB". */
export function bytesWords(bytes: number): string {
  if (bytes >= 1_000_000_000) return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
  if (bytes >= 1_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${Math.ceil(bytes / 1000)} kB`;
}

/** When it goes, or why it stays. */
export function removalWords(clip: Clip, nowMs: number): string {
  if (clip.removed_ms !== null) return `removed ${dateTime(clip.removed_ms)}`;
  if (clip.state !== "kept") return "–";
  if (clip.hold) return `stays: held by ${clip.hold.by} since ${dateTime(clip.hold.at_ms)}, ${clip.hold.reason}`;
  if (clip.keep_until_ms === null) return "–";
  const left = clip.keep_until_ms - nowMs;
  return left > 0 ? `${dateTime(clip.keep_until_ms)}, in ${elapsed(left)}` : "due, within ten minutes";
}

/** Why a browser does not play it; empty when it may. */
export function unplayable({ codec }: Clip): string {
  return codec === "jpeg" ? "Browsers do not play this kind of film (single JPEGs); VLC does." : "";
}

/** @param alert of the clip, in words */
export function clipFits(clip: Clip, state: string, text: string, alert = ""): boolean {
  if (state === "held" ? clip.hold === null : state && clip.state !== state) return false;
  const wanted = text.trim().toLowerCase();
  const words = `${clip.number} ${clip.camera.number} ${clip.camera.name} ${clip.camera.id} ${clip.why} ${clip.asked_by} ${alert}`;
  return words.toLowerCase().includes(wanted);
}
