import type { Alert, CameraState, Entry, EventsHello, EventsMessage, ItemKind, Push, Receipt, Snapshot } from "./wire.ts";
import { rung } from "./wire.ts";

/** What is known: alerts, pushes, who has got how far with them, cameras and people. Folds messages; does no I/O. */

const KEPT_MS = 24 * 3600 * 1000;

/** What a device keeps over a restart. */
export interface BoardCopy {
  installation: string;
  position: number;
  alerts: Alert[];
  pushes: Push[];
  receipts: Receipt[];
}

export class Board {
  installation = "";
  position = 0;
  readonly alerts = new Map<string, Alert>();
  readonly pushes = new Map<string, Push>();
  readonly cameras = new Map<string, CameraState>();
  online = new Set<string>();
  /** `alert:ID` or `push:ID`, then `person device`, to the highest receipt. */
  readonly #receipts = new Map<string, Map<string, Receipt>>();

  /** What to answer to a hello: where we stopped reading, or that we need everything. */
  answer(hello: EventsHello): object {
    if (this.position > 0 && this.installation === hello.installation) {
      return { type: "resume", installation: this.installation, position: this.position };
    }
    this.installation = hello.installation;
    return { type: "snapshot" };
  }

  /** Folds one message in. False when nothing changed. */
  apply(message: EventsMessage): boolean {
    switch (message.type) {
      case "snapshot":
        this.#replace(message);
        return true;
      case "entry":
        return this.#enter(message);
      case "tick":
        this.position = Math.max(this.position, message.position);
        return false;
      case "cameras":
        if (message.full) this.cameras.clear();
        for (const [id, state] of Object.entries(message.states)) this.cameras.set(id, state);
        return true;
      case "online":
        this.online = new Set(message.people);
        return true;
      case "receipt":
        return message.ok && this.#climb(message.receipt);
      default:
        return false;
    }
  }

  /** The receipts of an alert or a push: one per person and device, the highest. */
  receipts(item: ItemKind, id: string): Receipt[] {
    return [...(this.#receipts.get(`${item}:${id}`)?.values() ?? [])];
  }

  /** How far one person has got, on any device, or on the one named. */
  stageOf(item: ItemKind, id: string, person: string, device?: string): Receipt | undefined {
    return this.receipts(item, id)
      .filter((receipt) => receipt.person === person && (device === undefined || receipt.device === device))
      .reduce<Receipt | undefined>((best, next) => (rung(next.stage) > rung(best?.stage) ? next : best), undefined);
  }

  /** Who has it: the first acknowledgement of an alert or push. */
  acknowledgement(item: ItemKind, id: string): Receipt | undefined {
    return this.receipts(item, id)
      .filter((receipt) => receipt.stage === "acknowledged")
      .reduce<Receipt | undefined>((first, next) => (first && first.at_ms <= next.at_ms ? first : next), undefined);
  }

  pushesOf(alertId: string): Push[] {
    return [...this.pushes.values()].filter((push) => push.alert_id === alertId).sort((a, b) => b.sent_ms - a.sent_ms);
  }

  copy(): BoardCopy {
    return {
      installation: this.installation,
      position: this.position,
      alerts: [...this.alerts.values()],
      pushes: [...this.pushes.values()],
      receipts: [...this.#receipts.values()].flatMap((ladder) => [...ladder.values()]),
    };
  }

  /** Takes up a copy again; what is older than a day stays behind. */
  restore(copy: BoardCopy, nowMs: number): void {
    this.installation = copy.installation;
    this.#replace({
      type: "snapshot",
      reason: "restored",
      position: copy.position,
      alerts: copy.alerts.filter((alert) => alert.received_ms > nowMs - KEPT_MS),
      pushes: copy.pushes.filter((push) => push.sent_ms > nowMs - KEPT_MS),
      receipts: copy.receipts,
    });
  }

  #replace(snapshot: Snapshot): void {
    this.position = snapshot.position;
    this.alerts.clear();
    this.pushes.clear();
    this.#receipts.clear();
    for (const alert of snapshot.alerts) this.alerts.set(alert.id, alert);
    for (const push of snapshot.pushes) this.pushes.set(push.id, push);
    for (const receipt of snapshot.receipts) this.#climb(receipt);
  }

  #enter(entry: Entry): boolean {
    if (entry.position <= this.position) return false;
    this.position = entry.position;
    switch (entry.kind) {
      case "alert":
        return keepNewest(this.alerts, entry.alert);
      case "push":
        return keepNewest(this.pushes, entry.push);
      case "receipts":
        return entry.receipts.map((receipt) => this.#climb(receipt)).some(Boolean);
      default:
        return false; // a kind of a later version
    }
  }

  #climb(receipt: Receipt): boolean {
    const key = `${receipt.item}:${receipt.item_id}`;
    const ladder = this.#receipts.get(key) ?? new Map<string, Receipt>();
    this.#receipts.set(key, ladder);
    const who = `${receipt.person} ${receipt.device}`;
    if (rung(receipt.stage) <= rung(ladder.get(who)?.stage)) return false;
    ladder.set(who, receipt);
    return true;
  }
}

function keepNewest<T extends { id: string; revision: number }>(items: Map<string, T>, item: T): boolean {
  const present = items.get(item.id);
  if (present && present.revision > item.revision) return false;
  items.set(item.id, item);
  return true;
}
