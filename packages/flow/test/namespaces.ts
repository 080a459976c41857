import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** As `ip -json` has it; counters with -s. */
interface Link {
  readonly ifindex: number;
  readonly address: string;
  readonly stats64?: { readonly tx: { readonly packets: number } };
}

/** A network namespace, joined to others by veth pairs. Traffic comes from processes of its own (`start`). */
export class Namespace {
  readonly name: string;
  readonly #children: ChildProcess[] = [];

  constructor(name: string) {
    this.name = `evenkeel-${process.pid}-${name}`;
    execFileSync('ip', ['netns', 'add', this.name]);
    this.ip('link set lo up');
  }

  ip(command: string): void {
    execFileSync('ip', ['-n', this.name, ...command.split(' ')]);
  }

  /** Writes a kernel parameter of this namespace. */
  set(parameter: string, value: string): void {
    this.run('sh', '-c', `echo ${value} > /proc/sys/${parameter}`);
  }

  run(...command: string[]): string {
    return execFileSync('nsenter', this.#inside(command), { encoding: 'utf8', timeout: 60_000 });
  }

  /** A device here and one there, with these addresses; '' is none, for a port of a bridge. */
  join(device: string, address: string, other: Namespace, otherDevice: string, otherAddress: string): void {
    this.ip(`link add ${device} type veth peer name ${otherDevice} netns ${other.name}`);
    if (address !== '') this.ip(`addr add ${address} dev ${device}`);
    other.ip(`addr add ${otherAddress} dev ${otherDevice}`);
    this.ip(`link set ${device} up`);
    other.ip(`link set ${otherDevice} up`);
    this.#awaitLink(device);
    other.#awaitLink(otherDevice);
  }

  /** A device that was just set up counts as down until the kernel's link watch has looked at it. */
  #awaitLink(device: string): void {
    const deadline = Date.now() + 60_000;
    while (
      !/ state UP /.test(execFileSync('ip', ['-n', this.name, '-o', 'link', 'show', device], { encoding: 'utf8' }))
    ) {
      if (Date.now() > deadline) throw new Error(`${device} in ${this.name} does not come up`);
    }
  }

  /** Of a device of this namespace. */
  mac(device: string): string {
    return this.#link(device).address;
  }

  deviceNumber(device: string): number {
    return this.#link(device).ifindex;
  }

  /** That have left by a device of this namespace so far. */
  sentFrames(device: string): number {
    return this.#link(device, '-s').stats64!.tx.packets;
  }

  #link(device: string, ...options: string[]): Link {
    const text = execFileSync('ip', ['-n', this.name, '-j', ...options, 'link', 'show', device], { encoding: 'utf8' });
    return (JSON.parse(text) as Link[])[0]!;
  }

  start(...command: string[]): LineProcess {
    const child = spawn('nsenter', this.#inside(command), { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#children.push(child);
    return new LineProcess(child);
  }

  async remove(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    execFileSync('ip', ['netns', 'del', this.name]);
  }

  /** By nsenter: `ip netns exec` hides BPF file systems behind a fresh /sys. */
  #inside(command: readonly string[]): string[] {
    return [`--net=/run/netns/${this.name}`, ...command];
  }
}

/** A process that is talked to in lines. */
export class LineProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /** Of the program itself: nsenter becomes it. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** Resolves when the process is gone. */
  async ended(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended();
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the process has ended (${this.#child.exitCode})`);
    return value;
  }

  /** Sends a line and returns the next one, read as JSON. */
  async ask<T>(command: string): Promise<T> {
    this.#child.stdin!.write(`${command}\n`);
    return JSON.parse(await this.line()) as T;
  }
}
