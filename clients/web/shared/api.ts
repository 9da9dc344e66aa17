import type { Camera, Person, Push, WireError } from "./wire.ts";

/** The HTTP calls of docs/wire.md §1, §3 and §6. */

const TIMEOUT_MS = 10_000;

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
  cameras: string[];
  to: { people?: string[]; units?: string[] };
  note?: string;
  alert_id?: string;
}

export const api = {
  session: (): Promise<Session> => call("GET", "/api/session"),
  signIn: (username: string, password: string, device?: string): Promise<Session> =>
    call("POST", "/api/session", { username, password, ...(device ? { device } : {}) }),
  signOut: (): Promise<void> => call("DELETE", "/api/session"),
  cameras: async (): Promise<Camera[]> => (await call<{ cameras: Camera[] }>("GET", "/api/cameras")).cameras,
  people: async (): Promise<Person[]> => (await call<{ people: Person[] }>("GET", "/api/people")).people,
  city: (): Promise<unknown> => call("GET", "/api/city"),
  push: async (order: PushOrder): Promise<Push> => (await call<{ push: Push }>("POST", "/api/pushes", order)).push,
  recall: async (id: string): Promise<Push> =>
    (await call<{ push: Push }>("POST", `/api/pushes/${encodeURIComponent(id)}/recall`)).push,
};

async function call<T>(method: string, path: string, body?: object): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body ? { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } } : {}),
    });
  } catch (error) {
    throw new Unreachable("The server did not answer.", { cause: error });
  }
  if (!response.ok) throw await refusal(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
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
