"""The cast: guests of a rehearsal and of the demo. Pure data."""

import msgspec


class CastMember(msgspec.Struct, frozen=True):
    """One guest: its seat, what the plate says, what the picture says, and the picture's hue, 0 … 1."""

    seat: str
    name: str
    title: str
    language: str
    caption: str
    hue: float
    tone_hz: float = 0.0
    names: dict[str, tuple[str, str]] = msgspec.field(default_factory=dict)
    """Name and title by language, where they are others there."""


def guests_of(count: int) -> list[CastMember]:
    """Guests of a rehearsal, ``rehearsal-1`` …; each with its own colour and, quietly, its own tone."""
    return [
        CastMember(
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
    CastMember(
        *("hanbit", "한별 누리", "한빛시장", "ko", "HANBIT", 0.58, 220.0),
        names={"en": ("Nuri Hanbyeol", "Mayor of Hanbit")},
    ),
    CastMember(
        *("northaven", "Elowen Marwick", "Mayor of Northaven", "en", "NORTHAVEN", 0.05, 247.0),
        names={"ko": ("엘로언 마윅", "노스헤이븐시장")},
    ),
    CastMember(
        *("shiomi", "しおみ あおば", "汐見市長", "ja", "SHIOMI", 0.87, 262.0),
        names={"ko": ("시오미 아오바", "시오미시장"), "en": ("Aoba Shiomi", "Mayor of Shiomi")},
    ),
    CastMember(
        *("yunlan", "云小岚", "云岚市长", "zh-Hans", "YUNLAN", 0.36, 294.0),
        names={"ko": ("윈 샤오란", "윈란시장"), "en": ("Yun Xiaolan", "Mayor of Yunlan")},
    ),
    CastMember(
        *("alwaha", "ليان الواحة", "عمدة الواحة", "ar", "AL WAHA", 0.12, 330.0),
        names={"ko": ("라얀 알와하", "알와하시장"), "en": ("Layan Al Waha", "Mayor of Al Waha")},
    ),
    CastMember(
        *("fjaerdvik", "Åsa Björkvåg", "Fjärdviks borgmästare", "sv", "FJARDVIK", 0.72, 349.0),
        names={"ko": ("오사 비에르크보그", "피에르드비크시장"), "en": ("Åsa Björkvåg", "Mayor of Fjärdvik")},
    ),
)
