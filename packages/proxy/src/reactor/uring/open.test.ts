import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isRecent } from './open.ts';

it('knows which kernels are recent enough', () => {
  for (const kernel of ['6.1.0', '6.1.0-18-amd64', '6.12.9+deb13', '6.18.44-fc', '7.0.0-rc1', '10.0']) {
    assert.equal(isRecent(kernel), true, kernel);
  }
  for (const kernel of ['6.0.19', '5.15.0-91-generic', '4.18.0-553.el8', '3.10.0', 'unknown']) {
    assert.equal(isRecent(kernel), false, kernel);
  }
});
