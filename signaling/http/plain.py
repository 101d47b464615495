"""Error pages in plain words, Korean and English: what happened, and what to do now. Pure."""

from html import escape
from typing import Literal

from signaling.contract.ports import RefusedError

Language = Literal["ko", "en"]

_OPEN_AGAIN = "session.missing"
_TEXTS: dict[str, dict[Language, tuple[str, str]]] = {
    "link.expired": {
        "en": (
            "This link has expired",
            "Ask the person who invited you for a new link. Then open the new one: nothing else is needed.",
        ),
        "ko": (
            "링크의 유효 기간이 지났습니다",
            "초대하신 분께 새 링크를 요청해 주세요. 새 링크를 열기만 하면 됩니다.",
        ),
    },
    "link.revoked": {
        "en": (
            "This link no longer works",
            "It was withdrawn or replaced by a newer one. Look for the newest message with a link, or ask "
            "the person who invited you for a new one.",
        ),
        "ko": (
            "더 이상 사용할 수 없는 링크입니다",
            "링크가 취소되었거나 새 링크로 바뀌었습니다. 가장 최근에 받은 메시지의 링크를 여시거나, "
            "초대하신 분께 새 링크를 요청해 주세요.",
        ),
    },
    "token.invalid": {
        "en": (
            "This link is not known here",
            "Part of it may be missing. Copy the whole link from your invitation and open it again. If it "
            "still fails, ask the person who invited you for a new link.",
        ),
        "ko": (
            "알 수 없는 링크입니다",
            "링크의 일부가 빠졌을 수 있습니다. 초대장의 링크 전체를 복사해 다시 열어 주세요. "
            "그래도 열리지 않으면 초대하신 분께 새 링크를 요청해 주세요.",
        ),
    },
    _OPEN_AGAIN: {
        "en": (
            "Please open your link again",
            "This page is opened by the link in your invitation. Open that link once more in this browser.",
        ),
        "ko": (
            "링크를 다시 열어 주세요",
            "이 페이지는 초대장에 있는 링크로 들어옵니다. 이 브라우저에서 그 링크를 한 번 더 열어 주세요.",
        ),
    },
    "role.forbidden": {
        "en": (
            "This page is not for this link",
            "Open the link from your own invitation, or ask the person who invited you.",
        ),
        "ko": (
            "이 링크로는 볼 수 없는 페이지입니다",
            "본인의 초대장에 있는 링크를 여시거나, 초대하신 분께 문의해 주세요.",
        ),
    },
    "rate": {
        "en": ("Too many tries", "Wait a minute, then open your link again."),
        "ko": ("시도가 너무 많습니다", "1분 뒤에 링크를 다시 열어 주세요."),
    },
    "path.unknown": {
        "en": ("There is nothing here", "Check the address, or open the link from your invitation."),
        "ko": ("페이지가 없습니다", "주소를 확인하시거나, 초대장에 있는 링크를 열어 주세요."),
    },
    "other": {
        "en": ("This did not work", "Please try again in a moment. If it goes on, tell the studio."),
        "ko": ("문제가 생겼습니다", "잠시 뒤에 다시 시도해 주세요. 계속되면 스튜디오에 알려 주세요."),
    },
}
_SAME = {
    "session.invalid": _OPEN_AGAIN,
    "session.expired": "link.expired",
    "session.ended": "link.revoked",
}


def language_of(accept_language: str) -> Language:
    """``ko`` if the browser prefers Korean to English, by the order in which it names them."""
    for part in accept_language.split(",")[:20]:
        tag = part.partition(";")[0].strip().lower()
        if tag == "ko" or tag.startswith("ko-"):
            return "ko"
        if tag == "en" or tag.startswith("en-"):
            return "en"
    return "en"


def error_page(error: RefusedError, accept_language: str = "") -> str:
    """The HTML page for a refusal: the browser's language first, the other below."""
    key = "rate" if error.code.startswith("rate.") else _SAME.get(error.code, error.code)
    texts = _TEXTS.get(key, _TEXTS["other"])
    first = language_of(accept_language)
    second: Language = "en" if first == "ko" else "ko"
    (title, text), (title_2, text_2) = texts[first], texts[second]
    return (
        f'<!doctype html>\n<html lang="{first}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title>'
        '<link rel="stylesheet" href="/assets/shared/base.css"></head>\n'
        f'<body><main class="plain" data-role="problem" data-code="{escape(error.code)}">'
        f"<h1>{escape(title)}</h1><p>{escape(text)}</p>"
        f'<hr><section lang="{second}"><h2>{escape(title_2)}</h2><p>{escape(text_2)}</p></section>'
        "</main></body></html>\n"
    )
