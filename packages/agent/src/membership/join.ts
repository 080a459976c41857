import type { RequestOptions } from 'node:http';
import { isJoinToken, JOIN_PATH, type JoinAnswer, type JoinRequest } from '@evenkeel/model/plan/membership.ts';
import { type TlsTrust, trustedConnection } from '@evenkeel/model/tls-trust.ts';
import { fingerprintsIn } from './fingerprints.ts';

/** Milliseconds that an answer may take, and bytes that it may have. */
const PATIENCE = 15_000;
const LARGEST = 65_536;

/** The control plane has said no: another attempt would end in the same way. */
export class JoinRefusal extends Error {}

/** What was given to join with is wrong in itself: nobody has been asked. */
export class NoJoinToken extends JoinRefusal {}

/** Exchanges a join token for a certificate. Rejects with a JoinRefusal, or with a sentence that says what failed. */
export async function askToJoin(url: string, request: JoinRequest, trust: TlsTrust): Promise<Required<JoinAnswer>> {
  if (!url.startsWith('https:')) throw new JoinRefusal(`${url} has no TLS, and a join token is sent over TLS alone`);
  if (!isJoinToken(request.token)) {
    throw new NoJoinToken(
      'what was given is no join token: give it whole, as "evenkeel node join-token create" shows it',
    );
  }
  const { status, text } = await post(new URL(JOIN_PATH, url), JSON.stringify(request), trust);
  const answer = parsed(text);
  if (status === 200 && ['node', 'zone', 'certificate'].every((field) => typeof answer[field] === 'string')) {
    const { node, zone, certificate } = answer as unknown as JoinAnswer;
    // One of the version before names none.
    const fingerprints = fingerprintsIn(answer['fingerprints'] ?? []);
    if (fingerprints !== null) return { node, zone, certificate, fingerprints };
  }
  const detail = typeof answer['detail'] === 'string' ? answer['detail'] : `the control plane answered ${status}`;
  // It may be busy, or about to lead.
  throw status >= 400 && status < 500 && status !== 429 ? new JoinRefusal(detail) : new Error(detail);
}

function post(url: URL, body: string, trust: TlsTrust): Promise<{ readonly status: number; readonly text: string }> {
  const { request } = process.getBuiltinModule('node:https');
  const options: RequestOptions = {
    method: 'POST',
    timeout: PATIENCE,
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    createConnection: trustedConnection(trust) as never,
  };
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        text += part;
        if (text.length > LARGEST) asked.destroy(new Error('its answer is too long'));
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      answer.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.on('error', (error) => reject(new Error(`${url.origin}: ${error.message}`, { cause: error })));
    asked.end(body);
  });
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
