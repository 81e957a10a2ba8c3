"""Of nbgrader, in everyone's server and in terminals that are opened there."""

import os
import sys
from pathlib import Path

c = get_config()  # type: ignore[name-defined]
c.Exchange.root = os.environ["UNROLLED_EXCHANGE"]
own_accounts = bool(os.environ["UNROLLED_ACCOUNTS"])

if os.environ["UNROLLED_ROLE"] == "teacher":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    from classroom import course

    folder = Path.home() / "course"
    folder.mkdir(mode=0o700, exist_ok=True)
    c.merge(course.config(folder))
    c.ExchangeFactory.collect = "classroom.hub.exchange.Collect"
    c.ExchangeCollect.check_owner = own_accounts
else:
    c.CourseDirectory.course_id = os.environ["UNROLLED_COURSE"]
    if not own_accounts:
        c.CourseDirectory.student_id = os.environ["JUPYTERHUB_USER"]
