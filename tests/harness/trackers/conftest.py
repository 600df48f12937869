import os
import subprocess
import sys

import pytest

MAKE = "import sys; from mlflow import MlflowClient; MlflowClient(sys.argv[1]).search_experiments()"


@pytest.fixture
def empty_mlflow(once):
    """An MLflow database without runs, to be copied: making one takes many seconds."""
    pytest.importorskip("mlflow", reason="pip install 'otlvm[trackers]'")

    def make(folder):
        command = [sys.executable, "-c", MAKE, f"sqlite:///{folder / 'empty.db'}"]
        environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
        subprocess.run(command, check=True, env=environment, cwd=folder, capture_output=True)

    return once("mlflow", make) / "empty.db"
