"""The schema of a suite file; ``otlvm schema`` prints it for editors."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from otlvm.harness.job import Limits
from otlvm.harness.suite.figures_section import FigureEntry
from otlvm.harness.suite.lock_section import Lock
from otlvm.harness.suite.table_section import TableOptions
from otlvm.harness.suite.validation import Strict
from otlvm.wording import cut

SECTIONS = ("data", "model", "objective", "train")
Spec = str | dict[str, Any]
Grid = dict[str, Annotated[list[Any], Field(min_length=1)]]
Seeds = Annotated[list[Annotated[int, Field(ge=0, lt=2**32)]], Field(min_length=1)]


class StopEarly(Strict):
    """When a run ends before its last step: by a part that is cut from its training images.

    Attributes:
        metric: What is watched on it, lower is better: ``loss``, ``reconstruction``,
            ``regularizer`` or a term of the objective.
        patience: Rows of the learning curve without a better value. Default: 10; null never stops.
        share: How much of the training images is held back.
        keep_best: Keep the model of the best row, not of the last.
    """

    metric: str = "loss"
    patience: int | None = Field(10, gt=0)
    share: float = Field(0.1, gt=0, lt=1)
    keep_best: bool = True


class Train(Strict):
    """The training of each run.

    Attributes:
        steps: Training steps.
        epochs: How often the training images are seen, without those that ``stop`` holds back,
            instead of a number of steps.
        batch_size: Images per step.
        learning_rate: The optimiser's learning rate.
        optimizer: What makes steps of gradients.
        rates: Learning rates of parts that differ: ``prior``, ``classifier``, ``components``,
            ``decoder`` or ``objective``.
        schedule: A factor on all rates over training.
        clip: The largest norm of the gradient. Default: none.
        stop: When a run ends before its last step, and which model is kept. Default: never, the
            last.
        eval_every: Steps between rows of the learning curve.
        eval_at: Further steps that have a row.
        snapshots: Steps whose reconstructions and classes by component are kept; 0 is before the
            first. They have a row too.
        compile: Compile the objective with torch.compile: a slow first step, faster others.
        start: How training starts.
        precision: That of the networks in training steps. Default: float32; bfloat16 is faster
            where the processor has instructions for it.
    """

    steps: int = Field(3000, gt=0)
    epochs: int | None = Field(None, gt=0)
    batch_size: int = Field(128, gt=1)
    learning_rate: float = Field(5e-4, gt=0)
    optimizer: Spec = "adam"
    rates: dict[str, Annotated[float, Field(gt=0)]] = {}
    schedule: Spec = "constant"
    clip: float | None = Field(None, gt=0)
    stop: StopEarly | None = None
    eval_every: int = Field(100, gt=0)
    eval_at: list[Annotated[int, Field(gt=0)]] = []
    snapshots: list[Annotated[int, Field(ge=0)]] = []
    compile: bool = False
    start: Spec = "moments"
    precision: Literal["float32", "bfloat16"] = "float32"

    @model_serializer(mode="wrap")
    def _as_before(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what later versions added, where it is as it was: ids stay what they were."""
        added = {"precision": "float32"}
        fields: dict[str, Any] = dump(self)
        return {key: value for key, value in fields.items() if added.get(key, ...) != value}

    @model_validator(mode="after")
    def _within_steps(self) -> Self:
        if self.epochs is not None:
            if "steps" in self.model_fields_set:
                raise ValueError("steps and epochs say the same: keep one of them")
            return self  # how many steps there are depends on the data
        for name in ("eval_at", "snapshots"):
            beyond = [step for step in getattr(self, name) if step > self.steps]
            if beyond:
                raise ValueError(f"{name} {beyond} lie beyond the {self.steps} steps; [] for none")
        return self


class Model(Strict):
    """The model of each run: specs of a network, a prior, an inference and a likelihood.

    Attributes:
        network: The three maps between images, components and codes.
        prior: p(z, k).
        inference: What q(z, k|x) is made of, and what is decoded.
        likelihood: p(x|z), what the decoder's outputs mean.
    """

    network: Spec = "mlp"
    prior: Spec = "gaussian_mixture"
    inference: Spec = "mirror"
    likelihood: Spec = "bernoulli"


class TrainedConfig(Strict):
    """Everything that decides the result of one run, besides its seed."""

    data: Spec
    model: Model
    objective: Spec
    train: Train


class BaselineConfig(Strict):
    """Everything that decides the result of a baseline, besides its seed."""

    data: Spec
    model: Model
    baseline: Spec


class Entry(Strict):
    """One item of ``runs:``: what differs from the suite's own sections, and a grid over it.

    Attributes:
        label: The table's row; ``{beta}`` stands for the value of a grid's field. Default:
            objective, divergence and the grid's values.
        data: Changes of the suite's data set.
        model: Changes of the suite's model.
        objective: Changes of the suite's objective.
        train: Changes of the suite's training.
        baseline: A baseline instead of a model; it has no model, objective and train.
        grid: Values by dotted path, such as ``objective.beta``; every combination is a row.
        seeds: The entry's own seeds.
    """

    label: str | None = Field(None, min_length=1)
    data: Spec | None = None
    model: dict[str, Any] | None = None
    objective: Spec | None = None
    train: dict[str, Any] | None = None
    baseline: Spec | None = None
    grid: Grid = {}
    seeds: Seeds | None = None


SECONDS = {"s": 1, "min": 60, "h": 3600}
MOST_SECONDS = 1e9
"""Thirty years."""
MOST_MB = 2**40
"""More than any machine has, and less than systems can count."""


def seconds(duration: str) -> float:
    """Read a duration such as ``90 s``, ``5 min`` or ``1.5 h``."""
    number = duration.rstrip("sminh ")
    return float(number) * SECONDS[duration[len(number) :].strip()]


def _passes(duration: str) -> str:
    """Refuse durations that never pass, or always have."""
    if not 0 < seconds(duration) < MOST_SECONDS:
        raise ValueError(
            f"expected more than nothing and less than thirty years, got {cut(duration)}"
        )
    return duration


Duration = Annotated[
    str, Field(pattern=r"^\d+(\.\d+)? ?(s|min|h)$", max_length=40), AfterValidator(_passes)
]


class Execution(Strict):
    """How runs are executed; none of it decides a result. Durations read like ``90 s, 5 min``.

    Attributes:
        timeout: A run that takes longer is killed. Default: none.
        memory_mb: MiB that a run may ask for (Linux). Default: none.
        checkpoint_every: A number of steps, or a duration.
    """

    timeout: Duration | None = None
    memory_mb: int | None = Field(None, gt=0, lt=MOST_MB)
    checkpoint_every: Annotated[int, Field(gt=0)] | Duration = "1 min"

    def limits(self) -> Limits:
        """Return the limits of each run."""
        every = self.checkpoint_every
        return Limits(
            timeout=None if self.timeout is None else seconds(self.timeout),
            memory_mb=self.memory_mb,
            checkpoint_steps=every if isinstance(every, int) else None,
            checkpoint_seconds=seconds(every) if isinstance(every, str) else None,
        )


class SuiteFile(Strict):
    """The whole file.

    Attributes:
        name: The folder of the results, ``runs/<name>``. Default: the file's name.
        data: The data set of each run.
        model: The model of each run.
        objective: The objective of each run that has none of its own.
        train: The training of each run.
        execution: What a run may cost, and how often it saves its state.
        grid: Values by dotted path, for every entry.
        seeds: Each row is trained once with each.
        runs: What is trained.
        baselines: Clusterings without a latent-variable model.
        metrics: What is measured besides what always is: ours that have to be asked for, here or by
            a table or claim that names them, and your own.
        table: How the comparison is laid out.
        published: Values of the literature beside it: ``all``, or methods and entries of your own.
        claims: What is expected, such as ``accuracy of GM-WAE >= 0.65``; checked after the runs.
        figures: Figures of the paper to draw: of which rows.
        track: Trackers that are told of each run.
        lock: Written by the harness into ``suite.lock.yaml``, which reruns what a folder holds.
    """

    name: str | None = Field(None, pattern=r"^[\w.-]*[\w-][\w.-]*$")
    data: Spec | None = None
    model: dict[str, Any] = {}
    objective: Spec | None = None
    train: dict[str, Any] = {}
    execution: Execution = Field(default_factory=Execution)
    grid: Grid = {}
    seeds: Seeds = [0]
    runs: list[Entry] = []
    baselines: list[Spec] = []
    metrics: list[Spec] = []
    table: TableOptions = Field(default_factory=TableOptions)
    published: str | list[Spec] = []
    claims: list[str] = []
    figures: list[FigureEntry] = []
    track: list[Spec] = []
    lock: Lock | None = None
