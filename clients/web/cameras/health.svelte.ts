import { Refused } from "../shared/api.ts";
import { goToSignIn } from "../shared/session.ts";
import { ticker } from "../shared/ticker.svelte.ts";
import { ServerClock } from "../shared/time.ts";
import { doors } from "./doors.ts";
import { arrange, type Filter, NO_FILTER, type Sort } from "./listing.ts";
import type { Row } from "./row.ts";

/** All cameras as the server last told of them, asked for again and again while somebody looks. */

const READ_EVERY_MS = 5_000;
/** Older figures are not those of now. */
const STALE_MS = 9_000;
/** A `Date` header knows seconds, and is half of one behind in the middle. */
const HALF_A_SECOND_MS = 500;

export class Health {
  rows: ReadonlyMap<string, Row> = $state.raw(new Map());
  /** Those that are listed, in order. */
  order: readonly string[] = $state.raw([]);
  /** When the figures were asked for, on this machine's clock; 0 before the first. */
  readMs = $state(0);
  problem = $state("");
  filter: Filter = $state.raw(NO_FILTER);
  sort: Sort = $state.raw({ by: "state", descends: false });
  /** While somebody points at a row, no row moves. */
  isHeld = $state(false);
  /** Those whose check was ordered here last, and when, on the server's clock. */
  ordered: { cameras: readonly string[]; atMs: number } | null = $state.raw(null);
  readonly ageMs = $derived(this.readMs === 0 ? 0 : Math.max(0, ticker.nowMs - this.readMs));
  readonly isStale = $derived(this.readMs > 0 && this.ageMs > STALE_MS);
  readonly clock = new ServerClock();
  #isReading = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Reads until what comes back is called. */
  run(): () => void {
    const seen = (): void => {
      if (!document.hidden) void this.read();
    };
    document.addEventListener("visibilitychange", seen);
    void this.read();
    return () => {
      clearTimeout(this.#timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }

  async read(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    clearTimeout(this.#timer);
    const askedMs = Date.now();
    try {
      const { rows, serverMs } = await doors.health();
      if (serverMs !== null) this.clock.heard(serverMs + HALF_A_SECOND_MS);
      this.rows = new Map(rows.map((row) => [row.id, row]));
      this.readMs = askedMs;
      this.problem = "";
      if (!this.isHeld) this.arrange();
    } catch (error) {
      if (error instanceof Refused && error.status === 401) goToSignIn();
      this.problem = error instanceof Error ? error.message : String(error);
    } finally {
      this.#isReading = false;
      if (!document.hidden) this.#timer = setTimeout(() => void this.read(), READ_EVERY_MS);
    }
  }

  show(changes: Partial<Filter>): void {
    this.filter = { ...this.filter, ...changes };
    this.arrange();
  }

  sortBy(by: Sort["by"]): void {
    this.sort = { by, descends: this.sort.by === by && !this.sort.descends };
    this.arrange();
  }

  hold(isHeld: boolean): void {
    if (this.isHeld === isHeld) return;
    this.isHeld = isHeld;
    if (!isHeld) this.arrange();
  }

  arrange(): void {
    this.order = arrange(this.rows.values(), this.filter, this.sort);
  }

  /** The server's time now. */
  get nowMs(): number {
    return this.clock.at(ticker.nowMs);
  }
}
