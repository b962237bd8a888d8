"""`spwf matrix --html`: the run as one page that needs nothing else.

page.html has its looks and its behaviour; here the data are put into it.
"""

import json
from importlib import resources

from spwf.matrix.cells import Group
from spwf.matrix.report import Report
from spwf.suites import SUITES

PLACE = "@DATA@"


def render(report: Report) -> str:
    """The page, HTML. In its data each cell has its transcript besides what --json tells."""
    fields = report.fields()
    commands: dict[str, int] = {}  # many cells share one
    for told, result in zip(fields["cells"], report.results, strict=True):
        told["name"] = result.cell.name
        told["command"] = commands.setdefault(result.command, len(commands))
        told["log"] = result.log
        start = result.transcript[0].time if result.transcript else 0.0
        told["transcript"] = [
            [round((entry.time - start) * 1000, 1), str(entry)] for entry in result.transcript
        ]
    fields["commands"] = list(commands)
    fields["groups"] = {group.value: group.text for group in Group}
    fields["suites"] = {suite.name: [f"{suite.code:04X}", suite.openssl] for suite in SUITES}
    template = (resources.files("spwf") / "matrix" / "page.html").read_text(encoding="utf-8")
    # Within <script> only this could end it (HTML 4.12.1.3).
    return template.replace(PLACE, json.dumps(fields).replace("<", "\\u003c"))
