import { type TlsTrust, trustedConnection } from '@evenkeel/model/tls-trust.ts';
import type { Answer, Request } from './client.ts';
import { httpFetch } from './http-fetch.ts';

/** For `ClientOptions.fetch`: httpFetch for a control plane that shows a certificate, which `trust` says how to check. */
export function trustingFetch(trust: TlsTrust): (url: string, request: Request) => Promise<Answer> {
  const { Agent } = process.getBuiltinModule('node:https');
  const agent = Object.assign(new Agent({ keepAlive: true }), { createConnection: trustedConnection(trust) });
  return (url, request) => httpFetch(url, request, url.startsWith('https:') ? agent : undefined);
}
