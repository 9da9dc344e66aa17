"""``sightline-client``: the command line."""

import argparse
import asyncio
import contextlib
import logging
import os
import platform
import signal
import sys
from collections.abc import Sequence
from types import ModuleType

from clients.cli import address, session_file, sign_in
from clients.cli.client import Client
from clients.cli.commands import ack, bulletin, listen, push, raise_alert, recall, watch
from clients.cli.commands.order import ORDERS, Order
from clients.cli.errors import ClientError, SignInRequired
from clients.cli.output import Output
from clients.cli.session_file import SessionFile
from clients.cli.sign_in import Credentials, SignIn

COMMANDS: dict[str, ModuleType | Order] = {
    "listen": listen,
    "watch": watch,
    "raise": raise_alert,
    "push": push,
    "recall": recall,
    "bulletin": bulletin,
    "ack": ack,
    **ORDERS,
}
SIGN_OUT = "sign-out"
INTERRUPTED = 130
_EPILOG = f"""\
The server and the sign-in come from --server and --user, else from SIGHTLINE_SERVER, SIGHTLINE_USER and
SIGHTLINE_PASSWORD; what is missing is asked for. The session is kept, readable for you only, in
$XDG_CONFIG_HOME/sightline/sessions.json (~/.config unless set), until it expires or you say sign-out.

stdout: JSON lines, with --json only. stderr: words.

exit codes: 0 done, 2 wrong command line, 3 no answer from the server, 4 sign-in needed or not allowed,
5 refused, 6 not possible now, {INTERRUPTED} interrupted, 1 anything else
"""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="sightline-client",
        description="Listen, watch, raise, push, acknowledge and order at a Sightline server.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_shared(top)
    # Also behind the command. There they are unset unless said, for they would undo what stands before it.
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    _add_shared(shared)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        module.add_arguments(commands.add_parser(name, help=module.HELP, parents=[shared]))
    commands.add_parser(SIGN_OUT, help="end the kept session", parents=[shared])
    return top


def _add_shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--server", metavar="URL", help=f"default: $SIGHTLINE_SERVER, else {address.DEFAULT}")
    parser.add_argument("--user", metavar="NAME", help="default: $SIGHTLINE_USER, else the one of the kept session")
    for name, meaning in (("--json", "JSON lines on stdout"), ("--verbose", "say what happens on the connection")):
        unset = False if parser.argument_default is None else parser.argument_default
        parser.add_argument(name, action="store_true", default=unset, help=meaning)


def run(arguments: argparse.Namespace, signs_in: SignIn) -> None:
    """Run the command signed in; when a kept session turns out to have ended, sign in anew."""
    token = signs_in.kept_token()
    if arguments.command == SIGN_OUT:
        _sign_out(signs_in, token)
        return
    if token:
        try:
            asyncio.run(_command(arguments, signs_in, token, None))
        except SignInRequired as error:
            signs_in.forget()
            print(f"sightline-client: {error} Signing in anew.", file=sys.stderr)
        else:
            return
    asyncio.run(_command(arguments, signs_in, "", signs_in.credentials()))


async def _command(
    arguments: argparse.Namespace, signs_in: SignIn, token: str, credentials: Credentials | None
) -> None:
    task = asyncio.current_task()
    assert task is not None, "it runs in one"
    with contextlib.suppress(NotImplementedError):  # not on Windows
        # A terminated command leaves like an interrupted one: sockets closed, files whole.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with Client(signs_in.address, token) as client:
        if credentials is not None:
            device = f"cli-{platform.node()}"[:64]
            session = await client.sign_in(credentials.username, credentials.password, device)
            await asyncio.to_thread(signs_in.keep, credentials.username, session)
        await COMMANDS[arguments.command].run(client, arguments, Output(with_json=arguments.json))


def _sign_out(signs_in: SignIn, token: str) -> None:
    async def end() -> None:
        async with Client(signs_in.address, token) as client:
            await client.sign_out()

    if token:
        with contextlib.suppress(SignInRequired):  # it has ended already
            asyncio.run(end())
    signs_in.forget()
    print("signed out" if token else "there is no kept session", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO if arguments.verbose else logging.ERROR, format="%(name)s: %(message)s")
    try:
        where = address.parse(arguments.server or os.environ.get("SIGHTLINE_SERVER") or address.DEFAULT)
        sessions = SessionFile(session_file.default_file(os.environ))
        run(arguments, sign_in.of_environment(where, arguments.user, os.environ, sessions))
    except ClientError as error:
        print(f"sightline-client: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader of our stdout has gone; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
