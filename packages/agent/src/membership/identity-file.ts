import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MOST_CERTIFICATES } from '@evenkeel/model/plan/membership.ts';
import { fingerprintsIn } from './fingerprints.ts';
import { makeNodeKey } from './node-key.ts';
import { writePrivateFile } from './private-file.ts';

/** What a node that has joined is known by, and what it knows the control plane by. */
export interface NodeIdentity {
  readonly node: string;
  /** That it has joined in; empty: none, or it has joined when the control plane did not say. */
  readonly zone: string;
  /** PEM. */
  readonly key: string;
  readonly certificate: string;
  /** SHA-256 of certificates that control planes show; empty: authorities vouch for those. */
  readonly fingerprints: readonly string[];
  /** Unix milliseconds on this node's clock: when it was given the certificate. */
  readonly issuedAt: number;
}

/** When the certificate ends, in Unix milliseconds. */
export function endOf({ certificate }: Pick<NodeIdentity, 'certificate'>): number {
  return new X509Certificate(certificate).validToDate.getTime();
}

/** The identity of a node in its home: key and certificate in one file, so that they always belong together. */
export class IdentityFile {
  readonly #folder: string;

  constructor(home: string) {
    this.#folder = join(home, 'credentials');
  }

  get path(): string {
    return join(this.#folder, 'node-identity.json');
  }

  /** null: the node has not joined. Rejects with a sentence when the file is there, and no good. */
  async read(): Promise<NodeIdentity | null> {
    const text = await readIfThere(this.path);
    if (text === null) return null;
    const identity = identityIn(text);
    if (identity !== null) return identity;
    throw new Error(`${this.path} is damaged; move it away, and have the node join with a new token`);
  }

  async write(identity: NodeIdentity): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    // The version before reads one fingerprint, and must find it when a node goes back to it.
    const kept = { ...identity, fingerprint: identity.fingerprints[0] ?? null };
    await writePrivateFile(this.path, `${JSON.stringify(kept)}\n`);
  }

  /** The key to join with. It is kept until that has gone well: an answer that was lost can be asked for again with it. */
  async joiningKey(): Promise<string> {
    const kept = await readIfThere(this.#joiningKeyFile);
    if (kept?.includes('PRIVATE KEY')) return kept;
    const key = makeNodeKey();
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writePrivateFile(this.#joiningKeyFile, key);
    return key;
  }

  /** Keeps what the node has joined with. */
  async joined(identity: NodeIdentity): Promise<void> {
    await this.write(identity);
    await rm(this.#joiningKeyFile, { force: true });
  }

  get #joiningKeyFile(): string {
    return join(this.#folder, 'joining-key.pem');
  }
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new Error(`${file} cannot be read (${code}); make it readable for its owner`);
  }
}

function identityIn(text: string): NodeIdentity | null {
  try {
    const { fingerprint, ...value } = JSON.parse(text) as Record<string, unknown>;
    const texts = [value['node'], value['zone'], value['key'], value['certificate']];
    if (!texts.every((part) => typeof part === 'string') || !Number.isSafeInteger(value['issuedAt'])) return null;
    const [first, listed] = [fingerprintsIn([fingerprint ?? []].flat()), fingerprintsIn(value['fingerprints'] ?? [])];
    if (first === null || listed === null) return null;
    // The version before keeps the list as it was, and changes the one alone: another one than the first is newer.
    const fingerprints = [...new Set([...first, ...listed])].slice(0, MOST_CERTIFICATES);
    const identity = { ...value, fingerprints } as unknown as NodeIdentity;
    return endOf(identity) > 0 ? identity : null;
  } catch {
    return null;
  }
}
