import type {
  Alert,
  AlertState,
  Bulletin,
  CameraState,
  EndedBulletin,
  ItemKind,
  LaneHealth,
  Position,
  Progress,
  Push,
  Receipt,
  Sum,
} from "./items.ts";
import { rung, type Stage } from "./stage.ts";
import type { Entry, EventsHello, EventsMessage, Snapshot } from "./wire.ts";

/** What is known: alerts, pushes, bulletins, who has got how far with them, cameras and people. Folds messages; does no I/O. */

const KEPT_MS = 24 * 3600 * 1000;
const TAKING = new Set<AlertState>(["acknowledged", "en_route", "on_scene"]);

/** What a device keeps over a restart. */
export interface BoardCopy {
  installation: string;
  position: number;
  alerts: Alert[];
  pushes: Push[];
  bulletins: Bulletin[];
  receipts: Receipt[];
}

export class Board {
  installation = "";
  position = 0;
  readonly alerts = new Map<string, Alert>();
  readonly pushes = new Map<string, Push>();
  /** Those that are active. */
  readonly bulletins = new Map<string, Bulletin>();
  /** By `alert:ID`, `push:ID` or `bulletin:ID`; for staff. */
  readonly sums = new Map<string, Sum>();
  /** Where people were last; for staff. */
  readonly positions = new Map<string, Position>();
  /** Whether the server sees its own test entries come back; for staff, null before it has said so. */
  lane: LaneHealth | null = null;
  readonly cameras = new Map<string, CameraState>();
  online = new Set<string>();
  /** `alert:ID` and so on, then `person device revision`, to the highest receipt. */
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
      case "sums":
        if (message.full) this.sums.clear();
        for (const sum of message.items) this.sums.set(`${sum.item}:${sum.item_id}`, sum);
        return true;
      case "positions":
        if (message.full) this.positions.clear();
        for (const [person, position] of Object.entries(message.people)) this.positions.set(person, position);
        return true;
      case "lane":
        this.lane = { ok: message.ok, since_ms: message.since_ms, problems: message.problems };
        return true;
      case "command":
        // The answer is the alert as it is now, before the entry has come or instead of one.
        return message.alert !== undefined && this.alerts.has(message.alert.id) && keepNewest(this.alerts, message.alert);
      case "receipt":
        return message.ok && this.#climb(message.receipt);
      default:
        return false;
    }
  }

  /** The receipts for an item as it is now: one per person and device, the highest. */
  receipts(item: ItemKind, id: string): Receipt[] {
    const revision = this.#revision(item, id);
    return this.#all(item, id).filter((receipt) => revision === undefined || receipt.revision === revision);
  }

  /** How far one person has got with it as it is now, on any device, or on the one named. */
  stageOf(item: ItemKind, id: string, person: string, device?: string): Receipt | undefined {
    return this.receipts(item, id)
      .filter((receipt) => receipt.person === person && (device === undefined || receipt.device === device))
      .reduce<Receipt | undefined>((best, next) => (rung(next.stage) > rung(best?.stage) ? next : best), undefined);
  }

  /** How far one person had got with an earlier revision, which the present one corrects. */
  hadStage(item: ItemKind, id: string, person: string): Stage | undefined {
    const revision = this.#revision(item, id) ?? 1;
    return this.#all(item, id)
      .filter((receipt) => receipt.person === person && receipt.revision < revision)
      .reduce<Stage | undefined>((best, { stage }) => (rung(stage) > rung(best) ? stage : best), undefined);
  }

  /** Who has an alert: the first to take its present revision, else an earlier one; nobody while it is new. */
  acknowledgement(alert: Alert): Progress | undefined {
    if (alert.state === "new") return undefined;
    const taken = alert.progress.filter(({ state }) => TAKING.has(state));
    return taken.find(({ revision }) => revision === alert.revision) ?? taken[0];
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
      bulletins: [...this.bulletins.values()],
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
      bulletins: copy.bulletins.filter((bulletin) => bulletin.expires_ms > nowMs),
      receipts: copy.receipts,
    });
  }

  /** Forgets bulletins that have expired by the clock, link or no link. True when there were any. */
  sweep(nowMs: number): boolean {
    const ended = [...this.bulletins.values()].filter((bulletin) => bulletin.expires_ms <= nowMs);
    for (const { id } of ended) this.#forget("bulletin", id);
    return ended.length > 0;
  }

  #replace(snapshot: Snapshot): void {
    this.position = snapshot.position;
    this.alerts.clear();
    this.pushes.clear();
    this.bulletins.clear();
    this.#receipts.clear();
    for (const alert of snapshot.alerts) this.alerts.set(alert.id, alert);
    for (const push of snapshot.pushes) this.pushes.set(push.id, push);
    for (const bulletin of snapshot.bulletins) this.bulletins.set(bulletin.id, bulletin);
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
      case "bulletin":
        return this.#enterBulletin(entry.bulletin);
      case "receipts":
        return entry.receipts.map((receipt) => this.#climb(receipt)).some(Boolean);
      default:
        return false; // a kind of a later version
    }
  }

  #enterBulletin(bulletin: Bulletin | EndedBulletin): boolean {
    if (bulletin.state === "active") return keepNewest(this.bulletins, bulletin);
    return this.#forget("bulletin", bulletin.id);
  }

  #forget(item: "bulletin", id: string): boolean {
    this.#receipts.delete(`${item}:${id}`);
    this.sums.delete(`${item}:${id}`);
    return this.bulletins.delete(id);
  }

  #climb(receipt: Receipt): boolean {
    const key = `${receipt.item}:${receipt.item_id}`;
    const ladder = this.#receipts.get(key) ?? new Map<string, Receipt>();
    this.#receipts.set(key, ladder);
    const who = `${receipt.person} ${receipt.device} ${receipt.revision}`;
    if (rung(receipt.stage) <= rung(ladder.get(who)?.stage)) return false;
    ladder.set(who, receipt);
    return true;
  }

  #all(item: ItemKind, id: string): Receipt[] {
    return [...(this.#receipts.get(`${item}:${id}`)?.values() ?? [])];
  }

  #revision(item: ItemKind, id: string): number | undefined {
    const items = item === "alert" ? this.alerts : item === "push" ? this.pushes : this.bulletins;
    return items.get(id)?.revision;
  }
}

function keepNewest<T extends { id: string; revision: number }>(items: Map<string, T>, item: T): boolean {
  const present = items.get(item.id);
  if (present && present.revision > item.revision) return false;
  items.set(item.id, item);
  return true;
}
