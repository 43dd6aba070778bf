"""
What functions are allowed to do by `template.yaml`, and what calls of an AWS SDK need to be allowed.

Of conditions those are judged that say through which service the key may be asked, and which events may be sent; the
others narrow what is allowed here further.
"""

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from local.cloudformation import ACCOUNT, REGION, Template

# An action is named after its operation, but for these.
ACTIONS = {
    "s3:CreateMultipartUpload": ("s3:PutObject",),
    "s3:UploadPart": ("s3:PutObject",),
    "s3:CompleteMultipartUpload": ("s3:PutObject",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:DeleteObjects": ("s3:DeleteObjectVersion",),  # each with its version; a call without one is refused below
}
# Everything is encrypted under the stack's key, so the service asks the key in the caller's name.
NEEDS_OF_THE_KEY = {
    "dynamodb": ("kms:Decrypt",),
    "s3:GetObject": ("kms:Decrypt",),
    "s3:PutObject": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"),
}
WRITES = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


class Right(NamedTuple):
    """
    An action on a resource, whose name may be a pattern, and what it is for, if that is limited.

    That is, of the key, the service that may ask it; of the bus, the source and type of an event.
    """

    action: str
    resource: str
    only: str = ""

    def covers(self, needed: "Right") -> bool:
        """Whether this is enough."""
        same = (self.action, self.only) == (needed.action, needed.only)
        return same and fnmatchcase(needed.resource, self.resource)


def allowed(template: Template, function: str) -> set[Right]:
    """Rights of a function's own statements, and of those SAM adds for its on-failure destinations."""
    properties = template.resolve(template.resources("AWS::Serverless::Function")[function])
    rights = {
        Right(action, resource, only)
        for policy in properties["Policies"]
        for statement in policy["Statement"]
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
        for only in _limits(statement)
    }
    return rights | {Right("sqs:SendMessage", queue) for queue in destinations(properties)}


def destinations(properties: Mapping[str, Any]) -> Iterator[str]:
    """Queues that Lambda writes to in the function's name."""
    sources = [event["Properties"] for event in properties.get("Events", {}).values()]
    for source in [*sources, properties.get("EventInvokeConfig", {})]:
        if destination := source.get("DestinationConfig", {}).get("OnFailure"):
            yield destination["Destination"]


def needed(service: str, operation: str, parameters: Mapping[str, Any]) -> Iterator[Right]:
    """Rights that one call of the SDK needs."""
    if operation == "TransactWriteItems":
        for item in parameters["TransactItems"]:
            [(kind, write)] = item.items()
            yield from needed(service, WRITES[kind], write)
        return
    if operation == "PutEvents":
        for entry in parameters["Entries"]:
            only = f"{entry['Source']}/{entry['DetailType']}"
            yield Right("events:PutEvents", _bus(entry.get("EventBusName", "default")), only)
        return
    if operation == "DeleteObjects":
        assert all("VersionId" in it for it in parameters["Delete"]["Objects"]), "an object without its version"
    if service == "scheduler" and "Target" in parameters:
        yield Right("iam:PassRole", parameters["Target"]["RoleArn"])
    for action in ACTIONS.get(f"{service}:{operation}", (f"{service}:{operation}",)):
        for resource in RESOURCES[service](operation, parameters):
            yield Right(action, resource)


def with_the_key(rights: set[Right], key: str) -> set[Right]:
    """Those rights, and what they need of the stack's key."""
    return rights | {
        Right(action, key, service)
        for right in rights
        for service in [right.action.partition(":")[0]]
        for action in NEEDS_OF_THE_KEY.get(right.action, NEEDS_OF_THE_KEY.get(service, ()))
    }


def _tables(_: str, parameters: Mapping[str, Any]) -> Iterator[str]:
    for table in parameters.get("RequestItems", [parameters.get("TableName")]):
        arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
        yield f"{arn}/index/{parameters['IndexName']}" if "IndexName" in parameters else arn


def _objects(operation: str, parameters: Mapping[str, Any]) -> Iterator[str]:
    if operation == "DeleteObjects":
        yield from (f"arn:aws:s3:::{parameters['Bucket']}/{it['Key']}" for it in parameters["Delete"]["Objects"])
    else:
        yield "/".join(filter(None, [f"arn:aws:s3:::{parameters['Bucket']}", parameters.get("Key")]))


RESOURCES: Mapping[str, Callable[[str, Mapping[str, Any]], Iterator[str]]] = {
    "dynamodb": _tables,
    "s3": _objects,
    "kms": lambda _, parameters: iter([parameters["KeyId"]]),
    "scheduler": lambda _, parameters: iter(
        [f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/{parameters['GroupName']}/{parameters['Name']}"]
    ),
}


def _bus(name: str) -> str:
    return f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{name}"


def _limits(statement: Mapping[str, Any]) -> list[str]:
    """What the statement is for, one by one; an event's type that no condition names is none."""
    equal = statement.get("Condition", {}).get("StringEquals", {})
    if "events:PutEvents" in statement["Action"]:
        return [f"{equal.get('events:source')}/{kind}" for kind in _listed(equal.get("events:detail-type", []))]
    return [equal.get("kms:ViaService", "").partition(".")[0]]


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
