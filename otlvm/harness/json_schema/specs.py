"""JSON Schemas of what registries build: each name with its parameters, and everyone's own classes.

Types and defaults come from the constructors' signatures, descriptions from their docstrings.
"""

import inspect
import re
from collections.abc import Iterator
from typing import Any, get_args

from docstring_parser import Docstring, DocstringStyle, parse
from pydantic import TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError

from otlvm.registry import Registry, RegistryError, nested_registry

Schema = dict[str, Any]
ARRAY: Schema = {
    "description": "An array of numbers of a NumPy .npz file, whose path starts at the suite.",
    "type": "object",
    "properties": {"npz": {"type": "string"}, "array": {"type": "string"}},
    "required": ["npz", "array"],
    "additionalProperties": False,
}
OWN = {"type": "string", "pattern": r"^[\w.]+:\w+$", "description": "your own: my_module:MyClass"}
FORMULA = re.compile(r":math:`([^`]+)`")  # as docstrings write it, for Sphinx


class Specs:
    """The schemas of every kind of spec.

    There are two of each kind: ``prior``, which has to name a prior, and ``change.prior``, which
    may leave the name out, as a run does that changes a parameter of the suite's own spec.

    Args:
        registries: The registries.

    Attributes:
        definitions: All schemas, by the names under which they refer to each other.
    """

    def __init__(self, registries: tuple[Registry[Any], ...]) -> None:
        self._registries = registries
        self._names = {registry.kind: list(registry) for registry in registries}
        self.definitions: dict[str, Schema] = {}
        for registry in registries:
            for change in ("", "change."):
                key = f"{change}{registry.kind}"
                named = {n: self._named(registry, n, change) for n in self._names[registry.kind]}
                self.definitions[key] = _any_of(registry, key, change, named)
                self.definitions |= {f"{key}.{name}": schema for name, schema in named.items()}

    def fields(
        self, path: str, kind: str, within: tuple[str, ...] = ()
    ) -> Iterator[tuple[str, Schema]]:
        """Yield the dotted path and the schema of a spec and of all that lies in it.

        Args:
            path: The spec's path.
            kind: Its kind.
            within: The kinds of the specs around it; one inside its own kind is not entered.
        """
        yield path, reference(kind)
        if kind in within:
            return
        named = [self.definitions[f"{kind}.{name}"] for name in self._names[kind]]
        for key, schema in _merged(named).items():
            inner = schema.get("$ref", "").rpartition("/")[2]
            if inner:
                yield from self.fields(f"{path}.{key}", inner, (*within, kind))
            else:
                yield f"{path}.{key}", schema

    def _named(self, registry: Registry[Any], name: str, change: str) -> Schema:
        """Return the schema of one name and its parameters."""
        try:
            parameters = registry.parameters(name)
        except RegistryError as error:  # a plug-in that cannot be imported
            constant = {"const": name}
            return {"type": "object", "description": f"{error}", "properties": {"name": constant}}
        docs = read_docstring(registry.get(name))
        about = described(docs)
        properties: dict[str, Schema] = {"name": {"const": name}}
        for key, parameter in parameters.items():
            properties[key] = {
                **self._value(parameter.annotation, change),
                **self._default(parameter),
                "description": about.get(key, ""),
            }
        return {
            "type": "object",
            "description": docs.short_description or "",
            "properties": properties,
            "required": ["name"],
            "additionalProperties": False,
        }

    def _value(self, annotation: Any, change: str) -> Schema:
        """Return the schema of a parameter's value: a nested spec, or what pydantic says."""
        registry = nested_registry(annotation)
        if registry is not None:
            spec = reference(f"{change}{registry.kind}")
            plain = [each for each in get_args(annotation) if each is not registry.base]
            if not plain:
                return spec
            return {"anyOf": [*(self._value(each, change) for each in plain), spec]}
        try:
            schema = TypeAdapter(annotation).json_schema()
            return {"anyOf": [schema, ARRAY]} if _takes_numbers(schema) else schema
        except (PydanticSchemaGenerationError, PydanticInvalidForJsonSchema):
            return {}  # a type that YAML cannot hold: only its constructor can tell

    def _default(self, parameter: inspect.Parameter) -> Schema:
        """Return a parameter's default as YAML would write it: an object by its name."""
        value = parameter.default
        if value is inspect.Parameter.empty:
            return {}
        for registry in self._registries:
            if isinstance(value, registry.base):
                names = [n for n in self._names[registry.kind] if registry.get(n) is type(value)]
                return {"default": names[0]} if names else {}
        return {"default": list(value) if isinstance(value, tuple) else value}


def reference(key: str) -> Schema:
    """Return a reference to a definition."""
    return {"$ref": f"#/$defs/{key}"}


def read_docstring(documented: object) -> Docstring:
    """Return the docstring of a class or function, in parts, with formulas between dollars."""
    text = FORMULA.sub(r"$\1$", inspect.getdoc(documented) or "")
    return parse(text, style=DocstringStyle.GOOGLE)


def described(docs: Docstring) -> dict[str, str]:
    """Return what a docstring says of each argument or attribute."""
    return {each.args[1]: " ".join((each.description or "").split()) for each in docs.params}


def _takes_numbers(schema: Schema) -> bool:
    """Tell whether a value may be a list of numbers, or of such lists."""
    options = [schema, *schema.get("anyOf", ())]
    items = [each["items"] for each in options if each.get("type") == "array" and "items" in each]
    return any(each.get("type") == "number" or _takes_numbers(each) for each in items)


def _any_of(registry: Registry[Any], key: str, change: str, named: dict[str, Schema]) -> Schema:
    """Return the schema of a spec: a bare name, a name with parameters, or one's own class."""
    about = [schema["description"] for schema in named.values()]
    alternatives: list[Schema] = [
        {"type": "string", "enum": list(named), "enumDescriptions": about},
        OWN,
        *(reference(f"{key}.{name}") for name in named),
        {"type": "object", "properties": {"name": OWN}, "required": ["name"]},
    ]
    if change:
        properties = _merged(list(named.values()))
        alternatives.append(
            {"type": "object", "properties": properties, "additionalProperties": False}
        )
    return {"description": f"A {registry.kind}: a name, or a name with parameters.",
            "anyOf": alternatives}  # fmt: skip


def _merged(named: list[Schema]) -> dict[str, Schema]:
    """Return the parameters of all names; one that several have may have the type of any."""
    found: dict[str, list[Schema]] = {}
    for schema in named:
        for key, value in schema["properties"].items():
            kept = {word: value[word] for word in value if word not in ("default", "description")}
            if key != "name" and kept not in found.setdefault(key, []):
                found[key].append(kept)
    return {key: each[0] if len(each) == 1 else {"anyOf": each} for key, each in found.items()}
