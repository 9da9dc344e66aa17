"""Errors of the server, each with a stable code that clients may rely on (docs/wire.md §2).

    ServerError
    ├── AuthError                   who is asking
    │   ├── AuthRequired            auth.required            no session, or it has ended
    │   ├── AuthWrong               auth.wrong               user name or password; never says which
    │   ├── AuthThrottled           auth.throttled           too many wrong passwords; retry_after_s
    │   ├── AuthForbidden           auth.forbidden           not with this role
    │   ├── OriginForeign           origin.foreign           a page of another origin uses the cookie
    │   ├── AddressNotAllowed       address.not_allowed      a source calls from outside its allow-list
    │   ├── SignatureWrong          signature.wrong          no source has a secret that fits
    │   └── SignatureStale          signature.stale          the time stamp is more than 5 minutes off
    ├── RequestError                what was sent
    │   ├── RequestNotJson          request.not_json
    │   ├── RequestInvalid          request.invalid          path says which field
    │   ├── RequestTooLarge         request.too_large
    │   ├── AlertInvalid            alert.invalid            no identifier or no event
    │   ├── AlertNotXml             alert.not_xml
    │   ├── ReceiptInvalid          receipt.invalid
    │   ├── BulletinIncomplete      bulletin.incomplete      no field, no send; path says which
    │   ├── PhotoNotAPicture        photo.not_a_picture      no JPEG, PNG or WebP
    │   ├── PhotoTooLarge           photo.too_large
    │   ├── PhotoTooManyPixels      photo.too_many_pixels
    │   ├── PhotoDamaged            photo.damaged
    │   ├── PolicyInvalid           policy.invalid           path says which field
    │   ├── PositionInvalid         position.invalid         off the globe, or from the future
    │   ├── PushUnknownRecipient    push.unknown_recipient
    │   ├── PushNoRecipient         push.no_recipient
    │   └── SubscriptionTooMany     subscription.too_many    five devices ring for the person already
    ├── UnknownError                no such thing, or not for you
    │   ├── AlertUnknown            alert.unknown
    │   ├── PushUnknown             push.unknown
    │   ├── BulletinUnknown         bulletin.unknown         also one that has ended, for officers
    │   ├── ClipUnknown             clip.unknown
    │   ├── PolicyUnknown           policy.unknown
    │   ├── CameraUnknown           camera.unknown
    │   ├── MediaUnknown            media.unknown            also one that nothing live holds any more
    │   └── ItemUnknown             item.unknown             what a receipt is about
    ├── CameraForbidden             camera.forbidden         it exists; the person may not watch it now
    ├── PastUnavailable             past.unavailable         nothing of it is kept, or it broke off
    ├── Conflict                    it changed meanwhile; holds the present state
    │   ├── ConflictRevision        conflict.revision        an old revision was acknowledged
    │   ├── ConflictState           conflict.state           what was asked for does not fit how it stands
    │   ├── AlertNotShelvable       alert.not_shelvable      priority 1 never rests
    │   ├── ConflictRecalled        conflict.recalled        a recalled push was acknowledged
    │   └── ConflictId              conflict.id              the id is taken by something else
    ├── ClipTooMany                 clip.too_many            as many are being recorded as can be
    ├── ClipUnavailable             clip.unavailable         its disk or store can't take or give it now
    ├── PhotoUnavailable            photo.unavailable        the decoder died, took too long, or has enough to do
    ├── StillUnavailable            still.unavailable        the camera gave no picture, or it can't be decoded now
    └── LogUnavailable              log.unavailable          database or disk; nothing was stored

A configuration that can't be used is ``streams.errors.ConfigError``, for both packages.

Messages are sentences for a person: what was expected, what came, what to do. They never hold credentials.
Which HTTP status a code becomes stands in one table in server/web.
"""

from typing import Any, ClassVar, Literal


class ServerError(Exception):
    """``path`` names the field to blame, as in ``to.units[0]``; empty when it is not one field."""

    code: ClassVar[str] = "server.error"

    def __init__(self, message: str, *, path: str = "") -> None:
        # What came may be quoted in either, and half a surrogate pair (JSON "\\ud800") can't be sent.
        self.message = message.encode(errors="replace").decode()
        self.path = path.encode(errors="replace").decode()
        super().__init__(self.message)

    def to_wire(self) -> dict[str, Any]:
        """The body of the answer: ``{"error": {"code", "message", "path"?}}``, and the present state of a conflict."""
        error = {"code": self.code, "message": self.message}
        if self.path:
            error["path"] = self.path
        return {"error": error}


class AuthError(ServerError):
    code = "auth.error"


class AuthRequired(AuthError):
    code = "auth.required"


class AuthWrong(AuthError):
    code = "auth.wrong"


class AuthThrottled(AuthError):
    code = "auth.throttled"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class AuthForbidden(AuthError):
    code = "auth.forbidden"


class OriginForeign(AuthError):
    code = "origin.foreign"


class AddressNotAllowed(AuthError):
    code = "address.not_allowed"


class SignatureWrong(AuthError):
    code = "signature.wrong"


class SignatureStale(AuthError):
    code = "signature.stale"


class RequestError(ServerError):
    code = "request.error"


class RequestNotJson(RequestError):
    code = "request.not_json"


class RequestInvalid(RequestError):
    code = "request.invalid"


class RequestTooLarge(RequestError):
    code = "request.too_large"


class AlertInvalid(RequestError):
    code = "alert.invalid"


class AlertNotXml(RequestError):
    code = "alert.not_xml"


class ReceiptInvalid(RequestError):
    code = "receipt.invalid"


class BulletinIncomplete(RequestError):
    code = "bulletin.incomplete"


class PhotoNotAPicture(RequestError):
    code = "photo.not_a_picture"


class PhotoTooLarge(RequestError):
    code = "photo.too_large"


class PhotoTooManyPixels(RequestError):
    code = "photo.too_many_pixels"


class PhotoDamaged(RequestError):
    code = "photo.damaged"


class PolicyInvalid(RequestError):
    code = "policy.invalid"


class PositionInvalid(RequestError):
    code = "position.invalid"


class PushUnknownRecipient(RequestError):
    code = "push.unknown_recipient"


class PushNoRecipient(RequestError):
    code = "push.no_recipient"


class SubscriptionTooMany(RequestError):
    code = "subscription.too_many"


class UnknownError(ServerError):
    code = "unknown"


class AlertUnknown(UnknownError):
    code = "alert.unknown"


class PushUnknown(UnknownError):
    code = "push.unknown"


class BulletinUnknown(UnknownError):
    code = "bulletin.unknown"


class ClipUnknown(UnknownError):
    code = "clip.unknown"


class PolicyUnknown(UnknownError):
    code = "policy.unknown"


class CameraUnknown(UnknownError):
    code = "camera.unknown"


class MediaUnknown(UnknownError):
    code = "media.unknown"


class ItemUnknown(UnknownError):
    code = "item.unknown"


class CameraForbidden(ServerError):
    code = "camera.forbidden"


class PastUnavailable(ServerError):
    code = "past.unavailable"


class Conflict(ServerError):
    """``present`` is the wire form of the item as it is now."""

    code = "conflict"

    def __init__(
        self, message: str, *, item: Literal["alert", "push", "bulletin", "policy", "clip"], present: dict[str, Any]
    ) -> None:
        super().__init__(message)
        self.item = item
        self.present = present

    def to_wire(self) -> dict[str, Any]:
        return {**super().to_wire(), self.item: self.present}


class ConflictRevision(Conflict):
    code = "conflict.revision"


class ConflictState(Conflict):
    code = "conflict.state"


class AlertNotShelvable(Conflict):
    code = "alert.not_shelvable"


class ConflictRecalled(Conflict):
    code = "conflict.recalled"


class ConflictId(Conflict):
    code = "conflict.id"


class ClipTooMany(ServerError):
    code = "clip.too_many"


class ClipUnavailable(ServerError):
    code = "clip.unavailable"


class PhotoUnavailable(ServerError):
    """Nothing is wrong with the request; for all we know, nothing is wrong with the photo either."""

    code = "photo.unavailable"


class StillUnavailable(ServerError):
    code = "still.unavailable"


class LogUnavailable(ServerError):
    """The database or its disk can't take or give entries now. After a write: nothing of it was stored, or nobody can
    tell (the connection broke in the commit); repeating it with the same id is always right."""

    code = "log.unavailable"
