/** The picture that is shown, as a JPEG to be sent on. */

const QUALITY = 0.92;

export interface CameraStill {
  camera: string;
  /** When the camera saw it, on the server's clock. */
  takenMs: number;
  jpeg: Blob;
}

/** Nothing when there is no picture yet. */
export async function stillOf(
  picture: HTMLVideoElement | HTMLCanvasElement,
  camera: string,
  takenMs: number,
): Promise<CameraStill | null> {
  const [width, height] =
    picture instanceof HTMLVideoElement ? [picture.videoWidth, picture.videoHeight] : [picture.width, picture.height];
  if (width === 0 || height === 0) return null;
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")?.drawImage(picture, 0, 0);
  return { camera, takenMs, jpeg: await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY }) };
}
