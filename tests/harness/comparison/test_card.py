from otlvm.harness.comparison.card import card, to_markdown
from otlvm.harness.comparison.records import read_records


def test_the_card_is_a_list_whatever_its_values_hold():
    text = to_markdown({"data (SHA-256)": "my_<b>data</b>\n# [x](y): 12ab", "device": "cpu"})
    assert text == r"- data (SHA-256): my\_&lt;b>data&lt;/b> # \[x](y): 12ab" + "\n- device: cpu\n"


def test_the_card_says_how_data_were_scaled_and_binarized(write_study):
    scaled = {"data": {"name": "npz", "scale": "unit", "binarize": "dynamic"}}
    study = {"a": [{"config": scaled}, {"config": {"data": {"name": "npz", "scale": "none"}}}]}
    lines = card(read_records(write_study(study)))
    assert lines["data as they are seen"] == "scale unit, binarize dynamic"
