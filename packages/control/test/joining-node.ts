import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { JOIN_PATH, proofText } from '@evenkeel/model/plan/membership.ts';
import type { Problem } from '@evenkeel/model/problem.ts';
import type { Answer, Running } from './running.ts';
import { secureCall } from './secure-call.ts';

/** A machine that wants to be a node: it has a key, and may have a certificate. */
export class JoiningNode {
  readonly node: string;
  readonly #privateKey: KeyObject;
  readonly #publicKey: string;
  certificate = '';

  constructor(node: string, namedCurve = 'prime256v1') {
    this.node = node;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    this.#privateKey = privateKey;
    this.#publicKey = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  }

  get own(): { readonly certificate: string; readonly key: string } {
    return { certificate: this.certificate, key: this.#privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  }

  /** The request to join, with what `more` has in place of its own. */
  join(running: Running, token: string, more: object = {}): Promise<Answer> {
    const body = {
      token,
      node: this.node,
      zone: '',
      publicKey: this.#publicKey,
      proof: sign('sha256', Buffer.from(proofText(this.node, this.#publicKey)), this.#privateKey).toString('base64'),
      ...more,
    };
    return secureCall(running, 'POST', JOIN_PATH, { body, headers: { authorization: '' } });
  }

  /** The same; throws when it is refused. */
  async joined(running: Running, token: string): Promise<this> {
    const { status, body } = await this.join(running, token);
    if (status !== 200) throw new Error(`not joined: ${JSON.stringify(body)}`);
    this.certificate = (body as { certificate: string }).certificate;
    return this;
  }

  /** Why it cannot join. */
  async refusal(running: Running, token: string, more: object = {}): Promise<string> {
    const { status, body } = await this.join(running, token, more);
    if (status < 400) throw new Error('it was not refused');
    const { code, detail } = body as Problem;
    return `${code}: ${detail}`;
  }

  /** What the request for a stream is answered with: 101, or why not. */
  async stream(running: Running, own = this.own): Promise<string> {
    const headers = {
      ...{ connection: 'Upgrade', upgrade: 'websocket', authorization: '' },
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    };
    const { status, body } = await secureCall(running, 'GET', '/agent/v1/stream', { headers, own });
    return status === 101 ? '101' : `${(body as Problem).code}: ${(body as Problem).detail}`;
  }
}
