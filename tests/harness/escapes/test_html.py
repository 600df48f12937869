from markupsafe import Markup

from otlvm.harness.escapes.html import templates_in


def test_templates_show_texts_as_they_are(tmp_path):
    (tmp_path / "a.html").write_text("<pre title='{{ text }}'>{{ text }}</pre>{{ own }}{{ 1 / 4 }}")
    text = "<b>'\"&\n\tx\x1b[0m\x00\udcff\u202e\r\n"
    template = templates_in(tmp_path).get_template("a.html")
    page = template.render(text=text, own=Markup("<i>\x07</i>"))
    shown = "&lt;b&gt;&#39;&#34;&amp;\n        x\\x1b[0m\\x00\\udcff\\u202e \n"
    assert page == f"<pre title='{shown}'>{shown}</pre><i>\x07</i>0.25"
    page.encode()
