import "../shared/base.css";

import { mount } from "svelte";

import { whoIsHere } from "../shared/session.ts";
import Cameras from "./Cameras.svelte";

// Without a link of its own to /ws/events: a device has one, and it is the console's, which is where alerts are shown.

const TRY_AGAIN_MS = 2_000;

async function open(): Promise<void> {
  try {
    const person = await whoIsHere(["operator", "dispatcher", "admin"]);
    if (!person) return;
    document.body.replaceChildren();
    mount(Cameras, { target: document.body, props: { person } });
  } catch {
    document.body.textContent = "The server does not answer. Trying again…";
    setTimeout(() => void open(), TRY_AGAIN_MS);
  }
}

void open();
