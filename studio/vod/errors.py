"""What can be wrong with a recording that a video is to be made of."""


class VodError(Exception):
    """``code`` is stable (``vod.missing``, ``vod.not-a-recording``, ``vod.no-language``, ``vod.mixed``,
    ``disk.full`` …); ``str()`` is one line for the operator."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
