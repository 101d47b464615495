/** Pure decisions behind a peer: what to send, which codecs to offer, when a connection counts as dead. */

/** @typedef {import("../types.js").UplinkTarget} UplinkTarget */

/** No sound, picture or report of any kind for so long: whatever answered us is gone. */
export const TRANSPORT_SILENCE_MS = 2_000;
/** Reports still come, but no media: the mixer is away and its shard alive; a new offer rarely helps. */
export const MEDIA_SILENCE_MS = 8_000;
/** From the answer to "connected". A shard that dies in between must not cost more than 5 s. */
export const CONNECT_LIMIT_MS = 4_500;

/**
 * What to set on the camera's sender so that the picture just fills the tile it is shown in.
 *
 * The tile crops to fill, so the picture has to cover the target's box, not to fit in; more than twice the
 * box's area (a portrait telephone in a wide tile) is not worth its bits. Never enlarges.
 *
 * @param {UplinkTarget} target the box in pixels, frames and bits a second; 0 fps: send nothing
 * @param {{width: number, height: number}} camera what the camera delivers, in pixels
 * @returns {{active: boolean, maxBitrate: number, maxFramerate: number, scaleResolutionDownBy: number,
 *   scaleResolutionDownTo: {maxWidth: number, maxHeight: number}}}
 */
export function encodingFor(target, camera) {
  const active = target.fps > 0 && target.width > 0 && target.height > 0;
  const width = Math.max(1, camera.width);
  const height = Math.max(1, camera.height);
  let scale = active ? Math.max(target.width / width, target.height / height) : 1;
  const area = scale * scale * width * height;
  const allowed = 2 * target.width * target.height;
  if (active && area > allowed) scale *= Math.sqrt(allowed / area);
  scale = Math.min(1, scale);
  // Up to whole pixels: one too many is cropped for nothing, one too few makes the mixer scale the picture.
  const maxWidth = Math.max(1, Math.ceil(width * scale - 1e-6));
  const maxHeight = Math.max(1, Math.ceil(height * scale - 1e-6));
  return {
    active,
    maxBitrate: Math.max(10_000, Math.round(target.bitrate)),
    maxFramerate: Math.max(1, target.fps),
    // A hair less, for browsers round what comes of it down.
    scaleResolutionDownBy: Math.max(1, 1 / Math.max(maxWidth / width, maxHeight / height) - 1e-6),
    scaleResolutionDownTo: { maxWidth, maxHeight },
  };
}

/**
 * What to set on the sender of a shared screen: its own size, as far as the target's box holds it, whatever the
 * tile; only frames and bits follow the target, or nobody could read it.
 *
 * @param {UplinkTarget} target the largest size in pixels, frames and bits a second; 0 fps: send nothing
 * @param {{width: number, height: number}} screen what is captured, in pixels
 * @returns {ReturnType<typeof encodingFor>}
 */
export function screenEncodingFor(target, screen) {
  const box = { width: Math.max(1, target.width), height: Math.max(1, target.height) };
  const scale = Math.min(1, box.width / Math.max(1, screen.width), box.height / Math.max(1, screen.height));
  return {
    active: target.fps > 0,
    maxBitrate: Math.max(10_000, Math.round(target.bitrate)),
    maxFramerate: Math.max(1, target.fps),
    scaleResolutionDownBy: 1 / scale,
    // The box, not the size: a window that its owner enlarges stays within it without being told.
    scaleResolutionDownTo: { maxWidth: box.width, maxHeight: box.height },
  };
}

/**
 * The codecs to offer for pictures, the ones the studio takes first: H.264 constrained baseline and baseline with
 * packetization mode 1, then VP8, with the repair formats they need. Others would only lengthen the offer.
 *
 * @template {{mimeType: string, sdpFmtpLine?: string}} Codec
 * @param {readonly Codec[]} codecs what the browser can do
 * @returns {Codec[]} empty if there is nothing in common
 */
export function preferredVideoCodecs(codecs) {
  /** @param {Codec} codec */
  const rank = (codec) => {
    const name = codec.mimeType.toLowerCase();
    const parameters = codec.sdpFmtpLine ?? "";
    if (name === "video/h264" && parameters.includes("packetization-mode=1")) {
      if (/profile-level-id=42e0/i.test(parameters)) return 0;
      if (/profile-level-id=4200/i.test(parameters)) return 1;
    }
    if (name === "video/vp8") return 2;
    return -1;
  };
  const chosen = codecs.filter((codec) => rank(codec) >= 0).sort((a, b) => rank(a) - rank(b));
  if (chosen.length === 0) return [];
  return [...chosen, ...codecs.filter((codec) => codec.mimeType.toLowerCase() === "video/rtx")];
}

/**
 * @typedef {{transport_bytes: number, media_packets: number}} Counters received so far
 * @typedef {{counters: Counters, transport_ms: number, media_ms: number}} Watch
 *   when either last grew, on the clock of the caller
 */

/**
 * @param {number} now_ms
 * @returns {Watch}
 */
export function startWatch(now_ms) {
  return { counters: { transport_bytes: 0, media_packets: 0 }, transport_ms: now_ms, media_ms: now_ms };
}

/**
 * Takes the newest counters and says whether the connection is still worth keeping.
 *
 * @param {Watch} watch
 * @param {Counters} counters
 * @param {number} now_ms
 * @returns {{watch: Watch, verdict: "alive"|"dead"}}
 */
export function stepWatch(watch, counters, now_ms) {
  const media = counters.media_packets !== watch.counters.media_packets;
  const any = media || counters.transport_bytes !== watch.counters.transport_bytes;
  const next = {
    counters,
    transport_ms: any ? now_ms : watch.transport_ms,
    media_ms: media ? now_ms : watch.media_ms,
  };
  const dead =
    now_ms - next.transport_ms >= TRANSPORT_SILENCE_MS || now_ms - next.media_ms >= MEDIA_SILENCE_MS;
  return { watch: next, verdict: dead ? "dead" : "alive" };
}

/**
 * How good the line is, for the indicator.
 *
 * @param {{round_trip_ms: number, loss: number}} line loss as a fraction 0 … 1 of the last seconds
 * @returns {"good"|"fair"|"poor"}
 */
export function lineQuality({ round_trip_ms, loss }) {
  if (loss > 0.05 || round_trip_ms > 400) return "poor";
  if (loss > 0.01 || round_trip_ms > 200) return "fair";
  return "good";
}
