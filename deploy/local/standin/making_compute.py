"""CloudFormation's Fargate services with their scaling, and the security groups they are in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import api
from .making import Made, Place, Properties
from .policy import lacks
from .template import invalid


def exists(account: str, region: str, kind: str, name: str) -> bool:
    """Whether there is what a parameter of one of AWS's own types names."""
    looks = {
        "AWS::EC2::VPC::Id": ("DescribeVpcs", "vpc-id", "Vpcs"),
        "AWS::EC2::Subnet::Id": ("DescribeSubnets", "subnet-id", "Subnets"),
    }
    if kind not in looks:
        raise lacks(f"does not know the parameter type {kind}")
    operation, key, member = looks[kind]
    return bool(api.call(account, region, "ec2", operation, {"Filters": [{"Name": key, "Values": [name]}]})[member])


def _cluster(asked: Properties, logical: str, place: Place) -> Made:
    name = asked.take("ClusterName") or place.name(logical)
    arn = place.call("ecs", "CreateCluster", {"clusterName": name})["cluster"]["clusterArn"]
    return Made(name, {"Arn": arn}, lambda: place.call("ecs", "DeleteCluster", {"cluster": name}))


def _task(asked: Properties, logical: str, place: Place) -> Made:
    given = api.as_input("ecs", "RegisterTaskDefinition", {"Family": place.name(logical), **asked.rest()})
    made = place.call("ecs", "RegisterTaskDefinition", given)["taskDefinition"]
    _same("AWS::ECS::TaskDefinition", given, made)
    arn = made["taskDefinitionArn"]
    undo = {"taskDefinition": arn}
    return Made(arn, {"TaskDefinitionArn": arn}, lambda: place.call("ecs", "DeregisterTaskDefinition", undo))


def _service(asked: Properties, logical: str, place: Place) -> Made:
    # One that is made without a number of tasks has one, until something scales it.
    properties = {"ServiceName": place.name(logical), "DesiredCount": 1, **asked.rest()}
    given = api.as_input("ecs", "CreateService", properties)
    place.call("ecs", "CreateService", given)
    cluster, name = given.get("cluster", "default"), given["serviceName"]
    # Moto forgets how it is to be deployed, and shows whatever of a service it keeps. Few need what it loads for that.
    from moto.ecs.models import ecs_backends

    held = ecs_backends[place.account][place.region].services[f"{cluster}:{name}"]
    held.deployment_configuration = given.get("deploymentConfiguration", {})
    made = place.call("ecs", "DescribeServices", {"cluster": cluster, "services": [name]})["services"][0]
    _same("AWS::ECS::Service", {key: value for key, value in given.items() if key != "cluster"}, made)
    undo = {"cluster": cluster, "service": name, "force": True}
    arn = made["serviceArn"]
    return Made(arn, {"Name": name, "ServiceArn": arn}, lambda: place.call("ecs", "DeleteService", undo))


def _same(kind: str, given: Any, shown: Any, where: str = "") -> None:
    """All that was given has to be shown again, so that nothing of it is made in name only."""
    if isinstance(given, dict):
        for key, value in given.items():
            _same(kind, value, shown.get(key) if isinstance(shown, dict) else None, f"{where}.{key}".strip("."))
    elif isinstance(given, list) and isinstance(shown, list) and len(given) == len(shown):
        for n, value in enumerate(given):
            _same(kind, value, shown[n], where)
    elif given != shown:
        raise lacks(f"does not keep {where} of {kind}: {given!r} became {shown!r}")


# How many there are.

SCALED = ("ServiceNamespace", "ResourceId", "ScalableDimension")


def _scaled(asked: Properties, _: str, place: Place) -> Made:
    given = api.as_input("application-autoscaling", "RegisterScalableTarget", asked.rest())
    place.call("application-autoscaling", "RegisterScalableTarget", given)
    named = {name: given[name] for name in SCALED}
    identity = f"{given['ResourceId']}|{given['ScalableDimension']}|{given['ServiceNamespace']}"
    undo = lambda: place.call("application-autoscaling", "DeregisterScalableTarget", named)  # noqa: E731
    return Made(identity, {"Id": identity}, undo)


def _scaling(asked: Properties, _: str, place: Place) -> Made:
    resource, dimension, namespace = asked.need("ScalingTargetId").split("|")
    named = {"ServiceNamespace": namespace, "ResourceId": resource, "ScalableDimension": dimension}
    targets = {"ServiceNamespace": namespace, "ResourceIds": [resource]}
    if not place.call("application-autoscaling", "DescribeScalableTargets", targets)["ScalableTargets"]:
        raise invalid(f"No scalable target registered for {resource}")
    given = api.as_input("application-autoscaling", "PutScalingPolicy", {**asked.rest(), **named})
    tracked = given.get("TargetTrackingScalingPolicyConfiguration", {})
    if "CustomizedMetricSpecification" not in tracked:
        raise lacks("scales by the tracking of a metric of one's own only")
    made = place.call("application-autoscaling", "PutScalingPolicy", given)
    alarms = [alarm["AlarmName"] for alarm in made["Alarms"]]
    _track(place, made["PolicyARN"], alarms, tracked)

    def undo() -> None:
        for alarm in alarms:
            place.alarms.drop(place.account, place.region, alarm)
        place.call("application-autoscaling", "DeleteScalingPolicy", {**named, "PolicyName": given["PolicyName"]})

    return Made(made["PolicyARN"], {}, undo)


def _track(place: Place, arn: str, names: list[str], tracked: dict[str, Any]) -> None:
    """The two alarms about the metric, as Application Auto Scaling makes them; moto's own look at the CPU."""
    target = tracked["TargetValue"]
    high, low = ("GreaterThanThreshold", target, 3), ("LessThanThreshold", target * 0.9, 15)
    for name, (comparison, threshold, minutes) in zip(names, (high, low), strict=True):
        asked = {"AlarmName": name, "AlarmActions": [arn], "ComparisonOperator": comparison, "Threshold": threshold}
        asked |= {"Period": 60, "EvaluationPeriods": minutes, **tracked["CustomizedMetricSpecification"]}
        place.alarms.make(place.account, place.region, asked, False)


# Who reaches whom.


def _security_group(asked: Properties, logical: str, place: Place) -> Made:
    name = asked.take("GroupName") or place.name(logical)
    given = {"GroupName": name, "Description": asked.need("GroupDescription"), "VpcId": asked.need("VpcId")}
    group = place.call("ec2", "CreateSecurityGroup", given)["GroupId"]
    made = Made(group, {"GroupId": group}, lambda: place.call("ec2", "DeleteSecurityGroup", {"GroupId": group}))
    egress = asked.take("SecurityGroupEgress")
    if egress:
        # Only a group that says nothing of it lets everything out.
        anywhere = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        place.call("ec2", "RevokeSecurityGroupEgress", {"GroupId": group, "IpPermissions": [anywhere]})
    try:
        for way, rules in (("Egress", egress), ("Ingress", asked.take("SecurityGroupIngress"))):
            for rule in rules or []:
                _let(place, way, group, Properties(rule))
    except Exception:
        made.undo()
        raise
    return made


def _egress(asked: Properties, logical: str, place: Place) -> Made:
    group = asked.need("GroupId")
    permission = _let(place, "Egress", group, asked)
    undo = {"GroupId": group, "IpPermissions": [permission]}
    return Made(place.name(logical), {}, lambda: place.call("ec2", "RevokeSecurityGroupEgress", undo))


def _let(place: Place, way: str, group: str, rule: Properties) -> dict[str, Any]:
    text = rule.take("Description")
    told = {"Description": text} if text else {}
    permission: dict[str, Any] = {"IpProtocol": str(rule.need("IpProtocol"))}
    permission |= {port: int(rule.need(port)) for port in ("FromPort", "ToPort")}
    other = rule.take("DestinationSecurityGroupId" if way == "Egress" else "SourceSecurityGroupId")
    if other:
        permission["UserIdGroupPairs"] = [{"GroupId": other, **told}]
    else:
        permission["IpRanges"] = [{"CidrIp": rule.need("CidrIp"), **told}]
    rule.check(f"AWS::EC2::SecurityGroup{way}")
    place.call("ec2", f"AuthorizeSecurityGroup{way}", {"GroupId": group, "IpPermissions": [permission]})
    return permission


TYPES: dict[str, Callable[[Properties, str, Place], Made]] = {
    "AWS::ECS::Cluster": _cluster,
    "AWS::ECS::TaskDefinition": _task,
    "AWS::ECS::Service": _service,
    "AWS::ApplicationAutoScaling::ScalableTarget": _scaled,
    "AWS::ApplicationAutoScaling::ScalingPolicy": _scaling,
    "AWS::EC2::SecurityGroup": _security_group,
    "AWS::EC2::SecurityGroupEgress": _egress,
}
