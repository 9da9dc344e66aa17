"""Table: one table of the configuration file, read key by key; what nobody asked for is refused."""

import difflib
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from streams.errors import ConfigError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MAX_SECRET_BYTES = 4096


class Table:
    """A TOML table and the path that leads to it.

    Every getter notes its key as known; ``done()`` refuses the rest. All of them raise ``ConfigError`` with the path
    of the key and a sentence; the value of a secret is never part of it.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        *,
        folder: Path,
        environ: Mapping[str, str],
        overrides: Mapping[str, str] | None = None,
        path: str = "",
    ) -> None:
        """
        Args:
            values: what ``tomllib`` gave.
            folder: where the file lies; relative paths start there.
            environ: for secrets and overrides.
            overrides: path of a key → name of the variable that wins over it when it is set and not empty.
            path: of this table, "" at the top.
        """
        self._values = values
        self._folder = folder
        self._environ = environ
        self._overrides = overrides or {}
        self._path = path
        self._known: set[str] = set()

    def where(self, key: str) -> str:
        """What to blame: the path of the key, or the variable that overrides it."""
        path = f"{self._path}.{key}" if self._path else key
        return self._overrides[path] if self.override(key) else path

    def override(self, key: str) -> str:
        """The text of the variable that overrides this key, "" when there is none."""
        path = f"{self._path}.{key}" if self._path else key
        variable = self._overrides.get(path)
        return self._environ.get(variable, "") if variable else ""

    def error(self, key: str, sentence: str) -> ConfigError:
        return ConfigError(f"{self.where(key)}: {sentence}")

    def has(self, key: str) -> bool:
        return key in self._values or bool(self.override(key))

    def text(self, key: str, default: str | None = None, *, max_length: int = 200) -> str:
        """``default=None`` means required."""
        value = self._get(key, default)
        if not isinstance(value, str):
            raise self.error(key, f"expected text in quotes, got {_shown(value)}")
        if len(value) > max_length:
            raise self.error(key, f"{len(value)} characters, expected at most {max_length}")
        if any(ord(character) < 32 or ord(character) == 127 for character in value):
            raise self.error(key, "holds a control character, expected one line of plain text")
        if not value and default != "":
            raise self.error(key, "is empty")
        return value

    def name(self, key: str, default: str | None = None) -> str:
        """An id: letters, digits, dot, dash and underscore."""
        value = self.text(key, default)
        if value != default and not _NAME.fullmatch(value):
            raise self.error(
                key, f"{value!r} is no id; expected 1 to 64 letters, digits, '.', '-' or '_', a letter or digit first"
            )
        return value

    def choice(self, key: str, choices: Sequence[str], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in choices:
            raise self.error(key, f"{value!r} is not one of {', '.join(choices)}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self._get(key, default)
        if self.override(key):
            value = {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower(), value)
        if not isinstance(value, bool):
            raise self.error(key, f"expected true or false, got {_shown(value)}")
        return value

    def integer(self, key: str, default: int | None, low: int, high: int) -> int:
        value = self._get(key, default)
        if self.override(key) and str(value).isdecimal():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(key, f"expected a whole number, got {_shown(value)}")
        if not low <= value <= high:
            raise self.error(key, f"{value} is outside {low}..{high}")
        return value

    def number(self, key: str, low: float, high: float) -> float | None:
        """None when the key is not there."""
        self._known.add(key)
        value = self._values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(key, f"expected a number, got {_shown(value)}")
        if isinstance(value, float) and not math.isfinite(value):
            raise self.error(key, f"expected a number, got {value}")
        if not low <= value <= high:
            raise self.error(key, f"{value} is outside {low:g}..{high:g}")
        return float(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; one text alone is a list of one; () when the key is not there."""
        value = self._get(key, [])
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.error(key, f"expected a list of texts, got {_shown(value)}")
        return tuple(value)

    def pairs(self, key: str) -> tuple[tuple[float, float], ...]:
        """A list of pairs of numbers; () when the key is not there."""
        value = self._get(key, [])
        if not isinstance(value, list) or not all(_is_pair(item) for item in value):
            raise self.error(key, f"expected a list of pairs of numbers, got {_shown(value)}")
        return tuple((float(first), float(second)) for first, second in value)

    def lists(self, key: str) -> tuple[list[Any], ...]:
        """A list of lists; () when it is not there."""
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, list) for one in value):
            raise self.error(key, f"expected a list of lists, got {_shown(value)}")
        return tuple(value)

    def path(self, key: str, default: str | None = None) -> Path:
        """Made absolute: a path in the file from the file's folder, one in a variable from the working directory."""
        value = self.text(key, default, max_length=1000)
        return ((Path() if self.override(key) else self._folder) / Path(value).expanduser()).resolve()

    def optional_path(self, key: str) -> Path | None:
        """As ``path``; None when the key is not there."""
        self._known.add(key)
        return self.path(key) if self.has(key) else None

    def secret(self, key: str, *, required: bool = False, resolve: bool = True) -> str:
        """A secret from the variable named by ``KEY_env`` or the file named by ``KEY_file``; "" when neither is there.

        ``resolve=False`` checks the keys but reads nothing: for a process that has no business with this secret.
        """
        by_env, by_file = f"{key}_env", f"{key}_file"
        self._known.update((key, by_env, by_file))
        if self.has(key):
            raise self.error(
                key,
                "secrets do not belong into this file; "
                f"name an environment variable in {by_env} or a file in {by_file}",
            )
        if self.has(by_env) and self.has(by_file):
            raise self.error(by_file, f"{by_env} is there too; expected one of them")
        if self.has(by_env):
            return self._from_environment(by_env) if resolve else ""
        if self.has(by_file):
            return self._from_file(by_file) if resolve else ""
        if required:
            raise self.error(by_env, f"is missing; name an environment variable here or a file in {by_file}")
        return ""

    def table(self, key: str) -> "Table":
        """An empty one when the key is not there."""
        value = self._get(key, {})
        if not isinstance(value, dict):
            raise self.error(key, f"expected a table [{self.where(key)}], got {_shown(value)}")
        return self._inner(value, self.where(key))

    def tables(self, key: str) -> "list[Table]":
        """An array of tables ``[[key]]``; their paths count from 0."""
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.error(key, f"expected tables [[{self.where(key)}]], got {_shown(value)}")
        return [self._inner(item, f"{self.where(key)}[{index}]") for index, item in enumerate(value)]

    def tables_of_files(self, key: str) -> "list[Table]":
        """The objects of the JSON lists in the files that the key names; their paths begin with the file's name, and
        relative paths in them start at its folder."""
        found: list[Table] = []
        for name in self.texts(key):
            file = (self._folder / Path(name).expanduser()).resolve()
            try:
                values = json.loads(file.read_text(encoding="utf-8"))
            except OSError as error:
                raise self.error(key, f"cannot read {file}: {error.strerror}") from None
            except (ValueError, RecursionError):
                values = None
            if not isinstance(values, list) or not all(isinstance(item, dict) for item in values):
                raise self.error(key, f"{file} is no JSON list of objects")
            found += Table({name: values}, folder=file.parent, environ=self._environ).tables(name)
        return found

    def leave(self, *keys: str) -> None:
        """These keys belong to another reader of the same file."""
        self._known.update(keys)

    def done(self) -> None:
        """Refuse the first key that nobody asked for."""
        for key in self._values:
            if key not in self._known:
                close = difflib.get_close_matches(key, sorted(self._known), n=1)
                hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(sorted(self._known))}"
                raise self.error(key, f"unknown key; {hint}")

    def _get(self, key: str, default: Any) -> Any:
        self._known.add(key)
        value = self.override(key) or self._values.get(key, default)
        if value is None:
            close = [match for match in difflib.get_close_matches(key, self._values, n=1) if match not in self._known]
            raise self.error(key, f"is missing; did you mean it by {close[0]}?" if close else "is missing")
        return value

    def _inner(self, values: Mapping[str, Any], path: str) -> "Table":
        return Table(values, folder=self._folder, environ=self._environ, overrides=self._overrides, path=path)

    def _from_environment(self, key: str) -> str:
        variable = self.text(key)
        value = self._environ.get(variable, "")
        if not value:
            raise self.error(key, f"the environment variable {variable} is not set or empty")
        return value

    def _from_file(self, key: str) -> str:
        file = self.path(key)
        try:
            with file.open("rb") as stream:
                content = stream.read(MAX_SECRET_BYTES + 1)
            value = content.decode().strip("\r\n")
        except OSError as error:
            raise self.error(key, f"cannot read {file}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise self.error(key, f"{file} is not UTF-8 text") from None
        if not value or len(content) > MAX_SECRET_BYTES:
            raise self.error(key, f"{file} has {len(content)} bytes, expected 1 to {MAX_SECRET_BYTES}")
        return value


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(item, int | float) and not isinstance(item, bool) for item in value)
    )


def _shown(value: object) -> str:
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a table"}
    return kinds.get(type(value), type(value).__name__)
