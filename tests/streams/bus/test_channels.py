"""Channel names are part of what processes of different versions agree on."""

from streams.bus import channels


def test_names() -> None:
    assert channels.video(4) == "sightline:video:4"
    assert channels.join("a1") == "sightline:join:a1"
    assert (channels.PAST, channels.past("a1")) == ("sightline:past", "sightline:past:a1")
    assert [channels.STATES, channels.DEMAND, channels.LOG, channels.ONLINE] == [
        "sightline:states",
        "sightline:demand",
        "sightline:log",
        "sightline:online",
    ]
