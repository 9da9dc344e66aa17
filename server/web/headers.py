"""Headers: what every answer says to browsers."""

from collections.abc import Mapping

_EVERYWHERE: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Our own, so that nobody learns library and version.
    "Server": "sightline",
}

API_HEADERS: Mapping[str, str] = {**_EVERYWHERE, "Cache-Control": "no-store"}

PAGE_HEADERS: Mapping[str, str] = {
    **_EVERYWHERE,
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "connect-src 'self'; worker-src 'self'; manifest-src 'self'; font-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(self), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}

HTTPS_ONLY: Mapping[str, str] = {"Strict-Transport-Security": "max-age=31536000"}
