"""Bucket: as much of an S3-compatible store as clips need, which believes no signature that it has not computed."""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from aiohttp import web

ACCESS_KEY, SECRET_KEY, REGION = "clips-access", "clips/secret+key", "eu-test-1"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request,"
    r"\s*SignedHeaders=([^,]+),\s*Signature=(\w{64})"
)


class Bucket:
    def __init__(self) -> None:
        self.address = ""
        self.objects: dict[str, bytes] = {}
        self.answers: list[web.Response] = []
        """What is answered next, whatever is asked."""

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if self.answers:
            return self.answers.pop(0)
        refusal = self._refusal(request, body)
        if refusal:
            return web.Response(status=403, text=refusal)
        name = request.match_info["name"]
        if request.method == "PUT":
            self.objects[name] = body
            return web.Response()
        if request.method == "DELETE":
            self.objects.pop(name, None)
            return web.Response(status=204)
        if name not in self.objects:
            return web.Response(status=404)
        data = self.objects[name]
        if "Range" not in request.headers:
            return web.Response(body=data)
        start, end, _ = request.http_range.indices(len(data))
        said = {"Content-Range": f"bytes {start}-{end - 1}/{len(data)}"}
        return web.Response(status=206, body=data[start:end], headers=said)

    def _refusal(self, request: web.Request, body: bytes) -> str:
        """Computed from the request as it came, not from what a client meant."""
        found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
        if found is None:
            return "no signature"
        access_key, day, region, names, signature = found.groups()
        if (access_key, region) != (ACCESS_KEY, REGION):
            return "another key or region"
        if request.headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
            return "another body"
        lines = [f"{name}:{request.headers[name].strip()}\n" for name in names.split(";")]
        path, _, query = request.raw_path.partition("?")
        digest = request.headers["x-amz-content-sha256"]
        canonical = f"{request.method}\n{path}\n{query}\n{''.join(lines)}\n{names}\n{digest}"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']}\n{day}/{region}/s3/aws4_request\n{hashed}"
        key = b"AWS4" + SECRET_KEY.encode()
        for part in (day, region, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        return "" if hmac.compare_digest(expected, signature) else "a wrong signature"

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Self]:
        bucket = cls()
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{folder}/{name}", bucket._answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        bucket.address = f"http://127.0.0.1:{port}/the clips"
        try:
            yield bucket
        finally:
            await runner.cleanup()
