/** How much of a time cameras gave pictures (`GET /api/cameras/uptime`), and the words for it. */

export interface Share {
  /** 0 to 1 of the time in which pictures were asked for; null when they never were. */
  up: number | null;
  asked_ms: number;
  unknown_ms: number;
}

export interface Report {
  from_ms: number;
  to_ms: number;
  note: string;
  all: Share;
  districts: ({ district: string } & Share)[];
}

const HOUR_MS = 3_600_000;
export const SPANS = [
  { words: "24 h", ms: 24 * HOUR_MS },
  { words: "7 days", ms: 7 * 24 * HOUR_MS },
  { words: "30 days", ms: 30 * 24 * HOUR_MS },
] as const;

/** Rounded down: 99.97 % is not all. */
export function uptimeWords(share: Share | undefined): string {
  if (!share || share.up === null) return "–";
  const tenths = Math.floor(share.up * 1000 + 1e-9);
  return tenths === 1000 ? "100 %" : `${(tenths / 10).toFixed(1)} %`;
}

/** "of 52 h": of how much time, all cameras together. */
export function askedWords(share: Share | undefined): string {
  if (!share || share.up === null) return "";
  return share.asked_ms < HOUR_MS ? `of ${Math.round(share.asked_ms / 60_000)} min` : `of ${Math.round(share.asked_ms / HOUR_MS)} h`;
}

export function uptimeTitle(share: Share | undefined): string {
  if (!share || share.up === null) return "No pictures were asked for in this time.";
  const hours = (ms: number): string => `${(ms / HOUR_MS).toFixed(1)} h`;
  return `Of ${hours(share.asked_ms)} in which pictures were asked for; of ${hours(share.unknown_ms)} of them nothing is known.`;
}

export function tableAddress(fromMs: number, toMs: number): string {
  return `/api/cameras/uptime?from_ms=${Math.round(fromMs)}&to_ms=${Math.round(toMs)}&format=csv`;
}
