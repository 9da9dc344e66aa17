import { type Place, Projection, type Spot } from "../shared/geography.ts";

/** The drawing of a city: GeoJSON streets and districts as paths in metres. */

export interface Street {
  name: string;
  roadClass: string;
  path: string;
  /** Where its name stands, at the beginning, and along which direction. */
  nameAt: Spot;
  angleDeg: number;
}

export interface District {
  name: string;
  path: string;
  middle: Spot;
}

export interface City {
  projection: Projection;
  streets: Street[];
  districts: District[];
  /** Corners of everything drawn. */
  from: Spot;
  to: Spot;
}

interface Feature {
  properties?: { kind?: string; name?: string; class?: string } | null;
  geometry?: { type: string; coordinates: unknown } | null;
}

type Position = [number, number];

/** Takes whatever FeatureCollection the server has, the cameras too; what is no street or district is left out. */
export function drawCity(collection: unknown, cameras: Place[]): City {
  const features = ((collection as { features?: Feature[] } | null)?.features ?? []).filter((feature) => feature.geometry);
  const lines = features.flatMap((feature) => parts(feature).map((line) => ({ feature, line })));
  const places = [...lines.flatMap(({ line }) => line.map(toPlace)), ...cameras];
  const lats = places.map((place) => place.lat);
  const lons = places.map((place) => place.lon);
  const [south, north, west, east] = [least(lats), most(lats), least(lons), most(lons)];
  const projection = new Projection({ lat: (south + north) / 2, lon: (west + east) / 2 });
  const city: City = {
    projection,
    streets: [],
    districts: [],
    from: projection.spot({ lat: north, lon: west }),
    to: projection.spot({ lat: south, lon: east }),
  };
  for (const { feature, line } of lines) {
    const spots = line.map((position) => projection.spot(toPlace(position)));
    const name = feature.properties?.name ?? "";
    if (feature.geometry?.type.endsWith("Polygon")) {
      city.districts.push({ name, path: `${path(spots)}Z`, middle: centre(spots) });
    } else {
      city.streets.push({ name, roadClass: feature.properties?.class ?? "local", path: path(spots), ...label(spots) });
    }
  }
  return city;
}

function parts(feature: Feature): Position[][] {
  const coordinates = feature.geometry?.coordinates;
  switch (feature.geometry?.type) {
    case "LineString":
      return [coordinates as Position[]];
    case "MultiLineString":
    case "Polygon":
      return coordinates as Position[][];
    case "MultiPolygon":
      return (coordinates as Position[][][]).flat();
    default:
      return [];
  }
}

function toPlace([lon, lat]: Position): Place {
  return { lat, lon };
}

function path(spots: Spot[]): string {
  return spots.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

function label(spots: Spot[]): { nameAt: Spot; angleDeg: number } {
  const a = spots[0] ?? { x: 0, y: 0 };
  const b = spots[1] ?? a;
  const angleDeg = (Math.atan2(b.y - a.y, b.x - a.x) * 180) / Math.PI;
  // Never upside down.
  const upright = angleDeg > 90 ? angleDeg - 180 : angleDeg <= -90 ? angleDeg + 180 : angleDeg;
  return { nameAt: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, angleDeg: upright };
}

function centre(spots: Spot[]): Spot {
  const xs = spots.map((spot) => spot.x);
  const ys = spots.map((spot) => spot.y);
  return { x: (least(xs) + most(xs)) / 2, y: (least(ys) + most(ys)) / 2 };
}

function least(values: number[]): number {
  return values.reduce((a, b) => Math.min(a, b), values[0] ?? 0);
}

function most(values: number[]): number {
  return values.reduce((a, b) => Math.max(a, b), values[0] ?? 0);
}
