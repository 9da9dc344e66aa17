import type {
  Alert,
  Bulletin,
  CameraState,
  EndedBulletin,
  ItemKind,
  LaneHealth,
  Person,
  Position,
  Push,
  Receipt,
  Sum,
} from "./items.ts";
import type { Stage } from "./stage.ts";

// The messages of docs/wire.md, as they come. Unknown fields and types are ignored.

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
  | { type: "rendition"; camera_number: number; rendition: string; why: string; message: string }
  | { type: "init"; camera_number: number; codec: string; width: number; height: number }
  | { type: "burst"; camera_number: number; frames: number }
  | { type: "drop"; camera_number: number; skipped: number }
  | { type: "unsubscribed"; camera: string; camera_number: number; code?: string; message?: string }
  | { type: "tick"; server_time_ms: number }
  | { type: "error"; code: string; message: string; camera?: string };
