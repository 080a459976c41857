import type { SecurityRuleInput } from '@evenkeel/model/resources/security-group.ts';
import { InvalidArgumentError } from 'commander';

const FORM = 'such as "allow 10.0.0.0/8", "allow 10.0.0.0/8 tcp:80-90 priority=10" or "deny ::/0 udp"';

/**
 * A rule of a security group as one text: what it does, from where, and what may follow in any order: protocol and ports,
 * priority. The API says what addresses and ranges it may have.
 */
export function securityRule(text: string): SecurityRuleInput {
  const [action, source, ...rest] = text.trim().split(/\s+/);
  if ((action !== 'allow' && action !== 'deny') || source === undefined) {
    throw new InvalidArgumentError(`A rule says allow or deny and a source, ${FORM}.`);
  }
  const rule: { -readonly [K in keyof SecurityRuleInput]: SecurityRuleInput[K] } = { action, source };
  for (const word of rest) {
    const priority = /^priority=(\d{1,5})$/.exec(word);
    const ports = /^(all|tcp|udp)(?::(\d{1,5})(?:-(\d{1,5}))?)?$/.exec(word);
    if (priority !== null) rule.priority = Number(priority[1]);
    else if (ports !== null) {
      const [, protocol, port, lastPort] = ports;
      rule.protocol = protocol as 'all';
      if (port !== undefined) rule.port = Number(port);
      if (lastPort !== undefined) rule.lastPort = Number(lastPort);
    } else throw new InvalidArgumentError(`"${word}" is no protocol with ports and no priority: a rule is ${FORM}.`);
  }
  return rule;
}

/** The same text, of a rule that is there. */
export function securityRuleText(rule: SecurityRuleInput): string {
  const { action, source, protocol = 'all', port = null, lastPort = null, priority } = rule;
  const ports = port === null ? '' : `:${port}${lastPort === null ? '' : `-${lastPort}`}`;
  const parts = [action, source, ...(protocol === 'all' && ports === '' ? [] : [`${protocol}${ports}`])];
  return [...parts, ...(priority === undefined ? [] : [`priority=${priority}`])].join(' ');
}
