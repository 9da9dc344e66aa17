import { draw } from "./canvas.ts";

/** Draws JPEG pictures, the newest first: one that comes while another is being decoded takes the place of those waiting. */
export class Still {
  readonly #canvas: HTMLCanvasElement;
  readonly #drawn: (capturedMs: number) => void;
  #next: { bytes: Uint8Array<ArrayBuffer>; capturedMs: number } | null = null;
  #busy = false;
  /** Counts what was begun: what is decoded after an end is not drawn any more. */
  #turn = 0;

  constructor(canvas: HTMLCanvasElement, drawn: (capturedMs: number) => void) {
    this.#canvas = canvas;
    this.#drawn = drawn;
  }

  show(bytes: Uint8Array<ArrayBuffer>, capturedMs: number): void {
    this.#next = { bytes, capturedMs };
    if (!this.#busy) void this.#work();
  }

  /** Other pictures are shown from now on. */
  end(): void {
    this.#turn += 1;
    this.#next = null;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#next) {
      const turn = this.#turn;
      const { bytes, capturedMs } = this.#next;
      this.#next = null;
      try {
        const picture = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
        if (turn === this.#turn) {
          draw(this.#canvas, picture, picture.width, picture.height);
          this.#drawn(capturedMs);
        }
        picture.close();
      } catch {
        // One broken JPEG of a camera is no news; when all are, the age of the last good one says so.
      }
    }
    this.#busy = false;
  }
}
