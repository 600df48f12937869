"""MkDocs hooks: pages and files that come from elsewhere, and equations as MathML.

Browsers draw MathML themselves, so the site needs no script for its mathematics and asks no other
server for anything.
"""

import html
import json
import re
from pathlib import Path

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from otlvm.harness.json_schema.page import to_markdown
from otlvm.harness.json_schema.suite import suite_schema
from otlvm.harness.registries import REGISTRIES

ROOT = Path(__file__).parents[2]
INCLUDED = {"changelog.md": "CHANGELOG.md", "contributing.md": "CONTRIBUTING.md"}
ELSEWHERE = re.compile(r"\[([^]]+)\]\((?!\w+:|#)[^)]*(?<!\.md)\)")  # not on the site
REGISTRY = re.compile(r"^<!-- registry: (\w+) -->$", re.MULTILINE)
EQUATION = re.compile(
    r'<(div|span) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL
)  # as pymdownx.arithmatex writes it
UNKNOWN = re.compile(r"\\\w+")
LEFT_OVER = ("arithmatex", ".. math::", ":math:", "$$")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the suite's schema and its page, pages of the repository, and figures of results."""
    schema = suite_schema()
    generated = {
        "suite-file.md": to_markdown(schema),
        "suite.schema.json": json.dumps(schema, indent=2),
        **{page: _included(ROOT / source) for page, source in INCLUDED.items()},
    }
    for path, content in generated.items():
        files.append(File.generated(config, path, content=content))
    for figure in sorted((ROOT / "results").rglob("*.png")):
        path = figure.relative_to(ROOT).as_posix()
        files.append(File.generated(config, path, abs_src_path=str(figure)))
    return files


def _included(source: Path) -> str:
    """Return a page of the repository with its links as the site has them."""
    text = source.read_text(encoding="utf-8").replace("](docs/", "](")
    return ELSEWHERE.sub(r"\1", text)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Find results where the site has them, and list the entries of a registry."""
    up = "../" * page.file.src_uri.count("/")
    return REGISTRY.sub(lambda found: _entries(found[1]), markdown).replace(
        f"{up}../results/", f"{up}results/"
    )


def _entries(kind: str) -> str:
    """Write each name of a registry as a heading and the documentation of its class."""
    registry = next(registry for registry in REGISTRIES if registry.kind == kind)
    parts = []
    for name in registry:
        factory = registry.get(name)
        parts.append(
            f"## `{name}` {{#{name}}}\n\n::: {factory.__module__}.{factory.__qualname__}\n"
            "    options: {heading_level: 3, show_root_toc_entry: false, members: false}\n"
        )
    return "\n".join(parts)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn equations into MathML.

    Raises:
        PluginError: If one is left, or has a command that is not known.
    """
    content = EQUATION.sub(lambda found: _mathml(found, page), html)
    for sign in LEFT_OVER:
        if sign in content:
            raise PluginError(f"{page.file.src_uri}: an equation was not recognised: {sign}")
    return content


def _mathml(found: re.Match[str], page: Page) -> str:
    """Write one equation as MathML."""
    tex = html.unescape(found[2]).strip()
    display = "block" if found[1] == "div" else "inline"
    mathml = convert(tex, display=display).replace("&#x0007E;", "&#x0223C;")  # \sim, an operator
    unknown = UNKNOWN.search(mathml)
    if unknown:
        raise PluginError(f"{page.file.src_uri}: no MathML for {unknown[0]} in {tex}")
    return f'<div class="equation">{mathml}</div>' if display == "block" else mathml
