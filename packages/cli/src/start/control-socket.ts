import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { StartFailure } from './failure.ts';
import { LineSplitter } from './lines.ts';
import { parseObject } from './spoken.ts';

/** What a Unix socket's name may have, in bytes. */
const LONGEST_PATH = 107;
/** Connections at a time; a further one is closed at once. */
const CONNECTIONS = 8;

/** What can be asked of a running supervisor. */
export interface UpgradeRequest {
  /** The folder that the new version's packages/ is in. */
  readonly root: string;
  /** The Node that runs it. */
  readonly node: string;
  /** Milliseconds that the old node agent has for what runs. */
  readonly drainMilliseconds: number;
  /** The control plane stays as it is. */
  readonly agentOnly: boolean;
}

/** Lines of JSON that a supervisor answers with. */
type Answer = { readonly say: string } | { readonly done: true } | { readonly failed: string };

export type UpgradeHandler = (request: UpgradeRequest, say: (line: string) => void) => Promise<void>;

/** Where a running supervisor takes requests, for this user alone: a Unix socket in the home. */
export class ControlSocket {
  readonly path: string;
  readonly #server: Server;
  readonly #folder: string | null;

  private constructor(path: string, folder: string | null, onUpgrade: UpgradeHandler) {
    this.path = path;
    this.#folder = folder;
    this.#server = createServer((socket) => serve(socket, onUpgrade));
    this.#server.maxConnections = CONNECTIONS;
  }

  /** `wanted` is taken unless it is too long for the system. */
  static async listen(wanted: string, onUpgrade: UpgradeHandler): Promise<ControlSocket> {
    const fits = Buffer.byteLength(wanted) <= LONGEST_PATH;
    const folder = fits ? null : mkdtempSync(join(tmpdir(), 'evenkeel-'));
    const control = new ControlSocket(folder === null ? wanted : join(folder, 'supervisor'), folder, onUpgrade);
    rmSync(control.path, { force: true });
    control.#server.listen(control.path);
    await once(control.#server, 'listening');
    chmodSync(control.path, 0o600);
    control.#server.on('error', () => {});
    control.#server.unref();
    return control;
  }

  close(): void {
    this.#server.close();
    rmSync(this.#folder === null ? this.path : dirname(this.path), { recursive: true, force: true });
  }
}

function serve(socket: Socket, onUpgrade: UpgradeHandler): void {
  const answer = (what: Answer) => socket.write(`${JSON.stringify(what)}\n`);
  const lines = new LineSplitter((line) => {
    const request = parseObject(line)?.upgrade as UpgradeRequest | undefined;
    const outcome =
      request === undefined
        ? Promise.reject(new StartFailure('What runs on this home does not know what is asked of it.'))
        : onUpgrade(request, (text) => answer({ say: text }));
    outcome
      .then(
        () => answer({ done: true }),
        (error: Error) => answer({ failed: error.message }),
      )
      .finally(() => socket.end());
  });
  socket
    .on('error', () => {})
    .setEncoding('utf8')
    .on('data', (text: string) => lines.push(text));
}

/** Asks the supervisor for an upgrade. Resolves when the new version serves; throws a StartFailure when it does not. */
export async function requestUpgrade(
  path: string,
  upgrade: UpgradeRequest,
  say: (line: string) => void,
): Promise<void> {
  const socket = connect(path);
  const ended = Promise.withResolvers<void>();
  const lines = new LineSplitter((line) => {
    const answer = parseObject(line) as Answer | null;
    if (answer === null) return;
    if ('say' in answer) say(answer.say);
    else if ('failed' in answer) ended.reject(new StartFailure(answer.failed));
    else ended.resolve();
  });
  socket
    .on('error', (error) => ended.reject(new StartFailure(`What runs on this home cannot be asked: ${error.message}.`)))
    .on('close', () => ended.reject(new StartFailure('What runs on this home has ended in the middle of the upgrade.')))
    .setEncoding('utf8')
    .on('data', (text: string) => lines.push(text));
  socket.write(`${JSON.stringify({ upgrade })}\n`);
  try {
    await ended.promise;
  } finally {
    socket.destroy();
  }
}
