import { createSubscriber } from "svelte/reactivity";

import { api, Refused } from "./api.ts";
import { Board, type BoardCopy } from "./board.ts";
import { DeviceStore } from "./device_store.ts";
import { Link, type LinkOwner, type LinkPhase } from "./link.ts";
import { Outbox, type OutboxStore } from "./outbox.ts";
import { refusalWords } from "./refusal.ts";
import { goToSignIn, rememberedPerson } from "./session.ts";
import { ServerClock } from "./time.ts";
import { VideoSockets } from "./video_socket.ts";
import { Whereabouts } from "./whereabouts.ts";
import type { ItemKind, Person } from "./items.ts";
import { rung, type Stage } from "./stage.ts";
import type { EventsHello, EventsMessage, Reported, WireError } from "./wire.ts";

/** One page's connection to the server, for the components: what is read here is drawn again when it changes. */

const SAVE_AFTER_MS = 100;
const SWEEP_EVERY_MS = 1_000;
const CATCHING_UP_MS = 3_000;
const SPREAD_MS = 10_000;

export class Live implements LinkOwner {
  person: Person;
  phase: LinkPhase = $state("connecting");
  phaseSinceMs = $state(Date.now());
  /** When the last message came, on this machine's clock. */
  heardMs = $state(0);
  why = $state("");
  /** What the device has written down, so that it would survive its end; what is in it may be reported as delivered. */
  stored: BoardCopy | null = $state.raw(null);
  #openedMs = 0;
  /** When what was missed is reported, all of it together. */
  #reportMs = 0;
  readonly clock = new ServerClock();
  readonly video: VideoSockets;

  /** What the person said and the server did not take, in words, by `alert:ID` and so on. */
  refusals: Record<string, string> = $state({});

  readonly #whereabouts: Whereabouts;
  readonly #board = new Board();
  readonly #link: Link;
  readonly #outbox: Outbox;
  readonly #store: DeviceStore | null;
  readonly #keepsBoard: boolean;
  readonly #subscribe: () => void;
  #changed: () => void = () => undefined;
  #isAsking = false;
  #saving: ReturnType<typeof setTimeout> | undefined;

  /** Opens the device's store and the link. @param keepsBoard whether alerts stay readable without a link */
  static async start(person: Person, keepsBoard: boolean): Promise<Live> {
    const store = await DeviceStore.open().catch(() => null); // private windows may refuse it
    const live = new Live(person, store, keepsBoard);
    await live.#begin();
    return live;
  }

  private constructor(person: Person, store: DeviceStore | null, keepsBoard: boolean) {
    this.person = $state.raw(person);
    this.#store = store;
    this.#keepsBoard = keepsBoard;
    this.#subscribe = createSubscriber((update) => {
      this.#changed = update;
      return () => (this.#changed = () => undefined);
    });
    this.#link = new Link("/ws/events", this);
    this.#outbox = new Outbox(person.id, store ?? new Forgetful(), (command) => this.#link.send(command));
    this.#whereabouts = new Whereabouts((position) => this.#link.send(position), () => this.clock.at());
    this.video = new VideoSockets(this.clock, (mustSignIn) => this.refused(mustSignIn));
  }

  get board(): Board {
    this.#subscribe();
    return this.#board;
  }

  /** Receipts and commands of this device that the server has not answered yet. */
  get outbox(): Pick<Outbox, "has" | "size" | "command"> {
    this.#subscribe();
    return this.#outbox;
  }

  /** Says how far this device's person has got with an alert or a push; kept until the server has it. */
  report(item: ItemKind, id: string, revision: number, stage: Stage): void {
    if (this.#outbox.has(item, id, stage, revision)) return;
    if (rung(stage) >= rung("declined")) delete this.refusals[`${item}:${id}`];
    this.#outbox
      .put(item, id, revision, stage, Math.round(this.clock.at()))
      .finally(() => this.#changed())
      .catch(() => undefined); // no room on the device: it was sent all the same
    this.#changed();
  }

  /**
   * How long to wait with a report that is not urgent: after a new link everybody has missed the same, and a thousand devices
   * that say so in the same second keep the server from what is new.
   */
  get reportDelayMs(): number {
    const nowMs = Date.now();
    return nowMs - this.#openedMs < CATCHING_UP_MS ? Math.max(0, this.#reportMs - nowMs) : 0;
  }

  /** Says what this person does about an alert (docs/wire.md §6.3); kept until the server has answered. */
  order(alertId: string, revision: number, command: string, fields: Record<string, unknown> = {}): void {
    delete this.refusals[`alert:${alertId}`];
    this.#outbox
      .order(alertId, revision, command, fields)
      .finally(() => this.#changed())
      .catch(() => undefined);
    this.#changed();
  }

  /** Tells the center where this device is, from now on; asks the browser if need be. */
  shareWhereabouts(): void {
    this.#whereabouts.start();
  }

  async signOut(): Promise<void> {
    this.#link.stop();
    await this.#store?.forgetBoard().catch(() => undefined);
    await api.signOut().catch(() => undefined);
    goToSignIn();
  }

  // What the link tells.

  opened(hello: unknown): void {
    const { person, server_time_ms: serverMs } = hello as EventsHello;
    this.clock.heard(serverMs);
    this.#openedMs = Date.now();
    this.#reportMs = this.#openedMs + Math.random() * SPREAD_MS;
    this.person = person;
    this.#link.send(this.#board.answer(hello as EventsHello));
    this.#outbox.reopened();
  }

  message(raw: { type: string }): void {
    const message = raw as EventsMessage;
    this.heardMs = this.#link.heardMs;
    if (message.type === "tick") {
      this.clock.heard(message.server_time_ms);
      this.#outbox.flush();
    }
    const changed = this.#board.apply(message);
    if (message.type === "receipt" || message.type === "command") void this.#answered(message.id, message.ok ? null : message.error);
    if (message.type === "reported") void this.#reported(message);
    if (changed) this.#drawAndSave();
  }

  heartbeat(): object {
    return { type: "heartbeat", position: this.#board.position };
  }

  phaseChanged(phase: LinkPhase): void {
    // Between two attempts nothing has changed for the one who waits.
    if (phase === "open" || this.phase === "open") this.phaseSinceMs = Date.now();
    this.phase = phase;
    this.why = this.#link.why;
  }

  refused(mustSignIn: boolean): void {
    if (mustSignIn) return goToSignIn();
    if (this.#isAsking || !navigator.onLine) return;
    this.#isAsking = true;
    api
      .session()
      .catch((error: unknown) => {
        if (error instanceof Refused && error.status === 401) goToSignIn();
      })
      .finally(() => (this.#isAsking = false));
  }

  async #reported(answer: Reported): Promise<void> {
    const device = this.person.device ?? "";
    for (const { id, type, ...line } of await this.#outbox.reported(answer)) {
      this.#board.apply({ type, id, ok: true, receipt: { ...line, person: this.person.id, device, via: "device", by: "" } });
    }
    this.#drawAndSave();
  }

  async #answered(id: string, error: WireError | null): Promise<void> {
    const settled = await this.#outbox.answered(id, error);
    const words = settled && error && refusalWords(settled, error);
    if (words) this.refusals[`${settled.item}:${settled.item_id}`] = words;
    this.#changed();
  }

  async #begin(): Promise<void> {
    await this.#outbox.load();
    const last = this.#keepsBoard ? await this.#store?.lastBoard(this.person.id).catch(() => undefined) : undefined;
    if (last) {
      this.#board.restore(last.copy, Date.now());
      this.#drawAndSave(); // without the bulletins that have expired meanwhile
      this.heardMs = last.savedMs;
    }
    setInterval(() => this.#board.sweep(this.clock.at()) && this.#drawAndSave(), SWEEP_EVERY_MS);
    this.#link.start();
  }

  #drawAndSave(): void {
    this.#changed();
    if (this.#keepsBoard) this.#saving ??= setTimeout(() => void this.#save(), SAVE_AFTER_MS);
  }

  async #save(): Promise<void> {
    this.#saving = undefined;
    if (rememberedPerson()?.id !== this.person.id) return;
    const copy = this.#board.copy();
    // A browser without a store, or with a full one, keeps it as long as the page lives: that is all there is.
    await this.#store?.saveBoard(this.person.id, copy).catch(() => undefined);
    this.stored = copy;
  }
}

/** Where a browser has no store: receipts live as long as the page. */
class Forgetful implements OutboxStore {
  load = async (): Promise<[]> => [];
  keep = async (): Promise<void> => undefined;
  forget = async (): Promise<void> => undefined;
}
