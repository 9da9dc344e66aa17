/** Where this device is, told to the center at most once a second and only while the browser allows it. */

const EVERY_MS = 1_000;
const OPTIONS: PositionOptions = { enableHighAccuracy: true, maximumAge: 5_000 };

export interface PositionMessage {
  type: "position";
  lat: number;
  lon: number;
  accuracy_m: number | null;
  at_ms: number;
}

export class Whereabouts {
  readonly #send: (position: PositionMessage) => boolean;
  readonly #nowMs: () => number;
  #watch: number | null = null;
  #sentMs = Number.NEGATIVE_INFINITY;

  /** @param nowMs the server's clock */
  constructor(send: (position: PositionMessage) => boolean, nowMs: () => number) {
    this.#send = send;
    this.#nowMs = nowMs;
  }

  start(): void {
    if (this.#watch !== null || !("geolocation" in navigator)) return;
    this.#watch = navigator.geolocation.watchPosition(
      (found) => this.#found(found),
      () => undefined, // refused or not to be had: others see how old the last one is
      OPTIONS,
    );
  }

  #found({ coords, timestamp }: GeolocationPosition): void {
    const nowMs = Date.now();
    if (nowMs - this.#sentMs < EVERY_MS) return;
    const ageMs = Math.max(0, nowMs - timestamp);
    const isSent = this.#send({
      type: "position",
      lat: coords.latitude,
      lon: coords.longitude,
      accuracy_m: Number.isFinite(coords.accuracy) ? coords.accuracy : null,
      at_ms: Math.round(this.#nowMs() - ageMs),
    });
    if (isSent) this.#sentMs = nowMs;
  }
}
