/** The texts about sessions and accounts in Korean, by their English text. */

/** @type {Record<string, string>} */
export const KOREAN_SESSIONS = {
  "1 page open": "열린 페이지 1개",
  "End": "종료",
  "End the session of {name}": "{name} 세션 종료",
  "End the session of {name}?": "{name} 세션을 종료할까요?",
  "Everybody whose link was opened and is still good. Ended sessions need their link once more.":
    "링크를 열었고 아직 유효한 모든 세션입니다. 종료된 세션은 링크를 다시 열어야 합니다.",
  "Interpreter": "통역사",
  "Insecure": "인증서 확인 안 함",
  "Its pages close at once, on air, too. While its link is valid it opens a new session; “New link” ends that as well.":
    "방송 중이라도 페이지가 즉시 닫힙니다. 링크가 유효한 동안은 다시 열 수 있으며, ‘새 링크’를 누르면 이전 링크도 무효가 됩니다.",
  "Its pages close at once. Whoever has the console's link can open them again.":
    "페이지가 즉시 닫힙니다. 콘솔 링크가 있으면 다시 열 수 있습니다.",
  "Loading…": "불러오는 중…",
  "Only for servers that ask for an account. Both go with the addresses typed here, and are not shown again.":
    "계정을 요구하는 서버에만 적습니다. 여기에 적은 주소에 함께 쓰이며 다시 표시되지 않습니다.",
  "Password": "비밀번호",
  "Sessions": "세션",
  "Take any certificate: nobody knows then who sends (rtmps, rtsps)": "모든 인증서 허용: 보내는 쪽을 확인하지 않습니다 (rtmps, rtsps)",
  "The server's certificate is not verified": "서버의 인증서를 확인하지 않습니다",
  "This is your own: this console ends at once, and its link has to be opened again.":
    "지금 쓰는 세션입니다. 이 콘솔이 즉시 종료되며 링크를 다시 열어야 합니다.",
  "This one": "이 콘솔",
  "User (may be empty)": "사용자 (비워 둘 수 있음)",
  "User and password go with the address: type its key again, too.": "사용자와 비밀번호는 주소와 함께 보내야 합니다. 스트림 키도 다시 적으세요.",
  "Where the camera or the server asks for an account: any characters, and not shown again.":
    "카메라나 서버가 계정을 요구할 때만 적습니다. 어떤 글자든 되며 다시 표시되지 않습니다.",
  "last seen {time}": "마지막 접속 {time}",
  "since {time}": "{time}부터",
  "{count} pages open": "열린 페이지 {count}개",
};

/** Refusals and faults, by their code. @type {Record<string, string>} */
export const SESSIONS_REFUSALS = {
  "origin.port": "페이지 주소와 요청의 Host에 적힌 포트가 다릅니다. 프록시가 Host를 그대로 전달하게 하거나, studio.toml의 public_url에 페이지 주소를 적으세요.",
  "session.busy": "한꺼번에 너무 많은 요청이 왔습니다. 다시 시도하세요.",
  "session.closed": "스튜디오가 종료되는 중입니다.",
  "session.ended": "세션이 종료되었습니다. 콘솔 링크를 다시 열어 주세요.",
  "session.expired": "세션이 만료되었습니다. 콘솔 링크를 다시 열어 주세요.",
  "session.invalid": "세션이 유효하지 않습니다. 콘솔 링크를 다시 열어 주세요.",
  "session.missing": "세션이 없습니다. 콘솔 링크를 다시 열어 주세요.",
  "session.unknown": "이미 종료된 세션입니다.",
  "session.unwritable": "세션을 종료했지만 디스크에 기록하지 못했습니다. 디스크 공간을 확보하세요.",
};
