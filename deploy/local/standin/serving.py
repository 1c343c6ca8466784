"""What SageMaker does with an endpoint's execution role, and what becomes of it where the role may not.

Without its image or its bucket a fleet does not start; without logs or metrics it serves all the same.
"""

from __future__ import annotations

import re

from . import actions, authority
from .actions import Need

SESSION = "SageMaker"
IMAGE = re.compile(r"(\d{12})\.dkr\.ecr\.([\w-]+)\.amazonaws\.com/([^:@]+).*")
PULL = ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
LOGS = ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents")
METRICS = "/aws/sagemaker/Endpoints"


def may_read(role: str, bucket: str, key: str, region: str) -> bool:
    """Whether a model can be loaded."""
    return _may(role, actions.s3_read(bucket, key, None, region), region)


def may_list(role: str, bucket: str, region: str) -> bool:
    """Whether the models of a multi-model endpoint can be found."""
    return _may(role, [Need("s3:ListBucket", f"arn:aws:s3:::{bucket}")], region)


def may_pull(role: str, image: str, region: str) -> bool:
    """Whether a container's image can be had. The repositories' own policies are not kept here."""
    match = IMAGE.fullmatch(image)
    if match is None:
        return True
    repository = f"arn:aws:ecr:{match[2]}:{match[1]}:repository/{match[3]}"
    needs = [Need("ecr:GetAuthorizationToken"), *(Need(f"ecr:{action}", repository) for action in PULL)]
    return _may(role, needs, region)


def may_hear(role: str, region: str) -> bool:
    """Whether the alarms of an update can be read."""
    alarms = f"arn:aws:cloudwatch:{region}:{role.split(':')[4]}:alarm:*"
    return _may(role, [Need("cloudwatch:DescribeAlarms", alarms)], region)


def writes(role: str, endpoint: str, region: str) -> dict[str, bool]:
    """Whether an endpoint's logs and metrics arrive."""
    group = f"arn:aws:logs:{region}:{role.split(':')[4]}:log-group:/aws/sagemaker/Endpoints/{endpoint}"
    needs = [Need(f"logs:{action}", f"{group}:log-stream:x" if "Put" in action else group) for action in LOGS]
    metrics = Need("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": METRICS})
    return {"logs": _may(role, needs, region), "metrics": _may(role, [metrics], region)}


def _may(role: str, needs: list[Need], region: str) -> bool:
    return all(authority.role_may(role, SESSION, need, region) for need in needs)
