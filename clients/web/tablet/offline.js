// Lets the tablet open without a link. The page comes from the network when there is one, so nobody is left on an old
// build; files with a hash in their name come from here. Nothing of /api and no picture ever passes through.
const PAGE = "__PAGE__";
const FILES = "__FILES__";
const SHELF = "sightline-page-1";
const PATIENCE_MS = 3000;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(SHELF)
      .then((shelf) => shelf.addAll([PAGE, ...FILES]))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOldFiles().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && url.pathname === PAGE) event.respondWith(freshPage(event.request));
  else if (FILES.includes(url.pathname)) event.respondWith(keptFile(event.request));
});

async function forgetOldFiles() {
  const shelf = await caches.open(SHELF);
  const wanted = new Set([PAGE, ...FILES]);
  const kept = await shelf.keys();
  await Promise.all(kept.filter((request) => !wanted.has(new URL(request.url).pathname)).map((request) => shelf.delete(request)));
}

async function freshPage(request) {
  try {
    return await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    return (await caches.match(PAGE)) ?? Response.error();
  }
}

async function keptFile(request) {
  return (await caches.match(request)) ?? fetch(request);
}
