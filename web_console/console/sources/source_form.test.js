import assert from "node:assert/strict";
import { test } from "node:test";
import { formOf, has, KINDS, sourceChange, sourceCommand, titleOf } from "./source_form.js";
import { limitOf, upload } from "./upload.js";

test("each kind sends what means something for it, and nothing else", () => {
  const form = { ...formOf(), title: "T", media: "m", url: "rtsp://hall/1", presenter: "ann" };
  const fields = (/** @type {import("./source_form.js").Kind} */ kind) => Object.keys(sourceCommand({ ...form, kind })).sort();
  for (const kind of KINDS) {
    for (const field of fields(kind).filter((one) => !["type", "kind", "title"].includes(one))) assert.ok(has(kind, field), `${kind}: ${field}`);
  }
  /** @type {Partial<Record<import("./source_form.js").Kind, string>>} */
  const expected = {
    clip: "auto_play auto_take in_s kind loop media out_s sounds title type", still: "kind media title type", slides: "kind media presenter title type",
    bars: "kind pattern title tone type", pull: "insecure kind title type url", whip: "kind title type",
  };
  for (const kind of KINDS) if (expected[kind]) assert.equal(fields(kind).join(" "), expected[kind]);
  const account = { user: "admin", password: " p@ss/1 " };
  assert.deepEqual(sourceCommand({ ...form, kind: "pull", ...account }), { type: "source.create", kind: "pull", title: "T", url: "rtsp://hall/1", insecure: false, ...account });
  assert.equal("password" in sourceCommand({ ...form, kind: "bars", ...account }), false);
  assert.equal("presenter" in sourceCommand({ ...form, kind: "slides", presenter: "" }), false);
});

test("a change names only what was changed", () => {
  const source = /** @type {any} */ ({ kind: "clip", title: "T", muted: false, gain_db: 0, loop: true, out_s: 4 });
  assert.deepEqual(sourceChange("a", source, formOf(source)), { type: "source.update", source: "a" });
  assert.deepEqual(sourceChange("a", source, { ...formOf(source), loop: false, out_s: 0 }), { type: "source.update", source: "a", loop: false, out_s: 0 });
  const slides = /** @type {any} */ ({ kind: "slides", title: "T", muted: false, gain_db: 0, presenter: "ann" });
  assert.deepEqual(sourceChange("b", slides, { ...formOf(slides), presenter: "" }), { type: "source.update", source: "b", presenter: "" });
});

test("a pulled stream can be moved to another address, and its certificate be taken or not", () => {
  const source = /** @type {any} */ ({ kind: "pull", title: "T", muted: false, gain_db: 0, url: "rtsps://hall/•••", insecure: true });
  assert.deepEqual(sourceChange("c", source, { ...formOf(source), insecure: false }), { type: "source.update", source: "c", insecure: false });
  const moved = { ...formOf(source), user: "u", url: "rtsps://x/1" };
  assert.deepEqual(sourceChange("c", source, moved), { type: "source.update", source: "c", user: "u", url: "rtsps://x/1" });
});

test("a file's name becomes a title", () => {
  assert.equal(titleOf("Opening_film  v2.MP4"), "Opening film v2");
  assert.equal(titleOf("기조연설.pdf"), "기조연설");
});

test("the limit is what the studio says, if it says one", () => {
  assert.deepEqual([{ limit_bytes: 5 }, {}, null, { limit_bytes: "x" }].map(limitOf), [5, 0, 0, 0]);
});

/** A request that is never sent: a test answers it. */
class Held {
  /** @type {Held|null} */
  static last = null;

  constructor() {
    Held.last = this;
    this.opened = "";
    this.status = 0;
    this.response = /** @type {unknown} */ (null);
    this.upload = /** @type {any} */ ({});
    for (const name of ["onload", "onerror", "onabort"]) /** @type {any} */ (this)[name] = () => {};
  }

  open(/** @type {string} */ method, /** @type {string} */ url) { this.opened = `${method} ${url}`; }
  setRequestHeader() {}
  send() {}
  abort() { /** @type {any} */ (this).onabort(); }
}

const file = new Blob(["abc"]);
const options = { as: "console", onProgress: () => {}, Request: /** @type {any} */ (Held) };
const held = () => /** @type {any} */ (Held.last);

test("an upload tells how far it is, and what came of it", async () => {
  /** @type {number[]} */
  const shares = [];
  const done = upload(file, "a b.png", { ...options, onProgress: (share) => shares.push(share) });
  assert.equal(held().opened, "POST /api/v1/media?name=a+b.png&as=console");
  held().upload.onprogress({ loaded: 1, total: 4 });
  held().upload.onload();
  assert.deepEqual(shares, [0.25, 1]);
  Object.assign(held(), { status: 201, response: { id: "m", kind: "still" } }).onload();
  assert.equal((await done).id, "m");
});

test("an upload that is refused, broken off or stopped says so by its code", async () => {
  const refused = upload(file, "a", options);
  Object.assign(held(), { status: 400, response: { code: "media.broken", detail: "No." } }).onload();
  await assert.rejects(refused, { code: "media.broken", detail: "No." });
  const broken = upload(file, "a", options);
  held().onerror();
  await assert.rejects(broken, { code: "upload.broken" });
  const stop = new AbortController();
  const stopped = upload(file, "a", { ...options, signal: stop.signal });
  stop.abort();
  await assert.rejects(stopped, { code: "upload.stopped" });
});

test("what is too large or empty isn't sent at all", async () => {
  Held.last = null;
  await assert.rejects(upload(file, "a", { ...options, limit_bytes: 2 }), { code: "media.too-large" });
  await assert.rejects(upload(new Blob([]), "a", options), { code: "media.empty" });
  assert.equal(Held.last, null);
});
