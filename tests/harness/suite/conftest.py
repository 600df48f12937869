import pytest
import yaml as pyyaml

from otlvm.harness.messages import InputError
from otlvm.harness.suite import events, yaml
from otlvm.harness.suite.yaml import parse


@pytest.fixture(params=["libyaml", "python"])
def both(request, monkeypatch):
    """Read and write with libyaml, and without it."""
    if request.param == "libyaml" and not pyyaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml")
    loader, base = (
        (pyyaml.CSafeLoader, pyyaml.CSafeDumper)
        if request.param == "libyaml"
        else (pyyaml.SafeLoader, pyyaml.SafeDumper)
    )
    monkeypatch.setattr(events, "Loader", loader)
    monkeypatch.setattr(yaml, "Dumper", yaml._dumper(base))


@pytest.fixture
def refused():
    """Return what is said of a text: one line, on one screen."""

    def refused(text):
        with pytest.raises(InputError) as error:
            parse(text)
        assert "\n" not in error.value.message
        assert 10 < len(error.value.message) < 400
        return error.value.message

    return refused


@pytest.fixture
def answer(refused):
    """Return what is said of a text, and its value."""

    def answer(text):
        try:
            return "", parse(text)
        except InputError:
            return refused(text), None

    return answer
