import { globSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import type { Findings } from '../findings.ts';
import { Context } from './context.ts';
import { httpLoadBalancers } from './http.ts';
import { isNeeded, reasonLeftOut } from './ignored.ts';
import { streamLoadBalancer } from './stream.ts';
import { directivesOf, type Include } from './tree.ts';
import type { Directive } from './words.ts';

/**
 * nginx's configuration as load balancers: the ports of `http` become listeners with the rules of their servers and
 * locations, those of `stream` become tcp and tls listeners. A file with `server` or `upstream` at its outermost level is
 * taken for one that is included in `http`.
 */
export function convertNginx(file: string, text: string, name: string, findings: Findings): LoadBalancerDocument[] {
  const directives = directivesOf(file, text, includeFrom(file));
  const root = new Context(directives);
  const bare = directives.some((directive) => directive.name === 'server' || directive.name === 'upstream');
  const https = root.own('http').map((directive) => root.within(directive));
  const streams = root.own('stream').map((directive) => root.within(directive));
  const balancers = (bare ? [root] : https).flatMap((http) => httpLoadBalancers(http, name, findings));
  for (const stream of streams) {
    const balancer = streamLoadBalancer(stream, balancers.length === 0 ? name : `${name}-stream`, findings);
    if (balancer !== null) balancers.push(balancer);
  }
  tell(root, directives, findings);
  return balancers;
}

/** What nobody has read, in all blocks. */
function tell(context: Context, directives: readonly Directive[], findings: Findings): void {
  for (const directive of context.untaken) {
    if (directive.block === null || !isNeeded(directive.name)) {
      const reason = reasonLeftOut(directive);
      if (reason !== null) findings.add('left-out', directive, reason);
    }
  }
  for (const directive of directives) {
    if (directive.block !== null && isNeeded(directive.name))
      tell(context.within(directive), directive.block, findings);
  }
}

/** Files are looked for beside the main one, as nginx does. */
function includeFrom(main: string): Include {
  const base = dirname(main);
  return (pattern) => {
    try {
      const path = resolve(base, pattern);
      const files = /[*?[]/.test(pattern) ? globSync(path).sort() : [path];
      return files.map((file) => ({ file, text: readFileSync(file, 'utf8') }));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR' || code === 'EISDIR') return null;
      throw error;
    }
  };
}
