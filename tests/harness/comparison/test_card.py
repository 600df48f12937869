from otlvm.harness.comparison.card import card, to_markdown
from otlvm.harness.comparison.records import read_records


def test_the_card_is_a_list_whatever_its_values_hold():
    text = to_markdown({"data (SHA-256)": "my_<b>data</b>\n# [x](y): 12ab", "device": "cpu"})
    assert text == r"- data (SHA-256): my\_&lt;b>data&lt;/b> # \[x](y): 12ab" + "\n- device: cpu\n"


def test_the_card_says_how_data_were_scaled_and_binarized(write_study):
    records = read_records(write_study({"a": [{}, {}]}))
    scaled = {"name": "npz", "scale": "unit", "binarize": "dynamic"}
    records["config"] = [{"data": scaled}, {"data": {"name": "npz", "scale": "none"}}]
    assert card(records)["data as they are seen"] == "scale unit, binarize dynamic"
    records["config"] = [{"data": "digits"}] * 2
    assert "data as they are seen" not in card(records)
