import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLogFormatFault, LOG_FORMAT_NAMES, LOG_VARIABLES, parseLogFormat } from './access-log-format.ts';

test('templates are text and variables', () => {
  assert.deepEqual(parseLogFormat('[${status}] $request_id$$ x'), [
    { text: '[' },
    { variable: 'status' },
    { text: '] ' },
    { variable: 'request_id' },
    { text: '$' },
    { text: ' x' },
  ]);
  assert.equal(parseLogFormat('json'), null);
  for (const name of LOG_FORMAT_NAMES) assert.ok(!isLogFormatFault(parseLogFormat(name)), name);
});

test('what cannot be a format is refused with the reason and what is allowed', () => {
  for (const [format, reason] of [
    ['combind', /neither the name of a format nor a template/],
    ['', /neither the name/],
    ['$status $latency', /unknown variable \$latency/],
    ['${toString}', /unknown variable \$toString/],
    ['${status', /without the name of a variable/],
    ['cost $ $status', /write \$\$ for a dollar/],
    ['$status\n', /not printable ASCII/],
    [`$status${'x'.repeat(2_048)}`, /longer than 2048/],
  ] as const) {
    const parsed = parseLogFormat(format);
    assert.ok(isLogFormatFault(parsed), format);
    assert.match(parsed.reason, reason);
  }
  const unknown = parseLogFormat('$x');
  assert.ok(isLogFormatFault(unknown));
  assert.deepEqual(unknown.allowed, Object.keys(LOG_VARIABLES));
});
