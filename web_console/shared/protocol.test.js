import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Backoff } from "./backoff.js";
import { StudioError } from "./errors.js";
import { call, ShowSocket, withSession } from "./protocol.js";

/** The far end of a socket, in the test's hands. */
class Line {
  /** @type {Line[]} */
  static made = [];
  readyState = 0;
  /** @type {string[]} */
  sent = [];
  /** @param {string} url */
  constructor(url) {
    this.url = url;
    Line.made.push(this);
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  /** @param {unknown} message */
  say(message) {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }
  /** @param {string} text */
  send(text) {
    this.sent.push(text);
  }
  close() {
    this.readyState = 3;
    this.onclose?.();
  }
}

/** Lets what was promised run. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** @param {{check?: () => Promise<unknown>}} [options] */
function studio({ check = async () => ({}) } = {}) {
  Line.made = [];
  const seen = { states: [], links: [], events: [] };
  const socket = new ShowSocket({
    url: "ws://studio/ws?as=console",
    check,
    onState: (state) => seen.states.push(state),
    onLink: (link, error) => seen.links.push(error ? `${link} ${error.code}` : link),
    onEvent: (event) => seen.events.push(event.type),
    WebSocket: /** @type {any} */ (Line),
    backoff: new Backoff({ random: () => 0 }),
  });
  socket.start();
  return { socket, seen, line: () => Line.made.at(-1) };
}

const SNAPSHOT = { type: "snapshot", revision: 3, serial: 10, state: { seats: { a: { name: "A" } } } };

test("a snapshot, then patches; what the snapshot already has is not applied again", () => {
  const { socket, seen, line } = studio();
  line().open();
  line().say(SNAPSHOT);
  line().say({ type: "change", revision: 3, serial: 10, event: null, patch: { seats: { a: null } } });
  line().say({ type: "change", revision: 4, serial: 11, event: { type: "seat.updated" }, patch: { seats: { a: { name: "B" } } } });
  line().say("no JSON at all");
  assert.deepEqual(seen.states.at(-1), { seats: { a: { name: "B" } } });
  assert.equal(seen.states.length, 2);
  assert.deepEqual(seen.events, ["seat.updated"]);
  assert.deepEqual(seen.links, ["connecting", "open"]);
  socket.stop();
});

test("replies and refusals find their command", async () => {
  const { socket, line } = studio();
  line().open();
  line().say(SNAPSHOT);
  const first = socket.command({ type: "program.cut" });
  const second = socket.command({ type: "seat.admit", seat: "nobody" });
  const [id_1, id_2] = line().sent.map((text) => JSON.parse(text).id);
  line().say({ type: "refused", id: id_2, problem: { code: "seat.unknown", status: 404, detail: "There is no such seat." } });
  line().say({ type: "reply", id: id_1, revision: 4, events: [] });
  assert.equal((await first).revision, 4);
  await assert.rejects(second, { code: "seat.unknown", status: 404, message: "There is no such seat." });
  socket.stop();
});

test("a command without an answer is told as lost, never sent twice", async () => {
  const { socket, line } = studio();
  await assert.rejects(socket.command({ type: "program.cut" }), { code: "network.lost" });
  line().open();
  line().say(SNAPSHOT);
  const cut = socket.command({ type: "program.cut" });
  line().close();
  await assert.rejects(cut, { code: "network.lost" });
  socket.stop();
});

test("comes back with a fresh snapshot after the server was away", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  const { socket, seen, line } = studio();
  line().open();
  line().say(SNAPSHOT);
  line().close();
  await settled();
  mock.timers.tick(1500);
  assert.equal(Line.made.length, 2);
  line().open();
  line().say({ ...SNAPSHOT, serial: 2, state: { seats: {} } });
  assert.deepEqual(seen.states.at(-1), { seats: {} });
  assert.deepEqual(seen.links, ["connecting", "open", "lost", "connecting", "open"]);
  socket.stop();
  mock.timers.reset();
});

test("a server that says nothing any more is given up", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  const { socket, seen, line } = studio();
  line().open();
  line().say(SNAPSHOT);
  mock.timers.tick(4000);
  assert.deepEqual(line().sent, ['{"type":"ping"}', '{"type":"ping"}']);
  line().say({ type: "pong" });
  mock.timers.tick(6000);
  assert.equal(seen.links.at(-1), "open");
  mock.timers.tick(4000);
  await settled();
  assert.equal(seen.links.includes("lost"), true);
  socket.stop();
  mock.timers.reset();
});

test("a session that has ended is not asked for again", async () => {
  const { seen, line } = studio({ check: () => Promise.reject(new StudioError("session.ended", "Replaced.", 401)) });
  line().open();
  line().say(SNAPSHOT);
  line().close();
  await settled();
  assert.deepEqual(seen.links, ["connecting", "open", "lost", "refused session.ended"]);
  assert.equal(Line.made.length, 1);
});

test("meters are asked for on each new connection, handed on, and asked off", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  const { socket, line } = studio();
  /** @type {unknown[]} */
  const taken = [];
  socket.onMeters = (meters) => taken.push(meters);
  socket.watchMeters(true);
  line().open();
  assert.deepEqual(line().sent, [], "nobody is asked before the show is known");
  line().say(SNAPSHOT);
  const meters = { type: "meters", sources: { "seat/a": [-20, -12] }, buses: {} };
  line().say(meters);
  line().close();
  await settled();
  mock.timers.tick(1500);
  line().open();
  line().say(SNAPSHOT);
  socket.watchMeters(true);
  socket.watchMeters(false);
  assert.deepEqual(line().sent, ['{"type":"meters","on":true}', '{"type":"meters","on":false}']);
  assert.deepEqual(taken, [meters]);
  socket.stop();
  mock.timers.reset();
});

test("a refused call is thrown with the server's code and its wish to wait", async () => {
  const refusing = async () =>
    new Response(JSON.stringify({ code: "rate.limited", detail: "Slow down." }), { status: 429, headers: { "Retry-After": "3" } });
  await assert.rejects(call("/api/v1/me", { as: "a", fetch: refusing }), {
    code: "rate.limited", status: 429, retry_after_ms: 3000,
  });
  const broken = async () => { throw new TypeError("Failed to fetch"); };
  await assert.rejects(call("/api/v1/me", { as: "a", fetch: broken }), { code: "network.lost" });
});

test("the session's name goes with every address", () => {
  assert.equal(withSession("/api/v1/peers", "wall", { kind: "wall" }), "/api/v1/peers?kind=wall&as=wall");
  assert.equal(withSession("/x?y=1", "a b"), "/x?y=1&as=a+b");
});
