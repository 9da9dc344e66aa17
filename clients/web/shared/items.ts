import type { Stage } from "./stage.ts";

/** What messages carry, as docs/wire.md has it: people, cameras, alerts, pushes, bulletins, and who has got how far with them. */

export type Role = "operator" | "officer" | "dispatcher" | "admin";
export type ItemKind = "alert" | "push" | "bulletin";
export type AlertState = "new" | "acknowledged" | "en_route" | "on_scene" | "closed" | "cancelled" | "expired";

export interface Person {
  id: string;
  name: string;
  role: Role;
  unit: string;
  duty?: string;
  beat?: string;
  agency?: string;
  device?: string;
  online?: boolean;
  /** Beyond those of the role: `lift_masks`. */
  rights?: string[];
}

export interface CameraState {
  state: "idle" | "starting" | "live" | "stalled" | "down" | "unknown";
  since_ms: number;
  reason: string;
}

export interface Camera {
  id: string;
  number: number;
  name: string;
  district: string;
  lat: number | null;
  lon: number | null;
  heading_deg: number | null;
  fov_deg: number | null;
  state: CameraState;
}

/** A camera and what it sees of a place (`GET /api/cameras/nearest`). */
export interface Candidate {
  camera: Camera;
  distance_m: number;
  sight: "sees" | "part" | "perhaps" | "away";
  /** How much of the circle it sees, 0 to 1. */
  share: number;
  working: boolean;
}

export interface Nearest {
  view: "seen" | "perhaps" | "none";
  /** For people; empty when the point is seen. */
  message: string;
  /** Best first, those that do not work last. */
  cameras: Candidate[];
  unplaced: number;
}

export interface Alert {
  id: string;
  number: number;
  revision: number;
  source: string;
  source_id: string;
  status: string;
  msg_type: string;
  event: string;
  urgency: string;
  severity: string;
  certainty: string;
  priority: number;
  headline: string;
  description: string;
  instruction: string;
  received_ms: number;
  sent_ms: number | null;
  onset_ms: number | null;
  expires_ms: number | null;
  area_desc: string;
  point: { lat: number; lon: number } | null;
  radius_m: number | null;
  parameters: Record<string, string>;
  problems: string[];
  state: AlertState;
  progress: Progress[];
  outcome: string;
  shelved: { until_ms: number; by: string; reason: string } | null;
  group_id: string | null;
  revised_ms: number;
  revised_by: string;
  reason: string;
  changes: Change[];
  escalation: Escalation | null;
}

/** Who has brought an alert how far. */
export interface Progress {
  state: AlertState;
  person: string;
  via: "device" | "radio";
  by: string;
  revision: number;
  at_ms: number;
  note: string;
}

export interface Change {
  field: string;
  before: unknown;
  after: unknown;
}

export interface Escalation {
  policy: string;
  step: number;
  steps: number;
  fired_ms: number;
  next_ms: number | null;
  sound: boolean;
  say: string;
  reached: number;
  over: boolean;
}

/** A picture of the server's store; the thumbnail is a JPEG in base64. */
export interface Media {
  id: string;
  width: number;
  height: number;
  bytes: number;
  thumbnail: string;
  camera?: string | null;
  taken_ms?: number | null;
}

export interface Photo extends Media {
  source: string;
  taken: string;
}

/** What is said of a wanted person. */
export interface Description {
  name: string;
  why: string;
  caution: string;
  legal_basis: string;
  issuer: string;
  verify: string;
}

/** A wanted-person bulletin that is active. */
export interface Bulletin extends Description {
  id: string;
  number: number;
  revision: number;
  state: "active";
  status: string;
  photos: Photo[];
  cleared: { note: string; by: string; at_ms: number }[];
  recipients: string[] | null;
  sent_by: string;
  sent_ms: number;
  expires_ms: number;
  revised_ms: number;
  revised_by: string;
  reason: string;
  changes: string[];
}

/** What is left of a bulletin that was cancelled or has expired. */
export interface EndedBulletin {
  id: string;
  number: number;
  revision: number;
  state: "cancelled" | "expired";
  sent_ms: number;
  expires_ms: number;
  revised_ms: number;
  ended_ms: number;
  ended_by: string | null;
  reason: string;
}

/** Where people who are asked for a push or a bulletin are found. */
export interface Recipients {
  people?: string[];
  units?: string[];
  beats?: string[];
  roles?: string[];
  duties?: string[];
  agencies?: string[];
  near?: { lat: number; lon: number; radius_m: number };
}

/** How many people have come how far with the present revision of an item. */
export interface Sum {
  item: ItemKind;
  item_id: string;
  revision: number;
  queued: number;
  sent: number;
  delivered: number;
  shown: number;
  opened: number;
  declined: number;
  acknowledged: number;
  unreached: number;
}

export interface Unreached {
  person: string;
  had: Stage;
  had_revision: number;
  has: Stage | "";
}

export interface Position {
  lat: number;
  lon: number;
  accuracy_m: number | null;
  at_ms: number;
}

export interface LaneHealth {
  ok: boolean;
  since_ms: number;
  problems: string[];
}

export interface PolicyStep {
  after_s: number;
  reach: Record<string, unknown>;
  sound: boolean;
  say: string;
}

export interface Policy {
  name: string;
  revision: number;
  priority: number;
  steps: PolicyStep[];
  loop_s: number | null;
  en_route_s: number | null;
}

export interface Push {
  id: string;
  number: number;
  revision: number;
  alert_id: string | null;
  cameras: { id: string; number: number; name: string }[];
  media: Media[];
  note: string;
  status: string;
  to: Recipients;
  recipients: string[];
  sent_by: string;
  sent_ms: number;
  recalled_by: string | null;
  recalled_ms: number | null;
  expires_ms: number;
}

export interface Receipt {
  item: ItemKind;
  item_id: string;
  revision: number;
  person: string;
  device: string;
  stage: Stage;
  at_ms: number;
  via: "device" | "radio";
  by: string;
}
