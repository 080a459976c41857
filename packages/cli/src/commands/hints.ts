import type { Argument, Option } from 'commander';

/** What a word on the command line names, for shell completion. */
export type Hint =
  | 'loadBalancer'
  | 'listener'
  | 'backendService'
  | 'targetGroup'
  | 'target'
  | 'ruleGroup'
  | 'rule'
  | 'elasticIp'
  | 'certificate'
  | 'authority'
  | 'securityPolicy'
  | 'securityGroup'
  | 'vpc'
  | 'subnet'
  | 'operation'
  | 'tenant'
  | 'user'
  | 'token'
  | 'webhook'
  | 'region'
  | 'zone'
  | 'accessKey'
  | 'accessPolicy'
  | 'node'
  | 'file'
  | 'folder';

const hints = new WeakMap<Argument | Option, Hint>();

export function hinted<T extends Argument | Option>(word: T, hint: Hint): T {
  hints.set(word, hint);
  return word;
}

export function hintOf(word: Argument | Option): Hint | undefined {
  return hints.get(word);
}
