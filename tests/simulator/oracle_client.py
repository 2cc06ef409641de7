"""Public clients of the real cloud, made to talk to a simulated one.

Run by an interpreter that has them (`requirements/oracle.in`), never imported by the tests. It
reads one JSON object from standard input (`task`, `gateway` and what the task needs) and writes
one JSON value to standard output. Whatever a client asks an https host for goes to `gateway`, the
host in the `Host` header; nothing else about its requests is changed.
"""

from collections.abc import Callable, Mapping
import json
import logging
from pathlib import Path
import sys
import tempfile
from typing import Any
from urllib.parse import urlsplit

# Only in the environment of the one who runs this.
from micloud import MiCloud, miutils as micloud_utils  # type: ignore[import-not-found]  # see above
from mijiaAPI import miutils as mijia_utils  # type: ignore[import-not-found]  # see above
from mijiaAPI.apis import mijiaAPI  # type: ignore[import-not-found]  # see above
import requests
from requests.adapters import HTTPAdapter

type Json = dict[str, Any]

CAMERA_HEADERS = {
    "MIOT-ENCRYPT-ALGORITHM": "ENCRYPT-RC4",
    "x-xiaomi-protocal-flag-cli": "PROTOCAL-HTTP2",
    "Accept-Encoding": "identity",
}


def send_through(gateway: str) -> None:
    """Send every request of this process to `gateway`."""
    direct = HTTPAdapter.send

    def send(
        adapter: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        asked = urlsplit(str(request.url))
        if asked.scheme != "https":
            raise ValueError(f"a client asked for {asked.scheme}")
        sent = request.copy()
        sent.url = f"{gateway}{sent.path_url}"
        sent.headers["Host"] = asked.netloc
        response = direct(adapter, sent, *args, **options)
        response.request = request
        response.url = str(request.url)
        return response

    setattr(HTTPAdapter, "send", send)  # noqa: B010 - a method is meant to be replaced


def mijia_sign_in(given: Json) -> Json:
    """Sign mijiaAPI in by link and read the account's homes and devices with it."""
    with tempfile.TemporaryDirectory() as folder:
        client = mijiaAPI(str(Path(folder) / "auth.json"))
        # The two addresses that this client has for the newer service.
        client.service_login_url = (
            "https://account.xiaomi.com/pass/serviceLogin?_json=true&sid=xiaomiio"
        )
        client.api_base_url = "https://api.io.mi.com/app"
        client.QRlogin()
        signed_in = {name: client.auth_data[name] for name in ("userId", "cUserId", "serviceToken")}
        return {
            "signed_in": signed_in,
            "homes": client.get_homes_list(),
            "devices": client.get_devices_list(),
            "shared": client.get_shared_devices_list(),
            # It renews by its pass token before every call, having no other way to check.
            "renewed": client.auth_data["serviceToken"] != signed_in["serviceToken"],
        }


def mijia_camera(given: Json) -> object:
    """Read a camera's plan by GET, signed and deciphered by mijiaAPI's helpers."""
    path, ssecurity = given["path"], given["ssecurity"]
    nonce = mijia_utils.gen_nonce()
    params = mijia_utils.generate_enc_params(
        path,
        "GET",
        mijia_utils.get_signed_nonce(ssecurity, nonce),
        nonce,
        {"data": json.dumps(given["data"], separators=(",", ":"))},
        ssecurity,
    )
    headers = CAMERA_HEADERS | ({"miot-accept-encoding": "GZIP"} if given.get("gzip") else {})
    answer = requests.get(
        f"https://{given['host']}{path}",
        params=params,
        headers=headers,
        cookies=_cookies(given),
        timeout=30,
    )
    return json.loads(mijia_utils.decrypt(ssecurity, nonce, answer.text))


def micloud_devices(given: Json) -> object:
    """List an account's devices with micloud."""
    client = MiCloud()
    client.user_id = given["user_id"]
    client.service_token = given["service_token"]
    client.ssecurity = given["ssecurity"]
    return client.get_devices(country=given["region"])


def micloud_camera(given: Json) -> object:
    """Ask for a camera's plan as micloud would sign it; return the bare answer."""
    url, ssecurity = f"https://{given['host']}{given['path']}", given["ssecurity"]
    nonce = micloud_utils.gen_nonce()
    params = micloud_utils.generate_enc_params(
        url,
        "GET",
        micloud_utils.signed_nonce(ssecurity, nonce),
        nonce,
        {"data": json.dumps(given["data"])},
        ssecurity,
    )
    answer = requests.get(
        url, params=params, headers=CAMERA_HEADERS, cookies=_cookies(given), timeout=30
    )
    return {"status": answer.status_code, "text": answer.text}


def _cookies(given: Json) -> dict[str, str]:
    return {
        "userId": given["user_id"],
        "serviceToken": given["service_token"],
        "yetAnotherServiceToken": given["service_token"],
        "locale": "en_GB",
    }


TASKS: Mapping[str, Callable[[Json], object]] = {
    task.__name__: task for task in (mijia_sign_in, mijia_camera, micloud_devices, micloud_camera)
}


def main() -> None:
    """Do the task that standard input names."""
    logging.disable()
    given = json.load(sys.stdin)
    send_through(given["gateway"])
    answer_to, sys.stdout = sys.stdout, sys.stderr
    json.dump(TASKS[given["task"]](given), answer_to)


if __name__ == "__main__":
    main()
