"""What decides a run's result: one way from a run of a suite to what its id is the hash of."""

from dataclasses import dataclass

from otlvm.harness.config import Config, set_field
from otlvm.harness.job import START_FIELD
from otlvm.harness.messages import InputError
from otlvm.harness.planning.metrics import with_code
from otlvm.harness.store.record import Identity
from otlvm.harness.suite.runs import Run


@dataclass(frozen=True)
class Content:
    """What a data set holds, as far as runs depend on it.

    Attributes:
        checksum: Of all of it.
        images: How many are for training.
    """

    checksum: str
    images: int


def identity_of(
    run: Run, code: str, checksum: str, steps: int | None, start: str | None
) -> Identity:
    """Say what decides a run's result.

    Args:
        run: The run.
        code: Hash of the code that decides it.
        checksum: What its data is.
        steps: What `steps_of` returns.
        start: Id of the run from whose model it starts; None if it starts from none.
    """
    config = with_code(run.config)
    if steps is not None:
        config = set_field(config, "train.steps", steps)
    if start is not None:
        config = set_field(config, START_FIELD, start)
    return {"config": config, "seed": run.seed, "data_checksum": checksum, "code": code}


def steps_of(run: Run, images: int) -> int | None:
    """Return the steps that a run's epochs are: whole batches of the images that it trains on.

    Args:
        run: The run.
        images: How many training images its data have.

    Returns:
        None if the suite says how many steps there are, or nothing is trained.
    """
    train = run.config.get("train")
    if train is None or train["epochs"] is None:
        return None
    left = images - held_back(train["stop"], images)
    return int(train["epochs"] * (left // train["batch_size"]))


def held_back(stop: Config | None, images: int) -> int:
    """Return how many training images `Stop.cut` takes from those that are trained on."""
    return 0 if stop is None else round(stop["share"] * images)


def check_within_steps(run: Run, steps: int | None) -> None:
    """Check that no row of a learning curve is asked for after the last step of an epoch.

    Raises:
        InputError: If one is.
    """
    if steps is None:
        return
    train = run.config["train"]
    for name in ("eval_at", "snapshots"):
        if beyond := [step for step in train[name] if step > steps]:
            raise InputError(
                f"{name} {beyond} lie beyond the {steps} steps of {train['epochs']} epochs",
                (*run.origin, "train", name),
            )


def as_written(config: Config) -> Config:
    """Return a config as a suite file may say it: epochs, or steps, but not both."""
    train = config.get("train")
    if train is None or train["epochs"] is None:
        return config
    return {**config, "train": {key: value for key, value in train.items() if key != "steps"}}
