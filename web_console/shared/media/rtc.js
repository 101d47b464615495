/**
 * A browser's peer connection to the studio: one offer, one answer, and back again by itself when it breaks.
 *
 * Knows WebRTC and HTTP, but no element of a page. A guest sends camera and microphone, may share a screen, and
 * receives the return feed; an interpreter (booth) sends a microphone and receives picture and sound; a viewer (wall,
 * multiview) only receives; the director's talkback is a microphone alone.
 */

import { Backoff } from "../backoff.js";
import { asStudioError, StudioError } from "../errors.js";
import { call, callJson, withSession } from "../protocol.js";
import {
  CONNECT_LIMIT_MS, encodingFor, lineQuality, preferredVideoCodecs, screenEncodingFor, startWatch, stepWatch,
} from "./rtc_settings.js";

/** @typedef {import("../types.js").UplinkTarget} UplinkTarget */
/** @typedef {"idle"|"connecting"|"connected"|"reconnecting"|"refused"|"closed"} PeerState */
/** @typedef {{audio: MediaStreamTrack|null, video: MediaStreamTrack|null, screen: MediaStreamTrack|null}} Tracks */
/** @typedef {"audio"|"video"|"screen"} Section in the order of the offer; only a guest's has the third */
/** @typedef {"guest"|"booth"|"wall"|"multiview"|"talkback"} PeerKind */

/** @type {Section[]} */
const SECTIONS = ["audio", "video", "screen"];

/** What each kind of peer offers, in this order. @type {Record<PeerKind, Partial<Record<Section, RTCRtpTransceiverDirection>>>} */
const OFFERS = {
  guest: { audio: "sendrecv", video: "sendrecv", screen: "sendonly" },
  booth: { audio: "sendrecv", video: "recvonly" },
  wall: { audio: "recvonly", video: "recvonly" },
  multiview: { audio: "recvonly", video: "recvonly" },
  talkback: { audio: "sendonly" },
};

const GATHER_LIMIT_MS = 1_500;
const OFFER_TIMEOUT_MS = 8_000;
const WATCH_EVERY_MS = 500;
/** "disconnected" often heals by itself within a moment; longer, and a new offer is faster. */
const DISCONNECTED_LIMIT_MS = 1_500;
const RETRY_TARGET_MS = 1_000;

export class Peer {
  /**
   * @param {{kind: PeerKind, as: string, client: string, tracks?: () => Tracks,
   *   onState: (state: PeerState, error: StudioError|null) => void, onStream: (stream: MediaStream) => void,
   *   onQuality?: (quality: "good"|"fair"|"poor") => void}} options
   *   `client` names the browser tab: the same one replaces its own peer, another needs a takeover.
   */
  constructor({ kind, as, client, tracks, onState, onStream, onQuality }) {
    this.kind = kind;
    this.as = as;
    this.client = client;
    this.tracks = tracks ?? (() => ({ audio: null, video: null, screen: null }));
    this.onState = onState;
    this.onStream = onStream;
    this.onQuality = onQuality ?? (() => {});
    this.backoff = new Backoff({ first_ms: 200, limit_ms: 1500 });
    /** @type {PeerState} */
    this.state = "idle";
    /** @type {RTCPeerConnection|null} */
    this.connection = null;
    /** Counts attempts, so that whatever an abandoned one still delivers is ignored. */
    this.attempt = 0;
    /** Where the server says this peer is: its path. */
    this.location = "";
    /** @type {{video: UplinkTarget|null, screen: UplinkTarget|null}} */
    this.targets = { video: null, screen: null };
    /** @type {ReturnType<typeof setTimeout>[]} */
    this.timers = [];
    this.close_on_hide = () => this.#tellClosed();
    this.last_line = { received: 0, lost: 0 };
  }

  /** @param {{takeover?: boolean}} [options] takeover: end the seat's session elsewhere */
  start({ takeover = false } = {}) {
    globalThis.addEventListener("pagehide", this.close_on_hide);
    this.backoff.reset();
    this.#to("connecting");
    void this.#open(takeover);
  }

  stop() {
    globalThis.removeEventListener("pagehide", this.close_on_hide);
    this.#tellClosed();
    this.#abandon();
    this.#to("closed");
  }

  /** Give up what there is and offer again: the other side is known to be gone. */
  renew() {
    if (this.state === "connected" || this.state === "reconnecting") this.#again(null);
  }

  /**
   * Sends another track from now on, or none (camera off, screen not shared), without renegotiating.
   * @param {Section} section
   * @param {MediaStreamTrack|null} track
   */
  async replaceTrack(section, track) {
    await this.#sender(section)?.replaceTrack(track);
    if (section !== "audio") await this.#applyTarget(section);
  }

  /**
   * @param {"video"|"screen"} section
   * @param {UplinkTarget} target what the studio needs of the camera, or of the shared screen, now
   */
  async setTarget(section, target) {
    const before = this.targets[section];
    if (
      before && before.width === target.width && before.height === target.height &&
      before.fps === target.fps && before.bitrate === target.bitrate
    ) return;
    this.targets[section] = target;
    await this.#applyTarget(section);
  }

  /**
   * @param {PeerState} state
   * @param {StudioError|null} [error]
   */
  #to(state, error = null) {
    this.state = state;
    this.onState(state, error);
  }

  #abandon() {
    this.attempt += 1;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
    this.connection?.close();
    this.connection = null;
  }

  /**
   * A beacon is delivered even while the page goes away, which a fetch is not.
   */
  #tellClosed() {
    if (!this.location) return;
    const path = withSession(`${this.location}/close`, this.as, { client: this.client });
    this.location = "";
    globalThis.navigator.sendBeacon(path);
  }

  /** @param {StudioError|null} error why the last attempt ended */
  #again(error) {
    this.#abandon();
    if (error && !error.passing) {
      this.location = "";
      this.#to("refused", error);
      return;
    }
    this.#to("reconnecting", error);
    const wait_ms = Math.max(this.backoff.next_ms(), Math.min(error?.retry_after_ms ?? 0, 10_000));
    this.timers.push(setTimeout(() => void this.#open(false), wait_ms));
  }

  /** @param {boolean} takeover */
  async #open(takeover) {
    this.#abandon();
    const attempt = this.attempt;
    try {
      const me = await callJson("/api/v1/me", { as: this.as, timeout_ms: OFFER_TIMEOUT_MS });
      if (attempt !== this.attempt) return;
      const connection = new RTCPeerConnection({ iceServers: me.ice_servers ?? [], bundlePolicy: "max-bundle" });
      this.connection = connection;
      this.#prepare(connection);
      await connection.setLocalDescription();
      await gathered(connection);
      if (attempt !== this.attempt) return;
      /** @type {Record<string, string>} */
      const parameters = { kind: this.kind, client: this.client };
      if (takeover) parameters.takeover = "1";
      const response = await call("/api/v1/peers", {
        as: this.as, method: "POST", type: "application/sdp", parameters,
        body: connection.localDescription?.sdp ?? "", accept: "application/sdp", timeout_ms: OFFER_TIMEOUT_MS,
      });
      const location = response.headers.get("Location") ?? "";
      const sdp = await response.text();
      if (attempt !== this.attempt) {
        // Stopped meanwhile: what the server has just opened must not linger.
        if (this.state === "closed") {
          this.location = pathOf(location);
          this.#tellClosed();
        }
        return;
      }
      this.location = pathOf(location);
      await connection.setRemoteDescription({ type: "answer", sdp });
      this.timers.push(setTimeout(() => {
        if (attempt === this.attempt && connection.connectionState !== "connected") {
          this.#again(new StudioError("rtc.failed", "The media connection could not be made."));
        }
      }, CONNECT_LIMIT_MS));
    } catch (thrown) {
      if (attempt !== this.attempt) return;
      this.#again(thrown instanceof DOMException && thrown.name !== "TimeoutError"
        ? new StudioError("rtc.failed", thrown.message)
        : asStudioError(thrown));
    }
  }

  /** @param {RTCPeerConnection} connection */
  #prepare(connection) {
    const tracks = this.tracks();
    const codecs = preferredVideoCodecs(RTCRtpReceiver.getCapabilities("video")?.codecs ?? []);
    for (const section of SECTIONS) {
      // A guest's screen is always offered: what is shared later needs no new offer.
      const direction = OFFERS[this.kind][section];
      if (!direction) continue;
      const track = direction === "recvonly" ? null : tracks[section];
      const made = connection.addTransceiver(track ?? (section === "audio" ? "audio" : "video"), { direction });
      if (section !== "audio" && codecs.length > 0) made.setCodecPreferences(codecs);
    }
    const stream = new MediaStream();
    connection.ontrack = ({ track }) => {
      stream.addTrack(track);
      if (stream.getTracks().length === 2) this.onStream(stream);
    };
    connection.onconnectionstatechange = () => this.#connectionChanged(connection);
  }

  /** @param {RTCPeerConnection} connection */
  #connectionChanged(connection) {
    if (connection !== this.connection) return;
    const attempt = this.attempt;
    switch (connection.connectionState) {
      case "connected":
        if (this.state !== "connected") {
          this.backoff.reset();
          this.#to("connected");
          void this.#applyTarget("video").then(() => this.#applyTarget("screen"));
          this.#watch(connection);
        }
        break;
      case "failed":
      case "closed":
        this.#again(new StudioError("rtc.failed", "The media connection was lost."));
        break;
      case "disconnected":
        this.timers.push(setTimeout(() => {
          if (attempt === this.attempt && connection.connectionState === "disconnected") {
            this.#again(new StudioError("rtc.failed", "The media connection was lost."));
          }
        }, DISCONNECTED_LIMIT_MS));
        break;
      default:
        break;
    }
  }

  /** @param {RTCPeerConnection} connection */
  #watch(connection) {
    const attempt = this.attempt;
    let watch = startWatch(performance.now());
    this.last_line = { received: 0, lost: 0 };
    const step = async () => {
      const report = await connection.getStats();
      if (attempt !== this.attempt) return;
      const now_ms = performance.now();
      // A sleeping laptop or a background tab's throttled timer is no silence of the other side.
      if (now_ms - last_ms > 4 * WATCH_EVERY_MS) watch = { ...startWatch(now_ms), counters: watch.counters };
      last_ms = now_ms;
      const stepped = stepWatch(watch, this.#read(report), now_ms);
      watch = stepped.watch;
      if (stepped.verdict === "dead") {
        this.#again(new StudioError("rtc.silent", "Nothing arrives from the studio any more."));
        return;
      }
      schedule();
    };
    const schedule = () => {
      const timer = setTimeout(() => {
        this.timers = this.timers.filter((other) => other !== timer);
        void step();
      }, WATCH_EVERY_MS);
      this.timers.push(timer);
    };
    let last_ms = performance.now();
    schedule();
  }

  /**
   * @param {RTCStatsReport} report
   * @returns {import("./rtc_settings.js").Counters}
   */
  #read(report) {
    const counters = { transport_bytes: 0, media_packets: 0 };
    let lost = 0;
    let round_trip_ms = 0;
    report.forEach((entry) => {
      if (entry.type === "inbound-rtp") {
        counters.media_packets += entry.packetsReceived ?? 0;
        lost += Math.max(0, entry.packetsLost ?? 0);
      } else if (entry.type === "candidate-pair" && (entry.nominated || entry.selected)) {
        counters.transport_bytes += (entry.bytesReceived ?? 0) + (entry.responsesReceived ?? 0);
        round_trip_ms = Math.max(round_trip_ms, 1000 * (entry.currentRoundTripTime ?? 0));
      }
    });
    // Where no media is due, reports alone tell that the other side lives.
    if (OFFERS[this.kind].audio === "sendonly") counters.media_packets = counters.transport_bytes;
    const received = counters.media_packets - this.last_line.received;
    const newly_lost = lost - this.last_line.lost;
    if (received > 0) {
      this.onQuality(lineQuality({ round_trip_ms, loss: newly_lost / (received + newly_lost) }));
      this.last_line = { received: counters.media_packets, lost };
    }
    return counters;
  }

  /** @param {Section} section */
  #sender(section) {
    return this.connection?.getTransceivers()[SECTIONS.indexOf(section)]?.sender;
  }

  /** @param {"video"|"screen"} section */
  async #applyTarget(section) {
    const sender = this.#sender(section);
    const track = sender?.track;
    const target = this.targets[section];
    if (!target || !sender || !track || this.state !== "connected") return;
    const { width = 1280, height = 720 } = track.getSettings();
    const parameters = /** @type {RTCRtpSendParameters & {degradationPreference?: string}} */ (sender.getParameters());
    const encoding = parameters.encodings?.[0];
    if (!encoding) return;
    const { scaleResolutionDownTo, ...known } = (section === "screen" ? screenEncodingFor : encodingFor)(
      target, { width, height },
    );
    // Both scales are set: a browser that knows "to" uses it and ignores "by", and one that doesn't (Firefox)
    // ignores it silently.
    Object.assign(encoding, known, { scaleResolutionDownTo });
    parameters.degradationPreference = "maintain-resolution";
    try {
      await sender.setParameters(parameters);
    } catch {
      // Older browsers refuse what they don't know; the size and rate are what matters.
      const plain = sender.getParameters();
      Object.assign(plain.encodings[0] ?? {}, known);
      await sender.setParameters(plain).catch(() => {
        // Not now (a negotiation under way, say); a target that was never applied must not count as told.
        this.timers.push(setTimeout(() => void this.#applyTarget(section), RETRY_TARGET_MS));
      });
    }
  }
}

/**
 * Without trickling, the offer waits for the candidates, but not for a STUN server that never answers.
 * @param {RTCPeerConnection} connection
 * @returns {Promise<void>}
 */
function gathered(connection) {
  if (connection.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHER_LIMIT_MS);
    connection.addEventListener("icegatheringstatechange", () => {
      if (connection.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    });
  });
}

/**
 * @param {string} location absolute or not
 * @returns {string} its path
 */
function pathOf(location) {
  return location ? new URL(location, globalThis.location.href).pathname : "";
}
