import { keepBell } from "../shared/bell.ts";
import { start } from "../shared/start.ts";
import Tablet from "./Tablet.svelte";

void start(Tablet, ["officer"], { worksWithoutLink: true });

if ("serviceWorker" in navigator) {
  // Without it the tablet works as well, but cannot be opened without a link.
  navigator.serviceWorker
    .register("/sw.js")
    .then(keepBell)
    .catch(() => undefined);
}
