"""The gate's answer to what it does not let through, in the form of the engine's own errors."""


class Refused(Exception):
    """A request that is not carried out. `sentence` is what `docker` prints; `status` is that of HTTP.

    With `ours` it is the gate that refuses; else it answers as the engine would have.
    """

    def __init__(self, sentence: str, status: int = 403, *, ours: bool = True) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status
        self.ours = ours


def as_engine(sentence: str, status: int) -> Refused:
    """The error that the engine itself would give here."""
    return Refused(sentence, status, ours=False)
