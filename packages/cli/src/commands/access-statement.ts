import type { AccessStatement, AccessStatementInput } from '@evenkeel/model/resources/access-policy.ts';
import { InvalidArgumentError } from 'commander';

const FORM = 'Give calls with commas, then on=IDS, except=IDS or tag=KEY=VALUE, such as "delete* tag=env=prod".';

/** For commander: one of several statements as text, with those before it. */
export function statementOf(effect: AccessStatement['effect']) {
  return (text: string, before: readonly AccessStatementInput[] = []): readonly AccessStatementInput[] => {
    const [actions = '', ...rest] = text.trim().split(/\s+/);
    if (actions === '' || actions.includes('=')) throw new InvalidArgumentError(FORM);
    const statement: { -readonly [K in keyof AccessStatementInput]: AccessStatementInput[K] } = {
      effect,
      actions: actions.split(','),
    };
    for (const word of rest) {
      const at = word.indexOf('=');
      const [key, value] = [word.slice(0, at), word.slice(at + 1)];
      if (at < 0 || value === '') throw new InvalidArgumentError(FORM);
      if (key === 'on') statement.resources = value.split(',');
      else if (key === 'except') statement.exceptResources = value.split(',');
      else if (key === 'tag') statement.tags = { ...statement.tags, ...tagIn(value) };
      else throw new InvalidArgumentError(FORM);
    }
    return [...before, statement];
  };
}

/** A statement as it is typed. */
export function statementText({ actions, resources, exceptResources, tags }: AccessStatement): string {
  return [
    actions.join(','),
    ...(resources.length === 1 && resources[0] === '*' ? [] : [`on=${resources.join(',')}`]),
    ...(exceptResources.length === 0 ? [] : [`except=${exceptResources.join(',')}`]),
    ...Object.entries(tags).map(([key, value]) => `tag=${key}=${value}`),
  ].join(' ');
}

function tagIn(text: string): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError(FORM);
  return { [text.slice(0, at)]: text.slice(at + 1) };
}
