"""Xiaomi's cloud as a plan provider."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from itertools import chain
from typing import Final

import aiohttp

from ...plan import Camera, PlanReading, Recording, RecordingKind, Span, Wish
from ..errors import (
    ApiError,
    CloudError,
    RateLimitedError,
    RequestNotSentError,
    SignInNeededError,
    UnreachableError,
)
from ..provider import CancelWay, Capabilities, Detail, PlanReadings, Readable
from ..recordings import Piece, RecordingList
from ..renewal_request import RenewalRequest, RequestTemplate
from .account import OnRenewed, XiaomiAccount
from .client import CONCURRENT_CALLS, XiaomiClient
from .credentials import XiaomiCredentials
from .devices import MAKER, is_surely_camera, list_region, with_support
from .endpoints import endpoints
from .footage import XiaomiFootage, open_recording
from .plans import read_camera_plan
from .recordings import list_recordings, read_thumbnail
from .renewal import send
from .transport import Transport

# After so many cameras of a region in a row could not be reached, the others are not tried.
_GIVES_UP_AFTER: Final = 4

_CAPABILITIES: Final = Capabilities(
    readable=Readable.STATUS
    | Readable.END_DATE
    | Readable.AUTO_RENEWAL
    | Readable.RETENTION
    | Readable.STORAGE_USED
    | Readable.UPLOAD
    | Readable.RECORDINGS,
    cancel=CancelWay.GUIDED,
)


class XiaomiCloud:
    """One signed-in Xiaomi account: a `PlanProvider`, with recordings and requests.

    `regions` are the server regions to look for cameras in, `locale` the owner's language
    as a tag ("en", "zh-Hans"), `time_zone` theirs where it is known. The session must be
    the account's own, without a cookie jar; `footage_session` is another one, whose names
    are resolved by a `GuardedResolver`: without it or a gateway there is no footage.
    `renewal_request` is what an owner handed over: no request about renewal is publicly
    known for this maker.
    """

    def __init__(  # noqa: PLR0913 - what an account is connected with
        self,
        session: aiohttp.ClientSession,
        credentials: XiaomiCredentials,
        *,
        regions: Collection[str] = (),
        gateway: str | None = None,
        footage_session: aiohttp.ClientSession | None = None,
        on_renewed: OnRenewed | None = None,
        locale: str = "en",
        time_zone: tzinfo | None = None,
        renewal_request: RenewalRequest | None = None,
    ) -> None:
        """Take a validated gateway address; `on_renewed` gets each renewed set of credentials."""
        transport = Transport(
            session,
            device_id=credentials.device_id,
            gateway=gateway,
            footage_session=footage_session,
        )
        self._account = XiaomiAccount(transport, credentials, on_renewed)
        self._client = XiaomiClient(self._account, locale=locale, time_zone=time_zone)
        self._renewal_request = renewal_request
        self._has_gateway = transport.has_gateway
        self._regions = tuple(region for region in endpoints().regions if region in regions)

    @property
    def maker(self) -> str:
        """The maker's name."""
        return MAKER

    @property
    def capabilities(self) -> Capabilities:
        """What can be read; renewal is cancelled by the owner, guided."""
        return _CAPABILITIES

    @property
    def recordings(self) -> XiaomiCloud:
        """The account itself."""
        return self

    @property
    def requests(self) -> XiaomiCloud:
        """The account itself, for what an owner handed over."""
        return self

    @property
    def credentials(self) -> XiaomiCredentials:
        """The account's credentials as they are now."""
        return self._account.credentials

    async def list_cameras(self) -> tuple[Camera, ...]:
        """Return every camera in the chosen regions, owned or shared.

        Two requests and one per home in each region, and one more for some 90 cameras.
        Raises `CloudError` if any region could not be listed.
        """
        lists = await asyncio.gather(
            *(self._list(region) for region in self._regions), return_exceptions=True
        )
        return _unique(_all_or_raise(lists))

    async def cameras_by_region(self) -> Mapping[str, tuple[Camera, ...] | CloudError]:
        """Return for each of the maker's regions its cameras, or why they are not known.

        For set-up: asks all regions once and does not ask which cameras support plans.
        Raises `SignInNeededError`.
        """
        regions = tuple(endpoints().regions)
        lists = await asyncio.gather(
            *(self._list(region, with_plans=False) for region in regions), return_exceptions=True
        )
        found: dict[str, tuple[Camera, ...] | CloudError] = {}
        for region, listed in zip(regions, lists, strict=True):
            if isinstance(listed, BaseException) and (
                not isinstance(listed, CloudError) or isinstance(listed, SignInNeededError)
            ):
                raise listed
            found[region] = listed
        return found

    async def read_plans(
        self, cameras: Collection[Camera], details: Mapping[str, Detail]
    ) -> PlanReadings:
        """Return each camera's plan, or the error that befell it alone.

        One request per camera that may have a plan, and one for each detail. A region
        that cannot be reached, or asks to wait, is not asked on for its other cameras.
        Raises `SignInNeededError`, and the error itself where no camera at all could be
        read for a reason that is not its own.
        """
        poll = _Poll(self._client, details)
        waiting = iter(cameras)
        async with asyncio.TaskGroup() as workers:
            for _ in range(min(CONCURRENT_CALLS, len(cameras))):
                workers.create_task(poll.work(waiting))
        return poll.result()

    async def list_recordings(
        self,
        camera: Camera,
        span: Span,
        kinds: Collection[RecordingKind],
        *,
        pause: Callable[[], Awaitable[None]] | None = None,
    ) -> RecordingList:
        """Return a camera's recordings of a span, from the lists of these kinds.

        One request for 40 events or 20 videos. Raises `CloudError`.
        """
        return await list_recordings(self._client, camera, span, kinds, pause)

    async def open_recording(self, camera: Camera, recording: Recording) -> XiaomiFootage:
        """Return a recording's footage, opened by one request, at most two.

        Raises as `RecordingSource.open_recording` does.
        """
        return await open_recording(self._client, self._account.transport, camera, recording)

    async def read_thumbnail(self, camera: Camera, recording: Recording) -> Piece | None:
        """Return a recording's still picture, enciphered; one request. Raises `CloudError`."""
        return await read_thumbnail(self._client, camera, recording)

    def can_request(self, camera: Camera, wish: Wish) -> bool:
        """Return whether the owner's definition has a request for this wish and camera.

        Only for cameras of one's own, and for a definition meant for a gateway only
        where this account goes through one.
        """
        return self._template(camera, wish) is not None

    async def request_renewal(self, camera: Camera, wish: Wish) -> None:
        """Send the definition's request for a camera, once; one request, whatever happens.

        Raises as `RenewalRequests.request_renewal` does.
        """
        template = self._template(camera, wish)
        if template is None:
            raise RequestNotSentError("no request is known for it")
        await send(self._client, template, camera, user_id=self.credentials.user_id)

    def _template(self, camera: Camera, wish: Wish) -> RequestTemplate | None:
        request = self._renewal_request
        if request is None or not camera.is_owned:
            return None
        if request.gateway_only and not self._has_gateway:
            return None
        return request.template(wish)

    async def _list(self, region: str, *, with_plans: bool = True) -> tuple[Camera, ...]:
        cameras = await list_region(self._client, region, self.credentials.user_id)
        if with_plans:
            return await with_support(self._client, region, cameras)
        return tuple(camera for camera in cameras if is_surely_camera(camera.model))


class _Poll:
    """One reading of many cameras: shared by the workers that make it."""

    def __init__(self, client: XiaomiClient, details: Mapping[str, Detail]) -> None:
        self._client = client
        self._details = details
        self._readings: dict[str, PlanReading | CloudError] = {}
        self._sign_in: SignInNeededError | None = None
        # By region: how many in a row could not be reached, and why no more are asked.
        self._unreached: dict[str, int] = {}
        self._given_up: dict[str, CloudError] = {}

    async def work(self, waiting: Iterator[Camera]) -> None:
        """Read cameras until none is left, or the owner has to sign in."""
        for camera in waiting:
            if self._sign_in is not None:
                return
            self._readings[camera.camera_id] = await self._read(camera)

    def result(self) -> PlanReadings:
        """Return what was read, or raise what kept everything from being read."""
        if self._sign_in is not None:
            raise self._sign_in
        errors = [reading for reading in self._readings.values() if isinstance(reading, CloudError)]
        if errors and len(errors) == len(self._readings):
            common = [error for error in errors if not isinstance(error, ApiError)]
            if len(common) == len(errors):
                raise next((e for e in common if isinstance(e, RateLimitedError)), common[0])
        return self._readings

    async def _read(self, camera: Camera) -> PlanReading | CloudError:
        region = camera.region
        if region in self._given_up:
            return self._given_up[region]
        try:
            reading = await read_camera_plan(
                self._client, camera, self._details.get(camera.camera_id, Detail.NONE)
            )
        except SignInNeededError as error:
            self._sign_in = error
            return error
        except RateLimitedError as error:
            self._given_up[region] = error
            return error
        except UnreachableError as error:
            self._unreached[region] = self._unreached.get(region, 0) + 1
            if self._unreached[region] >= _GIVES_UP_AFTER:
                self._given_up[region] = error
            return error
        except CloudError as error:
            return error
        self._unreached[region] = 0
        return reading


def _unique(cameras: Iterable[Camera]) -> tuple[Camera, ...]:
    return tuple({camera.camera_id: camera for camera in cameras}.values())


def _all_or_raise(lists: Sequence[tuple[Camera, ...] | BaseException]) -> Iterator[Camera]:
    """Return all lists' cameras; raises the error that says most where any is missing."""
    errors = [listed for listed in lists if isinstance(listed, BaseException)]
    if errors:
        raise next((e for e in errors if isinstance(e, SignInNeededError)), errors[0])
    whole = (listed for listed in lists if not isinstance(listed, BaseException))
    return chain.from_iterable(whole)
