from otlvm.harness.comparison.card import to_markdown


def test_the_card_is_a_list_whatever_its_values_hold():
    text = to_markdown({"data (SHA-256)": "my_<b>data</b>\n# [x](y): 12ab", "device": "cpu"})
    assert text == r"- data (SHA-256): my\_&lt;b>data&lt;/b> # \[x](y): 12ab" + "\n- device: cpu\n"
