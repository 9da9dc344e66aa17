import type { Command, WireError } from "./wire.ts";

/** What a person said or ordered and the server did not take: in words, with what to do about it. */

const SAID: Record<string, string> = {
  acknowledged: "acknowledgement",
  declined: "“can't”",
  en_route: "“on the way”",
  on_scene: "“on scene”",
  close: "“close”",
};

const TO_DO: Record<string, string> = {
  "conflict.revision": "It was corrected meanwhile: read it as it is now, and tap again.",
  "conflict.recalled": "It was taken back meanwhile.",
  "alert.unknown": "The center does not list it as yours: tell dispatch by radio.",
  "item.unknown": "The center does not list it as yours: tell dispatch by radio.",
};

/** Null for what the device reports by itself: nobody has tapped, and nobody can do anything about it. */
export function refusalWords(command: Command, error: WireError): string | null {
  const said = command.type === "command" ? command.command : command.stage;
  if (command.type === "receipt" && said !== "acknowledged" && said !== "declined") return null;
  const toDo = TO_DO[error.code] ?? (error.code === "conflict.state" ? error.message : `${error.message} Tell dispatch by radio.`);
  return `Your ${SAID[said] ?? said} was not taken. ${toDo}`;
}
