import { ask, call } from "../shared/api.ts";
import type { Alert } from "../shared/items.ts";
import type { Check, Reference, Row } from "./row.ts";
import type { Clip } from "./clip.ts";
import type { Report } from "./uptime.ts";

/** The doors of docs/wire.md §3 through which cameras are looked after. */

const CHECK_TIMEOUT_MS = 75_000;
const PICTURE_TIMEOUT_MS = 20_000;
/** A picture and a check of it. */
const REFERENCE_TIMEOUT_MS = 150_000;
const REPORT_TIMEOUT_MS = 30_000;
export const WHY = "camera health";

export interface Health {
  rows: Row[];
  /** When the server answered, by its own clock, to the second. */
  serverMs: number | null;
}

export interface Still {
  address: string;
  capturedMs: number;
}

function of(camera: string): string {
  return `/api/cameras/${encodeURIComponent(camera)}`;
}

function clip(id: string): string {
  return `/api/clips/${encodeURIComponent(id)}`;
}

export const doors = {
  health: async (): Promise<Health> => {
    const response = await ask("/api/cameras/health", { method: "GET" }, REPORT_TIMEOUT_MS);
    const { cameras } = (await response.json()) as { cameras: Row[] };
    const said = Date.parse(response.headers.get("Date") ?? "");
    return { rows: cameras, serverMs: Number.isNaN(said) ? null : said };
  },
  uptime: (fromMs: number, toMs: number): Promise<Report> =>
    call("GET", `/api/cameras/uptime?from_ms=${Math.round(fromMs)}&to_ms=${Math.round(toMs)}`, undefined, REPORT_TIMEOUT_MS),
  check: async (camera: string): Promise<Check> =>
    (await call<{ check: Check }>("POST", `${of(camera)}/check`, undefined, CHECK_TIMEOUT_MS)).check,
  orderChecks: async (cameras: readonly string[]): Promise<number> =>
    (await call<{ ordered: number }>("POST", "/api/cameras/checks", { cameras }, REPORT_TIMEOUT_MS)).ordered,
  checks: (camera: string): Promise<{ reference: Reference | null; checks: Check[] }> => call("GET", `${of(camera)}/checks`),
  still: (camera: string): Promise<Still> => picture(`${of(camera)}/still?purpose=${encodeURIComponent(WHY)}`),
  reference: (camera: string): Promise<Still> => picture(`${of(camera)}/reference`),
  takeReference: (camera: string): Promise<{ reference: Reference; check: Check }> =>
    call("PUT", `${of(camera)}/reference`, undefined, REFERENCE_TIMEOUT_MS),
  clips: async (): Promise<Clip[]> => (await call<{ clips: Clip[] }>("GET", "/api/clips")).clips,
  alerts: async (): Promise<Alert[]> => (await call<{ alerts: Alert[] }>("GET", "/api/alerts")).alerts,
  clipKey: (): Promise<{ algorithm: string; fingerprint: string }> => call("GET", "/api/clips/key"),
  hold: async (id: string, reason: string): Promise<Clip> => (await call<{ clip: Clip }>("POST", `${clip(id)}/hold`, { reason })).clip,
  release: async (id: string): Promise<Clip> => (await call<{ clip: Clip }>("DELETE", `${clip(id)}/hold`)).clip,
};

export function videoAddress(id: string): string {
  return `${clip(id)}/video`;
}

export function manifestAddress(id: string): string {
  return `${clip(id)}/manifest`;
}

/** Whoever shows it revokes its address. */
async function picture(path: string): Promise<Still> {
  const response = await ask(path, { method: "GET" }, PICTURE_TIMEOUT_MS);
  const capturedMs = Number(response.headers.get("Sightline-Captured-Ms"));
  return { address: URL.createObjectURL(await response.blob()), capturedMs };
}
