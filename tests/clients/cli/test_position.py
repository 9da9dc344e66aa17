from pathlib import Path

import pytest

from clients.cli import position
from clients.cli.errors import ClientError
from clients.cli.position import Position


def test_a_saved_position_is_loaded_again(tmp_path: Path) -> None:
    file = tmp_path / "position"
    position.save(file, Position("abc", 4711))
    position.save(file, Position("abc", 4712))
    assert position.load(file) == Position("abc", 4712)
    assert list(tmp_path.iterdir()) == [file]


def test_without_a_file_there_is_no_position(tmp_path: Path) -> None:
    assert position.load(tmp_path / "position") is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"installation": "a", "position": "x"}', "\0"])
def test_another_file_is_not_taken_for_a_position(tmp_path: Path, content: str) -> None:
    file = tmp_path / "notes.txt"
    file.write_text(content)
    with pytest.raises(ClientError, match=r"notes\.txt"):
        position.load(file)
    assert file.read_text() == content


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="cannot be written"):
        position.save(tmp_path / "no" / "position", Position("abc", 1))
