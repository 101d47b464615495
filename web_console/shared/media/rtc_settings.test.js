import assert from "node:assert/strict";
import { test } from "node:test";
import {
  encodingFor, lineQuality, preferredVideoCodecs, screenEncodingFor, startWatch, stepWatch,
} from "./rtc_settings.js";

const HD = { width: 1280, height: 720 };

test("a 16:9 camera is scaled to its 16:9 tile", () => {
  const encoding = encodingFor({ width: 640, height: 360, fps: 30, bitrate: 800_000 }, HD);
  const { scaleResolutionDownBy, ...rest } = encoding;
  assert.ok(Math.abs(scaleResolutionDownBy - 2) < 1e-5);
  assert.deepEqual(rest, {
    active: true,
    maxBitrate: 800_000,
    maxFramerate: 30,
    scaleResolutionDownTo: { maxWidth: 640, maxHeight: 360 },
  });
});

test("whatever the tile, the picture covers it and has one of its sides, to the pixel", () => {
  for (const camera of [HD, { width: 640, height: 480 }, { width: 1920, height: 1080 }]) {
    for (let width = 162; width <= 640; width += 14) {
      for (const height of [Math.round(width / 2), Math.round(width / 1.6), Math.round((width * 9) / 16)]) {
        const encoding = encodingFor({ width, height, fps: 30, bitrate: 1 }, camera);
        const by = encoding.scaleResolutionDownBy;
        const { maxWidth, maxHeight } = encoding.scaleResolutionDownTo;
        // browsers: "by" is rounded down, "to" is a box that the picture is fitted into
        const fitted = Math.min(maxWidth / camera.width, maxHeight / camera.height);
        const sizes = [
          [Math.floor(camera.width / by), Math.floor(camera.height / by)],
          [Math.round(camera.width * fitted), Math.round(camera.height * fitted)],
        ];
        for (const [w = 0, h = 0] of sizes) {
          assert.ok(w >= width && h >= height, `${w}×${h} for ${width}×${height}`);
          assert.ok(w - width <= 1 || h - height <= 1, `${w}×${h} for ${width}×${height}`);
        }
      }
    }
  }
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

const SCREEN = { width: 1920, height: 1080, fps: 10, bitrate: 2_500_000 };

test("a screen keeps its size, whatever frames and bits it may send", () => {
  const seldom = screenEncodingFor({ ...SCREEN, fps: 1, bitrate: 300_000 }, { width: 1680, height: 1050 });
  assert.deepEqual(seldom, {
    active: true,
    maxBitrate: 300_000,
    maxFramerate: 1,
    scaleResolutionDownBy: 1,
    scaleResolutionDownTo: { maxWidth: 1920, maxHeight: 1080 },
  });
});

test("a screen larger than the studio takes fits into the box, uncropped", () => {
  const { scaleResolutionDownBy: by } = screenEncodingFor(SCREEN, { width: 3840, height: 2400 });
  assert.ok(3840 / by <= 1920 && 2400 / by <= 1080.001, `${by}`);
  assert.ok(Math.abs(2400 / by - 1080) < 1, "smaller than it could be");
});

test("a screen that nobody sees is not sent", () => {
  assert.equal(screenEncodingFor({ ...SCREEN, fps: 0, bitrate: 0 }, HD).active, false);
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
