import type { Spot } from "../shared/geography.ts";

/** What part of a drawing is looked at: all of it, or where somebody has moved and zoomed to. Lengths in metres and CSS pixels. */

const MARGIN_M = 300;
const LEAST_M_PER_PX = 0.15;
const LEAST_FIT_M_PER_PX = 0.2;
const WHEEL_STEP = 1.2;
const DRAG_PX = 4;

interface Section {
  /** Of its middle. */
  x: number;
  y: number;
  /** Metres per pixel. */
  scale: number;
}

export class MapView {
  width = $state(1);
  height = $state(1);
  #moved: Section | null = $state.raw(null);
  #drag: { pointer: number; x: number; y: number; hasMoved: boolean } | null = null;
  readonly #corners: () => { from: Spot; to: Spot };
  readonly #fit: Section = $derived.by(() => {
    const { from, to } = this.#corners();
    const [eastM, southM] = [to.x - from.x + MARGIN_M, to.y - from.y + MARGIN_M];
    const scale = Math.max(eastM / this.width, southM / this.height, LEAST_FIT_M_PER_PX);
    return { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2, scale };
  });
  readonly #shown: Section = $derived(this.#moved ?? this.#fit);

  /** @param corners of all that is drawn */
  constructor(corners: () => { from: Spot; to: Spot }) {
    this.#corners = corners;
  }

  /** Metres per pixel. */
  get scale(): number {
    return this.#shown.scale;
  }

  get viewBox(): string {
    const { x, y, scale } = this.#shown;
    return `${x - (this.width * scale) / 2} ${y - (this.height * scale) / 2} ${this.width * scale} ${this.height * scale}`;
  }

  /** @param factor above 1 shows more; @param atX pixel that stays where it is */
  zoom(factor: number, atX = this.width / 2, atY = this.height / 2): void {
    const { x, y, scale: before } = this.#shown;
    const scale = Math.min(this.#fit.scale * 2, Math.max(LEAST_M_PER_PX, before * factor));
    this.#moved = { x: x + (atX - this.width / 2) * (before - scale), y: y + (atY - this.height / 2) * (before - scale), scale };
  }

  fit(): void {
    this.#moved = null;
  }

  wheel(event: WheelEvent): void {
    event.preventDefault();
    this.zoom(event.deltaY > 0 ? WHEEL_STEP : 1 / WHEEL_STEP, event.offsetX, event.offsetY);
  }

  grab(event: PointerEvent): void {
    this.#drag = { pointer: event.pointerId, x: event.clientX, y: event.clientY, hasMoved: false };
  }

  pull(event: PointerEvent): void {
    const drag = this.#drag;
    if (drag?.pointer !== event.pointerId) return;
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    if (!drag.hasMoved && Math.hypot(dx, dy) < DRAG_PX) return;
    this.#drag = { ...drag, x: event.clientX, y: event.clientY, hasMoved: true };
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    const { x, y, scale } = this.#shown;
    this.#moved = { x: x - dx * scale, y: y - dy * scale, scale };
  }

  letGo(): void {
    this.#drag = null;
  }
}
