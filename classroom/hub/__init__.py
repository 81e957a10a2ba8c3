"""A JupyterHub for a class: its settings, and the collection of what students handed in through nbgrader's exchange."""
