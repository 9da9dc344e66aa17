/** Draws JPEG pictures, the newest first: one that comes while another is being decoded takes the place of those waiting. */
export class Still {
  readonly #canvas: HTMLCanvasElement;
  readonly #drawn: (capturedMs: number) => void;
  #next: { bytes: Uint8Array<ArrayBuffer>; capturedMs: number } | null = null;
  #busy = false;
  #closed = false;

  constructor(canvas: HTMLCanvasElement, drawn: (capturedMs: number) => void) {
    this.#canvas = canvas;
    this.#drawn = drawn;
  }

  show(bytes: Uint8Array<ArrayBuffer>, capturedMs: number): void {
    this.#next = { bytes, capturedMs };
    if (!this.#busy) void this.#work();
  }

  close(): void {
    this.#closed = true;
    this.#next = null;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#next && !this.#closed) {
      const { bytes, capturedMs } = this.#next;
      this.#next = null;
      try {
        const picture = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
        this.#draw(picture, capturedMs);
      } catch {
        // One broken JPEG of a camera is no news; when all are, the age of the last good one says so.
      }
    }
    this.#busy = false;
  }

  #draw(picture: ImageBitmap, capturedMs: number): void {
    if (this.#closed) return picture.close();
    const canvas = this.#canvas;
    if (canvas.width !== picture.width) canvas.width = picture.width;
    if (canvas.height !== picture.height) canvas.height = picture.height;
    canvas.getContext("2d")?.drawImage(picture, 0, 0);
    picture.close();
    this.#drawn(capturedMs);
  }
}
