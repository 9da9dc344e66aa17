import { faults, hasFault, isConnected, type Row } from "./row.ts";

/** Which cameras are listed, and in what order. */

export interface Filter {
  state: string;
  /** A fault; `any`, `none`, `unsure`, `never` or `waiting`; empty for all. */
  fault: string;
  district: string | null;
  text: string;
}

export const NO_FILTER: Filter = { state: "", fault: "", district: null, text: "" };

export type Key =
  | "number"
  | "name"
  | "district"
  | "state"
  | "since"
  | "fps"
  | "bitrate"
  | "gop"
  | "picture"
  | "losses"
  | "fault"
  | "checked"
  | "masked";

export interface Sort {
  by: Key;
  descends: boolean;
}

/** What needs somebody comes first. */
const WORST_FIRST = ["down", "stalled", "unknown", "starting", "live", "idle"];
const FAULTS_FIRST = ["black", "covered", "frozen", "obstructed", "blurred", "moved", "silent"];

/** By what a column is sorted; null is not known, and stands last either way. */
const VALUES: Record<Key, (row: Row) => number | string | null> = {
  number: (row) => row.number,
  name: (row) => row.name,
  district: (row) => row.district || null,
  state: (row) => WORST_FIRST.indexOf(row.state.state) + (row.state.state === "live" && hasFault(row) ? -0.5 : 0),
  since: (row) => row.state.since_ms,
  fps: (row) => (isConnected(row) ? row.fps : null),
  bitrate: (row) => (isConnected(row) ? row.bitrate_bps : null),
  gop: (row) => (isConnected(row) ? row.gop_pictures : null),
  picture: (row) => row.picture_age_ms,
  losses: (row) => row.losses,
  fault: (row) => {
    const [worst] = faults(row);
    if (worst) return FAULTS_FIRST.indexOf(worst);
    return row.check ? (row.check.outcome === "unsure" ? 50 : 60) : null;
  },
  checked: (row) => row.check?.at_ms ?? null,
  masked: (row) => (row.masked ? 0 : 1),
};

export function fits(row: Row, { state, fault, district, text }: Filter): boolean {
  if (state && row.state.state !== state) return false;
  if (district !== null && row.district !== district) return false;
  if (fault && !fitsFault(row, fault)) return false;
  const wanted = text.trim().toLowerCase();
  return !wanted || `${row.number} ${row.name} ${row.district} ${row.id}`.toLowerCase().includes(wanted);
}

function fitsFault(row: Row, fault: string): boolean {
  if (fault === "any") return hasFault(row);
  if (fault === "none") return row.check?.outcome === "good";
  if (fault === "unsure") return row.check?.outcome === "unsure";
  if (fault === "never") return row.check === null;
  if (fault === "waiting") return row.check_ordered_ms !== null;
  return faults(row).includes(fault);
}

/** The ids of those that fit, in order; equal ones by their number. */
export function arrange(rows: Iterable<Row>, filter: Filter, { by, descends }: Sort): string[] {
  const value = VALUES[by];
  const found = [...rows].filter((row) => fits(row, filter)).map((row) => ({ row, value: value(row) }));
  found.sort((a, b) => {
    if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null) || a.row.number - b.row.number;
    const order = typeof a.value === "string" ? a.value.localeCompare(String(b.value), "en", { numeric: true }) : a.value - Number(b.value);
    return (descends ? -order : order) || a.row.number - b.row.number;
  });
  return found.map(({ row }) => row.id);
}
