"""The command `sightline`."""

import argparse
import asyncio
import os
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from server.config import DEFAULT_PORT, OVERRIDES, WebConfig, load
from server.part import PartFailed
from server.terminal import Terminal
from streams.errors import ConfigError, FormatError, StreamsError

FAILED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, 1 when something could not be done (stderr says what), 2 for a wrong command line."""
    options = make_parser().parse_args(arguments)
    try:
        return {
            "demo": _demo,
            "up": _up,
            "streams": _streams,
            "server": _server,
            "simulate": _simulate,
            "check-config": _check_config,
            "cameras": _cameras,
            "verify": _verify,
        }[options.command](options)
    except (StreamsError, PartFailed) as error:
        sys.stderr.write(f"sightline: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        return 130


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sightline", description="Live video and alert distribution server for a city's real-time crime center."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="a generated city with simulated cameras, everything on this machine")
    demo.add_argument("--port", type=_port, help=f"on 127.0.0.1 (default {DEFAULT_PORT})")
    demo.add_argument("--no-browser", action="store_true", help="do not open the browser")

    up = commands.add_parser("up", help="everything on this machine, with real cameras")
    streams = commands.add_parser("streams", help="the intake alone: cameras to the bus")
    server = commands.add_parser("server", help="the server alone")
    check = commands.add_parser("check-config", help="print the effective configuration, secrets redacted")
    for command in (up, streams, server, check):
        command.add_argument("--config", type=Path, required=True, help="the TOML file (docs/operations.md)")
    for command in (up, server):
        command.add_argument("--port", type=_port, help="instead of web.port")

    streams.add_argument("--name", default="", help="of its place among several: started again it has the same cameras")

    cameras = commands.add_parser("cameras", help="a list of cameras from elsewhere, CSV or JSON")
    actions = cameras.add_subparsers(dest="action", required=True, metavar="ACTION")
    check_list = actions.add_parser("check", help="say which of its cameras can't be used, and why")
    import_list = actions.add_parser("import", help="the same, and write down those that can")
    for command in (check_list, import_list):
        command.add_argument("file", type=Path, help="the list (docs/operations.md)")
    import_list.add_argument("--to", type=Path, required=True, help="a new JSON file")

    verify = commands.add_parser("verify", help="say whether a clip is what its manifest says")
    verify.add_argument("clip", type=Path, help="the MP4 file")
    verify.add_argument("manifest", type=Path, help="the JSON file that came with it")
    verify.add_argument("--key", type=Path, help="the server's public key: PEM, or the answer of GET /api/clips/key")

    simulate = commands.add_parser("simulate", help="the demo's cameras and gunshot sensor alone")
    simulate.add_argument("--server", help="where the sensor posts its alerts (default: to the demo's port)")
    simulate.add_argument("--port", type=_port, help=argparse.SUPPRESS)
    for command in (demo, simulate):
        command.add_argument("--data", type=Path, help="folder of the demo's data (default ./var)")
        command.add_argument("--camera-port", type=_port, help="of the cameras (default 8554, or a free one)")

    for command in (demo, up, streams, server, simulate):
        command.add_argument("-v", "--verbose", action="store_true", help="show the whole log")
    return parser


def _port(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{number} is no port, expected 1 to 65535")
    return number


def _demo(options: argparse.Namespace) -> int:
    from server import demo
    from server.up import address, alone, require_free, up

    terminal = Terminal(verbose=options.verbose)
    data_folder, port = _data_folder(options), _demo_port(options)
    require_free(WebConfig(port=port))
    with alone(data_folder):
        prepared = demo.prepare(data_folder, port=port, camera_port=options.camera_port)
        environ = {key: value for key, value in os.environ.items() if key not in OVERRIDES.values()} | prepared.environ
        config = load(prepared.file, environ)
        terminal.say(f"Starting the demo city. Its data is in {data_folder}")
        asyncio.run(
            up(
                prepared.file,
                config,
                environ=environ,
                terminal=terminal,
                extras=prepared.commands,
                greeting=prepared.greeting,
                on_ready=lambda: None if options.no_browser else _open_browser(address(config.web)),
            )
        )
    return 0


def _up(options: argparse.Namespace) -> int:
    from server.up import alone, up

    environ = _with_port(options)
    config = load(options.config, environ)
    with alone(config.data_folder):
        asyncio.run(up(options.config.resolve(), config, environ=environ, terminal=Terminal(verbose=options.verbose)))
    return 0


def _streams(options: argparse.Namespace) -> int:
    from streams.__main__ import main as run_streams

    return run_streams(
        ["--config", str(options.config), "--name", options.name, *(["--verbose"] if options.verbose else [])]
    )


def _server(options: argparse.Namespace) -> int:
    from server import app, log

    log.configure(verbose=options.verbose)
    return app.run(load(options.config, _with_port(options), with_camera_credentials=False))


def _simulate(options: argparse.Namespace) -> int:
    from server import demo
    from server.up import alone, run_parts

    data_folder = _data_folder(options)
    with alone(data_folder):
        prepared = demo.prepare(
            data_folder, port=_demo_port(options), camera_port=options.camera_port, server=options.server
        )
        asyncio.run(
            run_parts(
                prepared.commands,
                environ=os.environ | prepared.environ,
                terminal=Terminal(verbose=options.verbose),
                greeting=prepared.camera_list,
            )
        )
    return 0


def _check_config(options: argparse.Namespace) -> int:
    from server.effective import to_toml

    sys.stdout.write(to_toml(load(options.config, os.environ)))
    return 0


def _cameras(options: argparse.Namespace) -> int:
    """``check`` fails when an entry can't be used, as a linter would; ``import`` when no camera is left."""
    from streams.formats import camera_list
    from streams.formats.camera_list_report import report, to_json

    try:
        found = camera_list.parse(options.file.read_bytes())
        if options.action == "import" and found.cameras:
            with options.to.open("x", encoding="utf-8") as stream:
                stream.write(to_json(found))
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror}") from None
    except FormatError as error:
        raise FormatError(f"{options.file}: {error}") from None
    sys.stdout.write(report(found))
    is_done = found.cameras if options.action == "import" else not found.left_out
    return 0 if is_done else FAILED


def _verify(options: argparse.Namespace) -> int:
    from server.verify import verify

    verdict = verify(options.clip, options.manifest, options.key)
    sys.stdout.write("\n".join(verdict.lines) + "\n")
    return 0 if verdict.holds else FAILED


def _with_port(options: argparse.Namespace) -> dict[str, str]:
    """The environment, with the port of the command line in it."""
    return dict(os.environ) | ({} if options.port is None else {OVERRIDES["web.port"]: str(options.port)})


def _demo_port(options: argparse.Namespace) -> int:
    text = os.environ.get(OVERRIDES["web.port"], "")
    if options.port is not None or not text:
        return options.port or DEFAULT_PORT
    if not text.isdecimal():
        raise ConfigError(f"{OVERRIDES['web.port']}: expected a whole number, got text")
    return int(text)


def _data_folder(options: argparse.Namespace) -> Path:
    folder: Path = options.data or Path(os.environ.get(OVERRIDES["data_folder"]) or "var")
    return folder.expanduser().resolve()


def _open_browser(address: str) -> None:
    """Only where somebody sits in front of it."""
    if sys.stdout.isatty() and (
        sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        webbrowser.open(address)


if __name__ == "__main__":
    sys.exit(main())
