/** What a close code asks of us (docs/wire.md §9). */

export type AfterClose =
  | { what: "retry" }
  | { what: "retry at once" }
  | { what: "sign in" }
  | { what: "stop"; why: string };

export function afterClose(code: number, reason: string): AfterClose {
  if (code === 1001) return { what: "retry at once" };
  if (code === 4500) return { what: "sign in" };
  if (code === 4501) return { what: "stop", why: "This screen was opened a second time; the newer one is in use." };
  if (code === 1003 || code === 1009 || (code >= 4500 && code <= 4999)) {
    return { what: "stop", why: `The server did not understand this page: ${reason || `code ${code}`}. Reload it.` };
  }
  return { what: "retry" };
}
