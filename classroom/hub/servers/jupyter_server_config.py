"""Of everyone's server: only the teacher's has the formgrader, only students' have the list of assignments."""

import os

c = get_config()  # type: ignore[name-defined]
teaches = os.environ["UNROLLED_ROLE"] == "teacher"

c.ServerApp.jpserver_extensions = {
    "nbgrader.server_extensions.formgrader": teaches,
    "nbgrader.server_extensions.course_list": False,
    "nbgrader.server_extensions.assignment_list": not teaches,
    "nbgrader.server_extensions.validate_assignment": not teaches,
}

if teaches:
    # JupyterLab shows the formgrader in a frame, which JupyterHub forbids for all pages.
    c.ServerApp.tornado_settings = {"headers": {"Content-Security-Policy": "frame-ancestors 'self'"}}
