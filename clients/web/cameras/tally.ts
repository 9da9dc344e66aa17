import type { CameraState } from "../shared/items.ts";
import { hasFault, type Row } from "./row.ts";

/** How many cameras are how. */
export interface Tally {
  cameras: number;
  states: Record<CameraState["state"], number>;
  faults: number;
  /** Of whose pictures nothing is known. */
  unchecked: number;
  masked: number;
  /** Ordered to be checked, and not yet. */
  waiting: number;
}

function none(): Tally {
  return { cameras: 0, states: { live: 0, stalled: 0, down: 0, unknown: 0, starting: 0, idle: 0 }, faults: 0, unchecked: 0, masked: 0, waiting: 0 };
}

export function tally(rows: Iterable<Row>): Tally {
  const all = none();
  for (const row of rows) count(all, row);
  return all;
}

/** By district, those without a name last. */
export function byDistrict(rows: Iterable<Row>): [string, Tally][] {
  const districts = new Map<string, Tally>();
  for (const row of rows) {
    const one = districts.get(row.district) ?? none();
    districts.set(row.district, one);
    count(one, row);
  }
  return [...districts].sort(([a], [b]) => Number(a === "") - Number(b === "") || a.localeCompare(b, "en", { numeric: true }));
}

function count(into: Tally, row: Row): void {
  into.cameras += 1;
  into.states[row.state.state] += 1;
  into.faults += Number(hasFault(row));
  into.unchecked += Number(row.check === null);
  into.masked += Number(row.masked);
  into.waiting += Number(row.check_ordered_ms !== null);
}

/** What has become of an order to check cameras. */
export interface Progress {
  ordered: number;
  checked: number;
  waiting: number;
  /** Neither checked nor waiting any more. */
  leftOut: number;
}

/** @param sinceMs when they were ordered, on the server's clock */
export function progress(rows: ReadonlyMap<string, Row>, ordered: readonly string[], sinceMs: number): Progress {
  let checked = 0;
  let waiting = 0;
  for (const id of ordered) {
    const row = rows.get(id);
    if ((row?.check?.at_ms ?? 0) >= sinceMs) checked += 1;
    else if (row && row.check_ordered_ms !== null) waiting += 1;
  }
  return { ordered: ordered.length, checked, waiting, leftOut: ordered.length - checked - waiting };
}
