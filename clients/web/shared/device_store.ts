import { openDB, type DBSchema, type IDBPDatabase } from "idb";

import type { BoardCopy } from "./board.ts";
import type { OutboxStore } from "./outbox.ts";
import type { Command } from "./wire.ts";

/** What this device keeps in IndexedDB: receipts and commands on their way, and the last board of the person who is signed in. */

const NAME = "sightline";
/** 2: alerts have a life cycle, and there are bulletins. A board of before is read anew from the server. */
const VERSION = 2;

interface Layout extends DBSchema {
  outbox: { key: string; value: { command: Command; person: string; order: number } };
  board: { key: string; value: { person: string; savedMs: number; copy: BoardCopy } };
}

export class DeviceStore implements OutboxStore {
  readonly #database: IDBPDatabase<Layout>;
  #order = Date.now();

  private constructor(database: IDBPDatabase<Layout>) {
    this.#database = database;
  }

  static async open(): Promise<DeviceStore> {
    const database = await openDB<Layout>(NAME, VERSION, {
      upgrade(database, before) {
        if (before < 1) database.createObjectStore("outbox");
        if (before >= 1) database.deleteObjectStore("board");
        database.createObjectStore("board");
      },
    });
    return new DeviceStore(database);
  }

  async load(person: string): Promise<Command[]> {
    const rows = await this.#database.getAll("outbox");
    return rows
      .filter((row) => row.person === person)
      .sort((a, b) => a.order - b.order)
      .map((row) => row.command);
  }

  async keep(person: string, command: Command): Promise<void> {
    this.#order += 1;
    await this.#database.put("outbox", { command, person, order: this.#order }, command.id);
  }

  async forget(id: string): Promise<void> {
    await this.#database.delete("outbox", id);
  }

  async saveBoard(person: string, copy: BoardCopy): Promise<void> {
    await this.#database.put("board", { person, savedMs: Date.now(), copy }, "last");
  }

  /** The last board of this person; nothing when somebody else was here since. */
  async lastBoard(person: string): Promise<{ savedMs: number; copy: BoardCopy } | undefined> {
    const row = await this.#database.get("board", "last");
    return row?.person === person ? row : undefined;
  }

  /** At sign-out: alerts do not stay on the device. Receipts do, until their person comes back. */
  async forgetBoard(): Promise<void> {
    await this.#database.clear("board");
  }
}
