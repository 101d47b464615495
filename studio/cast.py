"""Who plays the guests of a rehearsal and of the demo. Pure data."""

import msgspec


class Part(msgspec.Struct, frozen=True):
    """One guest: its seat, what the plate says, what the picture says, and the picture's hue, 0 … 1."""

    seat: str
    name: str
    title: str
    language: str
    caption: str
    hue: float
    tone_hz: float = 0.0


def guests_of(count: int) -> list[Part]:
    """Guests of a rehearsal, ``rehearsal-1`` …; each with its own colour and, quietly, its own tone."""
    return [
        Part(
            seat=f"rehearsal-{number}",
            name=f"Guest {number}",
            title="Rehearsal",
            language="en",
            caption=f"Guest {number}",
            hue=(number * 0.381966) % 1,  # golden section: neighbours differ
            tone_hz=220.0 * 2 ** (number % 24 / 12),
        )
        for number in range(1, count + 1)
    ]


# Cities and people are invented.
MAYORS = (
    Part("hanbit", "한별 누리", "한빛시장 · Mayor of Hanbit", "ko", "HANBIT", 0.58, 220.0),
    Part("northaven", "Elowen Marwick", "Mayor of Northaven", "en", "NORTHAVEN", 0.05, 247.0),
    Part("shiomi", "しおみ あおば", "汐見市長 · Mayor of Shiomi", "ja", "SHIOMI", 0.87, 262.0),
    Part("yunlan", "云小岚", "云岚市长 · Mayor of Yunlan", "zh-Hans", "YUNLAN", 0.36, 294.0),
    Part("alwaha", "ليان الواحة", "عمدة الواحة · Mayor of Al Waha", "ar", "AL WAHA", 0.12, 330.0),
    Part("fjaerdvik", "Åsa Björkvåg", "Mayor of Fjärdvik", "sv", "FJARDVIK", 0.72, 349.0),
)
