"""What the program says that it takes: its OpenAPI document, read for ids and for bodies."""

import datetime
import re

ID = re.compile(r"\b([a-z]{3})_((?:[0-9a-hjkmnp-tv-z]{25}[048cgmrw]){1,2})\b")
PREFIX = re.compile(r"^\^([a-z]{3})_")
TENANT = "^[a-z][a-z0-9-]{0,23}$"
# What a word in a path stands for where its schema does not say so.
BY_NAME = {"event": "evt", "session": "ses", "order": "ord", "payment": "pay", "ticket": "tkt", "refund": "rfd"}
BY_NAME |= {"user": "usr", "login": "log", "key": "key", "option": "opt", "tenant": "tenant", "request": "ord"}
ROLES = ["nobody", "customer", "staff", "publisher", "admin", "platform"]


class Operation:
    """One operation: where, who may, and the places in which ids stand."""

    def __init__(self, document, method, path, raw):
        self.document, self.method, self.path, self.name = document, method.upper(), path, raw["operationId"]
        security = raw.get("security", [])
        self.least = raw.get("x-least-role", "customer") if security and {} not in security else "nobody"
        self.names_tenant = {} in security
        self.parameters = [self.resolve(parameter) for parameter in raw.get("parameters", [])]
        self.needs_key = any(
            p["in"] == "header" and p["name"].lower() == "idempotency-key" and p.get("required") for p in self.parameters
        )
        content = raw.get("requestBody", {}).get("content", {})
        self.schema = self.resolve(content.get("application/json", {}).get("schema", {}))
        self.path_ids = {p["name"]: kind(p["name"], p.get("schema", {})) or BY_NAME.get(p["name"]) for p in self.at("path")}
        self.query_ids = {p["name"]: kind(p["name"], p.get("schema", {})) for p in self.at("query")}
        self.query_ids = {name: kind for name, kind in self.query_ids.items() if kind and kind != "tenant"}

    def at(self, place):
        return [parameter for parameter in self.parameters if parameter["in"] == place]

    def resolve(self, schema):
        while "$ref" in schema:
            node = self.document
            for step in schema["$ref"].lstrip("#/").split("/"):
                node = node[step]
            schema = node
        return schema

    def properties(self):
        return {name: self.resolve(schema) for name, schema in self.schema.get("properties", {}).items()}

    def sample(self, schema=None, name=""):
        """A body that fits, as far as a schema says what fits."""
        schema = self.resolve(self.schema if schema is None else schema)
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                return self.sample(schema[several][0], name)
        if "enum" in schema or "const" in schema:
            return schema.get("const", (schema.get("enum") or [None])[0])
        types = schema.get("type", "object" if "properties" in schema else "string")
        types = types if isinstance(types, list) else [types]
        if "object" in types:
            needed = schema.get("required", [])
            fields = schema.get("properties", {}).items()
            return {key: self.sample(value, key) for key, value in fields if key in needed or kind(key, self.resolve(value))}
        if "array" in types:
            return [self.sample(schema.get("items", {}), name)]
        if "integer" in types or "number" in types:
            return max(1, schema.get("minimum", 1))
        if "boolean" in types:
            return True
        return self.text(schema, name)

    def text(self, schema, name):
        what = kind(name, schema)
        if what:
            return "{%s}" % what
        if schema.get("format") == "date-time":
            return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)).isoformat()
        if "phone" in name.lower():
            return "13800138000"
        return {"password": "attack-password-1", "email": "attack@demo.test"}.get(name, "attack" * 3)


def kind(name, schema):
    """Which kind of id a field holds; none where it holds something else."""
    pattern = schema.get("pattern") or schema.get("items", {}).get("pattern", "")
    found = PREFIX.match(pattern)
    if found:
        return found.group(1)
    if pattern == TENANT:
        return "tenant"
    bare = re.sub(r"Ids?$", "", name)
    return BY_NAME.get(bare) if bare != name else None


def operations(document):
    methods = {"get", "post", "put", "delete", "patch"}
    return [
        Operation(document, method, path, raw)
        for path, methods_of in document["paths"].items()
        for method, raw in methods_of.items()
        if method in methods
    ]


def ids_in(text):
    """Every id that stands in a text, by kind."""
    found = {}
    for prefix, rest in ID.findall(text):
        found.setdefault(prefix, set()).add(f"{prefix}_{rest}")
    return found
