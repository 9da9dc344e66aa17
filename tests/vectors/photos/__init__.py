"""Pictures, good and bad; ``make`` says what each shows."""

from pathlib import Path


def picture(name: str) -> bytes:
    return (Path(__file__).parent / name).read_bytes()
