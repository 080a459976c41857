import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import {
  DATAGRAM_BACKLOG,
  DATAGRAM_HEADROOM,
  DATAGRAM_SIZE,
  type DatagramHandler,
  type DatagramOptions,
  type DatagramPeer,
  type DatagramSocket,
} from '../datagram.ts';
import type { Endpoint } from '../reactor.ts';

/** Bytes that may wait in one socket to be sent, as Node hands datagrams to the system on a later tick at times. */
const MOST_QUEUED = 256 * 1024;

class PortablePeer implements DatagramPeer {
  readonly address: string;
  readonly port: number;

  constructor({ address, port }: Endpoint) {
    this.address = address;
    this.port = port;
  }

  get key(): string {
    return `${this.address} ${this.port}`;
  }

  keep(): DatagramPeer {
    return this;
  }
}

/** What datagram sockets share with their reactor. */
export interface PortableDatagrams {
  readonly memory: Uint8Array;
  readonly open: Set<PortableDatagramSocket>;
}

/** A datagram socket over a `dgram.Socket`. */
export class PortableDatagramSocket implements DatagramSocket {
  local: Endpoint = { address: '', port: 0 };
  readonly #context: PortableDatagrams;
  readonly #handler: DatagramHandler;
  readonly #remote: Endpoint | null;
  readonly #socket: Socket;
  /** Sent before the socket knows its remote. */
  #early: Buffer[] | null = null;
  #queued = 0;
  #ready = false;
  #closed = false;

  constructor(context: PortableDatagrams, options: DatagramOptions, handler: DatagramHandler) {
    const { local, remote, reusePort } = options;
    this.#context = context;
    this.#handler = handler;
    this.#remote = remote;
    context.open.add(this);
    const version = isIP((local ?? remote)?.address ?? '');
    const socket = createSocket({
      type: version === 6 ? 'udp6' : 'udp4',
      reusePort,
      ipv6Only: version === 6,
      ...(remote === null && { recvBufferSize: DATAGRAM_BACKLOG }),
    });
    this.#socket = socket;
    socket.on('error', (error: NodeJS.ErrnoException) => this.#failed(error.code ?? 'UNKNOWN', error.message));
    socket.on('message', (message, info) => this.#take(message, info));
    socket.on('close', () => context.open.delete(this));
    if (version === 0) {
      queueMicrotask(() => this.#failed('EINVAL', 'not an address'));
      return;
    }
    if (remote !== null) this.#early = [];
    const connect = () => (remote === null ? this.#opened() : socket.connect(remote.port, remote.address));
    socket.on('connect', () => this.#opened());
    // Exclusive: workers of a cluster would share it otherwise.
    if (local === null) connect();
    else socket.bind({ address: local.address, port: local.port, exclusive: true }, connect);
  }

  send(start: number, end: number, to: DatagramPeer | null): boolean {
    if (this.#closed || this.#queued + end - start > MOST_QUEUED) return false;
    const bytes = Buffer.from(this.#context.memory.subarray(start, end));
    this.#queued += bytes.length;
    if (to === null && this.#early !== null) this.#early.push(bytes);
    else this.#hand(bytes, to);
    return true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#early = null;
    this.#socket.close();
  }

  #hand(bytes: Buffer, to: DatagramPeer | null): void {
    const done = (error: Error | null) => {
      this.#queued -= bytes.length;
      const code = (error as NodeJS.ErrnoException | null)?.code;
      if (code !== undefined && to === null && !this.#closed) this.#handler.onError(this, code);
    };
    if (to === null) this.#socket.send(bytes, done);
    else this.#socket.send(bytes, to.port, to.address, done);
  }

  #opened(): void {
    if (this.#closed) return;
    this.#ready = true;
    const { address, port } = this.#socket.address();
    this.local = { address, port };
    const early = this.#early ?? [];
    this.#early = null;
    for (const bytes of early) this.#hand(bytes, null);
    this.#handler.onOpen(this);
  }

  #failed(code: string, message: string): void {
    if (this.#closed) return;
    if (this.#ready) {
      this.#handler.onError(this, code);
      return;
    }
    this.close();
    this.#handler.onFailed(this, { code, message });
  }

  #take(message: Buffer, info: RemoteInfo): void {
    if (this.#closed) return;
    const length = Math.min(message.length, DATAGRAM_SIZE);
    this.#context.memory.set(message.subarray(0, length), DATAGRAM_HEADROOM);
    const peer = new PortablePeer(this.#remote ?? info);
    this.#handler.onDatagram(this, peer, DATAGRAM_HEADROOM, DATAGRAM_HEADROOM + length);
  }
}
