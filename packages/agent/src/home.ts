import { access, constants, mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { StartError } from './start-error.ts';

/** What the model allows as a node's identifier. */
const NODE_ID = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;
/** What may stand in an Authorization field. */
const TOKEN = /^[\x21-\x7e]{1,4096}$/;

export interface NodeCredential {
  readonly token: string;
  /** SHA-256 of the control plane's certificate; null: the file names none. */
  readonly fingerprint: string | null;
}

/** The agent's files below the product's home directory. */
export class Home {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Makes the directories that are missing. Throws a StartError when they cannot be made or written to. */
  static async open(path: string): Promise<Home> {
    try {
      for (const directory of [path, join(path, 'agent'), join(path, 'logs')]) {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await access(directory, constants.W_OK | constants.X_OK);
      }
    } catch (error) {
      const { code, path: place } = error as NodeJS.ErrnoException;
      throw new StartError(`cannot write to ${place ?? path} (${code}); make it writable or choose another --home`);
    }
    return new Home(path);
  }

  get planFile(): string {
    return join(this.#path, 'agent', 'plan.jsonl');
  }

  get blockListFile(): string {
    return join(this.#path, 'agent', 'block-lists.jsonl');
  }

  /** What this node has put into the kernel. */
  get kernelRecordFile(): string {
    return join(this.#path, 'agent', 'kernel.json');
  }

  get path(): string {
    return this.#path;
  }

  get accessLogFile(): string {
    return join(this.#path, 'logs', 'access.log');
  }

  get tokenFile(): string {
    return join(this.#path, 'credentials', 'node.json');
  }

  /** By which nodes of the zone know each other. */
  get zoneKeysFile(): string {
    return join(this.#path, 'credentials', 'zone-keys.json');
  }

  /**
   * The node's identifier: the given name, else the one that was used before, else the host's name. It is kept, for a node
   * whose host is renamed is still the same node.
   */
  async nodeId(given: string | undefined): Promise<string> {
    const file = join(this.#path, 'agent', 'node-id');
    const kept = await readFile(file, 'utf8').then(
      (text) => text.trim(),
      () => '',
    );
    if (given !== undefined && !NODE_ID.test(given)) {
      throw new StartError(
        `--node-name ${JSON.stringify(given)} is not a node name: use up to 63 lower-case letters, digits, dots and hyphens`,
      );
    }
    const id = given ?? (NODE_ID.test(kept) ? kept : idOfHost(hostname()));
    if (id === kept) return id;
    try {
      await writeFile(file, `${id}\n`, { mode: 0o600 });
    } catch (error) {
      throw new StartError(
        `cannot write ${file} (${(error as NodeJS.ErrnoException).code}); make room or make it writable`,
      );
    }
    return id;
  }

  /**
   * The bearer token by which the control plane knows this node, and the fingerprint that the node knows it by, if the
   * file names one. Rejects with a sentence that says what is missing.
   */
  async readCredential(): Promise<NodeCredential> {
    const file = this.tokenFile;
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new Error(`no node token: ${file} cannot be read (${code}); the control plane on this home writes it`);
    }
    const credential = credentialIn(text);
    if (credential === null) throw new Error(`no node token: ${file} must hold {"token": "…"}`);
    return credential;
  }
}

function credentialIn(text: string): NodeCredential | null {
  try {
    const { token, fingerprint } = JSON.parse(text) as { readonly token?: unknown; readonly fingerprint?: unknown };
    if (typeof token !== 'string' || !TOKEN.test(token)) return null;
    return { token, fingerprint: typeof fingerprint === 'string' ? fingerprint : null };
  } catch {
    return null;
  }
}

function idOfHost(name: string): string {
  const id = name
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 63)
    .replace(/[.-]+$/, '');
  return id === '' ? 'node' : id;
}
