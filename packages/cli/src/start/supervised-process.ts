import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { EXIT } from '../exit-codes.ts';
import { Backoff } from './backoff.ts';
import { StartFailure, WrongSetting } from './failure.ts';
import type { HeldSocket } from './held-socket.ts';
import { LineSplitter } from './lines.ts';
import type { LogFile } from './log-file.ts';
import { nodeFlagsOf } from './node-flags.ts';
import { startTimeOf } from './process-time.ts';
import { Pulse } from './pulse.ts';
import type { ProcessMark } from './running.ts';
import type { SocketQueue } from './socket-queue.ts';
import { parseObject, Spoken, textOf } from './spoken.ts';

/** What a process says on stdout, as one line of JSON, when it does its work; or when it would, and waits for something. */
export interface ReadyEvent {
  readonly event: 'ready' | 'waiting';
  readonly [detail: string]: unknown;
}

export interface ProcessSpec {
  /** As a person calls it: "control plane". */
  readonly name: string;
  /** Absolute path of its main file, which may have its flags for Node beside it: see `nodeFlagsOf`. */
  readonly script: string;
  /** Asked before each start. */
  args(): readonly string[];
  /** The Node that runs it, and what that loads before; this one's by default. */
  readonly node?: string;
  readonly lifeline?: string;
  /** It is told commands and tells events, and keeps sockets in this queue: see `command`. */
  readonly sockets?: SocketQueue;
  /** It listens on those of these sockets that are open when it starts. */
  readonly listensOn?: readonly HeldSocket[];
}

/** What a process says on its channel. */
export interface ChannelEvent {
  readonly event: string;
  readonly [detail: string]: unknown;
}

export interface Surroundings {
  readonly log: LogFile;
  /** Where its log is, for messages. */
  readonly logPath: string;
  say(line: string): void;
  /** It has begun or ended: its `mark` has changed. */
  onChange(): void;
}

type State =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'starting' | 'running';
      readonly child: ChildProcess;
      readonly since: number;
      readonly mark: ProcessMark;
    }
  | { readonly kind: 'waiting'; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'ended' };

/** Milliseconds until the first start is given up. */
const START_TIMEOUT = 30_000;
/** Lines of complaint that are kept to explain a failed start. */
const KEPT_LINES = 20;

/** Longest event on a channel: the health of all targets is in one. */
const LONGEST_EVENT = 64 * 1024 * 1024;

const LIFELINE = join(import.meta.dirname, 'lifeline.ts');

/**
 * A process that is kept running: when it dies it is started again, with growing delays. The first start is different:
 * if that fails, it is not repeated, because somebody waits for the reason. It is in a session of its own, so that
 * Ctrl-C in the terminal reaches the supervisor alone, and it holds a pipe that ends when the supervisor does.
 */
export class SupervisedProcess {
  readonly #spec: ProcessSpec;
  readonly #around: Surroundings;
  readonly #backoff = new Backoff();
  readonly #spoken = new Spoken();
  #state: State = { kind: 'idle' };
  #stopping = false;
  #errors: string[] = [];
  #first: PromiseWithResolvers<ReadyEvent> | null = null;
  /** It runs, and has yet to say that it is ready. */
  #waits = false;
  /** Somebody has read that it waits, and should read when it is ready. */
  #isKnownToWait = false;
  #ended: PromiseWithResolvers<void> | null = null;
  #pulse: Pulse | null = null;
  #channel: Duplex | null = null;
  readonly #events = new EventEmitter<{ event: [ChannelEvent]; exit: [string]; ready: [] }>();

  constructor(spec: ProcessSpec, around: Surroundings) {
    this.#spec = spec;
    this.#around = around;
  }

  get mark(): ProcessMark | null {
    return 'mark' in this.#state ? this.#state.mark : null;
  }

  get running(): boolean {
    return this.#state.kind === 'running';
  }

  /**
   * Resolves with what it answers on its channel to `command` (null: with what it says next). Rejects with a
   * StartFailure when that is no `event`, or does not come within `patience` milliseconds.
   */
  async ask(command: object | null, event: string, patience: number): Promise<ChannelEvent> {
    const { name } = this.#spec;
    const signal = AbortSignal.timeout(patience);
    const answer = once(this.#events, 'event', { signal });
    const exit = once(this.#events, 'exit', { signal }).then(([how]) => {
      throw new StartFailure(`The ${name} ended while it was upgraded (${how}). Its log is ${this.#around.logPath}.`);
    });
    if (command !== null) this.tell(command);
    try {
      const [said] = (await Promise.race([answer, exit])) as [ChannelEvent];
      if (said.event === event) return said;
      throw new StartFailure(`The ${name} did not come to "${event}": ${String(said.reason ?? said.event)}`);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new StartFailure(`The ${name} did not come to "${event}" within ${patience / 1000} s.`);
    } finally {
      answer.catch(() => {});
      exit.catch(() => {});
    }
  }

  /** It does not answer as it should: it is killed, and started again. */
  kick(): void {
    if (this.#state.kind === 'starting' || this.#state.kind === 'running') this.#state.child.kill('SIGKILL');
  }

  /** Tells it a command, on its channel. */
  tell(command: object): void {
    this.#channel?.write(`${JSON.stringify(command)}\n`);
  }

  /** It is to end by itself: when it does it is not started again, and after `patience` milliseconds it is killed. */
  async letGo(patience: number): Promise<void> {
    this.#keepDown();
    if (this.#state.kind !== 'starting' && this.#state.kind !== 'running') return;
    this.#state = { ...this.#state, mark: { ...this.#state.mark, name: `${this.#spec.name} (draining)` } };
    this.#around.onChange();
    this.#ended ??= Promise.withResolvers();
    const { child } = this.#state;
    const timer = setTimeout(() => {
      this.#around.say(`${this.#spec.name} has not ended within ${patience / 1000} s and is killed`);
      child.kill('SIGKILL');
    }, patience);
    await this.#ended.promise;
    clearTimeout(timer);
  }

  /**
   * Resolves with what it said when it was ready, or when it said that it waits for something; rejects with a StartFailure
   * when it ended before that.
   */
  start(patience = START_TIMEOUT): Promise<ReadyEvent> {
    if (this.#stopping) return Promise.reject(new StartFailure(`The ${this.#spec.name} was stopped before it began.`));
    const first = Promise.withResolvers<ReadyEvent>();
    this.#first = first;
    const timer = setTimeout(() => {
      first.reject(new StartFailure(this.#reason(`was not ready within ${patience / 1000} s`)));
    }, patience);
    this.#spawn();
    return first.promise.finally(() => clearTimeout(timer));
  }

  /** Whether it is ready, of which it has `patience` milliseconds to say so. If not, the terminal is told when it does. */
  async readyWithin(patience: number): Promise<boolean> {
    if (this.#waits) await once(this.#events, 'ready', { signal: AbortSignal.timeout(patience) }).catch(() => {});
    this.#isKnownToWait = this.#waits;
    return !this.#waits;
  }

  /** Asks it to end, and kills it when it has not after `patience` milliseconds. Resolves when it is gone. */
  async stop(patience: number): Promise<void> {
    this.#keepDown();
    const state = this.#state;
    if (state.kind !== 'starting' && state.kind !== 'running') return;
    this.#ended ??= Promise.withResolvers();
    state.child.kill('SIGTERM');
    const timer = setTimeout(() => {
      this.#around.say(`${this.#spec.name} has not ended within ${patience / 1000} s and is killed`);
      state.child.kill('SIGKILL');
    }, patience);
    await this.#ended.promise;
    clearTimeout(timer);
  }

  /** Kills it at once. */
  kill(): void {
    this.#keepDown();
    if (this.#state.kind === 'starting' || this.#state.kind === 'running') this.#state.child.kill('SIGKILL');
  }

  #keepDown(): void {
    this.#stopping = true;
    if (this.#state.kind !== 'waiting') return;
    clearTimeout(this.#state.timer);
    this.#state = { kind: 'ended' };
  }

  #spawn(): void {
    const env = { ...process.env };
    delete env.EVENKEEL_LIFELINE;
    delete env.EVENKEEL_API_SOCKET;
    delete env.EVENKEEL_METRICS_SOCKET;
    const { node = process.execPath, lifeline = LIFELINE, script, sockets, listensOn = [] } = this.#spec;
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', 'pipe'];
    if (sockets !== undefined) {
      stdio.push('pipe', sockets.readEnd, sockets.writeEnd);
      env.EVENKEEL_SUPERVISION = '4,5,6';
    }
    for (const { variable, descriptor } of listensOn) {
      if (descriptor === null) continue;
      env[variable] = String(stdio.length);
      stdio.push(descriptor);
    }
    const args = [...nodeFlagsOf(script), '--import', lifeline, script, ...this.#spec.args()];
    const child: ChildProcess = spawn(node, args, { stdio, detached: true, env });
    this.#errors = [];
    this.#waits = false;
    const pid = child.pid;
    child.once('error', (error) => {
      // Without a process id it never began, and no `exit` will come.
      if (pid === undefined) this.#onExit(error.message, 0);
    });
    if (pid === undefined) return;

    const since = performance.now();
    this.#state = {
      kind: 'starting',
      child,
      since,
      mark: { name: this.#spec.name, pid, startTime: startTimeOf(pid) ?? 0 },
    };
    this.#around.onChange();
    this.#watch(child);
    this.#read(child, 'stdout');
    this.#read(child, 'stderr');
    // `close` comes after the last line of output, which tells why.
    child.once('close', (code, signal) => {
      this.#onExit(signal === null ? `exit code ${code}` : signal, performance.now() - since, code);
    });
  }

  #watch(child: ChildProcess): void {
    const pulse = new Pulse((seconds) => {
      this.#around.say(`${this.#spec.name} has shown no sign of life for ${seconds} s and is killed`);
      child.kill('SIGKILL');
    });
    this.#pulse = pulse;
    child.stdio[3]?.on('error', () => {}).on('data', () => pulse.beat());
    child.once('exit', () => pulse.stop());
    this.#channel = null;
    if (this.#spec.sockets === undefined) return;
    const channel = child.stdio[4] as Duplex;
    const lines = new LineSplitter(
      (line) => this.#events.emit('event', JSON.parse(line) as ChannelEvent),
      LONGEST_EVENT,
    );
    channel
      .on('error', () => {})
      .setEncoding('utf8')
      .on('data', (text: string) => lines.push(text));
    this.#channel = channel;
  }

  #read(child: ChildProcess, from: 'stdout' | 'stderr'): void {
    const lines = new LineSplitter((line) => this.#onLine(line, from === 'stderr'));
    child[from]
      ?.setEncoding('utf8')
      .on('data', (text: string) => lines.push(text))
      .on('end', () => lines.flush());
  }

  #onLine(line: string, fromStderr: boolean): void {
    if (!fromStderr && (this.#state.kind === 'starting' || this.#waits)) {
      const entry = parseObject(line);
      if (entry?.event === 'ready' || entry?.event === 'waiting') {
        this.#onReady(entry as unknown as ReadyEvent);
        return;
      }
    }
    this.#around.log.write(line);
    if (this.#first !== null) {
      const reason = textOf(line, fromStderr);
      if (reason !== null && this.#errors.length < KEPT_LINES) this.#errors.push(reason);
      return;
    }
    const text = this.#spoken.of(line, fromStderr);
    if (text !== null) this.#around.say(`${this.#spec.name}: ${text}`);
  }

  #onReady(event: ReadyEvent): void {
    const waits = event.event === 'waiting';
    if (this.#state.kind !== 'starting') {
      this.#waits = waits;
      if (waits) return;
      if (this.#isKnownToWait) this.#around.say(`${this.#spec.name} is ready`);
      this.#events.emit('ready');
      return;
    }
    const { since } = this.#state;
    this.#state = { ...this.#state, kind: 'running' };
    this.#waits = waits;
    if (this.#first === null) {
      const after = `(${((performance.now() - since) / 1000).toFixed(1)} s)`;
      this.#isKnownToWait = waits;
      this.#around.say(`${this.#spec.name} is back ${after}${waits ? `, and waits for ${event.waitsFor}` : ''}`);
      return;
    }
    this.#first.resolve(event);
    this.#first = null;
  }

  #onExit(how: string, ran: number, code: number | null = null): void {
    this.#state = { kind: 'ended' };
    this.#pulse?.stop();
    this.#around.onChange();
    this.#events.emit('exit', how);
    this.#ended?.resolve();
    if (this.#first !== null) {
      // As the CLI itself, node agent and control plane end so where an option or a variable is wrong.
      const Failure = code === EXIT.usage ? WrongSetting : StartFailure;
      this.#first.reject(new Failure(this.#reason(`ended while it was starting (${how})`)));
      this.#first = null;
      return;
    }
    if (this.#stopping) return;
    const delay = this.#backoff.after(ran);
    this.#around.say(`${this.#spec.name} has died (${how}); it is started again in ${delay / 1000} s`);
    this.#state = { kind: 'waiting', timer: setTimeout(() => this.#spawn(), delay) };
  }

  /** A process that cannot start says why in a line or two; a crash says much more, and only its heading is of use here. */
  #reason(otherwise: string): string {
    const said = this.#errors.map((line) => line.trim()).filter((line) => line !== '');
    if (said.length >= 1 && said.length <= 3) return said.join('\n');
    const heading = said.find((line) => /^\w*Error\b/.test(line));
    const reason = heading === undefined ? '' : `: ${heading}`;
    return `The ${this.#spec.name} ${otherwise}${reason}. Its log is ${this.#around.logPath}.`;
  }
}
