"""
What `rapor` can do, a module each.

`set_up` declares the command's arguments, `run` does it and gives its exit code. Only the chosen command's module
is imported, so that each pays for its own imports and no others.
"""
