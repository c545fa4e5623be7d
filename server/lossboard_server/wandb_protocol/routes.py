"""The addresses that W&B's clients use."""

from __future__ import annotations

import re
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from functools import partial
from typing import Any, Final, TypeVar

import anyio.to_thread
import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from lossboard.wire import RunStart
from lossboard_server.encoding import encode_json
from lossboard_server.errors import Invalid, NotFound, TooLarge
from lossboard_server.http.responses import answer_blob, require_blob
from lossboard_server.limits import check_json
from lossboard_server.services import Services
from lossboard_server.wandb_protocol import streams, transfers
from lossboard_server.wandb_protocol.context import Call
from lossboard_server.wandb_protocol.graphql import Executor
from lossboard_server.wandb_protocol.roots import RESOLVERS, Mutations, Queries
from lossboard_server.wandb_protocol.signing import Signer
from lossboard_server.writing.ingest import Accepted
from lossboard_server.writing.names import check_entity, check_project, check_run_id

__all__ = ["make_router"]

_CLIENT_ID: Final = re.compile(r"[\w.-]{0,128}")
_READER: Final = re.compile(r"W&B Public Client (\d{1,4}\.\d{1,4})[.\w]*")

Result = TypeVar("Result")


class _Question(msgspec.Struct, frozen=True):
    query: str
    variables: dict[str, Any] | None = None
    operationName: str | None = None


def make_router(services: Services) -> APIRouter:
    """The routes of this door for one server."""
    door = _Door(services)
    router = APIRouter(tags=["wandb"], include_in_schema=False)
    router.add_api_route("/graphql", door.graphql, methods=["POST"])
    stream = "/files/{entity}/{project}/{run_id}/file_stream"
    router.add_api_route(stream, door.file_stream, methods=["POST"])
    router.add_api_route("/storage/{token}", door.upload, methods=["PUT"])
    router.add_api_route("/storage/{token}", door.download, methods=["GET"])
    router.add_api_route(
        "/files/{entity}/{project}/{run_id}/{name:path}", door.run_file, methods=["GET"]
    )
    router.add_api_route("/artifacts/{entity}/{md5}", door.artifact_file, methods=["GET"])
    router.add_api_route("/artifactsV2/{place:path}", door.placed_file, methods=["GET"])
    router.add_api_route("/sdk/otel/v1/{what}", door.telemetry, methods=["POST"])
    return router


def _version(user_agent: str) -> tuple[int, ...]:
    """`W&B Public Client 0.22.3` is (0, 22)."""
    found = _READER.fullmatch(user_agent)
    return tuple(map(int, found[1].split("."))) if found else ()


class _Door:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._signer = Signer(services.settings.data_dir / "signing.key")
        self._executor = Executor({"query": Queries(), "mutation": Mutations()}, RESOLVERS)

    def _call(self, request: Request) -> Call:
        client_id = (
            request.headers.get("x-wandb-client-id")
            or request.headers.get("x-wandb-async-client-id")
            or ""
        )
        if not _CLIENT_ID.fullmatch(client_id):
            raise Invalid(f"client id {client_id[:40]!r}: expected up to 128 letters and digits")
        return Call(
            services=self._services,
            signer=self._signer,
            base_url=_base_url(request),
            client_id=client_id,
            client_version=_version(request.headers.get("user-agent", "")),
        )

    async def graphql(self, request: Request) -> Response:
        """One GraphQL operation; errors are in the answer, as the protocol has it."""
        call = self._call(request)
        async with self._body(request) as payload:
            answer = await self._in_call(self._answer, call, payload)
        return Response(answer, media_type="application/json")

    def _answer(self, call: Call, payload: bytes) -> bytes:
        check_json("the GraphQL request", payload)
        try:
            question = msgspec.json.decode(payload, type=_Question)
        except msgspec.DecodeError as error:
            raise Invalid(f"not a GraphQL request: {error}") from error
        asked = question.query, question.variables, question.operationName
        limit_secs = self._services.settings.read_limit_secs
        return encode_json(self._executor.execute(*asked, call, limit_secs))

    async def file_stream(
        self, request: Request, entity: str, project: str, run_id: str
    ) -> Response:
        """Lines of a run's streams; answered once they are committed."""
        call = self._call(request)
        start = _checked(call.start(entity, project, run_id))
        async with self._body(request) as payload:
            accepted = await self._accepted(start, call.client_id, payload)
        return Response(
            encode_json({"exitcode": None, "limits": {}, "stopped": accepted.stop}),
            media_type="application/json",
        )

    async def _accepted(self, start: RunStart, client_id: str, payload: bytes) -> Accepted:
        try:
            reading = await _in_thread(streams.read_body, payload)
        except ValueError as error:
            raise Invalid(str(error)) from error
        tails = self._services.tails
        return await self._services.writer.write(
            lambda transaction: streams.accept_body(transaction, tails, start, client_id, reading),
            size_bytes=len(payload),
        )

    @asynccontextmanager
    async def _body(self, request: Request) -> AsyncIterator[bytes]:
        """The body, unpacked if it is compressed, up to the limit, while it has its turn."""
        payload, limit_bytes = await request.body(), self._services.settings.record_limit_bytes
        is_packed = request.headers.get("content-encoding", "") == "gzip"
        size_bytes = _unpacked_bytes(payload, limit_bytes) if is_packed else len(payload)
        async with self._services.turns.turn(size_bytes):
            yield await _in_thread(_unpacked, payload, size_bytes) if is_packed else payload

    async def upload(self, request: Request, token: str) -> Response:
        """The bytes of a file whose address we signed."""
        call, claims = self._call(request), self._signer.claims(token)
        received = await self._services.blobs.receive_unnamed(request.stream())
        if claims.get("md5") not in (None, received.md5):
            raise Invalid(f"the bytes sent have MD5 {received.md5}, announced {claims['md5']}")
        await self._in_call(transfers.keep_upload, call, claims, received)
        return Response(status_code=200)

    async def download(self, request: Request, token: str) -> Response:
        """A file of an artifact, or its manifest, from an address we signed."""
        call, claims = self._call(request), self._signer.claims(token)
        if "manifest" in claims:
            text = await self._in_call(transfers.manifest_text, call, int(claims["manifest"]))
            return Response(text, media_type="application/json")
        return await self._blob(str(claims.get("blob", "")), "application/octet-stream")

    async def run_file(
        self, request: Request, entity: str, project: str, run_id: str, name: str
    ) -> Response:
        """A file of a run, always as a download."""
        call = self._call(request)
        found = await self._in_call(transfers.run_file, call, entity, project, run_id, name)
        if isinstance(found, bytes):
            headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
            return Response(found, media_type="application/octet-stream", headers=headers)
        return await self._blob(*found)

    async def artifact_file(self, request: Request, entity: str, md5: str) -> Response:
        """A file of an artifact as clients ask for one that they download alone."""
        call = self._call(request)
        sha256 = await self._in_call(transfers.artifact_file, call, md5, entity)
        return await self._blob(sha256, "application/octet-stream")

    async def placed_file(self, request: Request, place: str) -> Response:
        """The same under its newer addresses, which begin with region and entity: older clients go
        on with an id and the MD5, newer ones with project, collection, ids, MD5 and name."""
        _, *parts = place.split("/")
        if len(parts) < 3:
            raise NotFound(f"no route GET /artifactsV2/{place[:80]}")
        is_newer = len(parts) > 5
        md5, owner = (parts[-2], parts[:3]) if is_newer else (parts[2], parts[:1])
        sha256 = await self._in_call(transfers.artifact_file, self._call(request), md5, *owner)
        return await self._blob(sha256, "application/octet-stream")

    async def _blob(self, sha256: str, mime_type: str) -> Response:
        await require_blob(self._services.blobs, sha256)
        headers = {"Content-Disposition": "attachment"}
        return answer_blob(self._services.blobs, sha256, media_type=mime_type, headers=headers)

    async def _in_call(self, work: Callable[..., Result], call: Call, *arguments: Any) -> Result:
        """The result of `work(call, *arguments)`, in a thread that closes the call."""

        def worked() -> Result:
            with closing(call):
                return work(call, *arguments)

        return await self._services.database.in_call(worked)

    async def telemetry(self, what: str) -> Response:
        """The client asks whether we want its telemetry: we don't, and it stays silent."""
        raise NotFound(f"lossboard takes no telemetry ({what})")


async def _in_thread(work: Callable[..., Result], *arguments: Any) -> Result:
    return await anyio.to_thread.run_sync(partial(work, *arguments))


def _checked(start: RunStart) -> RunStart:
    check_entity(start.entity)
    check_project(start.project)
    check_run_id(start.run_id)
    return start


def _base_url(request: Request) -> str:
    """The address that the client reached us by: it is the one it can reach again."""
    scheme = request.headers.get("x-forwarded-proto", request.url.scheme)
    host = request.headers.get("x-forwarded-host", request.headers.get("host", ""))
    return f"{scheme}://{host}"


def _unpacked_bytes(payload: bytes, limit_bytes: int) -> int:
    """The size that gzip says at its end; raises TooLarge past the limit."""
    size_bytes = int.from_bytes(payload[-4:], "little")
    if size_bytes > limit_bytes:
        raise TooLarge(f"the body unpacks to more than {limit_bytes} bytes: send less at once")
    return size_bytes


def _unpacked(payload: bytes, size_bytes: int) -> bytes:
    """The bytes that were packed, which are as many as was said."""
    unpacker = zlib.decompressobj(wbits=31)  # 31: a gzip head and tail
    try:
        body = unpacker.decompress(payload, size_bytes + 1)  # 0 would be without a limit
    except zlib.error as error:
        raise Invalid(f"the body says it is gzip and isn't: {error}") from error
    if not unpacker.eof or unpacker.unused_data:
        raise Invalid("the body says it is gzip and ends elsewhere than it says")
    return body
