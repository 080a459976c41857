import { Closed, type Connection, type ConnectionHandler, type Reactor } from '@evenkeel/proxy/reactor/reactor.ts';
import type { Journal } from '../journal.ts';
import { PatternCheck, pattern } from '../pattern.ts';
import { Script, type Step } from '../script.ts';
import type { DialoguePlan, PeerPlan } from './plan.ts';

/** Every stream begins with the dialogue's id in so many bytes, so that the origin knows whom it speaks to. */
const GREETING = 8;

/** Pieces that a stream is cut into at most, to bound the number of events. */
const MOST_PIECES = 60;

/** Longest silence before a peer gives up, in milliseconds. */
const PATIENCE = 300_000;

export type Side = 'client' | 'origin';

/** What a peer finds its dialogue by. */
export type Dialogues = ReadonlyMap<string, DialoguePlan>;

export interface PeerSetting {
  readonly reactor: Reactor;
  readonly dialogues: Dialogues;
  readonly journal: Journal;
  readonly strict: boolean;
  /** The streams begin behind an HTTP request and a 101, which answers it. */
  readonly upgrades: boolean;
}

const REQUEST = Buffer.from(
  'GET /stream HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: dialogue/1\r\n\r\n',
);
const SWITCHING = Buffer.from(
  'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: dialogue/1\r\nX-Origin: one\r\n\r\n',
);

/** One end of a dialogue: sends its stream, compares what comes with the other's, and ends as planned. */
export class Peer implements ConnectionHandler {
  readonly side: Side;
  readonly connection: Connection;
  readonly #reactor: Reactor;
  readonly #dialogues: Dialogues;
  readonly #journal: Journal;
  readonly #strict: boolean;
  readonly #script: Script;
  /** What has come of a head that is not whole; null when none is expected any more. */
  #head: Buffer | null;
  #dialogue: DialoguePlan | null = null;
  #greeting = '';
  #check: PatternCheck | null = null;
  #received = 0;
  /** Said everything, and ended if that was planned. */
  #finished = false;
  #heardEnd = false;
  /** It has broken off itself. */
  #faulty = false;
  closed = false;

  /** A client knows its dialogue; an origin learns it from the greeting. */
  constructor(
    setting: PeerSetting,
    side: Side,
    dialogue: DialoguePlan | null,
    connect: (handler: ConnectionHandler) => Connection,
  ) {
    this.side = side;
    this.#reactor = setting.reactor;
    this.#dialogues = setting.dialogues;
    this.#journal = setting.journal;
    this.#strict = setting.strict;
    this.#head = setting.upgrades ? Buffer.alloc(0) : null;
    this.connection = connect(this);
    this.#script = new Script(setting.reactor, this.connection);
    this.connection.setDeadline(this.#reactor.now + PATIENCE);
    if (setting.upgrades && side === 'client') this.#script.add(REQUEST);
    if (dialogue !== null) this.#meet(dialogue);
  }

  onConnected(): void {}

  onReceive(connection: Connection, buffer: number, start: number, end: number): void {
    const bytes = this.#reactor.arena.memory.slice(start, end);
    this.#reactor.arena.release(buffer);
    connection.setDeadline(this.#reactor.now + PATIENCE);
    const rest = this.#head === null ? bytes : this.#takeHead(bytes);
    if (rest.length > 0) this.#take(rest);
    const pause = this.#plan?.readPause ?? 0;
    if (pause === 0) return;
    connection.pause();
    this.#reactor.setTimer(pause, () => connection.resume());
  }

  onSent(connection: Connection): void {
    connection.setDeadline(this.#reactor.now + PATIENCE);
    this.#script.pump();
  }

  onEnd(connection: Connection): void {
    this.#heardEnd = true;
    const other = this.#otherPlan;
    // A peer that closed may have lost what was on its way; one that ended has not, and one that broke off must not
    // look as if it had.
    const whole = other === null ? 0 : other.length + GREETING;
    if (this.#received !== whole && !this.#cutIsKnown(other)) {
      this.#violate(`got an end behind ${this.#received} bytes of ${whole}`);
    }
    if (this.#dialogue === null) connection.close();
    else if (this.#plan?.speaks === 'after the end') this.#speak();
    else if (this.#finished) this.#script.add(() => connection.end());
  }

  onDeadline(connection: Connection): void {
    if (this.#strict) this.#violate(`heard nothing for ${PATIENCE} ms`);
    connection.abort();
  }

  onClosed(_connection: Connection, reason: Closed): void {
    this.closed = true;
    this.#script.stop();
    if (!this.#strict) return;
    if (reason !== Closed.finished || !this.#heardEnd) this.#violate(`the connection closed (${reason})`);
    else if (!this.#finished) this.#violate('the connection closed before everything was said');
  }

  get #plan(): PeerPlan | null {
    return this.#dialogue === null ? null : this.#dialogue[this.side];
  }

  get #otherPlan(): PeerPlan | null {
    return this.#dialogue === null ? null : this.#dialogue[this.side === 'client' ? 'origin' : 'client'];
  }

  /** Takes bytes of the head, and returns those behind it. */
  #takeHead(bytes: Uint8Array): Uint8Array {
    this.#head = Buffer.concat([this.#head as Buffer, bytes]);
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return new Uint8Array();
    const head = this.#head.toString('latin1', 0, end);
    const rest = this.#head.subarray(end + 4);
    this.#head = null;
    if (this.side === 'origin') {
      if (!/\r\nUpgrade: dialogue\/1(\r\n|$)/.test(head)) this.#violate(`was asked without an upgrade: ${head}`);
      this.#script.add(SWITCHING);
      return rest;
    }
    if (head.startsWith('HTTP/1.1 101 ')) return rest;
    if (this.#strict) this.#violate(`was refused: ${head}`);
    this.#faulty = true;
    this.#script.stop();
    this.connection.abort();
    return new Uint8Array();
  }

  #take(bytes: Uint8Array): void {
    this.#received += bytes.length;
    if (this.#heardEnd) this.#violate('bytes behind the end');
    const greeting = bytes.subarray(0, Math.max(0, GREETING - this.#greeting.length));
    this.#greeting += Buffer.from(greeting).toString('latin1');
    if (this.#check === null && this.#greeting.length === GREETING) this.#beGreeted();
    this.#check?.add(bytes.subarray(greeting.length));
    if (this.#check !== null && this.#check.wrongAt >= 0) {
      this.#violate(`byte ${this.#check.wrongAt} of what came is wrong`);
      this.connection.abort();
    }
  }

  #beGreeted(): void {
    const id = this.#greeting.trimEnd();
    const dialogue = this.#dialogues.get(id);
    if (dialogue === undefined) {
      this.#violate(`was greeted by ${JSON.stringify(id)}, whom nobody knows`);
      return;
    }
    if (this.#dialogue === null) this.#meet(dialogue);
    else if (this.#dialogue !== dialogue) this.#violate(`was greeted by ${id}`);
    const from = this.side === 'client' ? 'origin' : 'client';
    this.#check = new PatternCheck(`${from} ${id}`);
    if (this.#plan?.speaks === 'when addressed') this.#speak();
  }

  #meet(dialogue: DialoguePlan): void {
    this.#dialogue = dialogue;
    const plan = dialogue[this.side];
    this.#script.add(Buffer.from(dialogue.id.padEnd(GREETING), 'latin1'));
    if (plan.speaks === 'at once') this.#speak();
  }

  #speak(): void {
    const dialogue = this.#dialogue as DialoguePlan;
    const { length, piece, pause, fault } = dialogue[this.side];
    const key = `${this.side} ${dialogue.id}`;
    const until = fault === null ? length : Math.min(length, fault.after);
    const size = Math.max(piece, Math.ceil(length / MOST_PIECES));
    const steps: Step[] = [];
    for (let at = 0; at < until; at += size) {
      steps.push(pattern(key, at, Math.min(size, until - at)));
      if (pause > 0) steps.push(pause);
    }
    this.#script.add(...steps, () => (fault === null ? this.#finish() : this.#breakOff(fault.kind)));
  }

  #finish(): void {
    this.#finished = true;
    if (this.#plan?.ending === 'end' || this.#heardEnd) this.connection.end();
  }

  #breakOff(kind: 'reset' | 'stall' | 'close'): void {
    this.#faulty = true;
    this.#script.hold();
    if (kind === 'reset') this.connection.abort();
    if (kind === 'close') this.connection.close();
  }

  /** An end in the middle of the other's stream is right only when the other made it so. */
  #cutIsKnown(other: PeerPlan | null): boolean {
    if (this.#faulty) return true;
    if (other === null || this.#head !== null) return !this.#strict;
    return other.fault?.kind === 'close';
  }

  #violate(what: string): void {
    this.#journal.violate(`${this.side} of ${this.#dialogue?.id ?? 'an unknown dialogue'}: ${what}`);
  }
}
