import { describe, expect, it } from 'vitest';
import { createSource } from '../../src/create-source.js';

describe('x', () => {
  it('y', async () => {
    const { source } = createSource({ text: { version: '1', type: 'DeclarativeSource', check: { type: 'CheckStream', stream_names: ['a'] }, streams: [], spec: { type: 'Spec', connection_specification: {} } } });
    expect(await source.spec()).toEqual({ connectionSpecification: {} });
  });
});
