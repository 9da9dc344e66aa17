import "./base.css";

import { type Component, mount } from "svelte";

import { Live } from "./live.svelte.ts";
import { whoIsHere } from "./session.ts";
import type { Role } from "./items.ts";

/** What every page does first: who is here, what is known, then draw. */

const TRY_AGAIN_MS = 2_000;

export async function start(
  page: Component<{ live: Live }>,
  roles: Role[],
  options: { worksWithoutLink?: boolean } = {},
): Promise<void> {
  const worksWithoutLink = options.worksWithoutLink ?? false;
  try {
    const person = await whoIsHere(roles, worksWithoutLink);
    if (!person) return;
    const live = await Live.start(person, worksWithoutLink);
    document.body.replaceChildren();
    mount(page, { target: document.body, props: { live } });
  } catch {
    document.body.textContent = "The server does not answer. Trying again…";
    setTimeout(() => void start(page, roles, options), TRY_AGAIN_MS);
  }
}
