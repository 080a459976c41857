import { isAddress } from '@evenkeel/model/address.ts';
import type { TargetInput } from '@evenkeel/model/resources/target.ts';
import { type Findings, NotCarried } from '../findings.ts';
import type { Statement } from './sections.ts';

/** One `server` line with what its `default-server` lines say. */
export interface Server {
  readonly statement: Statement;
  readonly name: string;
  readonly address: string;
  readonly port: number | null;
  /** Keywords with their values; without one, the empty string. */
  readonly settings: ReadonlyMap<string, string>;
}

/** Keywords that are followed by a value (manual, §5.2). */
const WITH_VALUE = new Set(
  (
    'addr agent-addr agent-check agent-inter agent-port agent-send alpn ca-file check-alpn check-proto check-sni ciphers ' +
    'ciphersuites cookie crl-file crt error-limit fall fastinter downinter id init-addr init-state inter log-bufsize ' +
    'log-proto max-reuse maxconn maxqueue minconn namespace npn observe on-error on-marked-down on-marked-up ' +
    'pool-low-conn pool-max-conn pool-purge-delay port proto redir rise resolve-opts resolve-prefer resolve-net ' +
    'resolvers slowstart sni source socks4 ssl-max-ver ssl-min-ver tcp-ut track verify verifyhost weight ws'
  ).split(' '),
);

/** Keywords that change nothing here, or that `services.ts` reads from the map. */
const KNOWN = new Set(
  (
    'addr alpn backup ca-file check check-sni check-ssl cookie disabled enabled fall id init-addr inter maxconn no-check no-ssl ' +
    'port pool-low-conn pool-max-conn pool-purge-delay rise send-proxy send-proxy-v2 slowstart sni source ssl verify ' +
    'verifyhost weight fastinter downinter stick non-stick resolve-prefer'
  ).split(' '),
);

export function serverOf(statement: Statement, defaults: readonly Statement[], findings: Findings): Server {
  const [, name = '', where = '', ...words] = statement.words;
  const settings = new Map<string, string>();
  for (const { words: own } of defaults) readSettings(own.slice(1), settings);
  readSettings(words, settings);
  for (const keyword of settings.keys()) {
    if (!KNOWN.has(keyword)) findings.add('left-out', statement, `${keyword} is not carried over`);
  }
  return { statement, name, ...endpointOf(where), settings };
}

/** Throws NotCarried when the server cannot be a target. */
export function targetOf(server: Server, scale: number, findings: Findings): TargetInput {
  const { statement, name, address, port, settings } = server;
  if (!isAddress(address))
    throw new NotCarried(`${address || 'it'} is no IP address: targets are registered by address`);
  const backup = settings.has('backup');
  if (backup) {
    findings.add(
      'differs',
      statement,
      'a backup becomes a disabled target: there are no backups, enable it when needed',
    );
  }
  const weight = Math.min(100, Math.round(Number(settings.get('weight') ?? 1) * scale));
  return {
    ...(/^[\p{L}\p{N}_.:[\]-]{1,80}$/u.test(name) ? { name } : {}),
    address,
    ...(port === null ? {} : { port }),
    weight,
    ...(backup || settings.has('disabled') ? { state: 'disabled' as const } : {}),
  };
}

function readSettings(words: readonly string[], settings: Map<string, string>): void {
  for (let at = 0; at < words.length; at++) {
    const keyword = words[at]!;
    settings.set(keyword, WITH_VALUE.has(keyword) ? (words[++at] ?? '') : '');
    // `source` may go on: `usesrc clientip`, `interface eth0`.
    while (keyword === 'source' && (words[at + 1] === 'usesrc' || words[at + 1] === 'interface')) {
      settings.set('source', `${settings.get('source')} ${words[++at]} ${words[++at] ?? ''}`);
    }
    if (keyword === 'no-check') settings.delete('check');
    if (keyword === 'no-ssl') settings.delete('ssl');
    if (keyword === 'enabled') settings.delete('disabled');
  }
}

/** `10.0.0.1:80`, `[2001:db8::1]:80`, `ipv4@10.0.0.1`, `web.example.com:80`. */
export function endpointOf(text: string): { address: string; port: number | null } {
  const bare = text.replace(/^(ipv4|ipv6|tcp4|tcp6|tcp)@/, '');
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*|[^[]*:[^:]*:.*?))(?::(\d+))?$/.exec(bare) ?? [];
  return { address: bracketed ?? plain ?? bare, port: port === undefined ? null : Number(port) };
}
