"""CloudFormation's templates: read, held to their parameters' constraints, and their functions worked out."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from .policy import as_list, lacks
from .wire import AWSError

SECTIONS = {
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
}
NOTHING = object()
PLAIN = ("String", "Number", "CommaDelimitedList", "List<Number>")
Exists = Callable[[str, str], bool]
VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short functions; dates stay texts, as in a policy's Version."""

    yaml_implicit_resolvers = {
        first: [(tag, expression) for tag, expression in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _short(loader: _Loader, name: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if name in ("Ref", "Condition"):
        return {name: value}
    return {f"Fn::{name}": value.split(".", 1) if name == "GetAtt" and isinstance(value, str) else value}


_Loader.add_multi_constructor("!", _short)


def invalid(text: str) -> AWSError:
    return AWSError("ValidationError", text)


class Template:
    """A template with the parameters it is used with.

    `names` has what `Ref` gives for each resource that was made, and `attributes` what `Fn::GetAtt` gives. `exists`
    tells whether there is what a parameter of one of AWS's own types names.
    """

    def __init__(
        self, text: str, given: dict[str, str], pseudo: dict[str, str], exports: dict[str, str], exists: Exists
    ) -> None:
        try:
            document = yaml.load(text, _Loader)
        except yaml.YAMLError as error:
            raise invalid(f"Template format error: YAML not well-formed. {error}") from None
        if not isinstance(document, dict) or not document.get("Resources"):
            raise invalid("Template format error: At least one Resources member must be defined.")
        if document.keys() - SECTIONS:
            raise lacks(f"does not know the template section {', '.join(sorted(document.keys() - SECTIONS))}")
        self._document = document
        self._pseudo = pseudo
        self._exports = exports
        self._parameters = _parameters(document.get("Parameters", {}), given, exists)
        self.names: dict[str, str] = {}
        self.attributes: dict[str, dict[str, Any]] = {}
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self._condition,
            "Fn::GetAtt": self._attribute,
            "Fn::Sub": self._substituted,
            "Fn::Join": lambda v: str(self.value(v[0])).join(str(part) for part in self.value(v[1])),
            "Fn::Select": lambda v: self.value(v[1])[int(self.value(v[0]))],
            "Fn::Split": lambda v: self.value(v[1]).split(self.value(v[0])),
            "Fn::If": lambda v: self.value(v[1] if self._condition(v[0]) else v[2]),
            "Fn::Equals": lambda v: str(self.value(v[0])) == str(self.value(v[1])),
            "Fn::Not": lambda v: not self.value(v[0]),
            "Fn::And": lambda v: all(self.value(part) for part in v),
            "Fn::Or": lambda v: any(self.value(part) for part in v),
            "Fn::Contains": lambda v: self.value(v[1]) in self.value(v[0]),
            "Fn::FindInMap": self._mapped,
            "Fn::ImportValue": self._imported,
            "Fn::Base64": lambda v: base64.b64encode(str(self.value(v)).encode()).decode(),
        }
        self._assert_rules()

    def resources(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The resources whose conditions hold, each after those it needs."""
        wanted = {
            name: resource
            for name, resource in self._document["Resources"].items()
            if "Condition" not in resource or self._condition(resource["Condition"])
        }
        done: set[str] = set()

        def visit(name: str, way: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
            if name in way:
                raise invalid(f"Circular dependency between resources: [{', '.join(way)}]")
            if name in done:
                return
            resource = wanted[name]
            named = {*as_list(resource.get("DependsOn", [])), *self._mentioned(resource.get("Properties", {}))}
            for other in sorted(named & wanted.keys()):
                yield from visit(other, (*way, name))
            done.add(name)
            yield name, resource

        for name in wanted:
            yield from visit(name, ())

    def outputs(self) -> list[tuple[str, str, str | None]]:
        """What the stack tells, for the outputs whose conditions hold: name, value and the name of its export."""
        return [
            (name, str(self.value(output["Value"])), self.value(output.get("Export", {})).get("Name"))
            for name, output in (self._document.get("Outputs") or {}).items()
            if "Condition" not in output or self._condition(output["Condition"])
        ]

    def kinds(self) -> set[str]:
        """The types of the resources whose conditions hold."""
        return {resource["Type"] for _, resource in self.resources()}

    @property
    def description(self) -> str:
        return str(self._document.get("Description", ""))

    def value(self, value: Any) -> Any:
        """A part of the template with all functions in it worked out."""
        if isinstance(value, list):
            found = [self.value(item) for item in value]
            return [item for item in found if item is not NOTHING]
        if not isinstance(value, dict):
            return value
        name = next(iter(value), "")
        if len(value) == 1 and (name in self._functions or name.startswith("Fn::")):
            if name not in self._functions:
                raise lacks(f"does not know the template function {name}")
            # A policy's condition block is a plain mapping, though its key is one of the functions'.
            if name != "Condition" or isinstance(value[name], str):
                return self._functions[name](value[name])
        worked = {key: self.value(item) for key, item in value.items()}
        return {key: item for key, item in worked.items() if item is not NOTHING}

    def _mentioned(self, value: Any) -> set[str]:
        """The names of the resources that a part of the template is made of."""
        if isinstance(value, list):
            return {name for item in value for name in self._mentioned(item)}
        if not isinstance(value, dict):
            return set()
        found = {name for item in value.values() for name in self._mentioned(item)}
        if "Ref" in value:
            found.add(str(value["Ref"]))
        if "Fn::GetAtt" in value:
            found.add(value["Fn::GetAtt"][0])
        if "Fn::If" in value:
            # What is not chosen is not needed.
            chosen = value["Fn::If"][1 if self._condition(value["Fn::If"][0]) else 2]
            return self._mentioned(chosen)
        if "Fn::Sub" in value:
            text = as_list(value["Fn::Sub"])[0]
            found |= {name.partition(".")[0] for name in VARIABLE.findall(text)}
        return found

    def _ref(self, name: str) -> Any:
        for known in (self._parameters, self._pseudo, self.names):
            if name in known:
                return known[name]
        if name == "AWS::NoValue":
            return NOTHING
        raise invalid(f"Template format error: Unresolved resource dependencies [{name}]")

    def _attribute(self, value: list[str]) -> Any:
        name, attribute = value
        if attribute not in self.attributes.get(name, {}):
            raise lacks(f"does not know the attribute {attribute} of resource {name}")
        return self.attributes[name][attribute]

    def _substituted(self, value: Any) -> str:
        text, more = (value[0], self.value(value[1])) if isinstance(value, list) else (value, {})

        def one(match: re.Match[str]) -> str:
            name = match[1]
            if name in more:
                return str(more[name])
            resource, dot, attribute = name.partition(".")
            return str(self._attribute([resource, attribute]) if dot else self._ref(name))

        return VARIABLE.sub(one, text).replace("${!", "${")

    def _condition(self, name: str) -> bool:
        conditions = self._document.get("Conditions", {})
        if name not in conditions:
            raise invalid(f"Template format error: Unresolved condition dependency {name}")
        return bool(self.value(conditions[name]))

    def _imported(self, value: Any) -> str:
        name = self.value(value)
        if name not in self._exports:
            raise invalid(f"No export named {name} found.")
        return self._exports[name]

    def _mapped(self, value: list[Any]) -> Any:
        found = self._document.get("Mappings", {})
        for key in self.value(value):
            found = found[key]
        return found

    def _assert_rules(self) -> None:
        for rule in self._document.get("Rules", {}).values():
            if "RuleCondition" in rule and not self.value(rule["RuleCondition"]):
                continue
            for assertion in rule["Assertions"]:
                if not self.value(assertion["Assert"]):
                    text = assertion.get("AssertDescription", json.dumps(assertion["Assert"]))
                    raise invalid(f"Template error: validation failed: {text}")


def _parameters(declared: dict[str, Any], given: dict[str, str], exists: Exists) -> dict[str, Any]:
    unknown = given.keys() - declared.keys()
    if unknown:
        raise invalid(f"Parameters: [{', '.join(sorted(unknown))}] do not exist in the template")
    missing = [name for name, asked in declared.items() if name not in given and "Default" not in asked]
    if missing:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    return {
        name: _parameter(name, asked, str(given.get(name, asked.get("Default"))), exists)
        for name, asked in declared.items()
    }


def _parameter(name: str, asked: dict[str, Any], text: str, exists: Exists) -> Any:
    kind = asked["Type"]
    values = [part.strip() for part in text.split(",")] if kind.endswith(("List", ">")) else [text]
    for value in values:
        number = float(value) if "Number" in kind else 0.0
        if (
            ("AllowedValues" in asked and value not in [str(allowed) for allowed in asked["AllowedValues"]])
            or ("AllowedPattern" in asked and not re.fullmatch(asked["AllowedPattern"], value))
            or len(value) < int(asked.get("MinLength", 0))
            or len(value) > int(asked.get("MaxLength", 1 << 20))
            or number < float(asked.get("MinValue", "-inf"))
            or number > float(asked.get("MaxValue", "inf"))
        ):
            why = asked.get("ConstraintDescription", f"its constraints, with the value {value}")
            raise invalid(f"Parameter {name} failed to satisfy constraint: {why}")
        if kind not in PLAIN and not exists(kind.removeprefix("List<").removesuffix(">"), value):
            raise invalid(
                f"Parameter validation failed: parameter value {value} for parameter name {name} does not exist"
            )
    return values if kind.endswith(("List", ">")) else text
