import type { BackendServiceDocument } from '@evenkeel/model/resources/backend-service.ts';
import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import type { ListenerDocument } from '@evenkeel/model/resources/listener.ts';
import type { RuleDocument } from '@evenkeel/model/resources/rule.ts';
import type { Findings, Origin } from '../findings.ts';
import { Names } from '../names.ts';
import { serviceOf } from './backend.ts';
import type { Bind } from './bind.ts';
import { allBinds, clientAddressField, listenerSettings } from './frontend.ts';
import { reasonLeftOut } from './ignored.ts';
import { type Proxy, proxiesOf, untakenOf } from './proxy.ts';
import { type Decisions, decisionsOf, type KnownBackend, rulesOf } from './rules.ts';
import { sectionsOf } from './sections.ts';
import { serverNamesOf } from './server-names.ts';

/**
 * HAProxy's configuration as load balancers: one for each address that its frontends are bound to, as a load balancer has
 * one. Frontends become listeners and rule groups, backends backend services with their targets.
 */
export function convertHaproxy(file: string, text: string, name: string, findings: Findings): LoadBalancerDocument[] {
  const sections = sectionsOf(file, text);
  const proxies = proxiesOf(sections);
  for (const { keyword, origin } of sections) {
    if (keyword === 'global') findings.add('left-out', origin, 'is about the process of HAProxy');
    else if (!['defaults', 'frontend', 'backend', 'listen'].includes(keyword)) {
      findings.add('left-out', origin, keyword === '' ? 'stands before the first section' : 'has no counterpart');
    }
  }
  const conversion = new Conversion(proxies, findings);
  const balancers = conversion.loadBalancers(name);
  for (const statement of untakenOf(proxies)) {
    const reason = reasonLeftOut(statement);
    if (reason !== null) findings.add('left-out', statement, reason);
  }
  return balancers;
}

class Conversion {
  readonly #proxies: readonly Proxy[];
  readonly #findings: Findings;
  readonly #backends: ReadonlyMap<string, Proxy>;
  /** Made once for each backend: what cannot be carried over is told once. */
  readonly #services = new Map<Proxy, BackendServiceDocument>();
  readonly #decisions = new Map<Proxy, Decisions>();
  readonly #names = new Names();
  readonly #listenerNames = new Names();

  constructor(proxies: readonly Proxy[], findings: Findings) {
    this.#proxies = proxies;
    this.#findings = findings;
    const backends = proxies.filter(({ section }) => section.keyword !== 'frontend');
    this.#backends = new Map(backends.map((proxy) => [proxy.section.name, proxy]));
  }

  loadBalancers(name: string): LoadBalancerDocument[] {
    const frontends = this.#proxies.filter(({ section }) => section.keyword !== 'backend');
    const binds = frontends.flatMap((proxy) => allBinds(proxy, this.#findings).map((bind) => ({ proxy, bind })));
    const addresses = [...new Set(binds.map(({ bind }) => bind.address))];
    const names = new Names();
    return addresses.map((address) => {
      const own = binds.filter(({ bind }) => bind.address === address);
      if (address !== '') {
        this.#findings.add(
          'to-do',
          own[0]!.bind.statement,
          `listens on ${address}: set \`vip\` if nodes have that address`,
        );
      }
      return this.#loadBalancer(
        names.fresh(addresses.length === 1 || address === '' ? name : `${name}-${address}`),
        own,
      );
    });
  }

  #loadBalancer(name: string, own: readonly { proxy: Proxy; bind: Bind }[]): LoadBalancerDocument {
    const services = new Map<string, BackendServiceDocument>();
    const groups = new Map<string, readonly RuleDocument[]>();
    const ports = new Set<number>();
    const listeners: ListenerDocument[] = [];
    for (const { proxy, bind } of own) {
      if (ports.has(bind.port)) {
        this.#findings.add('left-out', bind.statement, `port ${bind.port} has a listener already`);
        continue;
      }
      ports.add(bind.port);
      const alone = own.filter((other) => other.proxy === proxy).length === 1;
      const title = alone ? proxy.section.name : `${proxy.section.name}-${bind.port}`;
      listeners.push({ name: this.#listenerNames.of(title), ...this.#listener(proxy, bind, services, groups) });
    }
    return {
      name,
      ...(services.size === 0 ? {} : { backendServices: [...services.values()] }),
      ...(groups.size === 0
        ? {}
        : { ruleGroups: [...groups].map(([group, rules]) => ({ name: group, rules: [...rules] })) }),
      listeners,
    };
  }

  #listener(
    proxy: Proxy,
    bind: Bind,
    services: Map<string, BackendServiceDocument>,
    groups: Map<string, readonly RuleDocument[]>,
  ): Omit<ListenerDocument, 'name'> {
    const used: Proxy[] = [];
    const find = (name: string, origin: Origin): Proxy | null => {
      const backend = this.#backends.get(name);
      if (backend === undefined) {
        this.#findings.add('left-out', origin, `there is no backend ${name}`);
        return null;
      }
      const service = this.#service(backend);
      services.set(service.name, service);
      used.push(backend);
      return backend;
    };
    const fallback = this.#fallback(proxy, find);
    const settings = listenerSettings(proxy, bind, this.#findings);
    const to = fallback === null ? {} : { backendService: this.#service(fallback).name };
    if (proxy.mode === 'tcp') {
      const service = (name: string, origin: Origin) => {
        const backend = find(name, origin);
        return backend === null ? null : this.#service(backend).name;
      };
      const serverNames = serverNamesOf(proxy, service, this.#findings);
      return { ...settings, ...to, ...(serverNames.length === 0 ? {} : { serverNames }) };
    }
    const known = (backend: Proxy): KnownBackend => ({
      service: this.#service(backend).name,
      // Of a `listen`, both halves are the same statements.
      decisions: backend === proxy ? { decisions: [], choices: [] } : this.#decisionsOf(backend),
    });
    const { rules, forwarding } = rulesOf(
      this.#decisionsOf(proxy),
      fallback === null ? null : known(fallback),
      (name, origin) => {
        const backend = find(name, origin);
        return backend === null ? null : known(backend);
      },
      bind.tls,
      this.#findings,
    );
    const told = { ...clientAddressField(proxy, used, this.#findings), ...forwarding };
    return {
      ...settings,
      ...to,
      ...(Object.keys(told).length === 0 ? {} : { forwarding: told }),
      ...(rules.length === 0
        ? {}
        : { ruleGroup: groupFor(groups, this.#names.of(proxy.section.name), rules, bind.tls) }),
    };
  }

  #fallback(proxy: Proxy, find: (name: string, origin: Origin) => Proxy | null): Proxy | null {
    const said = proxy.statements.last('default_backend');
    if (said !== null) return find(said.words[1] ?? '', said);
    return proxy.section.keyword === 'listen' ? find(proxy.section.name, proxy.section.origin) : null;
  }

  #service(backend: Proxy): BackendServiceDocument {
    let service = this.#services.get(backend);
    if (service === undefined) {
      service = serviceOf(backend, this.#names.of(backend.section.name), this.#findings);
      this.#services.set(backend, service);
    }
    return service;
  }

  #decisionsOf(proxy: Proxy): Decisions {
    let decisions = this.#decisions.get(proxy);
    if (decisions === undefined) {
      decisions = decisionsOf(proxy, this.#findings);
      this.#decisions.set(proxy, decisions);
    }
    return decisions;
  }
}

/** The group with these rules; listeners of one frontend share it when what they do is the same. */
function groupFor(
  groups: Map<string, readonly RuleDocument[]>,
  name: string,
  rules: readonly RuleDocument[],
  tls: boolean,
): string {
  const known = groups.get(name);
  const group =
    known === undefined || JSON.stringify(known) === JSON.stringify(rules) ? name : `${name}-${tls ? 'https' : 'http'}`;
  groups.set(group, rules);
  return group;
}
