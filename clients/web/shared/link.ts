import { Backoff } from "./backoff.ts";
import { afterClose } from "./closing.ts";

/** A WebSocket that comes back by itself. Knows the manners of docs/wire.md §5 and §8, not what is said over it. */

const HELLO_TIMEOUT_MS = 10_000;
const WATCH_EVERY_MS = 1_000;
const PATIENCE = 2; // heartbeats without any message
const GRACE_MS = 1_000;
const SUSPICION = 1.2; // the same, when the machine has just woken up or changed networks
const AT_ONCE_MS = 250;
const DEFAULT_HEARTBEAT_S = 10;

export type LinkPhase = "connecting" | "open" | "waiting" | "ended";

export interface LinkOwner {
  /** The server's first message; what is answered here is the first thing it hears. */
  opened(hello: { type: "hello" } & Record<string, unknown>): void;
  message(message: { type: string } & Record<string, unknown>): void;
  picture?(message: ArrayBuffer): void;
  /** What a heartbeat says. */
  heartbeat(): object;
  phaseChanged(phase: LinkPhase): void;
  /** It could not be opened, or the session ended: perhaps the person must sign in. */
  refused(mustSignIn: boolean): void;
}

export class Link {
  phase: LinkPhase = "waiting";
  /** Why it will not come back by itself; empty unless `ended`. */
  why = "";
  /** When a message last came, on this machine's clock; 0 before the first. */
  heardMs = 0;

  readonly #address: string;
  readonly #owner: LinkOwner;
  readonly #backoff = new Backoff();
  #socket: WebSocket | null = null;
  #heartbeatMs = DEFAULT_HEARTBEAT_S * 1000;
  #connectingSinceMs = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  #listeners = new AbortController();

  constructor(path: string, owner: LinkOwner) {
    this.#address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
    this.#owner = owner;
  }

  start(): void {
    const { signal } = (this.#listeners = new AbortController());
    addEventListener("online", () => this.#awake(), { signal });
    addEventListener("offline", () => this.#lost(), { signal });
    addEventListener("pageshow", () => this.#awake(), { signal });
    // From one network to another without being offline in between: the old connection is dead and nobody says so.
    const { connection } = navigator as Navigator & { connection?: EventTarget & { type?: string } };
    let network = connection?.type;
    const changed = (): void => {
      if (connection?.type === network) return; // only its estimated speed
      network = connection?.type;
      this.#changedNetwork();
    };
    connection?.addEventListener("change", changed, { signal });
    document.addEventListener("visibilitychange", () => document.hidden || this.#awake(), { signal });
    this.#watch = setInterval(() => this.#look(), WATCH_EVERY_MS);
    this.#connect();
  }

  stop(): void {
    this.#listeners.abort();
    clearInterval(this.#watch);
    this.#end("");
  }

  /** False when there is no link: the message was not sent, and is not kept here. */
  send(message: object): boolean {
    if (this.phase !== "open" || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #connect(): void {
    clearTimeout(this.#retry);
    this.#connectingSinceMs = Date.now();
    const socket = new WebSocket(this.#address);
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => socket === this.#socket && this.#receive(event.data);
    socket.onclose = (event) => socket === this.#socket && this.#closed(event.code, event.reason);
    this.#socket = socket;
    this.#turn("connecting");
  }

  #receive(data: string | ArrayBuffer): void {
    this.heardMs = Date.now();
    if (typeof data !== "string") {
      this.#owner.picture?.(data);
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "hello") {
      this.#heartbeatMs = (message.heartbeat_s || DEFAULT_HEARTBEAT_S) * 1000;
      this.#backoff.reset();
      this.#turn("open");
      this.#owner.opened(message);
    } else {
      this.#owner.message(message);
      // Our heartbeat answers theirs: a page in the background may get its messages hours before its timers.
      if (message.type === "tick") {
        this.#heartbeatMs = (message.heartbeat_s || this.#heartbeatMs / 1000) * 1000;
        this.send(this.#owner.heartbeat());
      }
    }
  }

  #closed(code: number, reason: string): void {
    const wasOpen = this.phase === "open";
    const next = afterClose(code, reason);
    this.#socket = null;
    if (next.what === "stop") return this.#end(next.why);
    if (next.what === "sign in") {
      this.#end("The session has ended.");
      return this.#owner.refused(true);
    }
    this.#comeBack(next.what === "retry at once" && wasOpen);
    // Before the upgrade a browser does not tell 401 from a dead server.
    if (!wasOpen) this.#owner.refused(false);
  }

  #comeBack(atOnce: boolean): void {
    const delayMs = this.#backoff.nextMs(Math.random());
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), atOnce ? Math.random() * AT_ONCE_MS : delayMs);
    this.#turn("waiting");
  }

  /** A browser that loses its network does not close its WebSockets: time does. */
  #look(): void {
    const silentMs = Date.now() - (this.phase === "open" ? this.heardMs : this.#connectingSinceMs);
    if (this.phase === "open" && silentMs > PATIENCE * this.#heartbeatMs + GRACE_MS) this.#lost();
    if (this.phase === "connecting" && silentMs > HELLO_TIMEOUT_MS) this.#lost();
  }

  #awake(): void {
    if (this.phase === "waiting") this.#connect();
    else if (this.phase === "open" && Date.now() - this.heardMs > SUSPICION * this.#heartbeatMs) {
      this.#drop();
      this.#connect();
    }
  }

  #changedNetwork(): void {
    if (this.phase === "open") this.#drop();
    if (this.phase !== "ended" && navigator.onLine) this.#connect();
  }

  #lost(): void {
    if (this.phase === "waiting" || this.phase === "ended") return;
    this.#drop();
    this.#comeBack(false);
  }

  #end(why: string): void {
    clearTimeout(this.#retry);
    this.why = why;
    this.#drop();
    this.#turn("ended");
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #turn(phase: LinkPhase): void {
    if (this.phase === phase) return;
    this.phase = phase;
    this.#owner.phaseChanged(phase);
  }
}
