"""What the fake Stripe answers when it refuses: Stripe's own error shape."""

from typing import Any


class Refused(Exception):
    """A refusal, to be answered as Stripe words it."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"type": kind, "message": message}
        if code:
            self.error["code"] = code
        if param:
            self.error["param"] = param
        self.error |= more

    @property
    def body(self) -> dict[str, Any]:
        return {"error": self.error}


class BadParameter(Refused):
    """A parameter that the specification does not have, or of another type.

    Found before anything is done, so an idempotency key does not keep it."""


def missing(kind: str, id: str, *, param: str = "id") -> Refused:
    """No such object in this account's store (another account's counts as none)."""
    return Refused(f"No such {kind}: '{id}'", status=404, code="resource_missing", param=param)
