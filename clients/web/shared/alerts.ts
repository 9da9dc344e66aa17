import type { Board } from "./board.ts";
import { type Alert, type Push, rung, type Stage } from "./wire.ts";

/** How alerts and pushes are put in order and in words, for all pages. */

/** The word of CAP's msg_type for "this was no alert". */
const CANCEL = "Cancel";

export function title(alert: Alert): string {
  return alert.headline || alert.event;
}

export function place(alert: Alert): string {
  if (alert.area_desc) return alert.area_desc;
  return alert.point ? `${alert.point.lat.toFixed(5)}, ${alert.point.lon.toFixed(5)}` : "no place given";
}

export function isOpen(alert: Alert, nowMs: number): boolean {
  return alert.msg_type !== CANCEL && (alert.expires_ms === null || alert.expires_ms > nowMs);
}

export function isLivePush(push: Push, nowMs: number): boolean {
  return push.recalled_ms === null && push.expires_ms > nowMs;
}

const ACKNOWLEDGED = 9; // below every priority

/** Those that nobody has yet first, by priority; there and below, the newest on top. */
export function inOrder(board: Board, alerts: Iterable<Alert>): Alert[] {
  return [...alerts]
    .map((alert) => ({ alert, rank: board.acknowledgement("alert", alert.id) ? ACKNOWLEDGED : alert.priority }))
    .sort((a, b) => a.rank - b.rank || b.alert.received_ms - a.alert.received_ms || b.alert.number - a.alert.number)
    .map(({ alert }) => alert);
}

const WORDS = ["sent", "on device", "shown", "acknowledged"];

export function stageWord(stage: Stage | undefined): string {
  return WORDS[rung(stage)] ?? "";
}

/** "3 sent · 2 on device · 1 shown · 1 acknowledged": each counts those who got that far or farther. */
export function ladderWords(board: Board, pushes: Push[]): string {
  const rungs = pushes.flatMap((push) =>
    push.recipients.map((person) => rung(board.stageOf("push", push.id, person)?.stage)),
  );
  const parts = WORDS.map((word, at) => ({ word, count: rungs.filter((reached) => reached >= at).length }));
  return parts
    .filter(({ count }, at) => at === 0 || count > 0)
    .map(({ word, count }) => `${count} ${word}`)
    .join(" · ");
}
