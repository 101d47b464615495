import assert from "node:assert/strict";
import { test } from "node:test";
import { encodingFor, lineQuality, preferredVideoCodecs, startWatch, stepWatch } from "./rtc_settings.js";

const HD = { width: 1280, height: 720 };

test("a 16:9 camera is scaled to its 16:9 tile", () => {
  const encoding = encodingFor({ width: 640, height: 360, fps: 30, bitrate: 800_000 }, HD);
  assert.deepEqual(encoding, {
    active: true,
    maxBitrate: 800_000,
    maxFramerate: 30,
    scaleResolutionDownBy: 2,
    scaleResolutionDownTo: { maxWidth: 640, maxHeight: 360 },
  });
});

test("a 4:3 camera covers a 16:9 tile, which crops it", () => {
  const { scaleResolutionDownTo } = encodingFor(
    { width: 640, height: 360, fps: 30, bitrate: 1 },
    { width: 1280, height: 960 },
  );
  assert.deepEqual(scaleResolutionDownTo, { maxWidth: 640, maxHeight: 480 });
});

test("a portrait telephone sends at most twice the tile's area", () => {
  const { scaleResolutionDownTo: to } = encodingFor(
    { width: 640, height: 360, fps: 30, bitrate: 1 },
    { width: 720, height: 1280 },
  );
  assert.ok(to.maxWidth * to.maxHeight <= 2.01 * 640 * 360);
  assert.ok(Math.abs(to.maxWidth / to.maxHeight - 720 / 1280) < 0.01, "distorted");
});

test("never enlarges", () => {
  const encoding = encodingFor({ width: 1920, height: 1080, fps: 30, bitrate: 1 }, HD);
  assert.equal(encoding.scaleResolutionDownBy, 1);
  assert.deepEqual(encoding.scaleResolutionDownTo, { maxWidth: 1280, maxHeight: 720 });
});

test("no frames asked: nothing is sent, and the parameters stay valid", () => {
  const encoding = encodingFor({ width: 0, height: 0, fps: 0, bitrate: 0 }, HD);
  assert.equal(encoding.active, false);
  assert.ok(encoding.scaleResolutionDownBy >= 1 && encoding.maxFramerate >= 1 && encoding.maxBitrate > 0);
});

test("a camera of unknown size doesn't divide by zero", () => {
  const encoding = encodingFor({ width: 640, height: 360, fps: 30, bitrate: 1 }, { width: 0, height: 0 });
  assert.ok(Number.isFinite(encoding.scaleResolutionDownBy));
});

const H264 = (/** @type {string} */ profile, mode = 1) => ({
  mimeType: "video/H264",
  sdpFmtpLine: `level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profile}`,
});

test("H.264 baseline first, then VP8, then what repairs them", () => {
  const vp8 = { mimeType: "video/VP8" };
  const rtx = { mimeType: "video/rtx" };
  const offered = [vp8, rtx, { mimeType: "video/VP9" }, H264("640c34"), H264("42001f"), H264("42e01f", 0), H264("42e01f")];
  assert.deepEqual(preferredVideoCodecs(offered), [H264("42e01f"), H264("42001f"), vp8, rtx]);
});

test("a browser without H.264 still offers VP8; one with neither offers nothing", () => {
  assert.deepEqual(preferredVideoCodecs([{ mimeType: "video/VP8" }]), [{ mimeType: "video/VP8" }]);
  assert.deepEqual(preferredVideoCodecs([{ mimeType: "video/AV1" }, { mimeType: "video/rtx" }]), []);
});

test("a shard that dies is noticed after 2 s, a mixer that restarts is waited for", () => {
  let watch = startWatch(0);
  let verdict;
  for (let now_ms = 0; now_ms <= 3000; now_ms += 500) {
    ({ watch, verdict } = stepWatch(watch, { transport_bytes: now_ms, media_packets: now_ms }, now_ms));
    assert.equal(verdict, "alive");
  }
  // Reports go on without media: alive for a while.
  for (let now_ms = 3500; now_ms < 10_500; now_ms += 500) {
    ({ watch, verdict } = stepWatch(watch, { transport_bytes: now_ms, media_packets: 3000 }, now_ms));
    assert.equal(verdict, "alive", `at ${now_ms} ms`);
  }
  // Nothing at all.
  ({ watch, verdict } = stepWatch(watch, { transport_bytes: 10_000, media_packets: 3001 }, 10_500));
  ({ watch, verdict } = stepWatch(watch, { transport_bytes: 10_000, media_packets: 3001 }, 12_400));
  assert.equal(verdict, "alive");
  ({ watch, verdict } = stepWatch(watch, { transport_bytes: 10_000, media_packets: 3001 }, 12_500));
  assert.equal(verdict, "dead");
});

test("the line's quality in three words", () => {
  assert.equal(lineQuality({ round_trip_ms: 20, loss: 0 }), "good");
  assert.equal(lineQuality({ round_trip_ms: 250, loss: 0 }), "fair");
  assert.equal(lineQuality({ round_trip_ms: 20, loss: 0.1 }), "poor");
});
