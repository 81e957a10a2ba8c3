"""Makes nbgrader's own `autograde` and `generate_feedback` use the judge; `course.config` names these classes."""

from typing import Any

from nbformat import NotebookNode, from_dict
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool

from classroom import master, sandbox
from classroom.judge import judge, without_hidden_tests

Resources = dict[str, Any]
Preprocessed = tuple[NotebookNode, Resources]


class Plan(NbGraderPreprocessor):
    """In place of nbgrader's clean-up, which fails on some submissions: drops every tag and all outputs."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> Preprocessed:
        """Leaves a notebook that can be stored."""
        for cell in nb.cells:
            cell.metadata.pop("tags", None)
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        return nb, resources


class Judge(NbGraderPreprocessor):
    """In place of nbgrader's Execute: the judge's outputs, which SaveAutoGrades then counts."""

    plain = Bool(False, help="grade without the sandbox").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> Preprocessed:
        """Grades the notebook."""
        if not self.plain and not sandbox.available():
            raise RuntimeError("bubblewrap (bwrap) cannot run here; install it, or set Judge.plain = True")
        assignment = master.read(resources["nbgrader"]["assignment"])
        judgement = judge(assignment, nb.cells, plain=self.plain)
        for flag in judgement.flags:
            self.log.warning("%s: %s", resources["nbgrader"]["student"], flag)
        nb.cells = [from_dict(cell) for cell in judgement.cells]
        nb.metadata, nb.nbformat, nb.nbformat_minor = from_dict(dict(assignment.metadata)), 4, 5
        return nb, resources


class HideTests(NbGraderPreprocessor):
    """For feedback: takes the hidden tests out, and leaves the sentence that says what is wrong."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> Preprocessed:
        """Leaves what students may see."""
        nb.cells = [from_dict(cell) for cell in without_hidden_tests(nb.cells)]
        return nb, resources


class Harmless(NbGraderPreprocessor):
    """For pages of the formgrader and for feedback: shows tags that a student wrote, so that no browser obeys them."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> Preprocessed:
        """Leaves no tag in text cells that are not the master's."""
        for cell in nb.cells:
            if cell.cell_type != "code" and "nbgrader" not in cell.metadata:
                cell.source = cell.source.replace("<", "&lt;")
        return nb, resources
