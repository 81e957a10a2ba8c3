"""A student's feedback as one HTML file: points and a sentence for each task, hints, and their own code as it ran."""

import html
from string import Template

from markdown_it import MarkdownIt
from math_core import LatexError
from mdit_py_plugins.dollarmath import dollarmath_plugin

from classroom.judge import Judgement
from classroom.master import Cell, Master, mark, text
from classroom.record import Record
from website.mathml import to_mathml

PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>$title</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .3rem; }
h2 span { float: right; font-variant-numeric: tabular-nums; }
pre { overflow: auto; padding: .6rem .8rem; background: color-mix(in srgb, currentcolor 7%, transparent); }
code, pre { font-family: ui-monospace, monospace; font-size: .9rem; }
.said { border-left: .25rem solid #c2410c; padding-left: .8rem; }
.full { border-left: .25rem solid #15803d; padding-left: .8rem; }
math { font-family: math; } math[display=block] { overflow-x: auto; margin: .6rem 0; }
details { margin: .4rem 0; } summary { cursor: pointer; } img { max-width: 100%; background: white; }
</style>
<h1>$title</h1>
<p>$student: <strong>$points of $of points</strong></p>
$notes
$tasks
<h2>Your notebook, as it ran</h2>
<details><summary>Code and output</summary>
$cells
</details>
</html>
""")


def _formula(tex: str, options: dict[str, bool]) -> str:
    """A formula as MathML, which browsers show without any script; as it was written if it cannot be converted."""
    try:
        return to_mathml(tex, options["display_mode"])
    except LatexError:
        return f"<code>{_safe(tex)}</code>"


MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table").use(dollarmath_plugin, renderer=_formula)
"""For the assignment's own text; what a student wrote is only ever escaped."""
UNREADABLE = "Your notebook could not be graded: "


def page(master: Master, record: Record, judgement: Judgement) -> str:
    """The page; it shows no hidden test and nothing of the grader."""
    title = next((text(cell).strip().splitlines()[0].lstrip("# ") for cell in master.cells if text(cell).strip()), "")
    found = PAGE.substitute(
        title=_safe(title),
        student=_safe(record["student"]),
        points=f"{record['points']:g}",
        of=f"{record['of']:g}",
        notes="".join(f'<p class="said">{_safe(flag)}</p>' for flag in record["flags"] if flag.startswith(UNREADABLE)),
        tasks="\n".join(_task(master, record, place) for place in range(len(master.tasks))),
        cells="\n".join(filter(None, (_cell(cell) for cell in judgement.cells))),
    )
    return found.encode("utf-8", "replace").decode("utf-8")


def _task(master: Master, record: Record, place: int) -> str:
    task = master.tasks[place]
    grade = record["tasks"][task.name]
    title = MARKDOWN.renderInline(task.title)
    heading = f"<h2>{title} <span>{grade['points']:g} of {grade['of']:g}</span></h2>"
    if not grade["message"]:
        return f'{heading}\n<p class="full">All tests pass.</p>'
    hints = MARKDOWN.render("\n\n".join(task.hints))
    return f'{heading}\n<p class="said">{_safe(grade["message"])}</p>\n{hints}'


def _cell(cell: Cell) -> str:
    """The student's own code with its output; the assignment's own cells are left out."""
    if cell["cell_type"] != "code" or mark(cell).get("locked") or not text(cell).strip():
        return ""
    shown = [f"<pre>{_safe(text(cell))}</pre>"]
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            shown.append(f"<pre>{_safe(output['text'])}</pre>")
        elif output["output_type"] == "error":
            shown.append(f'<p class="said">{_safe(output["evalue"])}</p>')
        elif "image/png" in output["data"]:
            picture = _safe(output["data"]["image/png"])
            shown.append(f'<img alt="a figure that your code drew" src="data:image/png;base64,{picture}">')
        else:
            shown.append(f"<pre>{_safe(output['data'].get('text/plain', ''))}</pre>")
    return "\n".join(shown)


def _safe(value: str) -> str:
    return html.escape(value, quote=True)
