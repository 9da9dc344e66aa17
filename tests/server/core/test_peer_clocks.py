from server.core.peer_clocks import MAX_PEERS, PeerClocks


def test_the_quickest_message_says_how_far_two_clocks_are_apart() -> None:
    clocks = PeerClocks()
    clocks.heard("there", 1_000.0, 50.25)
    assert clocks.ours("there", 1_001.0) == 51.25
    clocks.heard("there", 1_010.0, 60.0)
    assert clocks.ours("there", 1_001.0) == 51.0


def test_a_message_that_was_long_on_its_way_says_nothing() -> None:
    clocks = PeerClocks()
    clocks.heard("there", 1_000.0, 50.0)
    clocks.heard("there", 1_001.0, 66.0)
    assert clocks.ours("there", 1_001.0) == 51.0


def test_servers_that_are_gone_are_forgotten() -> None:
    clocks = PeerClocks()
    clocks.heard("there", 1_000.0, 50.0)
    for number in range(MAX_PEERS - 1):
        clocks.heard(f"gone-{number}", 0.0, 1.0)
    clocks.heard("there", 1_001.0, 66.0)
    clocks.heard("one more", 0.0, 1.0)
    assert clocks.ours("there", 1_001.0) == 51.0
    assert len(clocks._offsets) == MAX_PEERS
