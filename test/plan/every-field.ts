import type { LoadBalancerCreate } from '@evenkeel/model/resources/document.ts';

/** A load balancer with every field that the API knows of; certificate `site` and authority `root` must be there. */
export const EVERY_FIELD: LoadBalancerCreate = {
  name: 'all',
  type: 'application',
  vip: '127.77.0.9',
  elasticIp: null,
  description: 'd',
  tags: { key: 'value' },
  deletionProtection: false,
  targetGroups: [
    {
      name: 'machines',
      type: 'ip',
      description: 'd',
      tags: {},
      targets: [{ name: 't', address: '10.0.0.1', port: 80, weight: 1, zone: 'a', state: 'active' }],
    },
  ],
  backendServices: [
    {
      name: 'blue',
      protocol: 'http',
      port: 80,
      targetGroup: 'machines',
      description: 'd',
      tags: {},
      algorithm: 'round-robin',
      drainTimeout: 1,
      connectTimeout: 1,
      readTimeout: 1,
      proxyProtocol: 'none',
      transparent: false,
      tls: { enabled: true, verify: true, authority: 'root', serverName: 'a.example.com' },
      stickiness: { type: 'cookie', cookieName: 'where', expiry: 0, timeout: 9 },
      healthCheck: {
        enabled: true,
        protocol: 'http',
        port: 8080,
        interval: 5,
        timeout: 3,
        rise: 1,
        fall: 1,
        method: 'GET',
        path: '/',
        host: 'a.example.com',
        httpVersion: '1.1',
        codes: ['2xx'],
      },
    },
    { name: 'green', protocol: 'http', port: 80, targets: [{ address: '10.0.0.2' }] },
    { name: 'stream', protocol: 'tcp', port: 80 },
  ],
  ruleGroups: [
    {
      name: 'sites',
      description: 'd',
      tags: {},
      order: 'priority',
      rules: [
        {
          name: 'forwarded',
          description: 'd',
          priority: 10,
          match: {
            hosts: ['www.example.com'],
            paths: [{ kind: 'prefix', value: '/v', ignoreCase: false }],
            methods: ['GET'],
            headers: [{ name: 'x-a', kind: 'exact', values: ['a'] }],
            cookies: [{ name: 'c', kind: 'exact', values: ['a'] }],
            query: [{ name: 'q', kind: 'exact', values: ['a'] }],
            sources: ['10.0.0.0/8'],
          },
          forward: [{ backendService: 'blue', weight: 1 }],
          jwt: {
            keys: [{ kty: 'oct', kid: 'k', k: 'A'.repeat(43) }],
            algorithms: ['HS256'],
            issuer: 'i',
            audience: 'a',
            leeway: 1,
            claims: [{ claim: 'sub', header: 'X-Sub' }],
          },
          rewrite: { host: 'a.example.com', path: { kind: 'prefix', replacement: '/w', pattern: '' } },
          mirror: { backendService: 'green', percent: 5 },
          requestHeaders: [{ operation: 'set', name: 'X-B', value: 'b' }],
          responseHeaders: [{ operation: 'add', name: 'X-C', value: 'c' }],
        },
        {
          name: 'expressions',
          match: {
            hosts: ['~^x'],
            paths: [{ kind: 'regex', value: '^/x' }],
            headers: [{ name: 'x-a', kind: 'regex', values: ['x'] }],
          },
          forward: [{ backendService: 'green' }],
          rewrite: { path: { kind: 'regex', replacement: '/w', pattern: 'x' } },
        },
        {
          name: 'redirected',
          match: { methods: ['HEAD'] },
          redirect: { status: 308, protocol: 'https', host: 'b.example.com', port: 0, path: '/p', query: 'q' },
        },
        {
          name: 'answered',
          match: { methods: ['PUT'] },
          respond: { status: 410, contentType: 'text/plain', body: 'gone' },
        },
      ],
    },
  ],
  listeners: [
    {
      name: 'web',
      protocol: 'https',
      port: 443,
      backendService: 'blue',
      ruleGroup: 'sites',
      description: 'd',
      tags: {},
      enabled: true,
      idleTimeout: 1,
      headerTimeout: 1,
      accessLog: true,
      trustedProxies: ['10.0.0.0/8'],
      acceptProxyProtocol: true,
      desyncMode: 'strict',
      upgradeIdleTimeout: 1,
      compression: true,
      errorPages: [{ status: 503, contentType: 'text/html', body: 'later' }],
      forwarding: {
        clientAddress: 'append',
        protocol: true,
        port: true,
        host: true,
        loadBalancerAddress: true,
        clientPort: true,
        standard: true,
      },
      defaultCertificates: ['site'],
      certificates: [{ name: 'www.example.com', certificate: 'site' }],
      securityPolicy: 'tls-1-2-strict',
      sessionTickets: true,
      clientCertificates: { mode: 'required', authority: 'root', depth: 1 },
      hsts: { enabled: true, maxAge: 1, includeSubDomains: true },
    },
    {
      name: 'passing',
      protocol: 'tcp',
      port: 444,
      serverNames: [{ name: 'a.example.com', backendService: 'stream' }],
      service: { name: 'inline', port: 80, targets: [{ address: '2001:db8::1' }] },
    },
  ],
};

const ADDRESSES = ['255.255.255.255', '2001:DB8::', '::ffff:10.0.0.1', '1:2:3:4:5:6:7:8'];
const NETWORKS = [...ADDRESSES, '0.0.0.0/0', '::/0', '10.0.0.1/32', '2001:db8::1/128'];

/** Values of fields that a schema says too little of, beside those that follow from it. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  'LoadBalancerCreate.vip': ['127.77.0.1', '127.77.0.254'],
  'TargetInput.address': ADDRESSES,
  'RuleMatchPatch.sources[]': NETWORKS,
  'RuleMatchPatch.hosts[]': ['*.example.com', 'www.example.*', `${'a.'.repeat(54)}aa`, `~${'😀'.repeat(512)}`],
  'ListenerDocument.trustedProxies[]': NETWORKS,
  'HealthCheckPatch.codes[]': ['1xx', '5xx', '100', '599', '100-599'],
  'NamedCertificateDocument.name': ['*.example.com', 'WWW.EXAMPLE.COM'],
  'ServerNameDocument.name': ['*.example.com', `${'a.'.repeat(125)}aaa`],
  'TargetTlsDocument.serverName': [`${'a.'.repeat(125)}aaa`],
  'ClaimHeader.header': ["!#$%&'*+.^_`|~-"],
  'HeaderEditInput.name': ["!#$%&'*+.^_`|~-"],
  'FieldMatchInput.name': ["!#$%&'*+.^_`|~-", 'first name', 'имя'],
};

/** They name other objects, or are not in plans. */
export const NOT_DRIVEN =
  /[.](tags|elasticIp|targetGroup|authority|backendService|certificate|defaultCertificates\[\]|securityPolicy)$/;
