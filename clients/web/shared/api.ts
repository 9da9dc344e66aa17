import type {
  Alert,
  Bulletin,
  Camera,
  Description,
  EndedBulletin,
  ItemKind,
  Media,
  Nearest,
  Person,
  Policy,
  Push,
  Recipients,
  Unreached,
} from "./items.ts";
import type { WireError } from "./wire.ts";

/** The HTTP calls of docs/wire.md §1, §3 and §6. */

const TIMEOUT_MS = 10_000;
const UPLOAD_TIMEOUT_MS = 120_000;

/** The server said no; `message` is its sentence for a person. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterS: number | null = null,
  ) {
    super(message);
  }
}

/** The server did not answer. */
export class Unreachable extends Error {}

export interface Session {
  person: Person;
  expires_ms: number;
}

export interface PushOrder {
  /** Made here, kept for a repetition: the same id is the same push. */
  id: string;
  cameras?: string[];
  media?: { id: string; camera?: string; taken_ms?: number }[];
  to: Recipients;
  note?: string;
  alert_id?: string;
}

export interface BulletinOrder extends Description {
  id: string;
  photos: { id: string; source: string; taken: string }[];
  expires_ms?: number;
  to?: Recipients;
}

/** What a camera has shown, as it came. */
export interface PastVideo {
  /** With its codec. */
  type: string;
  bytes: ArrayBuffer;
  fromMs: number;
  toMs: number;
  /** `Sightline-Clock`, see past_clock.ts. */
  clock: string;
}

export interface ClipOrder {
  /** Made here, kept for a repetition: the same id is the same clip. */
  id: string;
  camera: string;
  from_ms: number;
  to_ms: number;
  why: string;
  alert?: string;
}

/** Whom a push would reach now. */
export interface Preview {
  recipients: { person: string; online: boolean; position_age_ms: number | null }[];
  stale: number;
}

const PLURAL: Record<ItemKind, string> = { alert: "alerts", push: "pushes", bulletin: "bulletins" };

export const api = {
  session: (): Promise<Session> => call("GET", "/api/session"),
  signIn: (username: string, password: string, device?: string): Promise<Session> =>
    call("POST", "/api/session", { username, password, ...(device ? { device } : {}) }),
  signOut: (): Promise<void> => call("DELETE", "/api/session"),
  cameras: async (): Promise<Camera[]> => (await call<{ cameras: Camera[] }>("GET", "/api/cameras")).cameras,
  nearest: ({ lat, lon }: { lat: number; lon: number }, radiusM: number | null, count: number): Promise<Nearest> => {
    const radius = radiusM === null ? "" : `&radius_m=${radiusM}`;
    return call("GET", `/api/cameras/nearest?lat=${lat}&lon=${lon}${radius}&count=${count}`);
  },
  /** What it has shown from then to then, as far as it is kept. */
  past: async (camera: string, fromMs: number, toMs: number, purpose: string): Promise<PastVideo> => {
    const query = `from_ms=${fromMs}&to_ms=${toMs}&purpose=${encodeURIComponent(purpose)}`;
    const { headers, body } = await bytes(`/api/cameras/${encodeURIComponent(camera)}/past?${query}`);
    return {
      type: headers.get("Content-Type") ?? "",
      bytes: body,
      fromMs: Number(headers.get("Sightline-From-Ms")),
      toMs: Number(headers.get("Sightline-To-Ms")),
      clock: headers.get("Sightline-Clock") ?? "",
    };
  },
  keepClip: async (order: ClipOrder): Promise<{ number: number }> =>
    (await call<{ clip: { number: number } }>("POST", "/api/clips", order)).clip,
  people: async (): Promise<Person[]> => (await call<{ people: Person[] }>("GET", "/api/people")).people,
  /** Who has seen an earlier revision of an item and not the present one. */
  unreached: async (item: ItemKind, id: string): Promise<Unreached[]> =>
    (await call<{ unreached?: Unreached[] }>("GET", `/api/${PLURAL[item]}/${encodeURIComponent(id)}`)).unreached ?? [],
  /** A command of docs/wire.md §6.3 or §6.4; `id` is kept for a repetition. */
  command: (item: ItemKind, itemId: string, command: { id: string; command: string } & Record<string, unknown>) =>
    call<{ alert?: Alert; push?: Push; bulletin?: Bulletin | EndedBulletin }>(
      "POST",
      `/api/${PLURAL[item]}/${encodeURIComponent(itemId)}/commands`,
      command,
    ),
  recipients: (to: Recipients): Promise<Preview> => call("POST", "/api/recipients", { to }),
  bulletin: async (order: BulletinOrder): Promise<Bulletin> =>
    (await call<{ bulletin: Bulletin }>("POST", "/api/bulletins", order)).bulletin,
  /** Stores a picture; what comes back is what can be sent. */
  upload: async (picture: Blob): Promise<Media> => (await call<{ media: Media }>("POST", "/api/media", picture)).media,
  policies: async (): Promise<Policy[]> => (await call<{ policies: Policy[] }>("GET", "/api/policies")).policies,
  setPolicy: async ({ name, ...policy }: Policy): Promise<Policy> =>
    (await call<{ policy: Policy }>("PUT", `/api/policies/${encodeURIComponent(name)}`, policy)).policy,
  city: (): Promise<unknown> => call("GET", "/api/city"),
  push: async (order: PushOrder): Promise<Push> => (await call<{ push: Push }>("POST", "/api/pushes", order)).push,
  recall: async (id: string): Promise<Push> =>
    (await call<{ push: Push }>("POST", `/api/pushes/${encodeURIComponent(id)}/recall`)).push,
};

export function mediaAddress(id: string): string {
  return `/api/media/${encodeURIComponent(id)}`;
}

/** One question to a door that answers in JSON. @throws Refused, Unreachable */
export async function call<T>(method: string, path: string, body?: object, timeoutMs = TIMEOUT_MS): Promise<T> {
  const isPicture = body instanceof Blob;
  const sent = isPicture ? { body } : body ? { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } } : {};
  const response = await ask(path, { method, ...sent }, isPicture ? UPLOAD_TIMEOUT_MS : timeoutMs);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function bytes(path: string): Promise<{ headers: Headers; body: ArrayBuffer }> {
  const response = await ask(path, { method: "GET" }, UPLOAD_TIMEOUT_MS);
  try {
    return { headers: response.headers, body: await response.arrayBuffer() };
  } catch (error) {
    throw new Unreachable("The server broke off in the middle.", { cause: error });
  }
}

/** Any question; the answer is a good one. @throws Refused, Unreachable */
export async function ask(path: string, init: RequestInit, timeoutMs: number): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(timeoutMs), ...init });
  } catch (error) {
    throw new Unreachable("The server did not answer.", { cause: error });
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response: Response): Promise<Refused> {
  const retryAfterS = Number(response.headers.get("Retry-After")) || null;
  try {
    const { error } = (await response.json()) as { error: WireError };
    return new Refused(response.status, error.code, error.message, retryAfterS);
  } catch {
    return new Refused(response.status, "", `The server answered with status ${response.status}.`, retryAfterS);
  }
}
