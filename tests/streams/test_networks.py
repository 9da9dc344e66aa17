import pytest

from streams.errors import SourceRefused
from streams.networks import Networks


@pytest.mark.parametrize("address", ["10.1.2.3", "127.0.0.1", "::1", "203.0.113.7", "fd12::7", "2001:db8::1"])
def test_without_a_list_cameras_may_be_everywhere(address: str) -> None:
    Networks().check(address)


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "0.0.0.0", "::",
     "239.1.2.3", "255.255.255.255", "ff02::1"],
)  # fmt: skip
def test_but_where_no_camera_is(address: str) -> None:
    with pytest.raises(SourceRefused, match="List its network under camera_networks"):
        Networks().check(address)


def test_a_list_says_where_all_of_them_are() -> None:
    networks = Networks.of(["10.20.0.0/16", "2001:db8::/32", "169.254.7.0/24"])

    for address in ("10.20.3.4", "::ffff:10.20.3.4", "2001:db8::9", "169.254.7.1"):
        networks.check(address)
    for address in ("10.21.0.1", "127.0.0.1", "2001:db9::1", "169.254.169.254", "/run/x.sock", ""):
        with pytest.raises(SourceRefused):
            networks.check(address)


def test_a_list_can_be_handed_to_another_process() -> None:
    networks = Networks.of(["10.20.0.0/16", "2001:db8::/32"])

    assert Networks.of(networks.texts) == networks
