"""mijiaAPI as a process: one task a line on standard input, one answer a line.

Runs in the environment of the independent clients and imports nothing of this repository.
A task is `{"do": "sign" | "open", "body": TEXT, "times": N}`; the answer tells the seconds
for all N times and a digest of what came out, so that both sides can be seen to do the same.
"""

from collections.abc import Callable
import hashlib
import importlib
import json
import sys
from time import perf_counter

client = importlib.import_module("mijiaAPI.miutils")


def main() -> None:
    """Work until standard input ends."""
    ssecurity, nonce, path = sys.argv[1:]

    def sign(body: str) -> str:
        key = client.get_signed_nonce(ssecurity, nonce)
        parameters = client.generate_enc_params(path, "POST", key, nonce, {"data": body}, ssecurity)
        signature: str = parameters["signature"]
        return signature

    def unseal(body: str) -> object:
        return json.loads(client.decrypt(ssecurity, nonce, body))

    ways: dict[str, Callable[[str], object]] = {"sign": sign, "open": unseal}
    for line in sys.stdin:
        task = json.loads(line)
        do, body = ways[task["do"]], task["body"]
        began = perf_counter()
        for _ in range(task["times"]):
            outcome = do(body)
        lasted = perf_counter() - began
        digest = hashlib.sha256(json.dumps(outcome).encode()).hexdigest()
        print(json.dumps({"seconds": lasted, "digest": digest}), flush=True)


if __name__ == "__main__":
    main()
