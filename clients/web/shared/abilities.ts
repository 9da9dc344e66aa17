import { canPlay, SOURCE } from "./media_buffer.ts";
import type { Way } from "./playback.ts";

/** What this browser can play. Never guessed: it is asked, codec by codec. */

/** One of each kind that cameras send, to ask for the kind: H.264 baseline 3.1, H.265 main 3.1. */
const KINDS = { avc1: "avc1.42E01F", hvc1: "hvc1.1.6.L93.B0" } as const;

const decodes = new Map<string, boolean>();

/** Why there is no decoder at all, in words; empty when there is one. */
export const NO_DECODER =
  "VideoDecoder" in globalThis
    ? ""
    : globalThis.isSecureContext === false
      ? "WebCodecs needs a page that was loaded by HTTPS"
      : "this browser has no WebCodecs";

/** Why this browser plays no streams whatever; empty when it plays some. */
export const NO_STREAMS = SOURCE === "" && NO_DECODER ? `this browser has no MediaSource, and ${NO_DECODER}` : "";

/** Whether this way plays a codec. For a decoder the answer is that of its kind, until {@link ask} has been answered. */
export function plays(way: Way, codec: string): boolean {
  if (way === "media") return canPlay(codec);
  return decodes.get(codec) ?? decodes.get((KINDS as Record<string, string>)[codec.slice(0, 4)] ?? "") ?? false;
}

/** Asks whether there is a decoder for a codec. */
export async function ask(codec: string): Promise<boolean> {
  if (NO_DECODER) return false;
  const known = decodes.get(codec);
  if (known !== undefined) return known;
  const answer = await VideoDecoder.isConfigSupported({ codec, optimizeForLatency: true }).catch(() => null);
  decodes.set(codec, answer?.supported === true);
  return answer?.supported === true;
}

/** For `codecs` of `subscribe`: what the server may send to this browser. */
export const codecs: Promise<string[]> = (async () => {
  const here: string[] = [];
  for (const [kind, codec] of Object.entries(KINDS)) if (canPlay(codec) || (await ask(codec))) here.push(kind);
  return [...here, "jpeg"];
})();
