import { isOpen, isShelved } from "./alerts.ts";
import type { Alert } from "./items.ts";

/** Which alerts make a sound now: a new one, one that was raised, and one whose ladder says so again. Each once. */

const LOWEST_AUDIBLE = 3;
const INTERNAL: readonly string[] = ["Draft", "System"];

export class Alarm {
  readonly #heard = new Map<string, string>();

  /**
   * Takes in the alerts that are there.
   *
   * @param isMine whether this device's person has still to say something about it
   * @returns the most urgent priority that sounds now, null for silence
   */
  listen(alerts: Iterable<Alert>, nowMs: number, isMine: (alert: Alert) => boolean): number | null {
    let loudest: number | null = null;
    const seen = new Set<string>();
    for (const alert of alerts) {
      seen.add(alert.id);
      const key = soundOf(alert);
      const isNew = this.#heard.get(alert.id) !== key;
      this.#heard.set(alert.id, key);
      if (!isNew || !isOpen(alert, nowMs) || isShelved(alert, nowMs) || !isMine(alert)) continue;
      if (isInternal(alert)) continue;
      if (alert.priority > LOWEST_AUDIBLE || (isQuiet(alert) && alert.priority > 1)) continue;
      loudest = Math.min(loudest ?? alert.priority, alert.priority);
    }
    for (const id of this.#heard.keys()) if (!seen.has(id)) this.#heard.delete(id);
    return loudest;
  }
}

/** One of a flood counts on the one of it that climbs (docs/wire.md §6.7). */
function isQuiet({ group_id, escalation }: Alert): boolean {
  return group_id !== null && escalation === null;
}

/** For the eyes of the staff; but who was called until now must hear that it was nothing. */
function isInternal({ status, changes }: Alert): boolean {
  return INTERNAL.includes(status) && !changes.some(({ field }) => field === "status");
}

/** What is new about an alert for the ear: a step that does not sound again counts with the one before. */
function soundOf({ revision, priority, escalation }: Alert): string {
  return `${revision} ${priority} ${escalation?.sound ? `${escalation.step} ${escalation.fired_ms}` : ""}`;
}
