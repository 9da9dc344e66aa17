import { Player, type PlayerNumbers } from "./player.ts";
import { Presence } from "./presence.ts";
import type { Quality } from "./rendition.ts";
import type { ServerClock } from "./time.ts";
import type { VideoSockets } from "./video_socket.ts";

/** One tile's picture: plays while somebody can see it, and lets go of the camera 5 s after that. */

const LEAVE_AFTER_MS = 5_000;
const LOOK_EVERY_MS = 250;

export interface Screen {
  tile: Element;
  video: HTMLVideoElement;
  canvas: HTMLCanvasElement;
}

export class Viewing {
  readonly #player: Player;
  readonly #presence: Presence;
  readonly #looking: ReturnType<typeof setInterval>;
  #leave: (() => void) | null = null;
  #leaving: ReturnType<typeof setTimeout> | undefined;

  constructor(
    screen: Screen,
    camera: string,
    purpose: string,
    from: { clock: ServerClock; video: VideoSockets },
    told: (numbers: PlayerNumbers) => void,
  ) {
    this.#player = new Player(screen, from.clock);
    this.#presence = new Presence(screen.tile, (isVisible) => {
      clearTimeout(this.#leaving);
      if (isVisible) this.#leave ??= from.video.watch(camera, purpose, this.#player);
      else this.#leaving = setTimeout(() => this.#stop(), LEAVE_AFTER_MS);
    });
    this.#looking = setInterval(() => told(this.#player.look()), LOOK_EVERY_MS);
    told(this.#player.look());
  }

  /** @param reason why masks are lifted */
  choose(quality: Quality, reason?: string): void {
    this.#player.choose(quality, reason);
  }

  enlarge(isLarge: boolean): void {
    this.#player.enlarge(isLarge);
  }

  close(): void {
    this.#presence.close();
    clearTimeout(this.#leaving);
    clearInterval(this.#looking);
    this.#stop();
    this.#player.close();
  }

  #stop(): void {
    this.#leave?.();
    this.#leave = null;
  }
}
