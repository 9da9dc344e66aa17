import type { ItemKind } from "./items.ts";
import type { Stage } from "./stage.ts";
import type { AlertCommand, Command, ReceiptCommand, Report, Reported, WireError } from "./wire.ts";

/** Receipts and commands on their way: written down before they are sent, forgotten when the server has answered. */

/** Where they survive a restart; `device_store.ts` is the one of the browser. */
export interface OutboxStore {
  /** Those of one person, oldest first. */
  load(person: string): Promise<Command[]>;
  keep(person: string, command: Command): Promise<void>;
  forget(id: string): Promise<void>;
}

/** Errors after which the same command may succeed later; after any other the server's answer is final. */
const PASSING = new Set(["log.unavailable"]);

/** How long what a device reports by itself waits for more of it. */
const GATHER_MS = 50;
const MAX_LINES = 200;

export class Outbox {
  readonly #waiting = new Map<string, Command>();
  readonly #person: string;
  readonly #store: OutboxStore;
  readonly #send: (message: Command | Report) => boolean;
  /** Ids of what the device says by itself and has not sent over this link. */
  readonly #toReport = new Set<string>();
  /** The same, sent and not answered, by the number of the report. */
  readonly #reports = new Map<number, string[]>();
  #number = 0;
  #gathering: ReturnType<typeof setTimeout> | undefined;

  /** @param send false when there is no link */
  constructor(person: string, store: OutboxStore, send: (message: Command | Report) => boolean) {
    this.#person = person;
    this.#store = store;
    this.#send = send;
  }

  /** Takes up what an earlier run of the page left. */
  async load(): Promise<void> {
    for (const command of await this.#store.load(this.#person)) {
      this.#waiting.set(command.id, command);
      if (isOfDevice(command)) this.#toReport.add(command.id);
    }
  }

  /** Writes the receipt down, then sends it. The same stage of the same item is written down once. */
  async put(item: ItemKind, itemId: string, revision: number, stage: Stage, atMs: number): Promise<void> {
    if (this.has(item, itemId, stage, revision)) return;
    const command: ReceiptCommand = { type: "receipt", id: newId(), item, item_id: itemId, revision, stage, at_ms: atMs };
    await this.#post(command);
  }

  /** Writes a command for an alert down, then sends it: it may be tapped without a link. */
  async order(alertId: string, revision: number, command: string, fields: Record<string, unknown> = {}): Promise<void> {
    if (this.command(alertId) === command) return;
    await this.#post({ ...fields, type: "command", id: newId(), item: "alert", item_id: alertId, revision, command });
  }

  async #post(command: Command): Promise<void> {
    this.#waiting.set(command.id, command);
    try {
      await this.#store.keep(this.#person, command);
    } finally {
      // A full or forbidden disk must not cost the acknowledgement; it then lives as long as the page.
      if (isOfDevice(command)) {
        this.#toReport.add(command.id);
        this.#gathering ??= setTimeout(() => this.#report(), GATHER_MS);
      } else if (this.#waiting.has(command.id)) this.#send(command);
    }
  }

  /** There is a new link: nothing that was sent over the last one will be answered. */
  reopened(): void {
    for (const ids of this.#reports.values()) for (const id of ids) this.#toReport.add(id);
    this.#reports.clear();
    this.flush();
  }

  /** Sends again what people said, in the order it was written down: the server knows the ids it has; and reports what was not. */
  flush(): void {
    for (const command of this.#waiting.values()) if (!isOfDevice(command) && !this.#send(command)) return;
    this.#report();
  }

  #report(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    while (this.#toReport.size > 0) {
      const ids = [...this.#toReport].slice(0, MAX_LINES);
      const commands = ids.map((id) => this.#waiting.get(id)).filter((command) => command !== undefined && isOfDevice(command));
      const receipts = commands.map(({ item, item_id, revision, stage, at_ms }) => ({ item, item_id, revision, stage, at_ms }));
      this.#number += 1;
      if (!this.#send({ type: "report", number: this.#number, receipts })) return;
      for (const id of ids) this.#toReport.delete(id);
      this.#reports.set(this.#number, ids);
    }
  }

  /** The server has answered a report. Gives what it has kept of it. */
  async reported(answer: Reported): Promise<ReceiptCommand[]> {
    const ids = this.#reports.get(answer.number) ?? [];
    this.#reports.delete(answer.number);
    if (!answer.ok && PASSING.has(answer.error.code)) {
      for (const id of ids) this.#toReport.add(id); // with the next tick
      return [];
    }
    const refused = new Set(answer.ok ? answer.refused.map(({ index }) => index) : ids.keys());
    const settled = await Promise.all(ids.map((id) => this.answered(id, null)));
    return settled.filter((command, index) => command !== null && isOfDevice(command) && !refused.has(index)) as ReceiptCommand[];
  }

  /** The server has answered. Gives what is settled by that, one way or the other; null when it goes on waiting. */
  async answered(id: string, error: WireError | null): Promise<Command | null> {
    const command = this.#waiting.get(id);
    if (!command || (error && PASSING.has(error.code))) return null;
    this.#waiting.delete(id);
    await this.#store.forget(id).catch(() => undefined); // after a restart it is sent again, and the server knows its id
    return command;
  }

  /** Whether a receipt of this stage is on its way. */
  has(item: ItemKind, itemId: string, stage: Stage, revision?: number): boolean {
    for (const command of this.#waiting.values()) {
      if (command.type !== "receipt") continue;
      const same = command.item === item && command.item_id === itemId && command.stage === stage;
      if (same && (revision === undefined || command.revision === revision)) return true;
    }
    return false;
  }

  /** What was ordered last for an alert and is still on its way. */
  command(alertId: string): string | undefined {
    const ordered = [...this.#waiting.values()].filter(
      (command): command is AlertCommand => command.type === "command" && command.item_id === alertId,
    );
    return ordered.at(-1)?.command;
  }

  get size(): number {
    return this.#waiting.size;
  }
}

/** Whether a device says it by itself, and saying it again changes nothing. */
function isOfDevice(command: Command): command is ReceiptCommand {
  return command.type === "receipt" && command.stage !== "acknowledged" && command.stage !== "declined";
}

/** 128 random bits in hexadecimal. `crypto.randomUUID` is missing on pages without TLS. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
