"""Write the pictures of this folder: good ones of every kind, and bad ones.

    python -m tests.vectors.photos.make

The good ones show one scene, 64 x 48: red at the left, at the right green above and blue below. So a test sees which
side is up. The bytes of JPEG and WebP depend on the version of OpenCV; the files stay as they are.
"""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from server.media import heif
from server.media.heif import HeifPicture

FOLDER = Path(__file__).parent
PLACE = b"Main Street 4, back door"
"""Stands in everything of a photo that must not stay in it."""
Scene = NDArray[np.uint8]


def scene() -> Scene:
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:, :32] = (0, 0, 255)
    pixels[:24, 32:] = (0, 255, 0)
    pixels[24:, 32:] = (255, 0, 0)
    return pixels


def encode(kind: str, pixels: NDArray[np.integer], *options: int) -> bytes:
    return cv2.imencode(kind, pixels, options)[1].tobytes()


def exif(orientation: int) -> bytes:
    """A TIFF with orientation, maker and GPS position (EXIF 3.0 §4.6)."""
    maker_at, gps_at = 8 + 2 + 3 * 12 + 4, 8 + 2 + 3 * 12 + 4 + len(PLACE) + 1
    latitude_at = gps_at + 2 + 4 * 12 + 4
    return b"".join(
        (
            b"MM\0*" + struct.pack("!IH", 8, 3),
            struct.pack("!HHII", 0x010F, 2, len(PLACE) + 1, maker_at),
            struct.pack("!HHIHH", 0x0112, 3, 1, orientation, 0),
            struct.pack("!HHIII", 0x8825, 4, 1, gps_at, 0),
            PLACE + b"\0",
            struct.pack("!H", 4),
            struct.pack("!HHI4s", 1, 2, 2, b"N\0\0\0"),
            struct.pack("!HHII", 2, 5, 3, latitude_at),
            struct.pack("!HHI4s", 3, 2, 2, b"W\0\0\0"),
            struct.pack("!HHIII", 4, 5, 3, latitude_at + 24, 0),
            struct.pack("!6I", 41, 1, 45, 1, 49, 1),
            struct.pack("!6I", 72, 1, 40, 1, 27, 1),
        )
    )


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0xFF, marker, len(body) + 2) + body


def phone_jpeg() -> bytes:
    """As a phone writes it that was held upright: lying on its side, with a place, a preview, XMP and a comment."""
    plain = encode(".jpg", scene(), cv2.IMWRITE_JPEG_QUALITY, 95)
    preview = encode(".jpg", scene()[::4, ::4])
    xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + PLACE + b"</x:xmpmeta>"
    metadata = segment(0xE1, b"Exif\0\0" + exif(6)) + segment(0xE1, xmp) + segment(0xFE, PLACE + preview)
    # And behind its end, where phones put films.
    return plain[:2] + metadata + plain[2:] + b"film:" + PLACE


def cmyk_jpeg() -> bytes:
    """One block of red, 8 x 8, as printers have it: four components, inverted as Adobe does, by hand (T.81 Annex B)."""
    tables = segment(0xDB, b"\0" + b"\1" * 64)
    size = segment(0xC0, struct.pack("!BHHB", 8, 8, 8, 4) + b"".join(bytes((n, 0x11, 0)) for n in (1, 2, 3, 4)))
    # One DC symbol, 10 bits long numbers, and one AC symbol, the end of the block: a code of one bit each.
    codes = segment(0xC4, b"\0" + bytes((1, *[0] * 15)) + b"\x0a") + segment(0xC4, b"\x10" + bytes((1, *[0] * 15, 0)))
    scan = segment(0xDA, b"\4" + b"".join(bytes((n, 0)) for n in (1, 2, 3, 4)) + b"\0\x3f\0")
    # Cyan off, magenta and yellow on, black off: 255 is off. A DC coefficient is 8 times what it adds to 128.
    bits = ""
    for level in (127, -128, -128, 127):
        number = level * 8 if level > 0 else level * 8 + 1023
        bits += "0" + f"{max(0, number):010b}" + "0"
    bits += "1" * (-len(bits) % 8)
    coded = b"".join(
        bytes((byte, 0)) if byte == 0xFF else bytes((byte,)) for byte in int(bits, 2).to_bytes(len(bits) // 8)
    )
    adobe = segment(0xEE, b"Adobe" + struct.pack("!HHHB", 100, 0, 0, 0))
    return b"\xff\xd8" + adobe + tables + size + codes + scan + coded + b"\xff\xd9"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))


def png(width: int, height: int, rows: bytes, *, depth: int = 8, colour: int = 0, more: bytes = b"") -> bytes:
    """``rows`` each with its filter byte. ``more`` chunks stand before them."""
    head = chunk(b"IHDR", struct.pack("!IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + more + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack("!I", len(body) + 8) + kind + body


def heic(picture: HeifPicture, transforms: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """A grid of tiles as phones write it, with EXIF (ISO/IEC 23008-12)."""
    tiles = [tile.data for tile in picture.tiles]
    datas = [*tiles, struct.pack("!I", 0) + exif(6)]
    grid, metadata = len(tiles) + 1, len(tiles) + 2
    ftyp = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    places, offset = b"", len(ftyp) + 8
    for item, data in zip([*range(1, grid), metadata], datas, strict=True):
        places += struct.pack("!HHHHII", item, 0, 0, 1, offset, len(data))
        offset += len(data)
    rows = len(tiles) // picture.columns
    shape = struct.pack("!BBBBHH", 0, 0, rows - 1, picture.columns - 1, picture.width, picture.height)
    places += struct.pack("!HHHHII", grid, 1, 0, 1, 0, len(shape))
    kinds = [b"hvc1"] * len(tiles) + [b"grid", b"Exif"]
    entries = [
        box(b"infe", struct.pack("!IHH", 0x02000000, item, 0), kind, b"\0") for item, kind in enumerate(kinds, 1)
    ]
    properties = [
        box(b"hvcC", picture.tiles[0].configuration),
        box(b"ispe", struct.pack("!III", 0, picture.width, picture.height)),
        *(box(kind, body) for kind, body in transforms),
    ]
    of_tiles = b"".join(struct.pack("!HBB", item, 1, 0x81) for item in range(1, grid))
    of_grid = struct.pack("!HB", grid, len(properties) - 1) + bytes(range(2, len(properties) + 1))
    return b"".join(
        (
            ftyp,
            box(b"mdat", *datas),
            box(
                b"meta",
                bytes(4),
                box(b"pitm", struct.pack("!IH", 0, grid)),
                box(b"iinf", struct.pack("!IH", 0, len(entries)), *entries),
                box(
                    b"iref",
                    bytes(4),
                    box(b"dimg", struct.pack(f"!HH{len(tiles)}H", grid, len(tiles), *range(1, grid))),
                ),
                box(
                    b"iprp",
                    box(b"ipco", *properties),
                    box(b"ipma", struct.pack("!II", 0, grid), of_tiles, of_grid),
                ),
                box(b"idat", shape),
                box(b"iloc", b"\x01\0\0\0\x44\0", struct.pack("!H", len(datas) + 1), places),
            ),
        )
    )


def phone_heic() -> bytes:
    """Turned by its property; the same turn in EXIF must not come on top."""
    picture = heif.read((FOLDER / "libheif_grid.heic").read_bytes())
    return heic(picture, ((b"irot", b"\3"),))


def mirrored_heic() -> bytes:
    """Left and right changed, then turned, in this order."""
    picture = heif.read((FOLDER / "libheif_grid.heic").read_bytes())
    return heic(picture, ((b"imir", b"\1"), (b"irot", b"\3")))


def see_through() -> NDArray[np.uint8]:
    """Green and blue are hidden."""
    alpha = np.zeros((48, 64, 1), np.uint8)
    alpha[:, :32] = 255
    return np.concatenate([scene(), alpha], axis=2)


def turned_png() -> bytes:
    """Transparent, and lying on its side as the phone's."""
    plain = encode(".png", see_through())
    return plain[:33] + chunk(b"eXIf", exif(6)) + plain[33:]


def garbled_jpeg() -> bytes:
    """Some bytes in the middle are lost."""
    noise = np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    whole = bytearray(encode(".jpg", noise))
    whole[len(whole) // 2 : len(whole) // 2 + 200] = bytes(200)
    return bytes(whole)


def everything() -> dict[str, bytes]:
    plain = encode(".jpg", scene(), cv2.IMWRITE_JPEG_QUALITY, 95)
    return {
        "plain.jpg": plain,
        "progressive.jpg": encode(".jpg", scene(), cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        "plain.png": encode(".png", scene()),
        "plain.webp": encode(".webp", scene(), cv2.IMWRITE_WEBP_QUALITY, 95),
        "lossless.webp": encode(".webp", scene(), cv2.IMWRITE_WEBP_QUALITY, 101),
        "phone.jpg": phone_jpeg(),
        "cmyk.jpg": cmyk_jpeg(),
        "sixteen_bit.png": encode(".png", scene().astype(np.uint16) * 257),
        "see_through.png": encode(".png", see_through()),
        "see_through.webp": encode(".webp", see_through(), cv2.IMWRITE_WEBP_QUALITY, 101),
        "see_through_turned.png": turned_png(),
        "dot.png": png(1, 1, b"\0\x80"),
        # 49 megapixels of one colour: within the limits, and 150 MB as pixels.
        "bomb.png": png(7000, 7000, bytes(876 * 7000), depth=1),
        # Says 900 megapixels; what follows does not matter.
        "gigantic.png": png(30_000, 30_000, b"\0"),
        "phone.heic": phone_heic(),
        "mirrored.heic": mirrored_heic(),
        "truncated.heic": phone_heic()[:-20],
        "truncated.jpg": plain[:-40],
        "truncated_and_closed.jpg": plain[:-40] + b"\xff\xd9",
        "padded.jpg": plain[:-2] + bytes(8) + plain[-2:],
        "truncated.png": encode(".png", scene())[:-20],
        "truncated.webp": encode(".webp", scene())[:-20],
        "garbled.jpg": garbled_jpeg(),
        "page.html": b"<!doctype html><script>alert(1)</script>\n",
        "drawing.svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>\n',
        "script.gif": b"GIF89a/*\0\0*/=1;alert(1)//\0;",
    }


def main() -> None:
    for name, data in everything().items():
        (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    main()
