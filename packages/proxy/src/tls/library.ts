import type { Arena } from '../reactor/arena.ts';
import { RangeQueue } from '../reactor/range-queue.ts';
import { ClientHello } from './client-hello.ts';
import { ClientSessions } from './client-sessions.ts';
import { NativeMemory } from './ffi/native-memory.ts';
import { addressOf, BIO_new, BIO_s_mem } from './ffi/openssl.ts';
import { PeerCertificates } from './peer-certificate.ts';
import { ProtocolChoice } from './protocol-choice.ts';
import { Stapling } from './stapling.ts';
import { TicketKeys } from './ticket-keys.ts';

/**
 * What all TLS connections of one worker share. The two BIOs are the way in and out of all of them: whoever uses one
 * leaves it empty, within the same call. So a connection that rests keeps no buffers of its own.
 */
export class TlsLibrary {
  /** Address of the arena's memory. */
  readonly arenaAddress: number;
  readonly input = BIO_new(BIO_s_mem());
  readonly output = BIO_new(BIO_s_mem());
  /** What a connection decrypts within one call; empty in between. */
  readonly decrypted = new RangeQueue();
  readonly memory = new NativeMemory();
  readonly hello = new ClientHello();
  readonly ticketKeys = new TicketKeys();
  readonly protocols = new ProtocolChoice();
  readonly stapling: Stapling;
  readonly clientSessions: ClientSessions;
  readonly peers = new PeerCertificates(this.memory);

  /** `wallTime` in Unix milliseconds. */
  constructor(arena: Arena, wallTime: () => number = Date.now) {
    this.arenaAddress = addressOf(arena.memory);
    this.stapling = new Stapling(wallTime);
    this.clientSessions = new ClientSessions(wallTime);
  }
}
