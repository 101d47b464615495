/**
 * Shapes of the messages the pages share with the server (ARCHITECTURE.md, "Public state"). Types only.
 *
 * @typedef {{type: string, [field: string]: unknown}} Command
 * @typedef {{revision: number, events: Record<string, unknown>[], result?: Record<string, any>}} Done
 *
 * @typedef {{urls: string | string[], username?: string, credential?: string}} IceServer
 * @typedef {{role: string, seat?: string, ice_servers: IceServer[], event: {title: string}}} Me
 *
 * @typedef {{sources: Record<string, [peak: number, hold: number]>, buses: Record<string, [peak: number, hold: number,
 *   momentary: number, short_term: number, integrated: number, true_peak: number]>}} Meters
 *   dBFS, LUFS and dBTP; −100 for silence. By `seat/<id>` and `source/<id>`, and by the name of the bus
 *
 * @typedef {{width: number, height: number, fps: number, bitrate: number}} UplinkTarget
 *
 * @typedef {{name: string, title: string, role: string, language: string, stage: boolean, muted: boolean,
 *   gain_db: number, invited: boolean, expires?: number, strip?: Strip, listen?: string, hall?: boolean,
 *   booth?: string, into?: string, on?: boolean, cough?: boolean, self_muted?: boolean, part?: string,
 *   names?: Record<string, Naming>}} Seat
 * @typedef {{name?: string, title?: string}} Naming in one language
 * @typedef {{delay_ms?: number, highpass_hz?: number, gate_db?: number, leveller?: boolean, compressor_db?: number,
 *   ratio?: number}} Strip what is left out is off
 * @typedef {{state: "absent"|"waiting"|"ready"|"next"|"on_air",
 *   connection: "absent"|"connecting"|"connected", picture: "card"|"live"|"slate", width: number,
 *   height: number, fps: number, bitrate: number, lost: number, level_db: number, problem: string,
 *   screen?: {width: number, height: number, fps: number}}} SeatStatus
 *
 * @typedef {{title: string, kind: string, muted: boolean, gain_db: number, language?: string,
 *   strip?: Strip, hall?: boolean, media?: string, url?: string, pattern?: string, tone?: boolean, loop?: boolean,
 *   in_s?: number, out_s?: number, sounds?: string, duration_s?: number, pages?: number, insecure?: boolean, auto_play?: boolean, auto_take?: boolean,
 *   presenter?: string, page?: number, playback?: {playing?: boolean, position_s?: number, at_ms?: number}}} Source
 *   out_s: 0 for the end; page: from 1
 * @typedef {{state: string, code?: string, reason?: string, position_s?: number, duration_s?: number, remaining_s?: number,
 *   page?: number, pages?: number, width?: number, height?: number, fps?: number, sound?: boolean, late?: number}} SourceStatus
 * @typedef {{id?: string, name: string, kind: "clip"|"still"|"slides", bytes?: number, width?: number, height?: number,
 *   duration_s?: number, fps?: number, sound?: boolean, pages?: number, warnings?: string[], colour?: string, fields?: string,
 *   orientation?: string, alpha?: boolean, tracks?: MediumTrack[], effort?: number, conversion?: Conversion|null}} Medium an uploaded file
 * @typedef {{state: "waiting"|"running"|"done"|"failed", share?: number, code?: string, reason?: string, bytes?: number,
 *   effort?: number}} Conversion of a clip that is too slow for the machine; share: 0 … 1
 *
 * @typedef {{kind: "picture"|"sound"|"text"|"data", number: number, codec?: string, detail?: string, language?: string, title?: string,
 *   start_s?: number, end_s?: number, default?: boolean, playable?: boolean, use?: ""|"picture"|"sound"|"left"|"right", silent?: boolean}} MediumTrack
 * @typedef {{x: number, y: number, w: number, h: number}} Box shares (0 … 1) of a canvas, or of a source
 * @typedef {{seat?: string, screen?: boolean, source?: string, part?: string, auto?: boolean, box?: Box|null,
 *   crop?: Partial<Box>|null, fit?: ""|"cover"|"contain"|null}} Place exactly one of seat, source, part and auto
 * @typedef {{layout: string, places?: Place[], graphics?: string[], plates?: boolean, background?: string}} SceneCanvas
 * @typedef {{title: string, canvases: {program: SceneCanvas, wall?: SceneCanvas},
 *   audio?: AudioPolicy}} Scene
 * @typedef {{follow: boolean, sources: string[]}} AudioPolicy who is heard with a scene: `seat/<id>`, `source/<id>`
 *
 * @typedef {{kind: string, title: string, text?: Record<string, string>, subtext?: Record<string, string>, seat?: string,
 *   media?: string, link?: string, anchor?: string, canvases?: string[], until?: number, cue?: boolean, zone?: string,
 *   size?: number, on?: boolean}} Graphic
 * @typedef {"mix"|"wipe"|"push"|"dip"} TransitionKind
 * @typedef {"left"|"right"|"up"|"down"} Direction
 * @typedef {{kind: TransitionKind, duration_ms: number, direction: Direction, colour: string}} TransitionStyle
 * @typedef {{to: "preview"|"program", hold_ms: number, least_ms: number, exclude: string[], pin: string}} AutoSpeaker
 * @typedef {{scene: string, leaving: string|null, kind: TransitionKind, duration_ms: number, ends_at_ms: number}} Take
 *   a transition under way; ends_at_ms: Unix milliseconds on the studio's clock
 *
 * @typedef {{url: string, recording: boolean, rendition: string, bus: string, buses: string[],
 *   running: boolean, backup?: string, seats?: boolean, title?: string}} Output
 * @typedef {{state: string, code: string, reason: string, bytes: number, dropped: number, bitrate: number,
 *   file: string, retry_in_s: number, remaining_s?: number, backup?: BackupStatus}} OutputStatus
 * @typedef {{state: string, code: string, reason: string, bytes: number, dropped: number, bitrate: number,
 *   retry_in_s: number}} BackupStatus
 *
 * @typedef {{giver: string, taker: string, until: number}} Handover until: Unix seconds
 * @typedef {{title: string, languages: string[], handover: Handover|null, slower_at: number}} Booth
 * @typedef {{state: "off"|"open"|"on_air"|"lost", seat: string, into: string, slower: boolean, problem: string}} BoothStatus
 * @typedef {{booth: string, text: string, at: number, seat: string}} Note seat: who wrote it, "" for the director
 * @typedef {{cue: string, title: string, planned?: number, duration_s?: number, scene?: string,
 *   people?: string[]}} Cue planned: Unix seconds
 *
 * @typedef {{state: string, restarts: number}} ProcessStatus
 * @typedef {{step: number, code: string, reason: string}} Load
 * @typedef {{code: string, text: string, since: number}} Alarm since: Unix seconds
 * @typedef {{ticks: number, late_ticks: number, spared_ticks: number, revision: number, load: Load,
 *   latency_ms: {p50: number, p95: number, max: number, count: number},
 *   levels: Record<string, number>}} MixerStatus
 *
 * @typedef {{event: {title: string, languages?: string[], both_open?: boolean}, seats: Record<string, Seat>,
 *   sources: Record<string, Source>,
 *   scenes: Record<string, Scene>, outputs: Record<string, Output>, preview: string|null,
 *   program: string|null, black: boolean, slate?: boolean, tbar?: number, undo?: boolean,
 *   graphics?: Record<string, Graphic>, theme?: {name?: string, safe?: number, [field: string]: unknown},
 *   transition?: TransitionStyle, auto_speaker?: AutoSpeaker, speaker?: string, preview_speaker?: string,
 *   booths?: Record<string, Booth>, notes?: Note[], hall_bus?: string, monitor_bus?: string, solo?: string[],
 *   talk?: string[]|"all"|null, rundown?: Cue[], cue?: string|null, targets?: Record<string, number>,
 *   order: {seats: string[], scenes: string[], sources: string[], outputs: string[], booths?: string[], graphics?: string[]},
 *   status: {seats: Record<string, SeatStatus>, outputs: Record<string, OutputStatus>, alarms?: Alarm[],
 *     processes: Record<string, ProcessStatus>, mixer: Partial<MixerStatus>,
 *     booths?: Record<string, BoothStatus>, take?: Take|null, glyphs?: Record<string, string>, fonts?: Record<string, string>,
 *     sources?: Record<string, SourceStatus>, media?: Record<string, Medium>, themes?: string[],
 *     ice?: {silent: string[]},
 *     preview?: {ready: boolean, waiting: string[], missing?: string[]}}}} DirectorState
 *
 * @typedef {{source: string, title: string, page: number, pages: number}} PresentedSlides
 * @typedef {{event: {title: string, languages?: string[]}, seat?: Seat, slides?: PresentedSlides[],
 *   status: {state?: "waiting"|"next"|"on_air", live?: boolean, slower?: boolean, talkback?: boolean,
 *   connection?: "absent"|"connecting"|"connected", picture?: "card"|"live"|"slate", problem?: string,
 *   uplink?: UplinkTarget, screen_uplink?: UplinkTarget}}} SpeakerState
 *
 * @typedef {{seat: string, name: string, on: boolean, cough: boolean, connection: string}} Partner
 * @typedef {{event: {title: string, languages?: string[], both_open?: boolean}, seat?: Seat,
 *   booth?: {id: string, title: string, languages: string[], handover?: Handover|null, slower_at?: number},
 *   partner?: Partner|null, partners?: Partner[], notes?: Note[], rundown?: Cue[], cue?: string|null,
 *   on_air?: {name: string, title: string, language: string}[],
 *   status: {state?: "off"|"open"|"on_air"|"lost", connection?: string, problem?: string, on_air?: boolean,
 *   talkback?: boolean, slower?: boolean}}} InterpreterState what an interpreter sees of the show
 */

export {};
