"""What a command says when its input can't be used."""


class Problem(Exception):
    """Input or a call that can't be used: shown as two sentences, exit code 2, never a traceback.

    `found` says what is wrong and where; `next` says what to do about it.
    """

    def __init__(self, found: str, next: str = "") -> None:
        super().__init__(found)
        self.found = found
        self.next = next

    def __str__(self) -> str:
        return f"{self.found} {self.next}".strip()
