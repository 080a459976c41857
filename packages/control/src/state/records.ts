import type { BackendService } from '@evenkeel/model/resources/backend-service.ts';
import type { ElasticIp } from '@evenkeel/model/resources/elastic-ip.ts';
import type { Listener } from '@evenkeel/model/resources/listener.ts';
import type { LoadBalancer } from '@evenkeel/model/resources/load-balancer.ts';
import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import type { Rule } from '@evenkeel/model/resources/rule.ts';
import type { RuleGroup } from '@evenkeel/model/resources/rule-group.ts';
import type { Target } from '@evenkeel/model/resources/target.ts';
import type { TargetGroup } from '@evenkeel/model/resources/target-group.ts';

/**
 * What is stored of a resource: what was configured, without what is observed or derived. Times are Unix milliseconds.
 * A record is never changed; a new one takes its place.
 */
type Recorded<T, Derived extends keyof T = never> = Readonly<Omit<T, Derived | 'createdAt' | 'updatedAt'>> & {
  readonly createdAt: number;
  readonly updatedAt: number;
};

export type LoadBalancerRecord = Recorded<LoadBalancer, 'status'>;
export type ListenerRecord = Recorded<Listener, 'status' | 'nodes' | 'addresses'>;
export type BackendServiceRecord = Recorded<BackendService> & {
  /** Base64 of 32 bytes, for the plans of nodes alone; null: none was needed yet. */
  readonly stickinessKey: string | null;
};
export type TargetGroupRecord = Recorded<TargetGroup, 'targetCount'>;
export type TargetRecord = Recorded<Target>;
export type RuleGroupRecord = Recorded<RuleGroup, 'ruleCount'>;
export type RuleRecord = Recorded<Rule>;
export type ElasticIpRecord = Recorded<ElasticIp>;

export interface RecordOf {
  readonly loadBalancer: LoadBalancerRecord;
  readonly listener: ListenerRecord;
  readonly backendService: BackendServiceRecord;
  readonly targetGroup: TargetGroupRecord;
  readonly target: TargetRecord;
  readonly ruleGroup: RuleGroupRecord;
  readonly rule: RuleRecord;
  readonly elasticIp: ElasticIpRecord;
}
export type AnyRecord = RecordOf[ResourceKind];

/** What every record has; the store fills it in. */
export type Stamped = 'generation' | 'createdAt' | 'updatedAt';
