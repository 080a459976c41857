import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { CidrSet } from './cidr-set.ts';
import { type ForwardingSettings, forwardingSettingsOf } from './forwarding-settings.ts';

/** What a listener has to say about where its clients come from, compiled once per plan object. */
export interface SourceSettings {
  /** Proxies whose word on the client's address counts; null: nobody's. */
  readonly trusted: CidrSet | null;
  /** Trusted proxies begin their connections with a PROXY header. */
  readonly announced: boolean;
  readonly forwarding: ForwardingSettings;
}

const compiled = new WeakMap<PlannedListener, SourceSettings>();

export function sourceSettingsOf(planned: PlannedListener): SourceSettings {
  let settings = compiled.get(planned);
  if (settings === undefined) {
    const { trustedProxies, acceptProxyProtocol } = planned;
    settings = {
      trusted: trustedProxies.length === 0 ? null : new CidrSet(trustedProxies),
      announced: acceptProxyProtocol,
      forwarding: forwardingSettingsOf(planned),
    };
    compiled.set(planned, settings);
  }
  return settings;
}
