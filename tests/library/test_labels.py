"""Images without a label: what stands for none, and what becomes of them."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from otlvm.data import DataError, Dataset, from_arrays, hf_disk, image_folder, npz, split
from otlvm.data.labels import read_labels

RNG = np.random.default_rng(0)
X = RNG.random((60, 5, 4))
CLASSES = np.arange(60) % 3
GAPS = np.arange(60) % 4 == 0


def masked(labels):
    return np.ma.array(labels, mask=GAPS)


def gaps_in(labels, mark, dtype=None):
    filled = np.array(labels, dtype=object)
    filled[GAPS] = mark
    return filled if dtype is None else np.array(filled.tolist(), dtype=dtype)


NAMES = np.array(["ant", "bee", "cat"])[CLASSES]
DATES = np.array(["2020-01-01", "2020-01-02", "2020-01-03"], dtype="M8[D]")[CLASSES]
UNLABELLED = {
    "NaN": gaps_in(CLASSES, np.nan, float),
    "NaN in half precision": gaps_in(CLASSES, np.nan, np.float16),
    "-1": gaps_in(CLASSES, -1, int),
    "-1.0": gaps_in(CLASSES, -1.0, float),
    "-1 in a byte": gaps_in(CLASSES, -1, np.int8),
    "None": gaps_in(CLASSES, None),
    "None beside names": gaps_in(NAMES, None),
    "NaN beside names": gaps_in(NAMES, np.nan),
    "pandas' NA": gaps_in(CLASSES, pd.NA),
    "pandas' series": pd.Series(gaps_in(NAMES, None)),
    "pandas' whole numbers": pd.Series(gaps_in(CLASSES, None)).astype("Int64"),
    "masked": masked(CLASSES),
    "masked names": masked(NAMES),
    "NaT": np.where(GAPS, np.datetime64("NaT"), DATES),
    "tensor": torch.tensor(gaps_in(CLASSES, -1, int)),
    **{
        f"text {text!r}": gaps_in(NAMES, text, str)
        for text in ("", "  ", "nan", "NaN", "None", "NA", "N/A", "<NA>", "null", "?", "-1")
    },
    **{f"text {text!r}": gaps_in(NAMES, text, str) for text in ("unlabelled", "No_Label")},
    "bytes": gaps_in(NAMES, "", str).astype("S"),
}


@pytest.mark.parametrize("labels", UNLABELLED.values(), ids=UNLABELLED)
def test_what_stands_for_no_label_is_no_class(labels):
    data = from_arrays("a", X[:40], labels[:40], X[40:], labels[40:])
    assert data.y_train.tolist() == np.where(GAPS, -1, CLASSES)[:40].tolist()
    assert data.y_test.tolist() == np.where(GAPS, -1, CLASSES)[40:].tolist()
    assert data.y_train.dtype == torch.int64
    assert data.unlabelled == (10, 5)
    assert data.n_classes == 3
    assert len(data.x_train) == 40  # all are trained on
    made = split("a", X, labels, 0.2, 0)
    assert made.unlabelled == (12, 3)
    assert made.y_test[made.y_test >= 0].bincount().tolist() == [3, 3, 3]


@pytest.mark.parametrize("text", ["none", "na", "nil", "0", "unknown", "other", "-", "n", "inf"])
def test_words_that_are_classes(text):
    labels = gaps_in(NAMES, text, str)
    data = from_arrays("a", X[:40], labels[:40], X[40:], labels[40:])
    assert data.unlabelled == (0, 0)
    assert text in data.class_names


def test_unlabelled_images_are_split_in_proportion():
    data = split("a", X, gaps_in(CLASSES, -1, int), 0.2, 3)
    assert data.unlabelled == (12, 3)
    assert data.y_test[data.y_test >= 0].bincount().tolist() == [3, 3, 3]
    lone = np.where(np.arange(60) == 7, -1, CLASSES)
    data = split("a", X, lone, 0.2, 3)
    assert data.unlabelled == (1, 0)  # one image has no proportion
    rows = torch.cat([data.x_train, data.x_test]).numpy()
    np.testing.assert_array_equal(
        np.sort(rows, axis=0), np.sort(X.reshape(60, -1).astype(np.float32), axis=0)
    )
    place = (data.y_train == -1).nonzero().item()
    np.testing.assert_array_equal(data.x_train[place], X[7].ravel().astype(np.float32))


def test_no_label_at_all_is_no_labels():
    for none in (np.full(60, -1), np.full(60, np.nan), np.full(60, ""), np.full(60, None)):
        data = from_arrays("a", X[:40], none[:40], X[40:], none[40:])
        assert data.y_train is data.y_test is data.class_names is None
        assert data.unlabelled == (40, 20)
        assert split("a", X, none, 0.25, 0).y_test is None
    only_train = from_arrays("a", X[:40], NAMES[:40], X[40:], np.full(20, np.nan))
    assert only_train.unlabelled == (0, 20)
    assert only_train.class_names == ("ant", "bee", "cat")


def test_unlabelled_images_change_the_checksum_and_names_do_not():
    full = from_arrays("a", X[:40], CLASSES[:40], X[40:], CLASSES[40:])
    gaps = gaps_in(CLASSES, np.nan, float)
    half = from_arrays("a", X[:40], gaps[:40], X[40:], gaps[40:])
    assert half.checksum != full.checksum
    named = from_arrays("a", X[:40], NAMES[:40], X[40:], NAMES[40:])
    assert named.checksum == full.checksum
    other = gaps_in(CLASSES, -1, int)
    assert from_arrays("a", X[:40], other[:40], X[40:], other[40:]).checksum == half.checksum


@pytest.mark.parametrize(
    "labels",
    [
        np.where(CLASSES == 0, -1, 1),
        np.where(CLASSES == 0, -1.0, 1.0),
        np.where(CLASSES == 0, "-1", "+1"),
        np.where(CLASSES == 0, "-1", "1"),
        CLASSES - 2,  # -2, -1, 0
    ],
)
def test_minus_one_that_may_be_a_class_is_refused(labels):
    with pytest.raises(DataError, match=r"-1 stands for 'no label'; write 0, 1, 2"):
        split("a", X, labels, 0.2, 0)


def test_minus_one_beside_classes_that_do_not_begin_at_0():
    assert split("a", X, np.where(CLASSES == 0, -1, CLASSES + 4), 0.2, 0).class_names == ("5", "6")
    assert split("a", X, np.where(CLASSES == 0, -1, 0), 0.2, 0).n_classes == 1


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (np.where(GAPS, np.inf, CLASSES), "labels are infinite"),
        (CLASSES * 1j, "complex128"),
        (np.zeros(60, dtype=[("a", int), ("b", int)]), r"give whole numbers or texts"),
        (np.fromiter(([1, 2] for _ in range(60)), object, 60), "labels are list"),
        (np.fromiter((range(k % 3) for k in range(60)), object, 60), "labels are (lists|range)"),
        (np.array([b"\xff\xfe"] * 60), "no text in UTF-8"),
    ],
)
def test_labels_of_no_kind(labels, told):
    with pytest.raises(DataError, match=told):
        split("a", X, labels, 0.2, 0)


def test_parts_with_labels_of_two_kinds():
    with pytest.raises(DataError, match="labels are numbers and texts: give one kind"):
        from_arrays("a", X[:40], CLASSES[:40], X[40:], NAMES[40:])
    mixed = from_arrays("a", X[:40], CLASSES[:40], X[40:], CLASSES[40:].astype(float))
    assert mixed.checksum == from_arrays("a", X[:40], CLASSES[:40], X[40:], CLASSES[40:]).checksum


# files of all kinds


def test_npz(tmp_path):
    labels = gaps_in(NAMES, "", str)
    np.savez(tmp_path / "made.npz", x=X, y=labels)
    parts = {"x_train": X[:40], "y_train": labels[:40], "x_test": X[40:], "y_test": labels[40:]}
    np.savez(tmp_path / "given.npz", **parts)
    assert npz(str(tmp_path / "made.npz")).unlabelled == (12, 3)
    assert npz(str(tmp_path / "given.npz")).unlabelled == (10, 5)
    assert npz(str(tmp_path / "given.npz")).class_names == ("ant", "bee", "cat")
    np.savez(tmp_path / "single.npz", x=X, y=np.arange(60))
    with pytest.raises(DataError, match="'stratify: false'"):
        npz(str(tmp_path / "single.npz"))
    assert npz(str(tmp_path / "single.npz"), stratify=False).n_classes == 60


PICTURES = RNG.integers(0, 256, (60, 5, 4), dtype=np.uint8)


def test_folders(tmp_path):
    labels = gaps_in(NAMES, "unlabelled", str)
    for k, (picture, label) in enumerate(zip(PICTURES, labels, strict=True)):
        for place in (tmp_path / "made", tmp_path / "given" / ("train" if k < 40 else "test")):
            (place / label).mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(place / label / f"{k:02}.png")
    data = image_folder(str(tmp_path / "given"))
    assert data.unlabelled == (10, 5)
    assert data.class_names == ("ant", "bee", "cat")
    assert image_folder(str(tmp_path / "made")).unlabelled == (12, 3)
    loose = tmp_path / "made/00.png"
    Image.fromarray(PICTURES[0]).save(loose)
    with pytest.raises(DataError, match=r"00\.png lies beside folders .*called unlabelled"):
        image_folder(str(tmp_path / "made"))
    for place in (tmp_path / "given/test").rglob("*.png"):
        place.rename(tmp_path / "given/test" / place.name)
    for place in [each for each in (tmp_path / "given/test").iterdir() if each.is_dir()]:
        place.rmdir()
    with pytest.raises(DataError, match=r"one part has folders of classes.*folder 'unlabelled'"):
        image_folder(str(tmp_path / "given"))


@pytest.mark.parametrize("mark", [None, -1])
def test_hugging_face(tmp_path, mark):
    import datasets as hf

    def part(kind, labels, *places):
        columns = {
            "image": [Image.fromarray(picture) for picture in PICTURES[slice(*places)]],
            "label": labels[slice(*places)].tolist(),
        }
        return hf.Dataset.from_dict(columns, hf.Features({"image": hf.Image(), "label": kind}))

    kind = hf.ClassLabel(names=["ant", "bee", "cat", "never"])
    labels = gaps_in(CLASSES, mark)
    parts = hf.DatasetDict({"train": part(kind, labels, 40), "test": part(kind, labels, 40, 60)})
    parts.save_to_disk(str(tmp_path / "given"))
    part(kind, labels, 60).save_to_disk(str(tmp_path / "made"))
    data = hf_disk(str(tmp_path / "given"))
    assert data.unlabelled == (10, 5)
    assert data.class_names == ("ant", "bee", "cat")
    assert data.y_train.tolist() == np.where(GAPS, -1, CLASSES)[:40].tolist()
    assert hf_disk(str(tmp_path / "made")).unlabelled == (12, 3)
    texts = gaps_in(NAMES, None)
    part(hf.Value("string"), texts, 60).save_to_disk(str(tmp_path / "texts"))
    assert hf_disk(str(tmp_path / "texts"), stratify=False).class_names == ("ant", "bee", "cat")
    other = hf.ClassLabel(names=["bee", "ant", "cat", "never"])
    parts = hf.DatasetDict({"train": part(kind, labels, 40), "test": part(other, labels, 40, 60)})
    parts.save_to_disk(str(tmp_path / "other"))
    with pytest.raises(DataError, match="name the classes of 'label' differently"):
        hf_disk(str(tmp_path / "other"))


def test_the_estimator_ignores_labels():
    from otlvm.sklearn import LatentMixture

    def fit(y):
        estimator = LatentMixture(n_components=2, start="prior", steps=2, random_state=0)
        return estimator.fit(X.reshape(60, -1), y).labels_

    labels = [UNLABELLED[name] for name in ("NaN", "None beside names", "masked", "pandas' NA")]
    for y in labels:
        np.testing.assert_array_equal(fit(y), fit(None))


def test_a_data_set_says_how_many_are_unlabelled():
    x, y = torch.rand(6, 4), torch.tensor([0, -1, 2, -1, 1, 1])
    data = Dataset("a", (1, 2, 2), x, y, x[:2], y[:2], ("p", "q", "r"))
    assert data.unlabelled == (2, 1)
    assert data.n_classes == 3
    assert Dataset("a", (1, 2, 2), x, None, x[:2], None).unlabelled == (6, 2)


# what becomes of them


@pytest.fixture(scope="module")
def blobs():
    """Images of three kinds that any clustering tells apart, and their classes."""
    kinds = np.random.default_rng(1).permutation(np.arange(120) % 3)
    x = np.full((120, 4, 4), 0.1)
    x[np.arange(120), kinds] = 0.9
    return (x + np.random.default_rng(2).random(x.shape) / 20).astype(np.float32), kinds


@pytest.mark.parametrize("mark", [np.nan, -1.0])
def test_scores_are_of_labelled_images_alone(blobs, mark):
    from otlvm.baselines import baselines
    from otlvm.evaluation import assignment_scores

    x, y = blobs
    half = y.astype(float)
    half[np.random.default_rng(3).random(120) < 0.5] = mark
    data = from_arrays("a", x[:80], half[:80], x[80:], half[80:])
    kmeans = baselines.build("kmeans")
    pi = kmeans.fit(data.x_train, 3), kmeans.assign(data.x_test)
    scores = assignment_scores(*pi, data)
    for name in ("accuracy", "accuracy_hungarian", "nmi", "ari"):
        assert scores[name] == pytest.approx(1)
    wrong = half.copy()
    first = np.flatnonzero(half[80:] >= 0)[0] + 80
    wrong[first] = (wrong[first] + 1) % 3
    scores = assignment_scores(*pi, from_arrays("a", x[:80], half[:80], x[80:], wrong[80:]))
    assert scores["accuracy"] == pytest.approx(1 - 1 / (half[80:] >= 0).sum())


@pytest.mark.parametrize("part", ["none", "training", "held-out"])
def test_models_are_evaluated_and_shown_without_some_labels(blobs, part, monkeypatch):
    from otlvm import LatentMixtureModel
    from otlvm.evaluation import curve_point, evaluate, show_model

    monkeypatch.setattr("otlvm.evaluation.latent.CODES", 50)  # W2 of 2,000 codes takes seconds
    x, y = blobs
    labels = y.astype(float)
    labels[:: 1 if part == "none" else 4] = np.nan
    if part == "training":
        labels[:80] = np.nan
    if part == "held-out":
        labels[80:] = np.nan
    data = from_arrays("a", x[:80], labels[:80], x[80:], labels[80:])
    torch.manual_seed(0)
    prior = {"name": "gaussian_mixture", "components": 3, "dim": 2}
    model = LatentMixtureModel((1, 4, 4), {"name": "mlp", "hidden": [8]}, prior)
    scores = evaluate(model, data)
    assert np.isfinite(list(scores.values())).all()
    assert ("nmi" in scores) == (part == "training")
    assert "accuracy" not in scores
    assert "bce" in curve_point(model, data)
    shown = show_model(model, data)
    assert len(shown["originals"])


def test_one_text_in_two_ways_of_writing_is_one_class():
    """NFC and NFD, as folders of macOS have them, and texts that a program has padded."""
    train, test = ["caf\u00e9", "th\u00e9 ", "caf\u00e9"], ["cafe\u0301", " the\u0301", "th\u00e9"]
    found = read_labels("a", [train, test])
    assert found.names == ("caf\u00e9", "th\u00e9")
    assert [codes.tolist() for codes in found.codes] == [[0, 1, 0], [0, 1, 1]]


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ([["cat", "dog"], ["images"]], "share no class: training has cat, dog, held-out images"),
        ([[1, 2], [3, 4]], "the two parts share no class"),
        (
            [np.array([2**60, 5]), np.array([2**60 + 1, 5], dtype=np.uint64)],
            "labels are int64, uint64, which no one type holds",
        ),
        (
            [np.array(["2020"], "datetime64[D]"), np.array([1], "timedelta64[D]")],
            "labels are dates and durations",
        ),
        ([[10**30, None], [1, 1]], "labels are int: give one number or text an image"),
    ],
)
def test_parts_whose_labels_do_not_go_together_are_refused(labels, told):
    train, test = (np.zeros((len(part), 4)) for part in labels)
    with pytest.raises(DataError, match=told):
        from_arrays("a", train, labels[0], test, labels[1])
