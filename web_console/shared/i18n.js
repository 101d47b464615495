/** What guests read, in Korean and English. Both dictionaries have the same keys (a test holds them to it). */

import { BOOTH_EN, BOOTH_KO } from "./words_booth.js";

/** @typedef {"en"|"ko"} Language */

/** @type {Record<string, string>} */
const EN = {
  "page.title": "Join the summit",
  "page.loading": "Connecting to the studio…",
  "prepare.heading": "Check your camera and microphone",
  "prepare.intro": "Nobody sees or hears you until you join.",
  "prepare.ask": "Your browser asks whether this page may use your camera and microphone. Please choose “Allow”.",
  "prepare.name": "Your name",
  "prepare.title": "Title and organisation",
  "prepare.camera": "Camera",
  "prepare.microphone": "Microphone",
  "prepare.none": "None found",
  "prepare.level": "Microphone level",
  "prepare.speak": "Say a few words: the bar should move.",
  "prepare.heard": "We hear you.",
  "prepare.headphones": "Please use headphones, so that your sound has no echo.",
  "prepare.join": "Join",
  "prepare.join-sound": "Join with sound only",
  "prepare.join-picture": "Join without a microphone",
  "prepare.joining": "Joining…",
  "prepare.again": "Try again",
  "prepare.preview": "Your camera",
  "prepare.no-picture": "No camera picture",
  "state.waiting": "WAITING",
  "state.waiting-text": "You are in the green room. The studio can see and hear you; the audience cannot.",
  "state.next": "NEXT",
  "state.next-text": "Get ready: you are about to go on air.",
  "state.on_air": "ON AIR",
  "state.on_air-text": "Everybody sees and hears you now.",
  "state.connecting": "CONNECTING",
  "state.connecting-text": "One moment, please.",
  "state.lost": "RECONNECTING",
  "state.lost-text": "The connection was interrupted. You return to your place by yourself.",
  "live.programme": "Programme",
  "live.waiting-picture": "The programme picture appears here.",
  "live.self": "You",
  "live.mute": "Mute",
  "live.unmute": "Unmute",
  "live.camera-off": "Camera off",
  "live.camera-on": "Camera on",
  "live.share": "Share screen",
  "live.share-stop": "Stop sharing",
  "live.sharing": "Your screen is being shared with the studio.",
  "live.leave": "Leave",
  "live.sound-on": "Turn the sound on",
  "live.muted-note": "Your microphone is off.",
  "live.no-camera": "No camera was found: others see a card with your name.",
  "live.muted-by-studio": "The studio has muted your microphone.",
  "leave.question": "Leave the studio?",
  "leave.text": "Your picture and sound end. You can come back with the same link.",
  "leave.yes": "Leave",
  "leave.no": "Stay",
  "line.good": "Connection good",
  "line.fair": "Connection fair",
  "line.poor": "Connection poor",
  "line.lost": "No connection",
  "left.heading": "You have left",
  "left.text": "Thank you for taking part. You can come back at any time while your link is valid.",
  "left.again": "Join again",
  "elsewhere.heading": "Your place is open elsewhere",
  "elsewhere.text": "This link is in use in another window or on another device.",
  "elsewhere.use": "Use it here instead",
  "error.media.denied": "The browser does not let this page use your camera or microphone. Press the camera symbol beside the address, choose “Allow”, and try again.",
  "error.media.none": "No camera and no microphone was found. Connect one and try again.",
  "error.media.no-camera": "No camera was found. You can join with sound only.",
  "error.media.camera-denied": "The browser does not let this page use your camera. You can join with sound only, or allow it and try again.",
  "error.media.no-microphone": "No microphone was found. Others would not hear you.",
  "error.media.microphone-denied": "The browser does not let this page use your microphone. Allow it beside the address, and try again.",
  "error.media.busy": "Another program is using your camera or microphone. Close it and try again.",
  "error.media.screen": "Your screen could not be shared. Allow it in the settings of your system and browser, and try again.",
  "error.page.insecure": "Your browser allows camera and microphone only on a secure address (https). Please ask the studio for a link that begins with https.",
  "error.page.unsupported": "This browser cannot take part. Please use a current Chrome, Edge, Firefox or Safari.",
  "error.link.expired": "This link has expired. Please ask the studio for a new one.",
  "error.link.revoked": "This link is no longer valid. Please ask the studio for a new one.",
  "error.seat.removed": "The studio has ended your participation. If this is a mistake, please ask for a new link.",
  "error.session.missing": "This page has no valid session. Please open your personal link again.",
  "error.sdp.no-codec": "This browser offers no picture format that the studio can use. Please use a current Chrome, Edge, Firefox or Safari.",
  "error.shard.full": "The studio is full at the moment. You are let in as soon as there is room.",
  "error.network.lost": "The studio cannot be reached. We keep trying.",
  "error.rtc.failed": "The connection for picture and sound could not be made. A firewall may block it. We keep trying.",
  "error.unknown": "Something did not work. We keep trying.",
  "error.heading": "You cannot join just now",
  "prepare.spoken": "You speak",
  "prepare.spoken-other": "Another language",
  "prepare.listen": "You hear",
  "listen.original": "Original",
  "live.slower": "Slower, please",
  "live.slower-text": "The interpreters ask you to speak a little more slowly.",
  "live.talkback": "The director is talking to you.",
  "slides.yours": "Your slides",
  "slides.back": "Back",
  "slides.on": "Next",
  "slides.page": "Page {page} of {pages}",
  "slides.failed": "The page could not be turned. Please press again.",
  ...BOOTH_EN,
};

/** @type {Record<string, string>} */
const KO = {
  "page.title": "회의 참가",
  "page.loading": "스튜디오에 연결하는 중입니다…",
  "prepare.heading": "카메라와 마이크를 확인해 주세요",
  "prepare.intro": "참가하기 전까지는 아무도 회원님을 보거나 들을 수 없습니다.",
  "prepare.ask": "브라우저가 카메라와 마이크 사용을 허용할지 묻습니다. ‘허용’을 선택해 주세요.",
  "prepare.name": "이름",
  "prepare.title": "직함 및 소속",
  "prepare.camera": "카메라",
  "prepare.microphone": "마이크",
  "prepare.none": "찾을 수 없음",
  "prepare.level": "마이크 입력 레벨",
  "prepare.speak": "몇 마디 말씀해 주세요. 막대가 움직여야 합니다.",
  "prepare.heard": "목소리가 잘 들립니다.",
  "prepare.headphones": "울림을 막기 위해 헤드폰을 사용해 주세요.",
  "prepare.join": "참가하기",
  "prepare.join-sound": "소리만으로 참가하기",
  "prepare.join-picture": "마이크 없이 참가하기",
  "prepare.joining": "참가하는 중…",
  "prepare.again": "다시 시도",
  "prepare.preview": "내 카메라",
  "prepare.no-picture": "카메라 영상 없음",
  "state.waiting": "대기 중",
  "state.waiting-text": "대기실에 있습니다. 스튜디오에서는 회원님을 보고 들을 수 있으며, 시청자에게는 아직 나가지 않습니다.",
  "state.next": "다음 순서",
  "state.next-text": "곧 방송에 나갑니다. 준비해 주세요.",
  "state.on_air": "방송 중",
  "state.on_air-text": "지금 모두가 회원님을 보고 듣고 있습니다.",
  "state.connecting": "연결 중",
  "state.connecting-text": "잠시만 기다려 주세요.",
  "state.lost": "다시 연결 중",
  "state.lost-text": "연결이 끊겼습니다. 자동으로 제자리로 돌아갑니다.",
  "live.programme": "방송 화면",
  "live.waiting-picture": "여기에 방송 화면이 나타납니다.",
  "live.self": "나",
  "live.mute": "음소거",
  "live.unmute": "음소거 해제",
  "live.camera-off": "카메라 끄기",
  "live.camera-on": "카메라 켜기",
  "live.share": "화면 공유",
  "live.share-stop": "공유 중지",
  "live.sharing": "회원님의 화면이 스튜디오에 공유되고 있습니다.",
  "live.leave": "나가기",
  "live.sound-on": "소리 켜기",
  "live.muted-note": "마이크가 꺼져 있습니다.",
  "live.no-camera": "카메라를 찾을 수 없습니다. 다른 사람에게는 이름 카드가 보입니다.",
  "live.muted-by-studio": "스튜디오에서 마이크를 음소거했습니다.",
  "leave.question": "스튜디오에서 나가시겠습니까?",
  "leave.text": "영상과 소리가 끝납니다. 같은 링크로 다시 들어올 수 있습니다.",
  "leave.yes": "나가기",
  "leave.no": "계속 있기",
  "line.good": "연결 좋음",
  "line.fair": "연결 보통",
  "line.poor": "연결 나쁨",
  "line.lost": "연결 끊김",
  "left.heading": "나가셨습니다",
  "left.text": "참여해 주셔서 감사합니다. 링크가 유효한 동안 언제든지 다시 들어올 수 있습니다.",
  "left.again": "다시 참가하기",
  "elsewhere.heading": "다른 곳에서 이미 열려 있습니다",
  "elsewhere.text": "이 링크를 다른 창이나 다른 기기에서 사용하고 있습니다.",
  "elsewhere.use": "여기에서 사용하기",
  "error.media.denied": "브라우저가 카메라나 마이크 사용을 막고 있습니다. 주소창 옆의 카메라 기호를 눌러 ‘허용’을 선택한 뒤 다시 시도해 주세요.",
  "error.media.none": "카메라와 마이크를 찾을 수 없습니다. 연결한 뒤 다시 시도해 주세요.",
  "error.media.no-camera": "카메라를 찾을 수 없습니다. 소리만으로 참가할 수 있습니다.",
  "error.media.camera-denied": "브라우저가 카메라 사용을 막고 있습니다. 소리만으로 참가하거나, 허용한 뒤 다시 시도해 주세요.",
  "error.media.no-microphone": "마이크를 찾을 수 없습니다. 다른 사람에게 목소리가 들리지 않습니다.",
  "error.media.microphone-denied": "브라우저가 마이크 사용을 막고 있습니다. 주소창 옆에서 허용한 뒤 다시 시도해 주세요.",
  "error.media.busy": "다른 프로그램이 카메라나 마이크를 사용하고 있습니다. 그 프로그램을 닫고 다시 시도해 주세요.",
  "error.media.screen": "화면을 공유하지 못했습니다. 시스템과 브라우저 설정에서 화면 공유를 허용한 뒤 다시 시도해 주세요.",
  "error.page.insecure": "브라우저는 보안 주소(https)에서만 카메라와 마이크를 허용합니다. https로 시작하는 링크를 스튜디오에 요청해 주세요.",
  "error.page.unsupported": "이 브라우저로는 참가할 수 없습니다. 최신 Chrome, Edge, Firefox 또는 Safari를 사용해 주세요.",
  "error.link.expired": "링크의 유효 기간이 지났습니다. 스튜디오에 새 링크를 요청해 주세요.",
  "error.link.revoked": "더 이상 유효하지 않은 링크입니다. 스튜디오에 새 링크를 요청해 주세요.",
  "error.seat.removed": "스튜디오에서 참가를 종료했습니다. 착오라면 새 링크를 요청해 주세요.",
  "error.session.missing": "유효한 접속 정보가 없습니다. 받으신 링크를 다시 열어 주세요.",
  "error.sdp.no-codec": "이 브라우저에는 스튜디오가 쓸 수 있는 영상 형식이 없습니다. 최신 Chrome, Edge, Firefox 또는 Safari를 사용해 주세요.",
  "error.shard.full": "지금은 스튜디오 자리가 모두 찼습니다. 자리가 나면 바로 들어갑니다.",
  "error.network.lost": "스튜디오에 연결할 수 없습니다. 계속 시도하고 있습니다.",
  "error.rtc.failed": "영상과 소리를 연결하지 못했습니다. 방화벽이 막고 있을 수 있습니다. 계속 시도하고 있습니다.",
  "error.unknown": "문제가 생겼습니다. 계속 시도하고 있습니다.",
  "error.heading": "지금은 참가할 수 없습니다",
  "prepare.spoken": "말할 언어",
  "prepare.spoken-other": "다른 언어",
  "prepare.listen": "들을 언어",
  "listen.original": "원음",
  "live.slower": "조금 천천히",
  "live.slower-text": "통역사가 조금 더 천천히 말씀해 달라고 합니다.",
  "live.talkback": "감독이 말하고 있습니다.",
  "slides.yours": "내 슬라이드",
  "slides.back": "이전",
  "slides.on": "다음",
  "slides.page": "{pages}쪽 중 {page}쪽",
  "slides.failed": "쪽을 넘기지 못했습니다. 다시 눌러 주세요.",
  ...BOOTH_KO,
};

/** @type {Record<Language, Record<string, string>>} */
export const DICTIONARIES = { en: EN, ko: KO };

/**
 * @param {...(string|undefined)} tags language tags, the most wanted first: `ko`, `en-GB`; unknown ones are skipped
 * @returns {Language}
 */
export function pickLanguage(...tags) {
  for (const tag of tags) {
    const primary = (tag ?? "").toLowerCase().split("-")[0];
    if (primary === "ko" || primary === "en") return primary;
    // A seat with a third language reads English, whatever its browser speaks.
    if (primary) return "en";
  }
  return "en";
}

/**
 * @param {Language} language
 * @param {string} key
 * @returns {string} the key itself if nobody wrote that text
 */
export function say(language, key) {
  return DICTIONARIES[language][key] ?? EN[key] ?? key;
}

/**
 * @param {string} tag a language's, as BCP 47 has it
 * @param {string} [language] in which to name it; its own where none is given
 * @returns {string} the tag itself where the browser knows no name
 */
export function languageName(tag, language = tag) {
  try {
    return new Intl.DisplayNames([language], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** Server codes that mean the same to a guest. */
/** @type {Record<string, string>} */
const SAME = {
  "network.timeout": "network.lost",
  "shard.unavailable": "network.lost",
  "rtc.silent": "network.lost",
  "seat.unknown": "seat.removed",
  "session.invalid": "session.missing",
  "session.expired": "link.expired",
  "session.ended": "link.revoked",
  "token.invalid": "session.missing",
};

/**
 * The sentence for an error, for a guest.
 *
 * @param {Language} language
 * @param {{code: string, status?: number}} error
 * @returns {string}
 */
export function sayError(language, error) {
  const key = `error.${SAME[error.code] ?? error.code}`;
  if (key in EN) return say(language, key);
  if (error.status === 401 || error.status === 403) return say(language, "error.session.missing");
  return say(language, "error.unknown");
}

/**
 * The sentence for a refused command. In English the server's own says more: it names who is in the way.
 *
 * @param {Language} language
 * @param {{code: string, detail: string}} error
 * @returns {string}
 */
export function sayRefusal(language, error) {
  if (language === "en" && error.detail) return error.detail;
  const key = `error.${SAME[error.code] ?? error.code}`;
  return say(language, key in EN ? key : "error.refused");
}
