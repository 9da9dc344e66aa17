"""Certificates: which ones a camera may show when it speaks TLS."""

import functools
import ssl


@functools.cache
def client_tls(*, is_verified: bool) -> ssl.SSLContext:
    """Made once for all cameras, as it reads every certificate that this machine trusts; a new one needs a new start.

    Args:
        is_verified: only a certificate of somebody whom this machine trusts, made for the host that was asked. Else
            any: the line is secret from those who listen, not from one who stands in the middle.
    """
    context = ssl.create_default_context()
    if not is_verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
