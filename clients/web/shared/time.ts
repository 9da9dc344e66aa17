/** The server's clock as seen from here, and times in words. */

const KEPT_OFFSETS = 5;

/** Tells the server's time. A message can only arrive late, so the largest of the last few offsets is the truest. */
export class ServerClock {
  #offsets: number[] = [];

  /** @param serverMs what the server's clock said when it sent the message that arrives now. */
  heard(serverMs: number, nowMs = Date.now()): void {
    this.#offsets = [...this.#offsets, serverMs - nowMs].slice(-KEPT_OFFSETS);
  }

  get offsetMs(): number {
    return this.#offsets.length === 0 ? 0 : Math.max(...this.#offsets);
  }

  /** The server's time now, or at a moment of this machine's clock. */
  at(nowMs = Date.now()): number {
    return nowMs + this.offsetMs;
  }
}

/** "0.3 s", "12 s": the age of a picture. */
export function ageWords(ageMs: number): string {
  const age = Math.max(0, ageMs) / 1000;
  return age < 9.95 ? `${age.toFixed(1)} s` : age < 600 ? `${Math.round(age)} s` : elapsed(ageMs);
}

/** "0:42", and from an hour on "1 h 02", from a day on "2 d 3 h". */
export function elapsed(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  if (hours < 24) return `${hours} h ${two(minutes % 60)}`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "14:03:27" on the clock of this place. */
export function clockTime(atMs: number): string {
  const at = new Date(atMs);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
