import { fileURLToPath } from 'node:url';
import { run } from '../process/children.ts';
import type { LoadResult } from './wrk.ts';

/** `resumed`: each takes up the session of one that was made before. */
export type HandshakeKind = 'full' | 'resumed';

export interface HandshakeLoad {
  readonly address: string;
  readonly port: number;
  /** The name that is asked for. */
  readonly name: string;
  readonly kind: HandshakeKind;
  readonly connections: number;
  readonly seconds: number;
  readonly core: number | null;
}

const CLIENT = fileURLToPath(new URL('handshake-client.ts', import.meta.url));

/** Makes TLS connections, and ends each when it is up, as fast as one process can. A request of the result is a handshake. */
export async function shakeHands({ core, ...load }: HandshakeLoad): Promise<LoadResult> {
  const output = await run([process.execPath, CLIENT, JSON.stringify(load)], { core });
  const match = /^result (\{.*\})$/m.exec(output);
  if (match === null) throw new Error(`the client gave no result: ${output}`);
  const result = JSON.parse(match[1]) as LoadResult;
  if (result.requests === 0) throw new Error(`not one handshake succeeded: ${output}`);
  return result;
}
