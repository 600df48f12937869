"""The JSON Schema of a suite file, for editors: what ``otlvm schema`` prints.

Keys come from the pydantic models, names and parameters from the registries: nothing is said twice.
"""

import copy

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from otlvm.harness.json_schema.page import KINDS
from otlvm.harness.json_schema.specs import Schema, Specs, described, read_docstring, reference
from otlvm.harness.metrics import METRICS
from otlvm.harness.suite.claims_section import COMPARISONS
from otlvm.harness.suite.figures_section import FIGURES, FigureEntry
from otlvm.harness.suite.lock_section import Lock, LockedData
from otlvm.harness.suite.metrics_section import ON_REQUEST
from otlvm.harness.suite.published_section import Published, shipped
from otlvm.harness.suite.schema import Entry, Execution, Model, StopEarly, SuiteFile, Train
from otlvm.harness.suite.table_section import MetricChoice, TableOptions

DRAFT = "https://json-schema.org/draft/2020-12/schema"
MODELS: tuple[type[BaseModel], ...] = (
    SuiteFile, Entry, Model, Train, StopEarly, Execution, TableOptions, MetricChoice, FigureEntry,
    Published, Lock, LockedData,
)  # fmt: skip
PLACES = {
    ("SuiteFile", "data"): "dataset",
    ("SuiteFile", "model"): "Model",
    ("SuiteFile", "objective"): "objective",
    ("SuiteFile", "train"): "Train",
    ("SuiteFile", "grid"): "Grid",
    ("Model", "network"): "network",
    ("Model", "prior"): "prior",
    ("Model", "inference"): "inference",
    ("Model", "likelihood"): "likelihood",
    ("Train", "start"): "start",
    ("Train", "optimizer"): "optimizer",
    ("Train", "schedule"): "schedule",
    ("Entry", "data"): "change.dataset",
    ("Entry", "model"): "change.Model",
    ("Entry", "objective"): "change.objective",
    ("Entry", "train"): "change.Train",
    ("Entry", "baseline"): "baseline",
    ("Entry", "grid"): "Grid",
    ("change.Model", "network"): "change.network",
    ("change.Model", "prior"): "change.prior",
    ("change.Model", "inference"): "change.inference",
    ("change.Model", "likelihood"): "change.likelihood",
    ("change.Train", "start"): "change.start",
    ("change.Train", "optimizer"): "change.optimizer",
    ("change.Train", "schedule"): "change.schedule",
}
"""Fields whose type pydantic cannot tell, because registries are open; what a run says may leave
out the name of what it changes."""
FIELDS = {
    "data": "dataset",
    "model.network": "network",
    "model.prior": "prior",
    "model.inference": "inference",
    "model.likelihood": "likelihood",
    "objective": "objective",
    "train.start": "start",
    "train.optimizer": "optimizer",
    "train.schedule": "schedule",
    "baseline": "baseline",
}
"""The specs of a run's config, which a grid may vary."""


def suite_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a suite file."""
    specs = Specs(KINDS)
    _, models = models_json_schema([(model, "validation") for model in MODELS])
    definitions = {model.__name__: _tidy(models["$defs"], model) for model in MODELS}
    for name in ("Model", "Train"):
        definitions[f"change.{name}"] = copy.deepcopy(definitions[name])
    definitions["Grid"] = _grid(specs, definitions["Train"]["properties"])
    for (holder, key), target in PLACES.items():
        _place(definitions[holder], key, reference(target))
    _place_names(definitions)
    definitions |= specs.definitions
    suite = definitions.pop("SuiteFile")
    rule = _names_of_metrics()
    return {"$schema": DRAFT, "title": "otlvm suite", **suite, **rule, "$defs": definitions}


def _names_of_metrics() -> Schema:
    """Return the rule that tables name our metrics, unless a suite brings some of its own."""
    ours = sorted(set(ON_REQUEST.values()))
    named = {"type": "object", "properties": {"name": {"enum": ours}}, "required": ["name"]}
    own = {"not": {"anyOf": [{"enum": ours}, named]}}
    keys = [metric.key for metric in METRICS]
    choice = {"type": "object", "properties": {"name": {"enum": keys}}}
    table = {
        "order": {"enum": ["suite", "label", *keys]},
        "metrics": _list({"anyOf": [{"enum": keys}, choice]}),
    }
    return {
        "if": {"required": ["metrics"], "properties": {"metrics": {"contains": own}}},
        "else": {"properties": {"table": {"properties": table}}},
    }


def _tidy(models: dict[str, Schema], model: type[BaseModel]) -> Schema:
    """Return a model's own schema, with what its docstring says of each field."""
    schema = models[model.__name__]
    docs = read_docstring(model)
    about = described(docs)
    schema["description"] = docs.short_description or ""
    del schema["title"]
    for name, field in schema["properties"].items():
        field.pop("title", None)
        if field.get("default", "") is None:
            del field["default"]
        field["description"] = about.get(name, "")
    return schema


def _place(holder: Schema, key: str, schema: Schema) -> None:
    """Give a field another type, and keep what is said of it."""
    field = holder["properties"][key]
    kept = {word: field[word] for word in ("default", "description") if word in field}
    holder["properties"][key] = {**schema, **kept}


def _grid(specs: Specs, train: dict[str, Schema]) -> Schema:
    """Return the schema of a grid: lists of values by dotted path."""
    fields = dict(pair for path, kind in FIELDS.items() for pair in specs.fields(path, kind))
    plain = {f"train.{key}": field for key, field in train.items() if f"train.{key}" not in FIELDS}
    sections = "|".join(path.replace(".", r"\.") for path in FIELDS)
    own = rf"^(({sections})(\.\w+)*|{'|'.join(plain)})$"
    return {
        "type": "object",
        "description": "Values by dotted path, such as ``objective.beta: [1, 20]``: any field of "
        "data, model, objective, train or baseline. Every combination is a row.",
        "properties": {
            path: {"type": "array", "minItems": 1, "items": schema}
            for path, schema in {**fields, **plain}.items()
        },
        "propertyNames": {"pattern": own},
        "additionalProperties": {"type": "array", "minItems": 1},
    }


def _place_names(definitions: dict[str, Schema]) -> None:
    """Name the metrics, the published methods and the form of a claim where they are wanted."""
    metrics = [metric.key for metric in METRICS]
    methods = list(dict.fromkeys(row.method for row in shipped()))
    named: Schema = {"anyOf": [{"enum": metrics}, {"type": "string", "pattern": r"^\w+$"}]}
    choice, own = reference("MetricChoice"), reference("Published")
    suite, table = definitions["SuiteFile"], definitions["TableOptions"]
    for holder, key, schema in (
        (definitions["MetricChoice"], "name", named),
        (definitions["Published"], "metric", {"enum": metrics}),
        (table, "order", {"anyOf": [{"enum": ["suite", "label"]}, *named["anyOf"]]}),
        (table, "metrics", _list({"anyOf": [*named["anyOf"], choice]}) | {"minItems": 1}),
        (suite, "metrics", _list(reference("metric"))),
        (definitions["FigureEntry"], "name",
         {"enum": list(FIGURES), "enumDescriptions": list(FIGURES.values())}),
        (suite, "baselines", _list(reference("baseline"))),
        (suite, "track", _list(reference("tracker"))),
        (suite, "published",
         {"anyOf": [{"const": "all"}, _list({"anyOf": [{"enum": methods}, own]})]}),
        (suite, "claims",
         _list({"type": "string", "pattern": rf"^\w+ of .+ ({'|'.join(COMPARISONS)}) .+"})),
    ):  # fmt: skip
        _place(holder, key, schema)


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}
