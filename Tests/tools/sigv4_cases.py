"""Writes requests and the Authorization header botocore's signer gives them, as JSON lines.

    python3 sigv4_cases.py COUNT [SEED] > cases.jsonl

The Swift test reads the file that SLUICE_SIGV4_CASES names and must sign every one alike.
"""

import datetime
import json
import random
import sys
from unittest import mock
from urllib.parse import quote

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ALPHABET = list("abcXYZ019-_.~ /+=&%*'()!@:;,$\"<>[]{}|\\^`#?") + list("éß€日本😀\u0301\u00a0")
SERVICES = ["s3", "sqs", "sts", "sagemaker", "events", "monitoring"]
REGIONS = ["eu-west-1", "us-east-1", "cn-north-1", "ap-southeast-4"]
METHODS = ["GET", "PUT", "POST", "HEAD", "DELETE"]
# Names that are prefixes of one another, or of which one goes on with a sign that sorts before the colon.
HEADERS = [
    "x-amz-copy-source", "x-amz-copy-source-if-match", "x-amz-copy-source-range", "X-Amz-Copy-Source2",
    "x-amz-target", "X-Amz-Meta-A", "x-amz-meta-a-b", "x-amz-meta-a1", "x-amz-meta-aa", "Content-Type",
    "content-md5", "If-None-Match", "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id", "User-Agent", "Expect", "X-Amzn-Trace-Id", "te",
    "X-Amzn-SageMaker-Target-Model", "accept", "range",
]


def text(rng, low, high, alphabet=ALPHABET):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(low, high)))


def path(rng, service):
    segments = [rng.choice([text(rng, 0, 8), text(rng, 1, 4), ".", "..", "", "a.b"]) for _ in range(rng.randint(0, 5))]
    # Slashes within a segment are part of S3's keys and stay slashes.
    return "/" + quote("/".join(segments), safe="/-_.~")


def query(rng):
    names = [text(rng, 0, 5) for _ in range(rng.randint(0, 4))]
    pairs = []
    for name in names + rng.sample(names, rng.randint(0, len(names))):
        name = quote(name, safe="-_.~")
        if rng.random() < 0.2:
            pairs.append(name)
        else:
            pairs.append(name + "=" + quote(text(rng, 0, 6), safe="-_.~"))
    return "&".join(pair for pair in pairs if pair)


def value(rng):
    # Header values are ASCII with runs of spaces and tabs.
    printable = [chr(code) for code in range(0x21, 0x7F)] + [" ", "  ", "\t", " \t "]
    return text(rng, 0, 12, printable)


def case(rng):
    service = rng.choice(SERVICES)
    scheme, port = rng.choice([("https", ""), ("http", ""), ("https", ":443"), ("http", ":80"), ("http", ":5000"), ("https", ":8443")])
    host = rng.choice(["example.amazonaws.com", "127.0.0.1", "b-1.s3.eu-west-1.amazonaws.com", "localhost"])
    items = query(rng)
    url = f"{scheme}://{host}{port}{path(rng, service)}" + (f"?{items}" if items else "")
    headers = [[name, value(rng)] for name in rng.sample(HEADERS, rng.randint(0, 6))]
    body = rng.randbytes(rng.choice([0, 0, 1, 20, 1000]))
    credentials = Credentials("AK" + text(rng, 3, 18, list("ABC123")), text(rng, 1, 40), rng.choice([None, text(rng, 4, 60, list("abc/+=123"))]))
    moment = datetime.datetime(2020, 1, 1) + datetime.timedelta(seconds=rng.randint(0, 400_000_000))
    region = rng.choice(REGIONS)

    request = AWSRequest(method=rng.choice(METHODS), url=url, data=body)
    for name, content in headers:
        request.headers[name] = content
    signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        signer(credentials, service, region).add_auth(request)
    return {
        "method": request.method,
        "url": url,
        "headers": headers,
        "body": list(body),
        "payload": None,
        "accessKey": credentials.access_key,
        "secretKey": credentials.secret_key,
        "token": credentials.token,
        "time": moment.strftime("%Y%m%dT%H%M%SZ"),
        "region": region,
        "service": service,
        "authorization": request.headers["Authorization"],
    }


def main():
    count = int(sys.argv[1])
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else None)
    for _ in range(count):
        print(json.dumps(case(rng)))


main()
