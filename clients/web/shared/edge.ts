/** Keeps a player close behind the newest picture: how far it may be, and what to do when it is not there. */

/** How far behind the newest picture we play; the measured optimum, see docs/architecture.md. */
export const TARGET_GAP_S = 0.12;
const SEEK_ABOVE_S = 1.5;
const AHEAD_S = 0.03;
const BEHIND_S = -0.05;
const FASTEST = 1.25;
const SLOWER = 0.97;
/** Where a change of rate stutters (Safari), the player jumps instead. */
const JUMP_ABOVE_S = 0.6;

export type Steering = { do: "seek" } | { do: "play"; rate: number };

/** @param gapS end of what is buffered minus where the player is */
export function steer(gapS: number, canChangeRate: boolean): Steering {
  if (gapS > (canChangeRate ? SEEK_ABOVE_S : JUMP_ABOVE_S)) return { do: "seek" };
  const off = gapS - TARGET_GAP_S;
  if (!canChangeRate) return { do: "play", rate: 1 };
  if (off > AHEAD_S) return { do: "play", rate: Math.min(FASTEST, 1 + off) };
  if (off < BEHIND_S) return { do: "play", rate: SLOWER };
  return { do: "play", rate: 1 };
}
