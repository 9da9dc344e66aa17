import assert from "node:assert/strict";
import { test } from "node:test";

import { drawCity } from "../../../../clients/web/console/city.ts";

function feature(kind: string, name: string, type: string, coordinates: unknown): object {
  return { type: "Feature", properties: { kind, name, class: "local" }, geometry: { type, coordinates } };
}

const STREET = feature("street", "Main St", "LineString", [[-72.68, 41.76], [-72.66, 41.76]]);
const DISTRICT = feature("district", "Downtown", "Polygon", [
  [[-72.68, 41.75], [-72.66, 41.75], [-72.66, 41.77], [-72.68, 41.77], [-72.68, 41.75]],
]);

test("streets and districts become paths, with a place for their names", () => {
  const city = drawCity({ type: "FeatureCollection", features: [STREET, DISTRICT] }, []);
  assert.match(city.streets[0]?.path ?? "", /^M-[\d.]+ [\d.-]+L[\d.]+ [\d.-]+$/);
  assert.ok(Math.abs(city.streets[0]?.angleDeg ?? 90) < 1);
  assert.ok(city.districts[0]?.path.endsWith("Z"));
  assert.ok(Math.hypot(city.districts[0]!.middle.x, city.districts[0]!.middle.y) < 1);
});

test("names are never upside down", () => {
  const back = feature("street", "Main St", "LineString", [[-72.66, 41.76], [-72.68, 41.7601]]);
  assert.ok(Math.abs(drawCity({ features: [back] }, []).streets[0]!.angleDeg) <= 90);
});

test("without a map the cameras alone make one", () => {
  const city = drawCity(null, [{ lat: 41.76, lon: -72.68 }, { lat: 41.77, lon: -72.66 }]);
  assert.equal(city.streets.length, 0);
  assert.ok(city.to.x > city.from.x && city.to.y > city.from.y);
});

test("what is no street or district does not stop the map", () => {
  const odd = [{ type: "Feature", properties: null, geometry: null }, feature("x", "", "Point", [0, 0]), STREET];
  assert.equal(drawCity({ features: odd }, []).streets.length, 1);
});
