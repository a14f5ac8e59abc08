"""``fcotvl eval``: a model on tasks, and folders of results beside each other."""
