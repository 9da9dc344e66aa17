import type { Candidate } from "./items.ts";

/** Places on a flat map of one city, and what cameras see of them, in words. */

const EARTH_RADIUS_M = 6_371_008.8;
const RADIANS = Math.PI / 180;
const SIGHTS: Record<Candidate["sight"], string> = {
  sees: ", sees it",
  part: ", sees part of it",
  perhaps: ", may see it",
  away: ", looks elsewhere",
};

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

/** What a camera shows of a place, behind its distance. */
export function sightWords({ sight, working }: Pick<Candidate, "sight" | "working">): string {
  return `${SIGHTS[sight]}${working ? "" : ", does not work"}`;
}

/** "80 m", "1.2 km" */
export function distanceWords(distanceM: number): string {
  return distanceM < 995 ? `${Math.round(distanceM / 10) * 10} m` : `${(distanceM / 1000).toFixed(1)} km`;
}
