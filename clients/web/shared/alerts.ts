import type { Board } from "./board.ts";
import type { Alert, AlertState, Change, Push } from "./items.ts";
import { rung, type Stage } from "./stage.ts";

/** How alerts and pushes are put in order and in words, for all pages. */

export function title(alert: Alert): string {
  return alert.headline || alert.event;
}

export function place(alert: Alert): string {
  if (alert.area_desc) return alert.area_desc;
  return alert.point ? `${alert.point.lat.toFixed(5)}, ${alert.point.lon.toFixed(5)}` : "no place given";
}

const OVER = new Set<AlertState>(["closed", "cancelled", "expired"]);

export function isOpen(alert: Alert, nowMs: number): boolean {
  return !OVER.has(alert.state) && (alert.expires_ms === null || alert.expires_ms > nowMs);
}

export function isLivePush(push: Push, nowMs: number): boolean {
  return push.recalled_ms === null && push.expires_ms > nowMs;
}

/** What was sent, in a few words: its cameras, else its pictures, else a note. */
export function sentWords(push: Push): string {
  if (push.recalled_ms !== null && push.cameras.length === 0) return `No. ${push.number}, recalled`;
  if (push.cameras.length > 0) return push.cameras.map((camera) => `${camera.number} ${camera.name}`).join(", ");
  if (push.media.length > 0) return push.media.length === 1 ? "A picture" : `${push.media.length} pictures`;
  return "A note";
}

const TAKEN = 9; // below every priority
const SHELVED = 10;
const DONE = 11;

/** Those that nobody has yet first, by priority; there and below, the newest on top; at the end what is over. */
export function inOrder(alerts: Iterable<Alert>, nowMs: number): Alert[] {
  return [...alerts]
    .map((alert) => ({ alert, rank: rank(alert, nowMs) }))
    .sort((a, b) => a.rank - b.rank || b.alert.received_ms - a.alert.received_ms || b.alert.number - a.alert.number)
    .map(({ alert }) => alert);
}

function rank(alert: Alert, nowMs: number): number {
  if (!isOpen(alert, nowMs)) return DONE;
  if (isShelved(alert, nowMs)) return SHELVED;
  return alert.state === "new" ? alert.priority : TAKEN;
}

export function isShelved(alert: Alert, nowMs: number): boolean {
  return alert.shelved !== null && alert.shelved.until_ms > nowMs;
}

const STATES: Record<AlertState, string> = {
  new: "not acknowledged",
  acknowledged: "acknowledged",
  en_route: "on the way",
  on_scene: "on scene",
  closed: "closed",
  cancelled: "cancelled",
  expired: "expired",
};

export function stateWord(state: AlertState): string {
  return STATES[state];
}

/** What an alert may be closed with, in words. */
export const OUTCOMES: Record<string, string> = {
  casings: "Casings found",
  victim: "Victim",
  witness: "Witness",
  suspect: "Suspect",
  damage: "Damage",
  nothing_found: "Nothing found",
  fireworks: "Fireworks",
  vehicle: "Vehicle noise",
  construction: "Construction noise",
  other_noise: "Other noise",
  duplicate: "Duplicate",
  drill: "Drill",
};

/** "Exercise" or "Test" when it is one: to be written large wherever the alert stands. */
export function drillWord(item: { status: string }): string {
  return item.status === "Actual" || item.status === "" ? "" : item.status.toUpperCase();
}

/** The same in a sentence, for those who are asked to act. */
export function drillSentence(item: { status: string }): string {
  const word = drillWord(item);
  if (!word) return "";
  return item.status === "Exercise" || item.status === "Test" ? `${word} — this is a drill` : `${word} — nothing to act on`;
}

const FIELDS: Record<string, string> = {
  event: "Event",
  headline: "Headline",
  description: "Description",
  instruction: "Instruction",
  priority: "Priority",
  point: "Place",
  area_desc: "Place",
  radius_m: "Radius",
  status: "Status",
  msg_type: "Kind",
  state: "State",
};

/** "Priority: 2, was 1", one for each thing that a correction changes. */
export function changeWords(changes: Change[]): string[] {
  return changes.map(({ field, before, after }) => `${FIELDS[field] ?? field}: ${valueWord(after)}, was ${valueWord(before)}`);
}

function valueWord(value: unknown): string {
  if (value === null || value === undefined || value === "") return "nothing";
  if (typeof value !== "object") return String(value);
  const { lat, lon } = value as { lat?: number; lon?: number };
  return lat !== undefined && lon !== undefined ? `${lat.toFixed(5)}, ${lon.toFixed(5)}` : JSON.stringify(value);
}

/** The ladder's next step: "step 3 of 5 · next in 0:04 · Call by radio." */
export function escalationWords(alert: Alert, nowMs: number): string {
  const ladder = alert.escalation;
  if (!ladder) return "";
  const parts = [`step ${ladder.step} of ${ladder.steps}`];
  if (!ladder.over && ladder.next_ms !== null) {
    const leftS = Math.ceil((ladder.next_ms - nowMs) / 1000);
    parts.push(leftS >= 0 ? `next in ${Math.floor(leftS / 60)}:${String(leftS % 60).padStart(2, "0")}` : "next is due");
  }
  if (ladder.say && !ladder.over) parts.push(ladder.say);
  return parts.join(" · ");
}

/**
 * Alerts in order, and how many more are shown under each: floods are one card (docs/wire.md §6.7). A group stands where the
 * most urgent of it would, under its first one, as long as that is as urgent: what is over must not hide what nobody has.
 */
export function grouped(alerts: Iterable<Alert>, nowMs: number): { alert: Alert; more: Alert[] }[] {
  const groups = new Map<string, Alert[]>();
  for (const alert of inOrder(alerts, nowMs)) {
    const key = groupOf(alert);
    const group = groups.get(key);
    if (group) group.push(alert);
    else groups.set(key, [alert]);
  }
  return [...groups.values()].map((group) => {
    const urgent = group[0]!;
    const first = group.find(({ group_id }) => group_id === null) ?? urgent;
    const alert = rank(first, nowMs) > rank(urgent, nowMs) ? urgent : first;
    return { alert, more: group.filter((one) => one !== alert) };
  });
}

/** What the alerts of one card have in common. */
export function groupOf(alert: Alert): string {
  return alert.group_id ?? alert.id;
}

const WORDS = ["queued", "sent", "on device", "shown", "opened", "can't", "acknowledged"];

export function stageWord(stage: Stage | undefined): string {
  return WORDS[rung(stage)] ?? "";
}

const COUNTED: { stage: Stage; word: string }[] = [
  { stage: "sent", word: "sent" },
  { stage: "delivered", word: "on device" },
  { stage: "shown", word: "shown" },
];

/** "3 people · 2 on device · 1 shown · 1 acknowledged": each but the last two counts those who got that far or farther. */
export function ladderWords(board: Board, pushes: Push[]): string {
  const stages = pushes.flatMap((push) =>
    push.recipients.map((person) => board.stageOf("push", push.id, person)?.stage),
  );
  const parts = [`${stages.length} ${stages.length === 1 ? "person" : "people"}`];
  for (const { stage, word } of COUNTED) {
    const count = stages.filter((reached) => rung(reached) >= rung(stage)).length;
    if (count > 0) parts.push(`${count} ${word}`);
  }
  for (const stage of ["declined", "acknowledged"] as const) {
    const count = stages.filter((reached) => reached === stage).length;
    if (count > 0) parts.push(`${count} ${stageWord(stage)}`);
  }
  return parts.join(" · ");
}
