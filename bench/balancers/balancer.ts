import type { Endpoint } from '../origin.ts';

/** A load balancer that is measured: how to find it and how to start it. */
export interface Balancer {
  readonly name: string;
  /** Its version in one line. Throws, saying why, when it is not here. */
  version(): Promise<string>;
  /** Starts it with one worker or thread and resolves when it takes connections. */
  start(setup: Setup): Promise<RunningBalancer>;
}

/** All balancers get the same: one HTTP listener, round robin, equal weights, kept upstream connections, access log, metrics. */
export interface Setup {
  /** For its configuration and logs; empty, and removed at the end. */
  readonly directory: string;
  /** Where clients come in. */
  readonly address: string;
  readonly port: number;
  /** A free port of the same address for metrics. */
  readonly metricsPort: number;
  readonly origins: readonly Endpoint[];
  /** Rules of the listener: one for any host, or one for each of so many (`h0.example.com` …), all to the same origins. */
  readonly rules?: number;
  /** A cookie of the balancer's own keeps clients with their target, which is told of them in X-Forwarded fields. */
  readonly sessions?: boolean;
  /** Its listener is HTTPS, in TLS 1.2 and 1.3 with session tickets. */
  readonly tls?: ServerCertificate;
  /** The core to run on; null: any. */
  readonly core: number | null;
}

/** PEM. */
export interface ServerCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Cipher suites of TLS 1.3 in the order in which every balancer prefers them. */
export const CIPHERSUITES = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
export const CIPHERS = ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'];

export interface RunningBalancer {
  readonly address: string;
  readonly port: number;
  /** What clients have to send to be kept with a target; absent: nothing. */
  readonly cookie?: string;
  /** The processes that carry traffic, with what belongs to them. */
  pids(): readonly number[];
  stop(): Promise<void>;
}

/** Client and idle connections that each balancer is configured for; stays below 20,000 descriptors in a process. */
export const MAX_CONNECTIONS = 12_000;
