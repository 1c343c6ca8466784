"""CloudFormation's databases and secrets, and what a template takes from a secret by its dynamic references."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from . import api
from .making import Made, Place, Properties
from .policy import lacks
from .template import invalid

REFERENCE = re.compile(r"\{\{resolve:secretsmanager:(arn:(?:[^:]*:){5}[^:]*|[^:]*):SecretString:([^:}]+)\}\}")


def resolved(value: Any, place: Place) -> Any:
    """A part of a template with what its dynamic references refer to."""
    if isinstance(value, list):
        return [resolved(item, place) for item in value]
    if isinstance(value, dict):
        return {key: resolved(item, place) for key, item in value.items()}
    if not isinstance(value, str) or "{{resolve:" not in value:
        return value
    text = REFERENCE.sub(lambda match: _looked_up(match[1], match[2], place), value)
    if "{{resolve:" in text:
        raise lacks("knows no dynamic reference but {{resolve:secretsmanager:SECRET:SecretString:KEY}}")
    return text


def _looked_up(secret: str, key: str, place: Place) -> str:
    held = json.loads(place.call("secretsmanager", "GetSecretValue", {"SecretId": secret})["SecretString"])
    if key not in held:
        raise invalid(f"Could not find a value associated with JSONKey {key} in SecretString")
    return str(held[key])


def _secret(asked: Properties, logical: str, place: Place) -> Made:
    given = {"Name": asked.take("Name") or place.name(logical)}
    given |= {name: value for name in ("Description", "KmsKeyId") if (value := asked.take(name))}
    if random := asked.take("GenerateSecretString"):
        template, key = json.loads(random.pop("SecretStringTemplate")), random.pop("GenerateStringKey")
        order = api.as_input("secretsmanager", "GetRandomPassword", random)
        template[key] = place.call("secretsmanager", "GetRandomPassword", order)["RandomPassword"]
        given["SecretString"] = json.dumps(template)
    else:
        given["SecretString"] = asked.need("SecretString")
    arn = place.call("secretsmanager", "CreateSecret", given)["ARN"]
    undo = {"SecretId": arn, "ForceDeleteWithoutRecovery": True}
    return Made(arn, {"Id": arn}, lambda: place.call("secretsmanager", "DeleteSecret", undo))


def _subnets(asked: Properties, logical: str, place: Place) -> Made:
    name = (asked.take("DBSubnetGroupName") or place.name(logical)).lower()
    subnets = asked.need("SubnetIds")
    held = place.call("ec2", "DescribeSubnets", {"SubnetIds": subnets})["Subnets"]
    zones = {subnet["AvailabilityZone"] for subnet in held}
    if len(zones) < 2:
        raise invalid(
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: "
            f"{', '.join(zones)}. Add subnets to cover at least 2 AZs."
        )
    given = {"DBSubnetGroupName": name, "SubnetIds": subnets}
    given["DBSubnetGroupDescription"] = asked.need("DBSubnetGroupDescription")
    place.call("rds", "CreateDBSubnetGroup", given)
    return Made(name, {}, lambda: place.call("rds", "DeleteDBSubnetGroup", {"DBSubnetGroupName": name}))


def _database(asked: Properties, logical: str, place: Place) -> Made:
    properties = {"DBInstanceIdentifier": place.name(logical).lower(), **asked.rest()}
    # The one property that has another name than the operation's member.
    if "VPCSecurityGroups" in properties:
        properties["VpcSecurityGroupIds"] = properties.pop("VPCSecurityGroups")
    given = api.as_input("rds", "CreateDBInstance", properties)
    database = place.call("rds", "CreateDBInstance", given)["DBInstance"]
    name, endpoint = database["DBInstanceIdentifier"], database["Endpoint"]
    lost = [key for key in given.keys() & database.keys() if given[key] != database[key]]
    if lost:
        raise lacks(f"does not keep these properties of AWS::RDS::DBInstance: {', '.join(sorted(lost))}")

    attributes = {"Endpoint.Address": endpoint["Address"], "Endpoint.Port": str(endpoint["Port"])}
    attributes["DBInstanceArn"] = database["DBInstanceArn"]
    undo = {"DBInstanceIdentifier": name, "SkipFinalSnapshot": True}
    return Made(name, attributes, lambda: place.call("rds", "DeleteDBInstance", undo))


TYPES: dict[str, Callable[[Properties, str, Place], Made]] = {
    "AWS::SecretsManager::Secret": _secret,
    "AWS::RDS::DBSubnetGroup": _subnets,
    "AWS::RDS::DBInstance": _database,
}
