/** Keeps a player close behind the newest picture: what to do when it is not where it should be. */

const SEEK_ABOVE_S = 1.5;
const AHEAD_S = 0.03;
const BEHIND_S = -0.05;
const FASTEST = 1.25;
const SLIGHTLY_FASTER = 1.02;
const SLOWER = 0.97;
/** Where a change of rate stutters (Safari), the player jumps instead. */
const JUMP_ABOVE_S = 0.6;

export type Steering = { do: "seek" } | { do: "play"; rate: number };

/**
 * @param gapS end of what is buffered minus where the player is, when a picture has just come
 * @param targetS what it should be, see jitter.ts
 * @param rate at which it plays; once it is another than 1 it stays so until the gap is what it should be
 */
export function steer(gapS: number, targetS: number, canChangeRate: boolean, rate = 1): Steering {
  // A target that is high already must not make it jump for ever.
  if (gapS > (canChangeRate ? SEEK_ABOVE_S : Math.max(JUMP_ABOVE_S, 2 * targetS))) return { do: "seek" };
  const off = gapS - targetS;
  if (!canChangeRate) return { do: "play", rate: 1 };
  if (off > (rate > 1 ? 0 : AHEAD_S)) return { do: "play", rate: Math.min(FASTEST, Math.max(SLIGHTLY_FASTER, 1 + off)) };
  if (off < (rate < 1 ? 0 : BEHIND_S)) return { do: "play", rate: SLOWER };
  return { do: "play", rate: 1 };
}
