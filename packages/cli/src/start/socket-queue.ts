import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A queue between two sockets of this process, for node agents to inherit: what an agent writes into it stays there
 * until the next one reads it. Agents put their listening sockets in (SCM_RIGHTS), which are therefore open for as long
 * as this process lives. Nothing is ever read here.
 */
export interface SocketQueue {
  readonly readEnd: Socket;
  readonly writeEnd: Socket;
}

export async function openSocketQueue(): Promise<SocketQueue> {
  // Nobody else may reach it in the moment that it has a name.
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-'));
  const server = createServer({ pauseOnConnect: true });
  try {
    server.listen(join(folder, 'queue'));
    await once(server, 'listening');
    const writeEnd = connect(join(folder, 'queue'));
    // A connected socket that is not paused begins to read.
    writeEnd.pause();
    const [[readEnd]] = (await Promise.all([once(server, 'connection'), once(writeEnd, 'connect')])) as [
      [Socket],
      void[],
    ];
    for (const socket of [readEnd, writeEnd]) socket.on('error', () => {});
    return { readEnd, writeEnd };
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
