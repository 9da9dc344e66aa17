import { codecs } from "./abilities.ts";
import { readFragment } from "./fragment.ts";
import { Link, type LinkOwner, type LinkPhase } from "./link.ts";
import type { Player } from "./player.ts";
import { isRendition, type Quality } from "./rendition.ts";
import type { ServerClock } from "./time.ts";
import type { VideoMessage } from "./wire.ts";

/** The pictures of several cameras over one /ws/video. */

const MOST_CAMERAS = 8;
const ACK_EVERY_MS = 500;
const ASK_AGAIN_MS = 2_000;
const CLOSE_AFTER_MS = 5_000;
/** Codes by which a wish for unmasked pictures is refused. */
const NOT_UNMASKED = ["auth.forbidden", "request.invalid"];

interface Watch {
  camera: string;
  purpose: string;
  player: Player;
  number: number | null;
  /** What was asked for last. */
  asked: Quality;
  acked: number | null;
}

class VideoSocket implements LinkOwner {
  readonly #clock: ServerClock;
  readonly #refused: (mustSignIn: boolean) => void;
  readonly #watches = new Map<string, Watch>();
  readonly #byNumber = new Map<number, Watch>();
  readonly #link: Link;
  readonly #acks: ReturnType<typeof setInterval>;
  emptySinceMs = Date.now();

  constructor(clock: ServerClock, refused: (mustSignIn: boolean) => void) {
    this.#clock = clock;
    this.#refused = refused;
    this.#link = new Link("/ws/video", this);
    this.#link.start();
    this.#acks = setInterval(() => this.#acknowledge(), ACK_EVERY_MS);
  }

  get size(): number {
    return this.#watches.size;
  }

  has(camera: string): boolean {
    return this.#watches.has(camera);
  }

  add(camera: string, purpose: string, player: Player): void {
    const watch: Watch = { camera, purpose, player, number: null, asked: player.quality, acked: null };
    this.#watches.set(camera, watch);
    player.wants = (reason) => this.#askFor(watch, reason);
    void this.#subscribe(watch);
  }

  remove(camera: string): void {
    const watch = this.#watches.get(camera);
    this.#watches.delete(camera);
    if (watch) watch.player.wants = () => undefined;
    if (watch?.number != null) this.#byNumber.delete(watch.number);
    if (this.size === 0) this.emptySinceMs = Date.now();
    this.#link.send({ type: "unsubscribe", camera });
  }

  close(): void {
    clearInterval(this.#acks);
    this.#link.stop();
  }

  opened(hello: { type: "hello" }): void {
    this.#clock.heard((hello as VideoMessage & { type: "hello" }).server_time_ms);
    for (const watch of this.#watches.values()) void this.#subscribe(watch);
  }

  heartbeat(): object {
    return { type: "heartbeat" };
  }

  phaseChanged(phase: LinkPhase): void {
    if (phase === "open") return;
    this.#byNumber.clear();
    for (const watch of this.#watches.values()) {
      watch.number = null;
      if (phase === "ended" && this.#link.why) watch.player.refused(this.#link.why);
      else watch.player.linkLost();
    }
  }

  refused(mustSignIn: boolean): void {
    this.#refused(mustSignIn);
  }

  message(raw: { type: string }): void {
    const message = raw as VideoMessage;
    if (message.type === "tick") return this.#clock.heard(message.server_time_ms);
    if (message.type === "hello") return;
    const watch = this.#watchOf(message);
    if (!watch) return;
    switch (message.type) {
      case "subscribed":
        watch.number = message.camera_number;
        watch.acked = null;
        this.#byNumber.set(message.camera_number, watch);
        watch.player.joined(message.state);
        if (watch.player.quality !== watch.asked) this.#askFor(watch); // wished for another one meanwhile
        return;
      case "state":
        return watch.player.stateChanged(message.state);
      case "rendition":
        if (isRendition(message.rendition)) watch.player.renditionComes(message.rendition, message.why, message.message);
        return;
      case "init":
        return watch.player.initComes(message.codec, message.width, message.height);
      case "burst":
        return watch.player.burstComes(message.frames);
      case "drop":
        return watch.player.skipped(message.skipped);
      case "unsubscribed":
        return message.code ? watch.player.refused(message.message || message.code) : undefined;
      case "error":
        if (watch.asked === "unmasked" && NOT_UNMASKED.includes(message.code)) {
          watch.player.wishRefused(message.message);
          if (watch.number === null) void this.#subscribe(watch);
          return;
        }
        watch.player.refused(message.message);
        if (message.code === "log.unavailable") setTimeout(() => void this.#subscribe(watch), ASK_AGAIN_MS);
        return;
    }
  }

  picture(message: ArrayBuffer): void {
    const fragment = readFragment(message);
    this.#byNumber.get(fragment.cameraNumber)?.player.take(fragment);
  }

  #watchOf(message: { camera?: string; camera_number?: number }): Watch | undefined {
    if (message.camera !== undefined) return this.#watches.get(message.camera);
    return message.camera_number === undefined ? undefined : this.#byNumber.get(message.camera_number);
  }

  async #subscribe(watch: Watch): Promise<void> {
    const { camera, purpose, player } = watch;
    const here = await codecs;
    if (this.#watches.get(camera) !== watch) return; // let go of meanwhile
    watch.asked = player.quality;
    this.#link.send({ type: "subscribe", camera, purpose, quality: watch.asked, codecs: here });
  }

  /** Before it is subscribed to there is nothing to change; then it is asked for. */
  #askFor(watch: Watch, reason = ""): void {
    if (watch.number === null) return;
    watch.asked = watch.player.quality;
    this.#link.send({ type: "quality", camera: watch.camera, quality: watch.asked, ...(reason ? { purpose: reason } : {}) });
  }

  #acknowledge(): void {
    for (const [number, watch] of this.#byNumber) {
      const progress = watch.player.progress();
      if (!progress || progress.sequence === watch.acked) continue;
      watch.acked = progress.sequence;
      this.#link.send({ type: "ack", camera_number: number, sequence: progress.sequence, gap_ms: progress.gapMs });
    }
  }
}

/** Spreads the cameras of a page over few sockets, and closes those that nobody needs any more. */
export class VideoSockets {
  readonly #clock: ServerClock;
  readonly #refused: (mustSignIn: boolean) => void;
  #sockets: VideoSocket[] = [];
  #sweep: ReturnType<typeof setInterval> | undefined;

  constructor(clock: ServerClock, refused: (mustSignIn: boolean) => void) {
    this.#clock = clock;
    this.#refused = refused;
  }

  /** Feeds the player until the function that is returned is called. */
  watch(camera: string, purpose: string, player: Player): () => void {
    // The same camera twice on a page needs two sockets: a second player must get its own beginning.
    let socket = this.#sockets.find((open) => open.size < MOST_CAMERAS && !open.has(camera));
    if (!socket) {
      socket = new VideoSocket(this.#clock, this.#refused);
      this.#sockets.push(socket);
    }
    socket.add(camera, purpose, player);
    this.#sweep ??= setInterval(() => this.#closeIdle(), 1_000);
    return () => {
      player.left();
      socket.remove(camera);
    };
  }

  #closeIdle(): void {
    const idle = this.#sockets.filter((open) => open.size === 0 && Date.now() - open.emptySinceMs > CLOSE_AFTER_MS);
    for (const socket of idle) socket.close();
    this.#sockets = this.#sockets.filter((open) => !idle.includes(open));
    if (this.#sockets.length > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}
