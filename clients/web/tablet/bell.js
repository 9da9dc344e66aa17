// Wakes a tablet that sleeps. Whatever comes is shown: browsers take the bell away from those who are rung and show
// nothing. Then the server is told that the device has it; when nobody is signed in here, it is not.
const UNREADABLE = { title: "Sightline", body: "Something new. Open Sightline to see it." };
const PATIENT_MS = 10_000;

self.addEventListener("push", (event) => {
  const { title, ...options } = announcement(event);
  // What is declarative is shown by the browser itself; all others leave it to us.
  const shown = event.notification ? undefined : self.registration.showNotification(title, options);
  event.waitUntil(Promise.all([shown, report(options.data)]));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data ?? {}));
});

self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(subscribeAnew(event.newSubscription));
});

function announcement(event) {
  if (event.notification) return { title: event.notification.title, data: event.notification.data };
  try {
    const { notification } = event.data.json();
    return typeof notification.title === "string" ? notification : UNREADABLE;
  } catch {
    return UNREADABLE;
  }
}

async function report(data) {
  if (!data?.item) return;
  const { item, item_id, revision } = data;
  await post("/api/receipts", { receipts: [{ id: crypto.randomUUID(), item, item_id, revision, stage: "delivered", at_ms: Date.now() }] });
}

async function show(data) {
  let page = new URL(data.navigate ?? PAGE, self.location.origin);
  if (page.origin !== self.location.origin) page = new URL(PAGE, self.location.origin);
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = windows.find((window) => new URL(window.url).pathname === page.pathname);
  if (!open) return self.clients.openWindow(page);
  open.postMessage({ type: "bell", item: data.item, item_id: data.item_id });
  return open.focus().catch(() => undefined);
}

async function subscribeAnew(given) {
  const answer = await fetch("/api/subscriptions/key", { signal: AbortSignal.timeout(PATIENT_MS) }).catch(() => undefined);
  const key = answer?.ok ? (await answer.json()).key : null;
  if (!key) return;
  const subscription = given ?? (await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
  await post("/api/subscriptions", subscription);
}

function post(path, body) {
  return fetch(path, {
    method: "POST",
    credentials: "same-origin",
    keepalive: true,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENT_MS),
  }).catch(() => undefined);
}
