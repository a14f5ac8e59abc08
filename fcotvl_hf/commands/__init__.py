"""The subcommands of ``fcotvl``, a file per purpose: what they take and what they call, imported when they run."""
