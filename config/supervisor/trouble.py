"""What stops a start, said in one sentence."""


class Trouble(Exception):
    """Cannot go on for a reason the person at the terminal can remove; its text is all they are shown."""
