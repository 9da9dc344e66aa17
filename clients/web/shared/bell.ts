import type { ItemKind } from "./items.ts";

/**
 * The bell of this device: Web Push, for a tablet that sleeps (docs/wire.md §3). The worker shows what comes
 * (tablet/bell.js); here it is switched on and off, and kept in order.
 */

const WORKER = "/sw.js";
const WANTED = "sightline.bell";
const TIMEOUT_MS = 10_000;

export type BellState =
  /** This browser has none; on an iPad: not until the page is on the home screen. */
  | "missing"
  /** The server has no key: nobody has set Web Push up. */
  | "unset"
  /** The person, or who looks after the device, said no; only the browser's settings change that. */
  | "refused"
  | "off"
  | "on";

/** The server would not keep it; `message` is its sentence for a person. */
export class BellRefused extends Error {}

export async function bellState(): Promise<BellState> {
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return "missing";
  if (Notification.permission === "denied") return "refused";
  if ((await serverKey()) === null) return "unset";
  const subscription = await (await navigator.serviceWorker.getRegistration(WORKER))?.pushManager.getSubscription();
  return subscription && localStorage.getItem(WANTED) ? "on" : "off";
}

/**
 * Asks for permission and switches the bell on. To be called in a person's gesture, before anything is awaited:
 * Safari asks for nothing else.
 *
 * @throws BellRefused the server has no place for it, for example because five devices ring for the person already.
 */
export async function switchBellOn(): Promise<BellState> {
  if (!("Notification" in window)) return "missing";
  if ((await Notification.requestPermission()) !== "granted") return "refused";
  const key = await serverKey();
  if (key === null) return "unset";
  await navigator.serviceWorker.register(WORKER);
  localStorage.setItem(WANTED, "1");
  await subscribe(await navigator.serviceWorker.ready, key);
  return "on";
}

export async function switchBellOff(): Promise<BellState> {
  localStorage.removeItem(WANTED);
  const subscription = await (await navigator.serviceWorker.getRegistration(WORKER))?.pushManager.getSubscription();
  if (!subscription) return "off";
  const { endpoint } = subscription;
  await subscription.unsubscribe();
  // A push service tells the server as well, by 410, when this does not get through.
  await send("DELETE", { endpoint }).catch(() => undefined);
  return "off";
}

/**
 * At every start of a page: browsers change and take away subscriptions without a word, the server may have another key,
 * and another person may have signed in. Does nothing on a device where nobody has switched the bell on.
 */
export async function keepBell(): Promise<BellState> {
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return "missing";
  if (!localStorage.getItem(WANTED) || Notification.permission !== "granted") return "off";
  const key = await serverKey();
  if (key === null) return "unset";
  await subscribe(await navigator.serviceWorker.ready, key);
  return "on";
}

/** Calls `open` when a person taps a notification, also when that has opened the page. */
export function onBell(open: (item: ItemKind, id: string) => void): void {
  const named = /^#(alert|push|bulletin)=(.+)$/.exec(location.hash);
  if (named) {
    history.replaceState(history.state, "", location.pathname + location.search);
    open(named[1] as ItemKind, decodeURIComponent(named[2] ?? ""));
  }
  navigator.serviceWorker?.addEventListener("message", (event: MessageEvent) => {
    const message = event.data as { type?: unknown; item: ItemKind; item_id: string };
    if (message?.type === "bell" && message.item_id) open(message.item, message.item_id);
  });
}

/** Base64url without padding, as keys are written. */
export function base64url(bytes: ArrayBuffer | null): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes ?? new ArrayBuffer(0))));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(bytes, (byte) => byte.charCodeAt(0));
}

async function subscribe(worker: ServiceWorkerRegistration, key: string): Promise<void> {
  let subscription = await worker.pushManager.getSubscription();
  if (subscription && base64url(subscription.options.applicationServerKey) !== key) {
    await subscription.unsubscribe();
    subscription = null;
  }
  subscription ??= await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: fromBase64url(key) });
  await send("POST", subscription.toJSON());
}

async function serverKey(): Promise<string | null> {
  const answer = await fetch("/api/subscriptions/key", { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
  return answer.ok ? ((await answer.json()) as { key: string | null }).key : null;
}

async function send(method: "POST" | "DELETE", body: object): Promise<void> {
  const answer = await fetch("/api/subscriptions", {
    method,
    credentials: "same-origin",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (answer.ok) return;
  const { error } = (await answer.json().catch(() => ({}))) as { error?: { message: string } };
  throw new BellRefused(error?.message ?? `The server answered with status ${answer.status}.`);
}
