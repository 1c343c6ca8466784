"""Lets tests set up an account with AWS's own API, as its administrator, through boto3."""

from __future__ import annotations

import json
import re
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from .wire import AWSError
from .worlds import Worlds


def perform(worlds: Worlds, base_url: str, asked: dict[str, Any]) -> Any:
    """Carry out one operation: `service` and `operation` as AWS names them, `input` as boto3 takes it."""
    keys = worlds.administrator(asked["account"])
    client = boto3.client(
        asked["service"],
        region_name=asked.get("region", "eu-west-1"),
        endpoint_url=base_url,
        aws_access_key_id=keys["accessKeyId"],
        aws_secret_access_key=keys["secretAccessKey"],
        config=Config(proxies={}, retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
    )
    method = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", asked["operation"]).lower()
    try:
        reply = getattr(client, method)(**asked.get("input", {}))
    except ClientError as error:
        failed = error.response["Error"]
        raise AWSError("BadRequest", f"{failed.get('Code')}: {failed.get('Message')}") from None
    reply.pop("ResponseMetadata", None)
    return json.loads(json.dumps(reply, default=str))
