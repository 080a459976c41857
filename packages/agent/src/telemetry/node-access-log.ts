import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import type { NodeAgentOptions } from '../agent-options.ts';
import { AccessLog } from './access-log.ts';
import { LogBatches } from './log-batches.ts';
import { LogFile } from './log-file.ts';
import { LogStream } from './log-stream.ts';
import { PlannedFormats } from './planned-formats.ts';
import type { RecentRequests } from './recent-requests.ts';

/** The descriptor of standard output. */
const STDOUT = 1;

/** The access log of a node: from its engine to where the options say, past those who look at recent requests. */
export function openAccessLog(options: NodeAgentOptions, recent: RecentRequests, plan: () => NodePlan): AccessLog {
  const { home, engine, clock, log, accessLogMaxBytes: maxBytes, accessLogKeep: keep } = options;
  const formats = new PlannedFormats(options.accessLogFormat);
  const file =
    options.accessLog === 'stdout' ? new LogStream(STDOUT) : new LogFile({ path: home.accessLogFile, maxBytes, keep });
  const { next: read } = new LogBatches(engine, recent);
  return new AccessLog({ read, file, format: () => formats.under(plan()), clock, log });
}
