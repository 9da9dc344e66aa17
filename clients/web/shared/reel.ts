import { newSource } from "./media_buffer.ts";

/** A recording that is here as a whole, to be played and looked through in a video element. */
export class Reel {
  readonly #video: HTMLVideoElement;
  readonly #address: string;
  readonly #listeners = new AbortController();

  /** @param ended called once: with nothing when it can be played, with why when it cannot */
  constructor(video: HTMLVideoElement, type: string, bytes: ArrayBuffer, ended: (why: string) => void) {
    const source = newSource();
    this.#video = video;
    this.#address = URL.createObjectURL(source);
    const { signal } = this.#listeners;
    const fail = (): void => ended(video.error?.message || "this browser does not play it");
    const open = (): void => {
      try {
        const buffer = source.addSourceBuffer(type);
        buffer.addEventListener("error", fail, { signal });
        buffer.addEventListener(
          "updateend",
          () => {
            if (source.readyState !== "open") return;
            source.endOfStream();
            video.currentTime = this.startS;
            ended("");
          },
          { signal, once: true },
        );
        buffer.appendBuffer(bytes);
      } catch (error) {
        ended(String(error));
      }
    };
    source.addEventListener("sourceopen", open, { once: true, signal });
    video.addEventListener("error", fail, { signal });
    video.disableRemotePlayback = true; // a ManagedMediaSource does not open without
    video.src = this.#address;
  }

  /** Its times do not begin at 0. */
  get startS(): number {
    const { buffered } = this.#video;
    return buffered.length === 0 ? 0 : buffered.start(0);
  }

  get endS(): number {
    const { buffered } = this.#video;
    return buffered.length === 0 ? 0 : buffered.end(buffered.length - 1);
  }

  close(): void {
    this.#listeners.abort();
    URL.revokeObjectURL(this.#address);
    this.#video.removeAttribute("src");
    this.#video.load();
  }
}
