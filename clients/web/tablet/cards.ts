import type { Board } from "../shared/board.ts";
import type { Alert, ItemKind, Push } from "../shared/wire.ts";

/** What lies on the tablet: one card for an alert with the cameras sent for it, one for cameras sent by themselves. */

export interface Card {
  key: string;
  alert: Alert | null;
  pushes: Push[];
  /** When the newest thing on it came. */
  atMs: number;
  /** It has not been acknowledged here; for an alert nobody sent to this officer, by nobody at all. */
  isWaiting: boolean;
}

/** A thing that receipts are written for. */
export interface Item {
  kind: ItemKind;
  id: string;
  revision: number;
}

/** @param isDone whether this officer has acknowledged an item, on this device or another, on its way or arrived */
export function layOut(board: Board, isDone: (item: Item) => boolean): Card[] {
  const cards: Card[] = [];
  const byAlert = new Map<string, Push[]>();
  for (const push of board.pushes.values()) {
    if (push.alert_id !== null && board.alerts.has(push.alert_id)) {
      byAlert.set(push.alert_id, [...(byAlert.get(push.alert_id) ?? []), push]);
    } else cards.push(card(null, [push]));
  }
  for (const alert of board.alerts.values()) cards.push(card(alert, byAlert.get(alert.id) ?? []));
  for (const one of cards) one.isWaiting = isWaiting(board, one, isDone);
  return cards.sort(
    (a, b) =>
      Number(b.isWaiting) - Number(a.isWaiting) ||
      Number(b.pushes.length > 0) - Number(a.pushes.length > 0) ||
      b.atMs - a.atMs,
  );
}

/** Everything on a card that wants a receipt. */
export function itemsOf(card: Card): Item[] {
  const alert: Item[] = card.alert ? [{ kind: "alert", id: card.alert.id, revision: card.alert.revision }] : [];
  return [...alert, ...card.pushes.map((push): Item => ({ kind: "push", id: push.id, revision: push.revision }))];
}

function card(alert: Alert | null, pushes: Push[]): Card {
  const sorted = [...pushes].sort((a, b) => b.sent_ms - a.sent_ms);
  const atMs = Math.max(alert?.received_ms ?? 0, sorted[0]?.sent_ms ?? 0);
  return { key: alert ? `alert:${alert.id}` : `push:${sorted[0]?.id}`, alert, pushes: sorted, atMs, isWaiting: false };
}

function isWaiting(board: Board, card: Card, isDone: (item: Item) => boolean): boolean {
  const open = card.pushes.filter((push) => push.recalled_ms === null);
  if (open.some((push) => !isDone({ kind: "push", id: push.id, revision: push.revision }))) return true;
  if (!card.alert || open.length > 0) return false;
  const { id, revision } = card.alert;
  return !isDone({ kind: "alert", id, revision }) && !board.acknowledgement("alert", id);
}
