// The messages of docs/wire.md, as they come. Unknown fields and types are ignored.

export type Role = "operator" | "officer" | "dispatcher" | "admin";
export type Stage = "sent" | "delivered" | "shown" | "opened" | "declined" | "acknowledged";
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

/** A wanted-person bulletin that is active. */
export interface Bulletin {
  id: string;
  number: number;
  revision: number;
  state: "active";
  status: string;
  name: string;
  why: string;
  caution: string;
  legal_basis: string;
  issuer: string;
  verify: string;
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

/** What a person does about an alert (docs/wire.md §6.3), over the socket. */
export interface AlertCommand {
  type: "command";
  id: string;
  item: "alert";
  item_id: string;
  command: string;
  revision: number;
  [field: string]: unknown;
}

export type Command = ReceiptCommand | AlertCommand;

export interface ReceiptCommand {
  type: "receipt";
  id: string;
  item: ItemKind;
  item_id: string;
  revision: number;
  stage: Stage;
  at_ms: number;
}

/** What a device says by itself, of many items at once. */
export interface Report {
  type: "report";
  number: number;
  receipts: Omit<ReceiptCommand, "type" | "id">[];
}

export type Reported = { type: "reported"; number: number } & (
  | { ok: true; refused: { index: number; error: WireError }[] }
  | { ok: false; error: WireError }
);

export interface WireError {
  code: string;
  message: string;
  path?: string;
}

export interface EventsHello {
  type: "hello";
  protocol: number;
  installation: string;
  position: number;
  server_time_ms: number;
  heartbeat_s: number;
  build: string;
  person: Person;
}

export interface Snapshot {
  type: "snapshot";
  position: number;
  reason: string;
  alerts: Alert[];
  pushes: Push[];
  bulletins: Bulletin[];
  receipts: Receipt[];
}

export type Entry = { type: "entry"; position: number; at_ms: number } & (
  | { kind: "alert"; alert: Alert }
  | { kind: "push"; push: Push }
  | { kind: "bulletin"; bulletin: Bulletin | EndedBulletin }
  | { kind: "receipts"; receipts: Receipt[] }
);

export type EventsMessage =
  | EventsHello
  | Snapshot
  | Entry
  | { type: "replay"; from: number; to: number }
  | { type: "tick"; position: number; server_time_ms: number; heartbeat_s?: number }
  | { type: "sums"; full: boolean; items: Sum[] }
  | { type: "positions"; full: boolean; people: Record<string, Position> }
  | ({ type: "lane" } & LaneHealth)
  | { type: "command"; id: string; ok: true; alert: Alert }
  | { type: "command"; id: string; ok: false; error: WireError; alert?: Alert }
  | { type: "cameras"; full: boolean; states: Record<string, CameraState> }
  | { type: "online"; people: string[] }
  | { type: "receipt"; id: string; ok: true; receipt: Receipt }
  | { type: "receipt"; id: string; ok: false; error: WireError }
  | Reported
  | { type: "error"; code: string; message: string };

export type VideoMessage =
  | { type: "hello"; protocol: number; server_time_ms: number; heartbeat_s: number; person: Person }
  | { type: "subscribed"; camera: string; camera_number: number; state: CameraState }
  | { type: "state"; camera: string; camera_number: number; state: CameraState }
  | { type: "init"; camera_number: number; codec: string; width: number; height: number }
  | { type: "burst"; camera_number: number; frames: number }
  | { type: "drop"; camera_number: number; skipped: number }
  | { type: "unsubscribed"; camera: string; camera_number: number; code?: string; message?: string }
  | { type: "tick"; server_time_ms: number }
  | { type: "error"; code: string; message: string; camera?: string };

const RUNGS: Record<Stage, number> = { sent: 1, delivered: 2, shown: 3, opened: 4, declined: 5, acknowledged: 6 };

/** Where a stage stands on the ladder; 0 is "queued", before anything is known of the device. */
export function rung(stage: Stage | undefined): number {
  return stage === undefined ? 0 : RUNGS[stage];
}
