"""The JSON Schema of a suite file as a page to read, in Markdown."""

import json
import re
from collections.abc import Iterator

from otlvm.harness.json_schema.specs import Schema
from otlvm.harness.registries import REGISTRIES
from otlvm.harness.trackers.base import trackers

KINDS = (*REGISTRIES, trackers)
FORMULA = re.compile(r"\$[^$]+\$")

SECTIONS = {
    "": "The file",
    "Entry": "An entry of `runs:`",
    "Model": "`model:`",
    "Train": "`train:`",
    "StopEarly": "`train: stop:`",
    "Grid": "`grid:`",
    "Execution": "`execution:`",
    "TableOptions": "`table:`",
    "MetricChoice": "An entry of `table: metrics:`",
    "FigureEntry": "An entry of `figures:`",
    "Published": "An entry of `published:`",
    "Lock": "`lock:`",
    "LockedData": "An entry of `lock: data:`",
}
HEAD = """\
# Suite file reference

Generated from the schema that `otlvm schema` prints, which comes from the code
itself. Types: a name in *italics* is a spec of that kind, written as a bare name (`imq_mmd`), as a
name with parameters (`{name: imq_mmd, on: joint}`), or as a class of your own
(`"my_module:MyClass"`, which may have parameters too).
"""


def to_markdown(schema: Schema) -> str:
    """Write the schema as a page: a table for each section and each registered name."""
    definitions = schema["$defs"]
    parts = [HEAD]
    for key, title in SECTIONS.items():
        part = definitions[key] if key else schema
        table = "" if key == "Grid" else _table(part)  # it has every field there is
        parts += [f"## {title} {{#{key.lower() or 'file'}}}\n", part["description"] + "\n", table]
    for registry in KINDS:
        parts.append(f"## {registry.kind.capitalize()}s {{#{registry.kind}s}}\n")
        for name in registry:
            part = definitions[f"{registry.kind}.{name}"]
            parts += [f"### `{name}`\n", part["description"] + "\n", _table(part)]
    return "\n".join(parts)


def _table(schema: Schema) -> str:
    rows = list(_rows(schema))
    head = ["| key | type | default | what |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, ""]) if rows else ""


def _rows(schema: Schema) -> Iterator[str]:
    required = schema.get("required", [])
    for key, field in schema["properties"].items():
        if "const" in field:  # the name itself
            continue
        default = f"`{_yaml(field['default'])}`" if "default" in field else ""
        if key in required:
            default = "needed"
        about = FORMULA.sub(_without_bars, field.get("description", ""))
        cells = (f"`{key}`", _type(field), default, about)
        yield "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _without_bars(formula: re.Match[str]) -> str:
    """Write the bars of a formula as words: those of a table end its cells."""
    return formula[0].replace("|", r"\vert ")


def _type(field: Schema) -> str:
    """Say in words what a value may be."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2].removeprefix("change.")
        return f"[*{name}*](#{name}s)" if name.islower() else f"[keys](#{name.lower()})"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if "anyOf" in field:
        kinds = [_type(each) for each in field["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}" if field.get("items") else "list"
    words = {"integer": "whole number", "number": "number", "string": "text", "object": "keys"}
    words["boolean"] = "true or false"
    return words.get(field.get("type", ""), "any") + _range(field)


def _range(field: Schema) -> str:
    signs = {
        "minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<",
    }  # fmt: skip
    return "".join(f" {sign} {field[key]}" for key, sign in signs.items() if key in field)


def _yaml(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
