import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import type { Call } from '../commands/call.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { Findings } from '../import/findings.ts';
import { documentText, reportText } from '../import/write.ts';
import { inputName, readTextFile } from '../input-file.ts';

/** Bytes of one file. */
const LARGEST_FILE = 16 * 1024 * 1024;

/** Prints another balancer's configuration in the form that `apply` takes, and to standard error what to know of it. */
export async function importConfiguration({ io, args, options, common }: Call): Promise<number> {
  const [from, path] = args as readonly ['haproxy' | 'nginx' | undefined, string | undefined];
  if (from === undefined || path === undefined) {
    throw new CliFailure(
      EXIT.usage,
      'name what it is and its file, such as haproxy haproxy.cfg, or an export with -f.',
    );
  }
  const text = await readTextFile(path, io, LARGEST_FILE);
  const findings = new Findings();
  const loadBalancers = await convert(from, path, text, String(options.name), findings);
  if (loadBalancers.length === 0) {
    io.err(reportText(findings.list));
    throw new CliFailure(EXIT.usage, `${inputName(path)} has nothing that listens: nothing was made of it.`);
  }
  if (common.json) io.out(`${JSON.stringify({ loadBalancers, findings: findings.list }, null, 2)}\n`);
  else {
    io.out(documentText(loadBalancers));
    if (!common.quiet) io.err(reportText(findings.list));
  }
  return options.strict === true && findings.list.length > 0 ? EXIT.failed : EXIT.ok;
}

async function convert(
  from: 'haproxy' | 'nginx',
  path: string,
  text: string,
  name: string,
  findings: Findings,
): Promise<LoadBalancerDocument[]> {
  const file = inputName(path);
  if (from === 'haproxy')
    return (await import('../import/haproxy/convert.ts')).convertHaproxy(file, text, name, findings);
  return (await import('../import/nginx/convert.ts')).convertNginx(file, text, name, findings);
}
