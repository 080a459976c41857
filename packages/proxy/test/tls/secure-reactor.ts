import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import type { Arena } from '../../src/reactor/arena.ts';
import type { ReactorHarness, World } from '../../src/reactor/contract/harness.ts';
import type { DatagramHandler, DatagramOptions, DatagramSocket } from '../../src/reactor/datagram.ts';
import type {
  Closed,
  Connection,
  ConnectionHandler,
  Endpoint,
  ListenerHandler,
  ListeningSocket,
  ListenOptions,
  Reactor,
  ReactorName,
  Timer,
  Unsettled,
} from '../../src/reactor/reactor.ts';
import { ContextCache } from '../../src/tls/context-cache.ts';
import { TlsLibrary } from '../../src/tls/library.ts';
import { ListenerTls } from '../../src/tls/listener-tls.ts';
import { packCertificate } from '../../src/tls/packed-certificate.ts';
import { SecureServer } from '../../src/tls/secure-server.ts';
import { TargetTls } from '../../src/tls/target-tls.ts';
import { listenerWithTls, TLS } from './plans.ts';

const server = issue({ names: ['secure.test'] });
const certificate = packCertificate({
  id: 'own',
  chain: server.certificate,
  privateKey: server.key,
  names: [],
  keyType: 'ecdsa',
  ocspResponse: null,
});

/** Another reactor on which every connection speaks TLS: what the contract of reactors is held against. */
class SecureReactor implements Reactor {
  readonly #inner: Reactor;
  readonly #library: TlsLibrary;
  readonly #listening: ListenerTls;
  readonly #connecting: TargetTls;

  constructor(inner: Reactor, versions: typeof TLS.versions) {
    this.#inner = inner;
    this.#library = new TlsLibrary(inner.arena);
    const objects = {
      certificate: () => certificate,
      authority: () => {
        throw new Error('no authorities here');
      },
      certificatesFailed: () => undefined,
    };
    const planned = listenerWithTls({ defaultCertificates: ['own'], versions });
    this.#listening = new ListenerTls(this.#library, new ContextCache(), planned, planned.tls ?? TLS, objects);
    this.#connecting = new TargetTls(this.#library, { authorityId: null, serverName: '', versions }, null, true);
  }

  get name(): ReactorName {
    return this.#inner.name;
  }

  get arena(): Arena {
    return this.#inner.arena;
  }

  get now(): number {
    return this.#inner.now;
  }

  get wallTime(): number {
    return this.#inner.wallTime;
  }

  get open(): number {
    return this.#inner.open;
  }

  listen(options: ListenOptions, handler: ListenerHandler): ListeningSocket {
    return this.#inner.listen(options, {
      onListening: (socket) => handler.onListening(socket),
      onFailed: (socket, error) => handler.onFailed(socket, error),
      onAccept: (raw, socket) => {
        const whenReady = new WhenReady((connection) => handler.onAccept(connection, socket));
        new SecureServer(this.#inner, this.#library, () => this.#listening, raw, whenReady);
      },
    });
  }

  connect(remote: Endpoint, handler: ConnectionHandler, from = ''): Connection {
    const open = (secure: ConnectionHandler): Connection => this.#inner.connect(remote, secure, from);
    return this.#connecting.connect(this.#inner, 'secure.test', open, handler);
  }

  openDatagrams(options: DatagramOptions, handler: DatagramHandler): DatagramSocket {
    return this.#inner.openDatagrams(options, handler);
  }

  get datagramMemory(): Uint8Array {
    return this.#inner.datagramMemory;
  }

  setTimer(delay: number, callback: () => void): Timer {
    return this.#inner.setTimer(delay, callback);
  }

  unsettle(item: Unsettled): void {
    this.#inner.unsettle(item);
  }
}

/** Holds the place of a connection's handler until the handshake is done. */
class WhenReady implements ConnectionHandler {
  readonly #ready: (connection: Connection) => void;

  constructor(ready: (connection: Connection) => void) {
    this.#ready = ready;
  }

  onConnected(connection: Connection): void {
    this.#ready(connection);
  }

  onReceive(): void {}
  onSent(): void {}
  onEnd(): void {}
  onDeadline(): void {}
  onClosed(_connection: Connection, _reason: Closed): void {}
}

/** The same worlds with TLS of one version on every connection. */
export function secured(harness: ReactorHarness, version: '1.2' | '1.3'): ReactorHarness {
  return {
    name: `TLS ${version} on ${harness.name}`,
    skip: harness.skip,
    create: () => {
      const world = harness.create();
      const secure: World = {
        virtual: world.virtual,
        open: (buffers) => new SecureReactor(world.open(buffers), [version]),
        until: (what, condition) => world.until(what, condition),
        pass: (milliseconds) => world.pass(milliseconds),
        stop: () => world.stop(),
      };
      return secure;
    },
  };
}
