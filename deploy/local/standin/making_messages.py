"""CloudFormation's queues, buses, rules, logs and alarms."""

from __future__ import annotations

import json
from collections.abc import Callable

from moto.events.models import EventBusPolicyStatement, events_backends
from moto.logs.models import logs_backends
from moto.sqs.models import sqs_backends

from . import sqs
from .making import Made, Place, Properties, as_text
from .policy import lacks
from .template import invalid

QUEUE_NUMBERS = (
    "VisibilityTimeout",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "DelaySeconds",
    "MaximumMessageSize",
    "KmsDataKeyReusePeriodSeconds",
)


def _queue(asked: Properties, logical: str, place: Place) -> Made:
    name = asked.take("QueueName") or place.name(logical)
    backend = sqs_backends[place.account][place.region]
    if name in backend.queues:
        raise invalid(f"Resource of type 'AWS::SQS::Queue' with identifier '{name}' already exists.")
    given = {key: str(value) for key in QUEUE_NUMBERS if (value := asked.take(key)) is not None}
    encrypted = asked.take("SqsManagedSseEnabled")
    key = asked.take("KmsMasterKeyId")
    redrive, allowed = asked.take("RedrivePolicy"), asked.take("RedriveAllowPolicy")
    if redrive:
        given["RedrivePolicy"] = as_text(redrive)
    queue = backend.create_queue(name, asked.tags(), **given)
    # Moto keeps attributes by name, of which it does not know this one.
    queue.redrive_allow_policy = allowed
    queue.sqs_managed_sse_enabled, queue.kms_master_key_id = encrypted, key
    url = f"{place.base_url}/{place.account}/{name}"
    attributes = {"Arn": queue.queue_arn, "QueueName": name, "QueueUrl": url}
    return Made(url, attributes, lambda: backend.queues.pop(name, None))


def _queue_policy(asked: Properties, logical: str, place: Place) -> Made:
    document = as_text(asked.need("PolicyDocument"))
    queues = [sqs.find(url, place.region) for url in asked.need("Queues")]
    for queue in queues:
        queue.policy = document

    def undo() -> None:
        for queue in queues:
            queue.policy = None

    return Made(place.name(logical), {}, undo)


def _bus(asked: Properties, _: str, place: Place) -> Made:
    backend, name = events_backends[place.account][place.region], asked.need("Name")
    bus = backend.create_event_bus(name, None, asked.take("Description"))
    asked.tags()
    return Made(name, {"Arn": bus.arn, "Name": name}, lambda: backend.event_buses.pop(name, None))


def _bus_policy(asked: Properties, logical: str, place: Place) -> Made:
    name, sid = asked.take("EventBusName", "default"), asked.need("StatementId")
    statements = events_backends[place.account][place.region].event_buses[name]._statements
    statements[sid] = EventBusPolicyStatement.from_dict({"Sid": sid, **asked.need("Statement")})
    return Made(place.name(logical), {}, lambda: statements.pop(sid, None))


TARGET = {"Id", "Arn", "RoleArn", "DeadLetterConfig", "RetryPolicy", "Input", "InputPath"}


def _rule(asked: Properties, logical: str, place: Place) -> Made:
    backend = events_backends[place.account][place.region]
    name, bus = asked.take("Name") or place.name(logical), asked.take("EventBusName", "default")
    bus = bus.rpartition("/")[2]
    targets = asked.take("Targets", [])
    for target in targets:
        if target.keys() - TARGET:
            raise lacks(f"does not know these properties of a rule's target: {sorted(target.keys() - TARGET)}")
    bus_arn = backend.event_buses[bus].arn
    pattern = json.dumps(asked.need("EventPattern"))
    if name in backend.event_buses[bus].rules:
        raise invalid(f"Rule {name} already exists.")
    state, text = asked.take("State", "ENABLED"), asked.take("Description")
    rule = backend.put_rule(name, event_bus_arn=bus_arn, event_pattern=pattern, state=state, description=text)
    if targets:
        backend.put_targets(name, bus_arn, targets)
    return Made(name, {"Arn": rule.arn}, lambda: backend.event_buses[bus].rules.pop(name, None))


def _log_group(asked: Properties, logical: str, place: Place) -> Made:
    logs = logs_backends[place.account][place.region]
    name = asked.take("LogGroupName") or place.name(logical)
    group = logs.create_log_group(name, asked.tags(), kmsKeyId=asked.take("KmsKeyId"))
    if days := asked.take("RetentionInDays"):
        logs.put_retention_policy(name, int(days))
    return Made(name, {"Arn": f"{group.arn}:*"}, lambda: logs.groups.pop(name, None))


def _log_policy(asked: Properties, _: str, place: Place) -> Made:
    logs, name = logs_backends[place.account][place.region], asked.need("PolicyName")
    logs.put_resource_policy(name, as_text(asked.need("PolicyDocument")))
    return Made(name, {}, lambda: logs.delete_resource_policy(name))


def _metric_filter(asked: Properties, logical: str, place: Place) -> Made:
    logs = logs_backends[place.account][place.region]
    name, group = asked.take("FilterName") or place.name(logical), asked.need("LogGroupName")
    changes = [
        {key[0].lower() + key[1:]: value for key, value in change.items()}
        for change in asked.need("MetricTransformations")
    ]
    logs.put_metric_filter(name, asked.need("FilterPattern"), group, changes)
    return Made(name, {}, lambda: logs.delete_metric_filter(name, group))


ALARM_NUMBERS = ("Threshold", "Period", "EvaluationPeriods", "DatapointsToAlarm")


def _alarm(composite: bool) -> Callable[[Properties, str, Place], Made]:
    def make(asked: Properties, logical: str, place: Place) -> Made:
        name = asked.take("AlarmName") or place.name(logical)
        # A parameter is a text, whatever its type.
        given = {key: float(value) if key in ALARM_NUMBERS else value for key, value in asked.rest().items()}
        arn = place.alarms.make(place.account, place.region, {"AlarmName": name, **given}, composite)
        return Made(name, {"Arn": arn}, lambda: place.alarms.drop(place.account, place.region, name))

    return make


TYPES: dict[str, Callable[[Properties, str, Place], Made]] = {
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::Events::EventBus": _bus,
    "AWS::Events::EventBusPolicy": _bus_policy,
    "AWS::Events::Rule": _rule,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::Logs::ResourcePolicy": _log_policy,
    "AWS::Logs::MetricFilter": _metric_filter,
    "AWS::CloudWatch::Alarm": _alarm(False),
    "AWS::CloudWatch::CompositeAlarm": _alarm(True),
}
