import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBitrate, formatBytes, formatClock, meterFraction, meterZone, peakDb } from "./levels.js";

test("the meter rises from its floor to full scale without a step", () => {
  assert.equal(meterFraction(-100), 0);
  assert.equal(meterFraction(-60), 0);
  assert.equal(meterFraction(-20), 0.5);
  assert.equal(meterFraction(0), 1);
  assert.equal(meterFraction(6), 1);
  assert.equal(meterFraction(Number.NaN), 0);
  for (let db = -70; db < 3; db += 0.5) {
    const step = meterFraction(db + 0.5) - meterFraction(db);
    assert.ok(step >= 0 && step < 0.02, `step of ${step} at ${db} dB`);
  }
});

test("zones", () => {
  assert.deepEqual([-100, -30, -5, -0.5].map(meterZone), ["silent", "good", "loud", "clip"]);
});

test("peak of samples", () => {
  assert.equal(peakDb(new Float32Array(128)), -100);
  assert.ok(Math.abs(peakDb(Float32Array.from([0, -0.5, 0.25])) + 6.02) < 0.01);
});

test("figures read at a glance", () => {
  assert.equal(formatBitrate(6_000_000), "6.0 Mb/s");
  assert.equal(formatBitrate(450_400), "450 kb/s");
  assert.equal(formatBitrate(999_999), "1.0 Mb/s");
  assert.equal(formatBytes(0), "0 B");
  assert.equal(formatBytes(1_234_567_890), "1.2 GB");
  assert.equal(formatClock(3723.9), "01:02:03");
  assert.equal(formatClock(-5), "00:00:00");
});
