"""What all errors share that a person can mend."""


class UsageError(Exception):
    """Something was asked for that cannot be; the text names it, what was expected and what came."""
