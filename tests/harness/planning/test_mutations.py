"""Five hundred suites that chance has changed: each is planned, or refused on one screen."""

import copy
import random
from collections import Counter

import pytest
import yaml

from otlvm.harness.messages import MOST_CHARACTERS, MOST_LINES, InputError
from otlvm.harness.planning import parts
from otlvm.harness.planning.jobs import resolve
from otlvm.harness.suite.load import load_suite
from otlvm.harness.suite.yaml import parse

SUITE = """\
name: tiny
data: digits
model:
  network: {name: mlp, hidden: [16], component_hidden: [8]}
  prior: {name: gaussian_mixture, components: 3, dim: 2}
  likelihood: bernoulli
train: {steps: 4, batch_size: 32, eval_every: 2, start: {name: moments, steps: 2}, eval_at: [2]}
execution: {timeout: 5 min, memory_mb: 4000, checkpoint_every: 20}
seeds: [0, 3]
runs:
  - {label: "WAE {divergence}", objective: {name: wae, weight: 5, divergence: imq_mmd},
     grid: {objective.divergence: [imq_mmd, {name: energy, on: joint}]}}
  - {label: VAE, objective: {name: vae, beta: 2}, train: {steps: 2}, seeds: [1]}
  - {label: late, objective: vae, train: {start: {name: trained, run: "WAE imq_mmd"}}}
baselines: [kmeans, {name: gmm, n_init: 2}]
metrics: [silhouette]
table: {metrics: [accuracy, bce]}
published: [VaDE]
claims: ["accuracy of VAE >= 0.1", "bce of VAE at step 2 < 2 * bce of VAE"]
"""
VALUES = (
    *(None, True, False, 0, -1, 1, 2, 10**24, -(10**24), 10**400, 1e30, -1e30, 1e-320, 0.5),
    *(float("nan"), float("inf"), -float("inf"), "", " ", "x", "x" * 5000, "\x1b[31m", "a\nb", "{"),
    *("{divergence}", "../..", "/dev/zero", "builtins:exit", "os:system", "a:b", "0 s", "1e9 h"),
    *([], [[]], [None], [0] * 100, {}, {"name": None}, {"name": "x"}, {"name": "mlp", "a": {}}),
    *({"": 1}, {"a.b": 2}, {"name": "wae", "divergence": {"name": "wae"}}, "*", "VAE", "kmeans"),
)
"""What a user might write, and what nobody would."""
SCRAPS = (
    "\t",
    "{",
    "}",
    "[",
    ":",
    "&a ",
    "*a",
    "<<: ",
    "!!set ",
    "'",
    '"',
    "#",
    "\0",
    "é",
    "- ",
    "|",
)


def changed(dice):
    """Return the text of a suite that chance has changed in a few places."""
    if dice.random() < 0.3:
        return changed_text(SUITE, dice)
    tree = parse(SUITE)
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        change(tree, dice)
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)


def change(tree, dice):
    """Change a value, key or item somewhere."""
    places = list(places_of(tree))
    holder, key = dice.choice(places)
    what = dice.choice(["value", "value", "value", "remove", "rename", "copy", "nest", "swap"])
    if what == "remove":
        del holder[key]
    elif what == "rename" and isinstance(holder, dict):
        word = str(key)
        at = dice.randrange(len(word) + 1)
        holder[word[:at] + dice.choice("xyz_. ") + word[at + dice.randrange(2) :]] = holder.pop(key)
    elif what == "copy" and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    elif what == "nest":
        for _ in range(dice.choice([1, 2, 30])):
            holder[key] = {"name": holder[key]} if dice.random() < 0.5 else [holder[key]]
    elif what == "swap":
        other, place = dice.choice(places)
        holder[key] = copy.deepcopy(other[place])
    else:
        holder[key] = copy.deepcopy(dice.choice(VALUES))


def places_of(node):
    """Yield every dict or list, with each of its keys."""
    for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        yield node, key
        if isinstance(value, dict | list):
            yield from places_of(value)


def changed_text(text, dice):
    """Cut a text, double a part of it, or put something in."""
    for _ in range(dice.choice([1, 1, 2])):
        start, end = sorted(dice.randrange(len(text) + 1) for _ in range(2))
        end = min(end, start + 40)
        text = dice.choice(
            [
                text[:start] + text[end:],
                text[:start] + dice.choice(SCRAPS) + text[start:],
                text[:end] + text[start:],
                text[: len(text) // 2 + start // 2],
            ]
        )
    return text


@pytest.fixture
def digits_once(monkeypatch):
    """Data are loaded once a spec: they are not what is tested here."""
    loaded = {}
    build = parts.datasets.build

    def cached(spec):
        key = repr(spec)
        if key not in loaded:
            loaded[key] = build(spec)
        return loaded[key]

    monkeypatch.setattr(parts.datasets, "build", cached)


def test_what_chance_writes_is_planned_or_refused_on_one_screen(tmp_path, digits_once, plugins):
    dice, path = random.Random(20), tmp_path / "suite.yaml"
    texts = [SUITE, *(changed(dice) for _ in range(499))]
    found = Counter(outcome_of(text, path) for text in texts)
    assert found.total() == 500
    assert found.keys() == {"planned", "refused when read", "refused when planned"}
    assert min(found.values()) > 20, found


def outcome_of(text, path):
    """Tell what becomes of a suite; anything else fails the test, and shows it."""
    path.write_text(text, encoding="utf-8")
    outcome, message = "refused when read", None
    try:
        suite = load_suite(path)
        outcome = "refused when planned"
        resolve(suite, suite.runs[:12])
    except InputError as error:
        message = error.message
    except BaseException as error:
        raise AssertionError(f"{type(error).__name__}: {error}\n{text}") from error
    if message is None:
        return "planned"
    assert message.strip(), text
    assert message.encode(), text
    assert len(message.splitlines()) <= MOST_LINES, text
    assert len(message) <= MOST_CHARACTERS, text
    return outcome
