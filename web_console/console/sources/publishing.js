/** Pure: what to set in the programs that publish by WHIP. */

/**
 * @param {unknown} result of `source.create` or `source.token`
 * @param {string} origin of this page, for an address that names no host
 * @returns {{url: string, token: string}|null} null where it holds neither
 */
export function publishingOf(result, origin) {
  const { url, token } = /** @type {{url?: unknown, token?: unknown}} */ (result ?? {});
  if (typeof url !== "string" || typeof token !== "string") return null;
  return { url: new URL(url, origin).href, token };
}

/**
 * @param {string} url
 * @param {string} token
 * @returns {{program: string, how: string, text: string}[]} how: in English, for `t`; text: a command to paste, "" where there is none
 */
export function recipes(url, token) {
  return [
    { program: "OBS", text: "", how: "Settings, Stream: service WHIP, the address as server, the token as bearer token. Output, advanced: x264, profile baseline, no B-frames (bf=0), keyframes each 2 s." },
    {
      program: "FFmpeg", how: "From version 8, built with WHIP.",
      text: `ffmpeg -re -i INPUT -c:v libx264 -profile:v baseline -preset veryfast -tune zerolatency -pix_fmt yuv420p -g 60 -bf 0 -b:v 4M -c:a libopus -ar 48000 -ac 2 -b:a 128k -f whip -authorization ${token} '${url}'`,
    },
    {
      program: "GStreamer", how: "With the plugins of webrtchttp (whipsink).",
      text: `gst-launch-1.0 v4l2src ! videoconvert ! x264enc tune=zerolatency speed-preset=veryfast bitrate=4000 key-int-max=60 bframes=0 ! video/x-h264,profile=constrained-baseline ! rtph264pay aggregate-mode=zero-latency config-interval=-1 ! application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate=90000 ! whip.sink_0 autoaudiosrc ! audioconvert ! audioresample ! opusenc ! rtpopuspay ! application/x-rtp,media=audio,encoding-name=OPUS,payload=97,clock-rate=48000,encoding-params=(string)2 ! whip.sink_1 whipsink name=whip auth-token=${token} whip-endpoint='${url}'`,
    },
  ];
}
