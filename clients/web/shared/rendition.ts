/** The sizes in which a camera's pictures are sent (docs/wire.md §8), and their names on the screen. */

/** At the number that stands in the header of a binary message. */
export const RENDITIONS = ["source", "480p", "240p", "stills", "unmasked"] as const;

export type Rendition = (typeof RENDITIONS)[number];
/** What a viewer asks for; with `auto` the server goes by his link. */
export type Quality = "auto" | Rendition;
/** Why it is this one and not another. */
export type RenditionReason = "asked" | "link" | "codec" | "encoders" | "auto";

export const QUALITIES: readonly Quality[] = ["auto", "source", "480p", "240p", "stills"];

const NAMES: Record<Quality, string> = {
  auto: "Auto",
  source: "Full",
  "480p": "480p",
  "240p": "240p",
  stills: "Stills",
  unmasked: "Unmasked",
};
const REASONS: Record<RenditionReason, string> = {
  asked: "chosen",
  link: "slow link",
  codec: "other format",
  encoders: "no encoder free",
  auto: "",
};
/** Milliseconds from one picture to the next, where that is long. */
const PERIOD_MS: Partial<Record<Rendition, number>> = { stills: 1_000 };

export function isRendition(word: string): word is Rendition {
  return (RENDITIONS as readonly string[]).includes(word);
}

export function qualityName(quality: Quality): string {
  return NAMES[quality];
}

/** "480p · slow link"; empty for what everybody expects: what the camera sends. `why` may be a word of a later version. */
export function renditionWords(rendition: Rendition | null, why: string): string {
  if (rendition === null || (rendition === "source" && why !== "encoders")) return "";
  const reason = (REASONS as Record<string, string>)[why];
  return reason ? `${NAMES[rendition]} · ${reason}` : NAMES[rendition];
}

export function periodMs(rendition: Rendition | null): number {
  return (rendition && PERIOD_MS[rendition]) ?? 0;
}
