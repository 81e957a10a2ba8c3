"""Grade records put into nbgrader's gradebook, so that its formgrader shows them."""

import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path

from classroom import course
from classroom.intake import file_name
from classroom.master import Master
from classroom.record import Record


def merge(assignment: Master, records: Sequence[Record], out: Path, folder: Path = course.COURSE) -> None:
    """Writes one submission per student with a score for each test cell, and the graded notebooks beside them.

    Manual scores and comments that a teacher gave stay. Merging twice changes nothing.

    Args:
        assignment: the master; it is released first if the gradebook does not know it.
        records: what was graded.
        out: where the graded notebooks are.
        folder: nbgrader's course folder.
    """
    from nbgrader.api import Gradebook, MissingEntry

    url = f"sqlite:///{(folder / 'gradebook.db').resolve()}"
    known = {test.grade_id for task in assignment.tasks for test in task.tests}
    try:
        if not (folder / "gradebook.db").exists():
            raise MissingEntry("no gradebook yet")
        with course.environment_on_path(), Gradebook(url, course.ID) as book:
            notebook = book.find_notebook(assignment.name, assignment.name)
            if {cell.name for cell in notebook.grade_cells} != known:
                raise MissingEntry("its cells have changed")
    except MissingEntry:
        course.release(assignment.name, folder)
    with warnings.catch_warnings(), course.environment_on_path(), Gradebook(url, course.ID) as book:
        warnings.simplefilter("ignore")  # SQLAlchemy's, about nbgrader's own code
        for record in records:
            name = file_name(record["student"])
            book.update_or_create_student(name, first_name=record["student"])
            submission = book.update_or_create_submission(assignment.name, name)
            for grade in (grade for part in submission.notebooks for grade in part.grades):
                grade.auto_score = record["cells"].get(grade.name, 0.0)
                grade.needs_manual_grade = grade.manual_score is not None
            target = folder / "autograded" / name / assignment.name / f"{assignment.name}.ipynb"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(out / "autograded" / name / assignment.name / target.name, target)
        book.db.commit()
