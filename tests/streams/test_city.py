from itertools import pairwise
from random import Random

from streams.city import City, generate
from streams.geo import Point, bearing_deg, distance_m

CITY = generate(7)


def test_the_same_seed_gives_the_same_city() -> None:
    assert generate(7) == CITY
    assert generate(8) != CITY


def test_camera_names_and_numbers_do_not_depend_on_the_seed() -> None:
    def names(city: City) -> list[tuple[int, str, str, str]]:
        return [(post.number, post.id, post.name, post.district) for post in city.posts]

    assert names(generate(1)) == names(CITY)
    assert [post.number for post in CITY.posts] == list(range(1, 13))
    assert len({post.id for post in CITY.posts}) == 12
    assert names(CITY)[3] == (4, "main-4th", "Main St / 4th Ave", "Downtown")


def test_a_camera_looks_along_its_street() -> None:
    main = next(street for street in CITY.streets if street.name == "Main St")
    post = CITY.posts[3]
    here = main.line.index(post.point)

    assert abs(post.heading_deg - bearing_deg(main.line[here], main.line[here + 1])) < 0.1


def test_the_districts_tile_the_grid_and_are_counter_clockwise() -> None:
    assert len({district.name for district in CITY.districts}) == 9
    whole = (*(CITY.crossings[row][0] for row in range(9)), *CITY.crossings[8][1:])
    whole += (*(CITY.crossings[row][11] for row in range(7, -1, -1)), *reversed(CITY.crossings[0][:11]))

    assert all(_area(district.ring) > 0 for district in CITY.districts)
    assert abs(sum(_area(district.ring) for district in CITY.districts) - _area(whole)) < 1e-12


def test_streets_cross_at_the_same_points() -> None:
    main = next(street for street in CITY.streets if street.name == "Main St")
    fourth = next(street for street in CITY.streets if street.name == "4th Ave")

    assert set(main.line) & set(fourth.line) == {CITY.posts[3].point}


def test_geojson_has_streets_and_districts_with_longitude_first() -> None:
    collection = CITY.geojson()
    kinds = [feature["properties"]["kind"] for feature in collection["features"]]
    lon, lat = collection["features"][-1]["geometry"]["coordinates"][0]

    assert collection["type"] == "FeatureCollection"
    assert kinds.count("district") == 9
    assert kinds.count("street") == len(CITY.streets)
    assert (round(lon), round(lat)) == (-73, 42)
    assert all(
        feature["geometry"]["coordinates"][0][0] == feature["geometry"]["coordinates"][0][-1]
        for feature in collection["features"]
        if feature["geometry"]["type"] == "Polygon"
    )


def test_places_follow_from_the_seed_and_lie_in_the_named_district() -> None:
    places = [CITY.place(random) for random in [Random(3)] for _ in range(200)]
    rings = {district.name: district.ring for district in CITY.districts}
    again = Random(3)

    assert places == [CITY.place(again) for _ in range(200)]
    assert all(distance_m(place.point, Point(41.76, -72.67)) < 2600 for place in places)
    assert sum(_inside(place.point, rings[place.district]) for place in places) == 200
    assert {place.district for place in places} == set(rings)


def _area(ring: tuple[Point, ...]) -> float:
    """Signed area in square degrees; positive when counter-clockwise."""
    return sum(a.lon * b.lat - b.lon * a.lat for a, b in zip(ring, (*ring[1:], ring[0]), strict=True)) / 2


def _inside(point: Point, ring: tuple[Point, ...]) -> bool:
    inside = False
    for a, b in pairwise(ring):
        if (a.lat > point.lat) != (b.lat > point.lat):
            inside ^= point.lon < a.lon + (point.lat - a.lat) * (b.lon - a.lon) / (b.lat - a.lat)
    return inside
