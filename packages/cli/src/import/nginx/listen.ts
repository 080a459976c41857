import { type Findings, NotCarried } from '../findings.ts';
import type { Context } from './context.ts';
import { attempt } from './upstream.ts';
import type { Directive } from './words.ts';

/** Where a server listens. */
export interface Listen {
  readonly directive: Directive;
  /** Empty: all addresses. */
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
  readonly isDefault: boolean;
  readonly proxyProtocol: boolean;
}

export function listensOf(server: Context, findings: Findings): Listen[] {
  const said = server.own('listen');
  const secure = server.isOn('ssl');
  server.own('http2');
  return said.flatMap((directive) =>
    attempt<Listen>(directive, findings, () => {
      const [where = '', ...words] = directive.args;
      if (where.startsWith('unix:')) throw new NotCarried('listens on a socket in the file system');
      if (words.includes('udp')) throw new NotCarried('listens by UDP, which the import does not know yet');
      if (words.includes('quic')) throw new NotCarried('listens by QUIC, which is not there');
      const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:\]]*))(?::?(\d+))?$/.exec(where) ?? [];
      const onlyPort = bracketed === undefined && /^\d+$/.test(where);
      const address = onlyPort ? '' : (bracketed ?? plain ?? '');
      return [
        {
          directive,
          address: ['*', '0.0.0.0', '::'].includes(address) ? '' : address,
          port: Number(onlyPort ? where : (port ?? 80)),
          tls: secure || words.includes('ssl'),
          isDefault: words.includes('default_server') || words.includes('default'),
          proxyProtocol: words.includes('proxy_protocol'),
        },
      ];
    }),
  );
}
