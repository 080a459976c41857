import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { Reactor } from '../reactor/reactor.ts';
import { listenerSegment, writeConnectionLine, writeRequestLine } from './access-log-line.ts';
import type { AccessLogRing } from './access-log-ring.ts';
import type { AsciiSegment } from './ascii-segment.ts';
import type { ClientEnds, LoggedEnds } from './client-ends.ts';
import type { ConnectionRecord } from './connection-record.ts';
import { EndReason } from './end-reason.ts';
import { LineWriter } from './line-writer.ts';
import { RequestIds } from './request-ids.ts';
import type { RequestRecord } from './request-record.ts';

/** Whoever is logged about: its plan object may be exchanged for another one at any time. */
interface Logged {
  readonly planned: PlannedListener;
}

/** What of its reactor the log reads. */
type Clocks = Pick<Reactor, 'arena' | 'now' | 'wallTime'>;

/** One worker's access log: writes lines into its ring, or drops them (counted) while the reader is behind. */
export class AccessLog {
  /** What requests and connections are called. */
  readonly ids: RequestIds;
  readonly #ring: AccessLogRing;
  readonly #reactor: Clocks;
  readonly #memory: DataView;
  readonly #out: LineWriter;
  readonly #parts = new WeakMap<PlannedListener, AsciiSegment>();
  #lastPlanned: PlannedListener | null = null;
  #lastParts: AsciiSegment | null = null;

  constructor(ring: AccessLogRing, reactor: Clocks, ids: RequestIds = new RequestIds()) {
    this.ids = ids;
    this.#ring = ring;
    this.#reactor = reactor;
    const { memory } = reactor.arena;
    this.#memory = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
    this.#out = new LineWriter(ring.bytes);
  }

  /** Logs a request that has ended now. The record's spans are of the reactor's arena. */
  request(listener: Logged, client: LoggedEnds, record: RequestRecord): void {
    const at = this.#ring.begin();
    if (at < 0) return;
    const out = this.#out;
    const { now, wallTime } = this.#reactor;
    out.at = at;
    if (client.logged.connection === 0) client.logged.connection = this.ids.nextConnection();
    writeRequestLine(out, this.#partsOf(listener.planned), client, record, this.#memory, now, wallTime, this.ids);
    this.#ring.commit(out.at, record.reason !== EndReason.none || record.status >= 500);
  }

  /** Logs a tunnelled connection that has ended now. */
  connection(listener: Logged, client: ClientEnds, record: ConnectionRecord): void {
    const at = this.#ring.begin();
    if (at < 0) return;
    const out = this.#out;
    out.at = at;
    writeConnectionLine(
      out,
      this.#partsOf(listener.planned),
      client,
      record,
      this.ids.nextConnection(),
      this.#reactor.now,
      this.#reactor.wallTime,
    );
    this.#ring.commit(out.at, record.reason !== EndReason.none);
  }

  #partsOf(planned: PlannedListener): AsciiSegment {
    if (planned === this.#lastPlanned && this.#lastParts !== null) return this.#lastParts;
    let parts = this.#parts.get(planned);
    if (parts === undefined) {
      parts = listenerSegment(planned);
      this.#parts.set(planned, parts);
    }
    this.#lastPlanned = planned;
    this.#lastParts = parts;
    return parts;
  }
}
