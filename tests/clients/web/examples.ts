import type { Alert, Bulletin, Camera, Progress, Push, Receipt } from "../../../clients/web/shared/items.ts";

/** Values for tests; each says only what matters to it. */

export const NOW_MS = 1_795_201_400_000;

export function alert(changes: Partial<Alert> = {}): Alert {
  return {
    id: "a1",
    number: 1,
    revision: 1,
    source: "gunshot",
    source_id: "53-1",
    status: "Actual",
    msg_type: "Alert",
    event: "Multiple gunshots",
    urgency: "Immediate",
    severity: "Severe",
    certainty: "Likely",
    priority: 1,
    headline: "",
    description: "",
    instruction: "",
    received_ms: NOW_MS,
    sent_ms: null,
    onset_ms: null,
    expires_ms: null,
    area_desc: "",
    point: null,
    radius_m: null,
    parameters: {},
    problems: [],
    state: "new",
    progress: [],
    outcome: "",
    shelved: null,
    group_id: null,
    revised_ms: NOW_MS,
    revised_by: "source:gunshot",
    reason: "",
    changes: [],
    escalation: null,
    ...changes,
  };
}

export function push(changes: Partial<Push> = {}): Push {
  return {
    id: "p1",
    number: 1,
    revision: 1,
    alert_id: null,
    cameras: [{ id: "main-4th", number: 4, name: "Main St / 4th Ave" }],
    media: [],
    note: "",
    status: "Actual",
    to: { people: ["officer-12"] },
    recipients: ["officer-12"],
    sent_by: "operator",
    sent_ms: NOW_MS,
    recalled_by: null,
    recalled_ms: null,
    expires_ms: NOW_MS + 8 * 3600 * 1000,
    ...changes,
  };
}

export function receipt(changes: Partial<Receipt> = {}): Receipt {
  return {
    item: "push",
    item_id: "p1",
    revision: 1,
    person: "officer-12",
    device: "tablet-12",
    stage: "delivered",
    at_ms: NOW_MS,
    via: "device",
    by: "",
    ...changes,
  };
}

export function progress(changes: Partial<Progress> = {}): Progress {
  return {
    state: "acknowledged",
    person: "officer-14",
    via: "device",
    by: "",
    revision: 1,
    at_ms: NOW_MS,
    note: "",
    ...changes,
  };
}

export function bulletin(changes: Partial<Bulletin> = {}): Bulletin {
  return {
    id: "b1",
    number: 1,
    revision: 1,
    state: "active",
    status: "Actual",
    name: "unknown",
    why: "Robbery on Main St",
    caution: "Armed",
    legal_basis: "Warrant 26-1",
    issuer: "Detectives",
    verify: "Tattoo on the left hand",
    photos: [],
    cleared: [],
    recipients: null,
    sent_by: "operator",
    sent_ms: NOW_MS,
    expires_ms: NOW_MS + 72 * 3600 * 1000,
    revised_ms: NOW_MS,
    revised_by: "operator",
    reason: "",
    changes: [],
    ...changes,
  };
}

export function camera(changes: Partial<Camera> = {}): Camera {
  return {
    id: "main-4th",
    number: 4,
    name: "Main St / 4th Ave",
    district: "Downtown",
    lat: 41.76,
    lon: -72.67,
    heading_deg: null,
    fov_deg: null,
    state: { state: "live", since_ms: NOW_MS, reason: "" },
    ...changes,
  };
}
