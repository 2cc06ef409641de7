"""Xiaomi (Mi Home): the first maker.

Not yet proven on the live cloud; what is unconfirmed is data in `endpoints.json`.
From the outside in: `cloud` is the provider, `devices`, `plans` and `recordings` read wire
records, `footage` fetches what a playlist names, `renewal` sends what an owner's renewal request definition says, `client` makes signed
calls (`signing`, `rc4`, `answers`), `account` renews the session and `sign_in` opens the
first one (`passport` is what both share), `transport` is the one place where a request is
made.
"""

from .cloud import XiaomiCloud
from .credentials import DamagedCredentialsError, XiaomiCredentials
from .endpoints import REGIONS, preload
from .gateway import GatewayError, NotAnAddressError, NotEncryptedError, validate_gateway
from .sign_in import LinkSignIn

__all__ = [
    "REGIONS",
    "DamagedCredentialsError",
    "GatewayError",
    "LinkSignIn",
    "NotAnAddressError",
    "NotEncryptedError",
    "XiaomiCloud",
    "XiaomiCredentials",
    "preload",
    "validate_gateway",
]
