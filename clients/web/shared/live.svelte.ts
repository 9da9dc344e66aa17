import { createSubscriber } from "svelte/reactivity";

import { api, Refused } from "./api.ts";
import { Board } from "./board.ts";
import { DeviceStore } from "./device_store.ts";
import { Link, type LinkOwner, type LinkPhase } from "./link.ts";
import { Outbox, type OutboxStore } from "./outbox.ts";
import { goToSignIn, rememberedPerson } from "./session.ts";
import { ServerClock } from "./time.ts";
import { VideoSockets } from "./video_socket.ts";
import type { EventsHello, EventsMessage, ItemKind, Person, Stage } from "./wire.ts";

/** One page's connection to the server, for the components: what is read here is drawn again when it changes. */

const SAVE_AFTER_MS = 250;

export class Live implements LinkOwner {
  person: Person;
  phase: LinkPhase = $state("connecting");
  phaseSinceMs = $state(Date.now());
  /** When the last message came, on this machine's clock. */
  heardMs = $state(0);
  why = $state("");
  readonly clock = new ServerClock();
  readonly video: VideoSockets;

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
    this.video = new VideoSockets(this.clock, (mustSignIn) => this.refused(mustSignIn));
  }

  get board(): Board {
    this.#subscribe();
    return this.#board;
  }

  /** Receipts of this device that the server has not answered yet. */
  get outbox(): Pick<Outbox, "has" | "size"> {
    this.#subscribe();
    return this.#outbox;
  }

  /** Says how far this device's person has got with an alert or a push; kept until the server has it. */
  report(item: ItemKind, id: string, revision: number, stage: Stage): void {
    if (this.#outbox.has(item, id, stage, revision)) return;
    this.#outbox
      .put(item, id, revision, stage, Math.round(this.clock.at()))
      .finally(() => this.#changed())
      .catch(() => undefined); // no room on the device: it was sent all the same
    this.#changed();
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
    this.person = person;
    this.#link.send(this.#board.answer(hello as EventsHello));
    this.#outbox.flush();
  }

  message(raw: { type: string }): void {
    const message = raw as EventsMessage;
    this.heardMs = this.#link.heardMs;
    if (message.type === "tick") {
      this.clock.heard(message.server_time_ms);
      this.#outbox.flush();
    }
    const changed = this.#board.apply(message);
    if (message.type === "receipt") {
      void this.#outbox.answered(message.id, message.ok ? null : message.error).finally(() => this.#changed());
    }
    if (!changed) return;
    this.#changed();
    if (this.#keepsBoard) this.#saving ??= setTimeout(() => this.#save(), SAVE_AFTER_MS);
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

  async #begin(): Promise<void> {
    await this.#outbox.load();
    const last = this.#keepsBoard ? await this.#store?.lastBoard(this.person.id).catch(() => undefined) : undefined;
    if (last) {
      this.#board.restore(last.copy, Date.now());
      this.heardMs = last.savedMs;
    }
    this.#link.start();
  }

  #save(): void {
    this.#saving = undefined;
    if (rememberedPerson()?.id === this.person.id) {
      void this.#store?.saveBoard(this.person.id, this.#board.copy()).catch(() => undefined);
    }
  }
}

/** Where a browser has no store: receipts live as long as the page. */
class Forgetful implements OutboxStore {
  load = async (): Promise<[]> => [];
  keep = async (): Promise<void> => undefined;
  forget = async (): Promise<void> => undefined;
}
