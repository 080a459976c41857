import type { PlannedSecurityGroup } from '@evenkeel/model/plan/sources.ts';
import type { SecurityGroupRecord } from '../state/records.ts';

const EVERY_PORT = { firstPort: 0, lastPort: 65_535 };

/** The entry of a security group: rules without words for people. */
export function planSecurityGroup({ id, rules }: SecurityGroupRecord): PlannedSecurityGroup {
  return {
    id,
    rules: rules.map(({ priority, action, protocol, port, lastPort, source }) => ({
      priority,
      allows: action === 'allow',
      protocol,
      ...(port === null ? EVERY_PORT : { firstPort: port, lastPort: lastPort ?? port }),
      source,
    })),
  };
}
