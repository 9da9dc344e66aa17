import type { Camera } from "./items.ts";

/** Places on a flat map of one city, and which cameras may see them. */

const EARTH_RADIUS_M = 6_371_008.8;
const RADIANS = Math.PI / 180;
/** A camera that looks the right way is worth one that is this much nearer. */
const FACING_WORTH = 0.6;
/** Farther away a camera sees nothing of use, wherever it looks. */
const SIGHT_M = 500;

export interface Place {
  lat: number;
  lon: number;
}

/** Metres east (x) and south (y, as screens count) of the origin; good for a city. */
export interface Spot {
  x: number;
  y: number;
}

export class Projection {
  readonly #origin: Place;
  readonly #eastM: number;

  constructor(origin: Place) {
    this.#origin = origin;
    this.#eastM = EARTH_RADIUS_M * RADIANS * Math.cos(origin.lat * RADIANS);
  }

  spot(place: Place): Spot {
    return {
      x: (place.lon - this.#origin.lon) * this.#eastM,
      y: (this.#origin.lat - place.lat) * EARTH_RADIUS_M * RADIANS,
    };
  }
}

export interface Candidate {
  camera: Camera;
  distanceM: number;
  /** The place lies in its field of view, as far as that is known. */
  isFacing: boolean;
}

/** The cameras that most likely see the place, best first; those that are down are left out. */
export function nearestCameras(cameras: Camera[], place: Place, count: number): Candidate[] {
  const projection = new Projection(place);
  return cameras
    .filter((camera) => camera.lat !== null && camera.lon !== null && camera.state.state !== "down")
    .map((camera) => candidate(camera, projection.spot({ lat: camera.lat!, lon: camera.lon! })))
    .sort((a, b) => worth(a) - worth(b))
    .slice(0, count);
}

/** @param spot where the camera is, seen from the place */
function candidate(camera: Camera, spot: Spot): Candidate {
  const distanceM = Math.hypot(spot.x, spot.y);
  if (camera.heading_deg === null) return { camera, distanceM, isFacing: false };
  const bearingDeg = Math.atan2(-spot.x, spot.y) / RADIANS;
  const offDeg = Math.abs(((bearingDeg - camera.heading_deg + 540) % 360 + 360) % 360 - 180);
  return { camera, distanceM, isFacing: distanceM <= SIGHT_M && offDeg <= (camera.fov_deg ?? 60) / 2 };
}

function worth(found: Candidate): number {
  return found.distanceM * (found.isFacing ? FACING_WORTH : 1);
}

/** "80 m", "1.2 km" */
export function distanceWords(distanceM: number): string {
  return distanceM < 995 ? `${Math.round(distanceM / 10) * 10} m` : `${(distanceM / 1000).toFixed(1)} km`;
}
