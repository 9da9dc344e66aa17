// The messages of docs/wire.md, as they come. Unknown fields and types are ignored.

export type Role = "operator" | "officer" | "dispatcher" | "admin";
export type Stage = "delivered" | "shown" | "acknowledged";
export type ItemKind = "alert" | "push";

export interface Person {
  id: string;
  name: string;
  role: Role;
  unit: string;
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
}

export interface Push {
  id: string;
  number: number;
  revision: number;
  alert_id: string | null;
  cameras: { id: string; number: number; name: string }[];
  note: string;
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
}

export interface ReceiptCommand {
  type: "receipt";
  id: string;
  item: ItemKind;
  item_id: string;
  revision: number;
  stage: Stage;
  at_ms: number;
}

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
  receipts: Receipt[];
}

export type Entry = { type: "entry"; position: number; at_ms: number } & (
  | { kind: "alert"; alert: Alert }
  | { kind: "push"; push: Push }
  | { kind: "receipts"; receipts: Receipt[] }
);

export type EventsMessage =
  | EventsHello
  | Snapshot
  | Entry
  | { type: "replay"; from: number; to: number }
  | { type: "tick"; position: number; server_time_ms: number }
  | { type: "cameras"; full: boolean; states: Record<string, CameraState> }
  | { type: "online"; people: string[] }
  | { type: "receipt"; id: string; ok: true; receipt: Receipt }
  | { type: "receipt"; id: string; ok: false; error: WireError }
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

const RUNGS: Record<Stage, number> = { delivered: 1, shown: 2, acknowledged: 3 };

/** Where a stage stands on the ladder; 0 is "sent", before the device has said anything. */
export function rung(stage: Stage | undefined): number {
  return stage === undefined ? 0 : RUNGS[stage];
}
