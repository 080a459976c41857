import { createServer, connect as dial, type Server, type TLSSocket } from 'node:tls';
import type { SharingKey } from './sharing-keys.ts';

/**
 * TLS 1.3 by a key that both ends have (RFC 8446, section 2.2), with a fresh key exchange each time. Neither end has a
 * certificate, and none is accepted: who does not have the key does not get through the handshake.
 */
const PROTOCOL = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' } as const;
/** Milliseconds from the first packet until both ends know each other. */
const HANDSHAKE = 5_000;
/** Connections that may be open at a time, those in a handshake included. */
const MOST_CONNECTIONS = 128;

export interface SecureServerOptions {
  /** The key of that name, null: that from the token that nodes share; null when it is none that is good. */
  readonly key: (id: string | null) => Buffer | null;
  /** A connection of someone who has a key, the name that it goes by, and which key that is. */
  readonly onPeer: (socket: TLSSocket, node: string, key: string | null) => void;
}

/** A server that is not listening yet. */
export function secureServer({ key, onPeer }: SecureServerOptions): Server {
  const names = new WeakMap<TLSSocket, PskIdentity>();
  const server = createServer({
    ...PROTOCOL,
    handshakeTimeout: HANDSHAKE,
    pskCallback: (socket: TLSSocket, identity: string) => {
      const said = identityIn(identity);
      names.set(socket, said);
      return key(said.key);
    },
  });
  server.maxConnections = MOST_CONNECTIONS;
  // Whoever does not have the key, or breaks off.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {}); // shows in the `close` that follows
    const said = names.get(socket);
    if (said === undefined) socket.destroy();
    else onPeer(socket, said.node, said.key);
  });
  return server;
}

interface PskIdentity {
  readonly node: string;
  readonly key: string | null;
}

/** A name, and after a space that of the key; without, it is the key from the token that nodes share. */
function identityIn(text: string): PskIdentity {
  const [node = '', key = null] = text.split(' ', 2);
  return { node, key };
}

/** Connects as the node of this name; rejects with the reason. */
export function secureConnect(address: string, port: number, key: SharingKey, node: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = dial({
      ...PROTOCOL,
      host: address,
      port,
      pskCallback: () => ({ psk: key.secret, identity: key.id === null ? node : `${node} ${key.id}` }),
      // Asked only when the other end has shown a certificate in place of the key.
      checkServerIdentity: () => new Error('the other end does not have the key of this installation'),
    });
    const patience = setTimeout(() => socket.destroy(new Error('no answer')), HANDSHAKE);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(patience);
      reject(error);
    });
    socket.on('close', () => {
      clearTimeout(patience);
      reject(new Error('the other end has closed the connection'));
    });
    socket.on('secureConnect', () => {
      clearTimeout(patience);
      resolve(socket);
    });
  });
}
