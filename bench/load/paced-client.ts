import { writeFileSync } from 'node:fs';
import { NO_BUFFER } from '@evenkeel/proxy/reactor/arena.ts';
import type { Connection, ConnectionHandler } from '@evenkeel/proxy/reactor/reactor.ts';
import { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import { takeTimeSlice } from '@evenkeel/proxy/reactor/time-slice.ts';
import { openUringReactor } from '@evenkeel/proxy/reactor/uring/open.ts';
import { hostOfRule } from '../rules.ts';
import { arrivals } from './arrivals.ts';
import { browserRequest } from './browser-request.ts';
import type { PacedLoad } from './paced.ts';

/**
 * The process behind `paced.ts`; its only argument is the load as JSON. When each request is due is fixed before the
 * first one is sent, and its latency counts from then: no answer that comes late delays those behind it unseen
 * (coordinated omission). A request goes out on the connection that has been free for longest, and waits when none is.
 */
const load = JSON.parse(process.argv[2]!) as Omit<PacedLoad, 'core'> & { readonly log: string };

/** Milliseconds that the last answers may take. */
const PATIENCE = 5_000;
/** Milliseconds between the last connection and the first request. */
const PAUSE = 100;
/** Microseconds; so that what is due does not wait until the origins, on the same core, have used up their time. */
const TIME_SLICE = 100;
/** Of `HTTP/1.1 200`: what every answer begins with. */
const STATUS = 9;
/** The digit. */
const ZERO = 0x30;

takeTimeSlice(TIME_SLICE);
const { reactor } = openUringReactor({});
const { arena } = reactor;
const { memory } = arena;
const heads = hosts().map((host) => arena.intern(Buffer.from(browserRequest({ ...load, host }))));

const due = arrivals(load.rate, load.leadSeconds + load.seconds, load.seed);
const count = due.length;
const sentAt = new Float64Array(count);
const answeredAt = new Float64Array(count);
const statuses = new Int16Array(count).fill(-1);
/** Free connections in the order in which they have become so. */
const free: Client[] = [];
let begin = Number.POSITIVE_INFINITY;
let next = 0;
let answered = 0;
const random = new Random(load.seed);

class Client implements ConnectionHandler {
  readonly #connection: Connection;
  /** Bytes of an answer with status 200, as the first one has told; -1: not yet. */
  #usual = -1;
  /** Bytes of this answer; -1 until its head is complete. */
  #size = -1;
  #received = 0;
  #status = 0;
  /** The request that waits for its answer; -1: the first one, which is not counted. */
  #request = -1;
  /** The beginning of an answer whose size is not known. */
  #beginning = '';

  constructor() {
    this.#connection = reactor.connect({ address: load.address, port: load.port }, this);
  }

  onConnected(): void {
    this.ask(-1);
  }

  ask(request: number): void {
    this.#request = request;
    this.#received = 0;
    const { start, end } = heads[heads.length === 1 ? 0 : random.below(heads.length)]!;
    this.#connection.send(NO_BUFFER, start, end);
  }

  onReceive(_connection: Connection, buffer: number, start: number, end: number): void {
    if (this.#received === 0) {
      this.#status = end - start < STATUS + 3 ? 0 : statusAt(start + STATUS);
      this.#size = this.#status === 200 ? this.#usual : -1;
      this.#beginning = '';
    }
    this.#received += end - start;
    if (this.#size < 0) {
      this.#beginning += Buffer.from(memory.subarray(start, end)).toString('latin1');
      this.#size = sizeOf(this.#beginning);
    }
    arena.release(buffer);
    if (this.#size < 0) return;
    if (this.#received > this.#size) throw new Error('an answer is longer than the first one was');
    if (this.#received === this.#size) this.#end();
  }

  #end(): void {
    if (this.#status === 200) this.#usual = this.#size;
    if (this.#request >= 0) {
      answeredAt[this.#request] = reactor.now;
      statuses[this.#request] = this.#status;
      answered++;
    }
    free.push(this);
  }

  onClosed(): void {
    throw new Error('the balancer has closed a connection');
  }

  onEnd(): void {
    throw new Error('the balancer has ended a connection');
  }

  onSent(): void {}
  onDeadline(): void {}
}

for (let left = load.connections; left > 0; left--) new Client();
const patience = performance.now() + PATIENCE;
while (free.length < load.connections) {
  reactor.turn(PATIENCE);
  if (performance.now() > patience) throw new Error(`${free.length} of ${load.connections} connections were answered`);
}
begin = performance.now() + PAUSE;
const last = begin + due[count - 1]! + PATIENCE;
while (answered < count && reactor.now < last) {
  // What has come due while the turn before was worked on goes out first.
  sendDue();
  const wait = next < count && free.length > 0 ? begin + due[next]! - performance.now() : PATIENCE;
  reactor.turn(Math.max(0, wait));
}
writeLog();
// Nothing has to be put in order.
process.exit(0);

function sendDue(): void {
  const now = performance.now();
  while (next < count && free.length > 0 && begin + due[next]! <= now) {
    sentAt[next] = now;
    free.shift()!.ask(next);
    next++;
  }
}

/** In the columns of h2load: due at, status, duration; and behind them how late it was sent. All times in microseconds. */
function writeLog(): void {
  // Since the kernel was started, as all processes know it.
  const [seconds, nanoseconds] = process.hrtime();
  const epoch = seconds * 1e6 + nanoseconds / 1e3 - performance.now() * 1e3;
  const lines: string[] = [];
  for (let request = 0; request < count; request++) {
    if (due[request]! < load.leadSeconds * 1_000) continue;
    const at = begin + due[request]!;
    const took = statuses[request]! < 0 ? last - at : answeredAt[request]! - at;
    const late = Math.max(0, sentAt[request]! - at);
    lines.push(
      `${Math.round(epoch + at * 1e3)}\t${statuses[request]}\t${Math.round(took * 1e3)}\t${Math.round(late * 1e3)}\n`,
    );
  }
  writeFileSync(load.log, lines.join(''));
}

function hosts(): string[] {
  return load.hosts === undefined
    ? ['shop.example.com']
    : Array.from({ length: load.hosts }, (_, index) => hostOfRule(index));
}

function statusAt(at: number): number {
  return (memory[at]! - ZERO) * 100 + (memory[at + 1]! - ZERO) * 10 + memory[at + 2]! - ZERO;
}

/** Bytes of a whole answer of which this is the beginning; -1: its head is not complete. */
function sizeOf(beginning: string): number {
  const end = beginning.indexOf('\r\n\r\n');
  if (end < 0) return -1;
  const length = /^content-length: *(\d+)/im.exec(beginning.slice(0, end))?.[1];
  if (length === undefined) throw new Error(`an answer without Content-Length: ${beginning.slice(0, end)}`);
  return end + 4 + Number(length);
}
