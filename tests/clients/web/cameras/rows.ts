import type { Check, Row } from "../../../../clients/web/cameras/row.ts";
import type { CameraState } from "../../../../clients/web/shared/items.ts";
import { NOW_MS } from "../examples.ts";

/** Values for tests; each says only what matters to it. */

export function row(number: number, state: CameraState["state"] = "live", changes: Partial<Row> = {}): Row {
  return {
    id: `camera-${number}`,
    number,
    name: `Main St / ${number}th Ave`,
    district: "Downtown",
    state: { state, since_ms: NOW_MS - 60_000, reason: "" },
    fps: 25,
    bitrate_bps: 2_100_000,
    gop_pictures: 50,
    losses: 0,
    picture_age_ms: 300,
    masked: false,
    check: null,
    check_ordered_ms: null,
    reference: null,
    ...changes,
  };
}

export function check(outcome: Check["outcome"], ...faults: string[]): Check {
  return { at_ms: NOW_MS, asked_by: null, outcome, faults: faults.map((fault) => ({ fault, message: `It is ${fault}.` })), message: "Words." };
}
