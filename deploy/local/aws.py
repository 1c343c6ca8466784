"""Start the local stand-in for AWS that the demo and the tests use. It is not AWS and keeps nothing.

One port serves every service, so AWS_ENDPOINT_URL is all a client needs. Begin with POST /_local/worlds,
which makes accounts, queues, buckets, roles and users and answers with their keys.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time


def main() -> None:
    parser = argparse.ArgumentParser(description="A local stand-in for AWS, for tests and for the demo.")
    parser.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1; 0, the default, finds a free one")
    parser.add_argument(
        "--update-seconds", type=float, default=1.0, help="how long creating or updating an endpoint takes (default: 1)"
    )
    parser.add_argument(
        "--with-parent",
        nargs="?",
        type=int,
        const=os.getppid(),
        metavar="PID",
        help="end when this process, by default the one that started this, is gone",
    )
    asked = parser.parse_args()
    _stand_alone()

    from standin import bus, s3, sqs
    from standin.server import serve

    sqs.follow_moto()
    bus.follow_moto()
    s3.follow_moto()
    server = serve(asked.port, asked.update_seconds)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    if asked.with_parent:
        threading.Thread(target=_watch, args=(asked.with_parent,), daemon=True).start()
    print(f"local AWS (a stand-in for AWS) on http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


def _stand_alone() -> None:
    """Nothing of the caller's AWS settings may reach moto, which uses boto3 for its models."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "MOTO_"))]:
        del os.environ[name]
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def _watch(parent: int) -> None:
    """Poll, rather than ask the kernel for a signal: that one comes when the parent's thread ends."""
    born_of = os.getppid() == parent
    while True:
        time.sleep(0.25)
        if born_of and os.getppid() != parent:
            os._exit(0)
        try:
            os.kill(parent, 0)
        except ProcessLookupError:
            os._exit(0)
        except PermissionError:
            continue


if __name__ == "__main__":
    main()
