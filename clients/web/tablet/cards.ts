import { grouped, groupOf, isLivePush, isOpen } from "../shared/alerts.ts";
import type { Board } from "../shared/board.ts";
import type { Alert, ItemKind, Push } from "../shared/items.ts";

/** What lies on the tablet: one card for an alert with what was sent for it, one for what was sent by itself. */

export interface Card {
  key: string;
  alert: Alert | null;
  /** In a flood: alerts that are shown on this card with a count. */
  more: Alert[];
  pushes: Push[];
  /** When the newest thing on it came. */
  atMs: number;
  /** This officer has something to say to it: a new alert that nobody has, something sent to him, or a correction of what he knew. */
  isWaiting: boolean;
  /** It corrects or takes back something that he has acknowledged. */
  isCorrection: boolean;
  /** He has acknowledged it, and nobody is on the way: it alarms again. */
  isUrged: boolean;
}

/** A thing that receipts are written for. */
export interface Item {
  kind: ItemKind;
  id: string;
  revision: number;
}

export interface Me {
  person: string;
  /** Whether this officer has acknowledged or declined an item as it is, on any device, on its way or arrived. */
  isDone(item: Item): boolean;
  /** Whether a card has only just been answered: it stays where the finger was, and says what came of it. */
  staysInPlace(key: string): boolean;
}

export function layOut(board: Board, me: Me, nowMs: number): Card[] {
  const cards: Card[] = [];
  const byAlert = new Map<string, Push[]>();
  for (const push of board.pushes.values()) {
    if (push.alert_id !== null && board.alerts.has(push.alert_id)) {
      byAlert.set(push.alert_id, [...(byAlert.get(push.alert_id) ?? []), push]);
    } else cards.push(card(null, [], [push]));
  }
  for (const { alert, more } of grouped(board.alerts.values(), nowMs)) {
    cards.push(card(alert, more, [alert, ...more].flatMap(({ id }) => byAlert.get(id) ?? [])));
  }
  for (const one of cards) {
    one.isCorrection = itemsOf(one).some((item) => isCorrection(board, me, item));
    one.isUrged = one.alert !== null && isOpen(one.alert, nowMs) && isUrged(board, me, one.alert);
    one.isWaiting = one.isCorrection || isWaiting(one, me, nowMs);
  }
  const isUp = (one: Card): boolean => one.isWaiting || one.isUrged || me.staysInPlace(one.key);
  return cards
    .map((one) => ({ one, up: isUp(one), rank: rank(one, isUp(one), nowMs) }))
    .sort((a, b) => Number(b.up) - Number(a.up) || a.rank - b.rank || b.one.atMs - a.one.atMs)
    .map(({ one }) => one);
}

/** An alert of priority 1, then what was sent to this officer, then the rest: by priority where it waits, else by its time. */
function rank({ alert, pushes }: Card, isUp: boolean, nowMs: number): number {
  if (alert?.priority === 1 && isOpen(alert, nowMs) && (isUp || alert.state === "new")) return 0;
  if (pushes.length > 0) return 1;
  return isUp && alert ? 1 + alert.priority : 2;
}

/** Everything on a card that wants a receipt. */
export function itemsOf(card: Card): Item[] {
  return [
    ...[...(card.alert ? [card.alert] : []), ...card.more].map(({ id, revision }): Item => ({ kind: "alert", id, revision })),
    ...card.pushes.map(({ id, revision }): Item => ({ kind: "push", id, revision })),
  ];
}

function card(alert: Alert | null, more: Alert[], pushes: Push[]): Card {
  const sorted = [...pushes].sort((a, b) => b.sent_ms - a.sent_ms);
  const newest = more.reduce((last, { received_ms }) => Math.max(last, received_ms), alert?.received_ms ?? 0);
  return {
    key: alert ? `alert:${groupOf(alert)}` : `push:${sorted[0]?.id}`,
    alert,
    more,
    pushes: sorted,
    atMs: Math.max(newest, alert && alert.revision > 1 ? alert.revised_ms : 0, sorted[0]?.sent_ms ?? 0),
    isWaiting: false,
    isCorrection: false,
    isUrged: false,
  };
}

/** Whether an alert is to be heard here: he has not answered it, or it comes back because nobody is on the way. */
export function isHeard(board: Board, me: Me, alert: Alert): boolean {
  if (me.isDone({ kind: "alert", id: alert.id, revision: alert.revision })) return isUrged(board, me, alert);
  return alert.state === "new" || alert.revision > 1;
}

function isUrged(board: Board, me: Me, alert: Alert): boolean {
  return alert.state === "new" && board.stageOf("alert", alert.id, me.person)?.stage === "acknowledged";
}

/** He has acknowledged it as it was, and not as it is. */
function isCorrection(board: Board, me: Me, item: Item): boolean {
  return item.revision > 1 && board.hadStage(item.kind, item.id, me.person) === "acknowledged" && !me.isDone(item);
}

function isWaiting(card: Card, me: Me, nowMs: number): boolean {
  const open = card.pushes.filter((push) => isLivePush(push, nowMs));
  if (open.some(({ id, revision }) => !me.isDone({ kind: "push", id, revision }))) return true;
  // Something sent to him and acknowledged is his answer to the alert as well.
  if (!card.alert || open.length > 0) return false;
  return [card.alert, ...card.more].some(
    (alert) =>
      alert.state === "new" && isOpen(alert, nowMs) && !me.isDone({ kind: "alert", id: alert.id, revision: alert.revision }),
  );
}
