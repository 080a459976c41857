import type { ClientOptions } from '@evenkeel/client/client.ts';
import { httpFetch } from '@evenkeel/client/http-fetch.ts';
import type { Connection } from './connection.ts';

/** What calls are made with; checking certificates is loaded where there are any. */
export async function fetchFor({ url, trust = {} }: Connection): Promise<NonNullable<ClientOptions['fetch']>> {
  if (!url.startsWith('https:')) return httpFetch;
  const { trustingFetch } = await import('@evenkeel/client/trusting-fetch.ts');
  return trustingFetch(trust);
}
