/**
 * Shapes of the messages the pages share with the server (ARCHITECTURE.md, "Public state"). Types only.
 *
 * @typedef {{type: string, [field: string]: unknown}} Command
 * @typedef {{revision: number, events: Record<string, unknown>[], result?: Record<string, any>}} Done
 *
 * @typedef {{urls: string | string[], username?: string, credential?: string}} IceServer
 * @typedef {{role: string, seat?: string, ice_servers: IceServer[], event: {title: string}}} Me
 *
 * @typedef {{width: number, height: number, fps: number, bitrate: number}} UplinkTarget
 *
 * @typedef {{name: string, title: string, role: string, language: string, stage: boolean, muted: boolean,
 *   gain_db: number, invited: boolean, expires?: number}} Seat
 * @typedef {{state: "absent"|"waiting"|"ready"|"next"|"on_air",
 *   connection: "absent"|"connecting"|"connected", picture: "card"|"live"|"slate", width: number,
 *   height: number, fps: number, bitrate: number, lost: number, level_db: number, problem: string,
 *   screen?: {width: number, height: number, fps: number}}} SeatStatus
 *
 * @typedef {{title: string, kind: string, muted: boolean, gain_db: number}} Source
 *
 * @typedef {{seat: string, screen?: true} | {source: string}} Place
 * @typedef {{layout: string, places?: Place[], graphics?: unknown[]}} SceneCanvas
 * @typedef {{title: string, canvases: {program: SceneCanvas, wall?: SceneCanvas}}} Scene
 *
 * @typedef {{url: string, recording: boolean, rendition: string, bus: string, buses: string[],
 *   running: boolean}} Output
 * @typedef {{state: string, code: string, reason: string, bytes: number, dropped: number, bitrate: number,
 *   file: string, retry_in_s: number}} OutputStatus
 *
 * @typedef {{state: string, restarts: number}} ProcessStatus
 * @typedef {{step: number, code: string, reason: string}} Load
 * @typedef {{ticks: number, late_ticks: number, spared_ticks: number, revision: number, load: Load,
 *   latency_ms: {p50: number, p95: number, max: number, count: number},
 *   levels: Record<string, number>}} MixerStatus
 *
 * @typedef {{event: {title: string}, seats: Record<string, Seat>, sources: Record<string, Source>,
 *   scenes: Record<string, Scene>, outputs: Record<string, Output>, preview: string|null,
 *   program: string|null, black: boolean,
 *   order: {seats: string[], scenes: string[], sources: string[], outputs: string[]},
 *   status: {seats: Record<string, SeatStatus>, outputs: Record<string, OutputStatus>,
 *     processes: Record<string, ProcessStatus>, mixer: Partial<MixerStatus>,
 *     preview?: {ready: boolean, waiting: string[]}}}} DirectorState
 *
 * @typedef {{event: {title: string}, seat?: Seat, status: {state?: "waiting"|"next"|"on_air", live?: boolean,
 *   connection?: "absent"|"connecting"|"connected", picture?: "card"|"live"|"slate", problem?: string,
 *   uplink?: UplinkTarget, screen_uplink?: UplinkTarget}}} SpeakerState
 */

export {};
