import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { checkConfig } from '../src/config-check.js';

const specification: JsonObject = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  required: ['token', 'start_date'],
  additionalProperties: true,
  properties: {
    token: { type: 'string', airbyte_secret: true, minLength: 5 },
    start_date: { type: 'string', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', format: 'date' },
    region: { type: 'string', enum: ['eu', 'us'] },
    auth: {
      type: 'object',
      oneOf: [
        { required: ['kind', 'key'], properties: { kind: { type: 'string', const: 'key' }, key: { type: 'string' } } },
        {
          required: ['kind', 'user'],
          properties: { kind: { type: 'string', const: 'user' }, user: { type: 'string' } },
        },
      ],
    },
  },
};
const refusal = (config: JsonObject): Promise<string> =>
  checkConfig(config, specification, () => undefined).then(
    () => '',
    (error: Error) => error.message,
  );

describe('checkConfig', () => {
  it('takes a configuration that fits, with fields that the specification does not know', async () => {
    expect(
      await refusal({ token: 'abcdef', start_date: '2024-01-01', more: 1, auth: { kind: 'user', user: 'x' } }),
    ).toBe('');
  });

  it('tells every violation at once and no value', async () => {
    const message = await refusal({ token: 'sec', start_date: 'yester-day', region: 'mars-base' });
    expect(message).toContain("'start_date' must match pattern");
    expect(message).toContain('\'region\' must be one of ["eu","us"]');
    expect(message).toContain("'token' must NOT have fewer than 5 characters");
    expect(message).not.toMatch(/sec\b|yester|mars/);
  });

  it('of a choice it tells what is wrong with the branch that was meant', async () => {
    const message = await refusal({ token: 'abcdef', start_date: '2024-01-01', auth: { kind: 'user' } });
    expect(message).toContain("'auth' must have 'user'");
    expect(message).not.toContain("'key'");
    expect(await refusal({ token: 'abcdef', start_date: '2024-01-01', auth: { kind: 'x' } })).toContain(
      "'auth' must match exactly one schema",
    );
  });

  it('warns of what is a matter of form, and leaves it to the API', async () => {
    const said: string[] = [];
    const log = (_level: string, message: string) => said.push(message);
    await checkConfig({ token: 'abcdef', start_date: 'secret-day' }, specification, log);
    const numeric = { type: 'object', properties: { limit: { type: 'number' } } };
    await checkConfig({ limit: '1000' }, numeric, log);
    expect(said.join('\n')).toContain("'start_date' must match pattern");
    expect(said.join('\n')).toContain("'limit' must be number");
    expect(said.join()).not.toContain('secret-day');
    await expect(checkConfig({ limit: 'many' }, numeric, log)).rejects.toThrow("'limit' must be number");
  });

  it('refuses nothing when the specification is no usable schema, and says so', async () => {
    const said: string[] = [];
    await checkConfig({ a: 1 }, { type: 'object', properties: { a: { $ref: '#/nowhere' } } }, (_level, message) =>
      said.push(message),
    );
    expect(said.join()).toContain('was not checked');
  });
});
