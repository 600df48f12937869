from otlvm.harness.speed import side_by_side

SMALL = {"name": "mlp", "hidden": [8], "component_hidden": [8]}


def test_runs_train_at_the_same_time():
    assert side_by_side.step_ms(SMALL, steps=2, runs=2, threads=1) > 0


def test_the_work_of_all_cores_is_compared(monkeypatch):
    times = iter([30.0, 21.0, 33.0, 31.0, 20.0, 32.0, 99.0, 22.0, 34.0])
    monkeypatch.setattr(side_by_side, "cores", lambda: 2)
    monkeypatch.setattr(side_by_side, "step_ms", lambda *_: next(times))
    (row,) = side_by_side.measure_side_by_side({"small": SMALL}).to_dict("records")
    assert row == {
        **{"network": "small", "cores": 2},
        **{"one_thread": 31.0, "all_cores": 21.0, "side_by_side": 33.0, "work": 2 * 21 / 33},
    }
