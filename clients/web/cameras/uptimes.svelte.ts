import { doors } from "./doors.ts";
import { type Report, SPANS } from "./uptime.ts";

/** The up-time of the last day, week and month, asked for now and then. */

const READ_EVERY_MS = 300_000;
const TRY_AGAIN_MS = 15_000;

export class Uptimes {
  /** In the order of SPANS; null until it is there. */
  reports: (Report | null)[] = $state.raw(SPANS.map(() => null));
  problem = $state("");
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  run(): () => void {
    void this.#read();
    return () => clearTimeout(this.#timer);
  }

  async #read(): Promise<void> {
    try {
      // One after the other: a month of a city is work for the server.
      for (const [index, { ms }] of SPANS.entries()) {
        const report = await doors.uptime(this.#nowMs() - ms, this.#nowMs());
        this.reports = this.reports.with(index, report);
      }
      this.problem = "";
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    }
    this.#timer = setTimeout(() => void this.#read(), this.problem ? TRY_AGAIN_MS : READ_EVERY_MS);
  }
}
