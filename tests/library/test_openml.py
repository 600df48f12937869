"""OpenML, as a stand-in for its service on this machine says it."""

import gzip
import io
import json
from email.message import Message
from hashlib import md5
from urllib.error import HTTPError, URLError

import numpy as np
import pytest

from otlvm.data import DataError, datasets
from otlvm.registry import RegistryError

X = np.random.default_rng(0).normal(size=(30, 3)) * [1, 100, 0.01]
Y = np.array(["cat", "dog", "eel"])[np.arange(30) % 3]
FEATURES = [("a", "numeric"), ("b", "numeric"), ("c", "numeric"), ("class", "nominal")]


class Service:
    """Answers the requests of scikit-learn's ``fetch_openml``."""

    def __init__(self, target="class", kinds=FEATURES):
        head = "\n".join(
            f"@ATTRIBUTE {name} {'REAL' if kind == 'numeric' else '{cat,dog,eel}'}"
            for name, kind in kinds
        )
        numbers = [[*map(repr, map(float, row))] for row in X]
        rows = [
            ",".join([*row[: kinds.index(("class", "nominal"))], y])
            for row, y in zip(numbers, Y, strict=True)
        ]
        self.arff = f"@RELATION zoo\n{head}\n@DATA\n" + "\n".join(rows) + "\n"
        self.asked = []
        self.answers = {
            "/api/v1/json/data/7": {
                "data_set_description": {
                    "id": "7", "name": "zoo", "version": "1", "format": "ARFF", "file_id": "70",
                    "status": "active", "default_target_attribute": target, "description": "",
                    "md5_checksum": md5(self.arff.encode()).hexdigest(),
                    "url": "https://www.openml.org/data/v1/download/70/zoo.arff",
                }
            },
            "/api/v1/json/data/features/7": {
                "data_features": {
                    "feature": [
                        {"index": str(i), "name": name, "data_type": kind, "is_ignore": "false",
                         "is_target": str(name == target).lower(), "is_row_identifier": "false",
                         "number_of_missing_values": "0"}
                        for i, (name, kind) in enumerate(kinds)
                    ]
                }
            },
            "/api/v1/json/data/qualities/7": {
                "data_qualities": {
                    "quality": [{"name": "NumberOfInstances", "value": "30"},
                                {"name": "NumberOfFeatures", "value": "4"}]
                }
            },
        }  # fmt: skip

    def open(self, request):
        path = request.full_url.removeprefix("https://www.openml.org")
        self.asked.append(path)
        if path.endswith(".arff") or "/download/" in path:
            content = self.arff.encode()
        elif path in self.answers:
            content = json.dumps(self.answers[path]).encode()
        else:
            raise HTTPError(request.full_url, 412, "unknown data set", Message(), io.BytesIO(b"{}"))
        return gzip.compress(content)


class Answer(io.BytesIO):
    """What urlopen returns."""


@pytest.fixture
def serve(monkeypatch):
    def start(service):
        def opened(request, *_, **__):
            answer = Answer(service.open(request))
            headers = Message()
            headers["Content-Encoding"] = "gzip"
            answer.info = lambda: headers
            return answer

        monkeypatch.setattr("sklearn.datasets._openml.urlopen", opened)
        return service

    return start


def build(root, **how):
    return datasets.build({"name": "openml", "data_id": 7, "root": str(root), **how})


def test_it_is_fetched_once_and_then_read_from_its_file(serve, tmp_path, monkeypatch):
    service = serve(Service())
    data = build(tmp_path, download=True, scale="standard")
    assert repr(data) == (
        "Dataset('zoo': 24 training and 6 held-out images (1, 1, 3), 3 classes (cat, dog, eel))"
    )
    found = np.concatenate([data.scaling.undo(x) for x in (data.x_train, data.x_test)])
    np.testing.assert_allclose(np.sort(found, 0), np.sort(X, 0), rtol=1e-4, atol=1e-4)
    asked = len(service.asked)
    assert asked > 0
    assert build(tmp_path, download=True, scale="standard").checksum == data.checksum
    monkeypatch.setenv("OTLVM_DATA", str(tmp_path))
    again = datasets.build({"name": "openml", "data_id": 7, "scale": "standard"})
    assert again.checksum == data.checksum
    assert len(service.asked) == asked
    assert sorted(p.name for p in (tmp_path / "openml").glob("7*")) == ["7.npz", "7.sha256"]


def test_another_column_of_labels(serve, tmp_path):
    serve(Service(target="b"))
    data = build(tmp_path, download=True, target="class")
    assert data.class_names == ("cat", "dog", "eel")
    assert data.image_shape == (1, 1, 2)  # b, the usual label, is no feature
    with pytest.raises(RegistryError, match=r"7: .*clas"):
        build(tmp_path, download=True, target="clas")


def test_a_file_that_changed_is_refused(serve, tmp_path):
    serve(Service())
    build(tmp_path, download=True)
    file = tmp_path / "openml" / "7.npz"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(RegistryError, match=r"is not what was fetched: .*delete it") as refused:
        build(tmp_path, download=True)
    assert isinstance(refused.value.__cause__, DataError)
    file.with_suffix(".sha256").unlink()
    with pytest.raises(RegistryError, match=r"cannot be told whole"):
        build(tmp_path)


def test_features_that_are_no_numbers_are_named(serve, tmp_path):
    serve(Service(target="a"))
    with pytest.raises(RegistryError, match=r"data set 7: class hold categories and no numbers"):
        build(tmp_path, download=True)


def test_without_download_or_network_nothing_is_there(tmp_path, monkeypatch):
    with pytest.raises(RegistryError, match=r"7.npz is missing: .*'download: true'"):
        build(tmp_path)
    monkeypatch.delenv("OTLVM_DATA", raising=False)
    with pytest.raises(RegistryError, match=r"where is the data set 7"):
        datasets.build({"name": "openml", "data_id": 7})

    def fail(*_, **__):
        raise URLError("no route to host")

    monkeypatch.setattr("sklearn.datasets._openml.urlopen", fail)
    monkeypatch.setattr("time.sleep", lambda _: None)
    with (
        pytest.warns(UserWarning, match="network error"),
        pytest.raises(RegistryError, match=r"cannot fetch the data set 7 .*no route to host"),
    ):
        build(tmp_path, download=True)
    assert not list((tmp_path / "openml").glob("*.npz"))


def test_a_number_that_openml_does_not_know(serve, tmp_path):
    service = serve(Service())
    service.answers.clear()
    with pytest.raises(RegistryError, match=r"openml.org, data set 7: "):
        build(tmp_path, download=True)
