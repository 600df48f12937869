"""What MLflow's own client finds."""

import json
import os
import subprocess
import sys

READ = """\
import json, sys
from mlflow import MlflowClient

uri, experiment, reopen = sys.argv[1:]
client = MlflowClient(uri)
found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
runs = []
for run in found:
    keys = [key for key in run.data.metrics if key.startswith("curves/")]
    runs.append({
        "id": run.info.run_id,
        "name": run.info.run_name,
        "status": run.info.status,
        "seconds": ((run.info.end_time or run.info.start_time) - run.info.start_time) / 1000,
        "label": run.data.tags.get("otlvm.label"),
        "params": run.data.params,
        "metrics": run.data.metrics,
        "curves": {
            key: [(p.step, p.value) for p in client.get_metric_history(run.info.run_id, key)]
            for key in keys
        },
        "files": [file.path for file in client.list_artifacts(run.info.run_id)],
        "pictures": [file.path for file in client.list_artifacts(run.info.run_id, "pictures")],
    })
    if run.info.run_name == reopen:
        client.update_run(run.info.run_id, "RUNNING")
print(json.dumps(runs))
"""


def read_mlflow(uri, experiment, reopen="", cwd=None):
    """Read with MLflow's own client, whose warnings are not ours: name -> runs."""
    command = [sys.executable, "-c", READ, uri, experiment, reopen]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment, cwd=cwd
    )
    runs = {}
    for run in json.loads(done.stdout):
        runs.setdefault(run["name"], []).append(run)
    return runs
