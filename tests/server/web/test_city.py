from pathlib import Path

import pytest

from streams.errors import ConfigError
from streams.valkey import EmbeddedValkey
from tests.server.running import Client, a_config, running


async def test_without_a_city_the_map_is_empty(officer: Client) -> None:
    answer = await officer.get("/api/city")
    assert answer.json == {"type": "FeatureCollection", "features": []}
    assert answer.headers["Content-Type"] == "application/geo+json"


async def test_the_city_of_the_configuration_is_served(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    city = '{"type": "FeatureCollection", "features": [{"type": "Feature"}]}'
    (tmp_path / "city.json").write_text(city)
    async with running(a_config(tmp_path, valkey.url, city_file=tmp_path / "city.json")) as server:
        assert (await (await server.signed_in("officer-12")).get("/api/city")).text == city


@pytest.mark.parametrize("text", [None, "{"])
async def test_a_city_that_can_not_be_read_stops_the_start_in_words(
    tmp_path: Path, valkey: EmbeddedValkey, text: str | None
) -> None:
    if text is not None:
        (tmp_path / "city.json").write_text(text)
    with pytest.raises(ConfigError, match="city_file"):
        async with running(a_config(tmp_path, valkey.url, city_file=tmp_path / "city.json")):
            pass
