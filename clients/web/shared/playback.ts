import type { Fragment } from "./fragment.ts";

/** One way to bring encoded pictures on the screen: by a media source (media_playback.ts) or a decoder (decoder_playback.ts). */

export type Way = "media" | "decoder";

export interface Playback {
  readonly way: Way;
  /** How far the shown picture is behind the newest that came, in seconds. */
  readonly gapS: number;
  /** Pictures that were left out because the decoder is too slow. */
  readonly skipped: number;
  /** An init segment. It holds from the next key frame on. */
  begin(init: Fragment, codec: string): void;
  /** A frame. @param comes what is special about it */
  take(frame: Fragment, comes: Comes): void;
  /** Looks after itself; to be called a few times a second. */
  control(): void;
  close(): void;
}

export interface Comes {
  /** Frames are missing before it, or the camera's own time starts again. */
  isCut: boolean;
  /** It comes with many others at once: only the newest is worth showing. */
  isBurst: boolean;
}

export interface PlaybackOwner {
  /** So many pictures were shown since the last time; the newest was taken then. */
  painted(from: Playback, capturedMs: number, count: number): void;
  /** Called once; make a new one, beginning with an init segment and a key frame. */
  failed(from: Playback, why: string): void;
}
