/** How far a person has got with an alert, a push or a bulletin (docs/wire.md §5.3). */

export type Stage = "sent" | "delivered" | "shown" | "opened" | "declined" | "acknowledged";

const RUNGS: Record<Stage, number> = { sent: 1, delivered: 2, shown: 3, opened: 4, declined: 5, acknowledged: 6 };

/** Where a stage stands on the ladder; 0 is "queued", before anything is known of the device. */
export function rung(stage: Stage | undefined): number {
  return stage === undefined ? 0 : RUNGS[stage];
}
