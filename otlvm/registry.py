"""Name -> class, with the constructor's signature as the schema.

A key is a built-in name, the name of an installed plug-in (an entry point in the group
``otlvm.<kind>s``), or ``"package.module:Class"``. Built-ins come from `Registry.register`.
"""

import importlib
import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from otlvm.expected import meant
from otlvm.wording import did_you_mean, shorten, with_article

T = TypeVar("T")
Factory = TypeVar("Factory", bound=Callable[..., Any])
Spec = str | Mapping[str, Any]

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
PLAIN = (ValueError, TypeError, ImportError)
"""Errors whose text says all; of others, such as a KeyError, it is their type that does."""
_BY_BASE: dict[type, "Registry[Any]"] = {}


class RegistryError(ValueError):
    """A name or parameter that cannot be resolved.

    Attributes:
        path: The keys that lead from the outermost spec to the offending one.
    """

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


def split_spec(spec: Spec) -> tuple[str, dict[str, Any]]:
    """Split ``"name"`` or ``{"name": ..., **params}`` into the name and its parameters."""
    if isinstance(spec, str):
        return spec, {}
    if not isinstance(spec, Mapping) or not isinstance(spec.get("name"), str):
        raise RegistryError(f"expected a name or a mapping with a 'name', got {shorten(spec)}")
    for key in spec:
        if not isinstance(key, str):
            raise RegistryError(f"parameters have names, and {shorten(key)} is not one")
    return spec["name"], {key: value for key, value in spec.items() if key != "name"}


class Described:
    """An object that remembers the spec it was built from.

    Attributes:
        _spec: The name and all parameters, defaults included, as text: equal for equal specs. None
            if it was not built from a spec, or from a part that has none.
    """

    _spec: str | None = None


class Registry(Generic[T]):
    """The factories of one kind of object.

    Args:
        kind: What is registered, in the singular: ``"prior"``. Plug-ins use the entry-point
            group ``otlvm.<kind>s``.
        base: The class that every built object is an instance of. A constructor parameter
            annotated with this class accepts a spec and is built from it.
        context: Leading parameters that the library fills in; users cannot set them.
    """

    def __init__(self, kind: str, base: type[T], context: tuple[str, ...] = ()) -> None:
        self.kind = kind
        self.base = base
        self.context = context
        self._factories: dict[str, Callable[..., T]] = {}
        self._parameters: dict[str, dict[str, inspect.Parameter]] = {}
        _BY_BASE[base] = self

    def register(self, name: str) -> Callable[[Factory], Factory]:
        """Register a class, or a function that returns the object, under ``name``.

        Raises:
            RegistryError: If the name is taken.
        """

        def add(factory: Factory) -> Factory:
            if name in self._factories:
                raise RegistryError(f"{self.kind} {name!r} is registered twice")
            self._factories[name] = factory
            return factory

        return add

    def plugins(self, every: Any = None) -> dict[str, EntryPoint]:
        """Return the installed plug-ins by name; none is imported.

        Args:
            every: What `entry_points` says of all that is installed; None asks it.
        """
        found: dict[str, EntryPoint] = {}
        installed = entry_points() if every is None else every
        for point in installed.select(group=f"otlvm.{self.kind}s"):
            if point.name in self._factories or found.get(point.name, point) != point:
                raise RegistryError(f"{self.kind} {point.name!r} is registered twice: see {point}")
            found[point.name] = point
        return found

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the built-ins and of the installed plug-ins."""
        return iter(sorted({*self._factories, *self.plugins()}))

    def get(self, key: str) -> Callable[..., T]:
        """Return the factory behind a key.

        Raises:
            RegistryError: If there is none, or it cannot be imported, or is of another kind.
        """
        if key in self._factories:
            return self._factories[key]
        if ":" in key:
            return self._checked(key, self._import(key))
        plugins = self.plugins()
        if key in plugins:
            return self._checked(key, self._import(plugins[key].value))
        raise RegistryError(
            f"unknown {self.kind} {shorten(key)}{did_you_mean(key, self)}; "
            f"known: {', '.join(self)}; your own: 'my_module:MyClass'"
        )

    def _import(self, key: str) -> Any:
        module_name, _, attribute = key.partition(":")
        try:
            module = importlib.import_module(module_name)
        except (Exception, SystemExit) as error:  # a user's module may raise anything
            reason = f"{type(error).__name__}: {error}"
            raise RegistryError(f"cannot import {module_name!r} for {key!r}: {reason}") from error
        if not hasattr(module, attribute):
            hint = did_you_mean(attribute, vars(module))
            raise RegistryError(f"module {module_name!r} has no {attribute!r}{hint}")
        return getattr(module, attribute)

    def _checked(self, key: str, factory: Any) -> Callable[..., T]:
        if isinstance(factory, type) and not issubclass(factory, self.base):
            kind = with_article(self.kind)
            raise RegistryError(f"{key!r} is not {kind}: subclass {self.base.__name__}")
        if not callable(factory):
            raise RegistryError(f"{key!r} is not a class or function")
        return typing.cast(Callable[..., T], factory)

    def parameters(self, key: str) -> dict[str, inspect.Parameter]:
        """Return the parameters that a user may set, by name, annotations resolved."""
        if key in self._parameters:
            return self._parameters[key]
        factory = self.get(key)
        try:
            found = self._signature(factory)
        except Exception as error:  # annotations are code, and builtins have no signature
            raise RegistryError(f"cannot read the parameters of {key!r}: {error}") from error
        if key in self._factories:  # a plug-in may change while a notebook runs
            self._parameters[key] = found
        return found

    def _signature(self, factory: Callable[..., T]) -> dict[str, inspect.Parameter]:
        initializer = getattr(factory, "__init__") if isinstance(factory, type) else factory  # noqa: B009
        hints = typing.get_type_hints(initializer)
        return {
            name: parameter.replace(annotation=hints.get(name, Any))
            for name, parameter in inspect.signature(factory).parameters.items()
            if name not in self.context and parameter.kind not in _VARIADIC
        }

    def summary(self, key: str) -> str:
        """Return the first line of the factory's docstring."""
        return (inspect.getdoc(self.get(key)) or "").partition("\n")[0]

    def build(self, spec: Spec, **context: Any) -> T:
        """Build the object that a spec describes, and the specs nested in it.

        Raises:
            RegistryError: If a name is unknown or a parameter is unknown, missing, of the wrong
                type or refused by the constructor. Its ``path`` leads to the parameter.
        """
        key, given = split_spec(spec)
        schema = self.parameters(key)
        for name in given:
            if name not in schema:
                signature = ", ".join(written(p) for p in schema.values()) or "no parameters"
                raise RegistryError(
                    f"unknown parameter of {self.kind} {key!r}{did_you_mean(name, schema)}; "
                    f"it takes: {signature}",
                    (name,),
                )
        for name, parameter in schema.items():
            if parameter.default is inspect.Parameter.empty and name not in given:
                raise RegistryError(f"{self.kind} {key!r} needs {written(parameter)}", (name,))
        params = {name: _convert(name, schema[name].annotation, given[name]) for name in given}
        try:
            built = self.get(key)(**context, **params)
        except RegistryError:
            raise
        except (Exception, SystemExit) as error:  # a constructor may refuse in any way
            name, told = type(error).__name__, str(error)
            reason = told if told and isinstance(error, PLAIN) else f"{name}: {told}".rstrip(": ")
            raise RegistryError(f"{self.kind} {key!r}: {reason}") from error
        if not isinstance(built, self.base):
            raise RegistryError(f"{key!r} returned no {self.base.__name__}")
        if isinstance(built, Described):
            built._spec = _describe(key, schema, given, params)
        return built


def written(parameter: inspect.Parameter) -> str:
    """Return a parameter, its type and default as a person would write them.

    A kind of ours is named as such, and an object that is a default by its registered name.
    """
    kind = nested_registry(parameter.annotation)
    if kind is None or parameter.annotation is not kind.base:
        return str(parameter).replace("collections.abc.", "").replace("typing.", "")
    default = parameter.default
    if default is inspect.Parameter.empty:
        return f"{parameter.name}: {kind.kind}"
    names = [name for name, factory in kind._factories.items() if factory is type(default)]
    return f"{parameter.name}: {kind.kind} = {names[0] if names else repr(default)}"


def _describe(
    key: str,
    schema: Mapping[str, inspect.Parameter],
    given: Mapping[str, Any],
    params: Mapping[str, Any],
) -> str | None:
    """Write a name and all parameters; None if one is an object whose spec nobody knows."""
    texts = []
    for name, parameter in sorted(schema.items()):
        if name in params:
            text = _text(params[name]) or _text(given[name])  # what was built, or its spec
        else:
            text = _text(parameter.default) or "default"  # an object of the code's own
        if text is None:
            return None
        texts.append(f"{name}={text}")
    return f"{key}({', '.join(texts)})"


def _text(value: Any) -> str | None:
    """Write a value such that equal texts are equal values; None if that cannot be told.

    An object's ``repr`` does not do: it may leave parameters out, or show where it lies in memory.
    """
    if isinstance(value, Described):
        return value._spec
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    if isinstance(value, Mapping):
        pairs = [(_text(name), _text(inner)) for name, inner in value.items()]
        whole = all(inner is not None for _, inner in pairs)
        return f"{{{', '.join(f'{n}: {v}' for n, v in sorted(pairs, key=str))}}}" if whole else None
    if isinstance(value, list | tuple):
        texts = [_text(inner) for inner in value]
        return None if None in texts else f"[{', '.join(map(str, texts))}]"
    return None


def nested_registry(annotation: Any) -> Registry[Any] | None:
    """Return the registry of the specs that a parameter takes, alone or besides plain values."""
    for option in (annotation, *typing.get_args(annotation)):
        if isinstance(option, type) and option in _BY_BASE:
            return _BY_BASE[option]
    return None


def _convert(name: str, annotation: Any, value: Any) -> Any:
    """Build a nested spec, or check a plain value against its annotation."""
    nested = nested_registry(annotation)
    try:
        if nested is not None and isinstance(value, nested.base):
            return value
        if nested is not None and (isinstance(value, str | Mapping) or annotation is nested.base):
            return nested.build(value)
        return _adapter(annotation).validate_python(value)
    except RegistryError as error:
        raise RegistryError(str(error), (name, *error.path)) from error
    except ValidationError as error:
        where, message = meant(error.errors())
        raise RegistryError(message, (name, *where)) from error


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    """Return what checks values; a thousand rows of a suite have the same few annotations."""
    try:
        return _kept_adapter(annotation)
    except TypeError:  # one with a list or a dictionary in it cannot be looked up
        return _kept_adapter.__wrapped__(annotation)


@lru_cache
def _kept_adapter(annotation: Any) -> TypeAdapter[Any]:
    config = ConfigDict(strict=True, arbitrary_types_allowed=True, allow_inf_nan=False)
    return TypeAdapter(annotation, config=config)
