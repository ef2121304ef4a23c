import { ConnectorError } from '@tidemark/source';
import { component } from '../../component/define.js';
import { field } from '../../component/field.js';
import { type ConcurrencyLevel, concurrencyLevelSlot } from './slot.js';

/** The word for how much is read at the same time. */
export const concurrencyLevel = component('ConcurrencyLevel', {
  slot: concurrencyLevelSlot,
  doc: 'How many partitions and slices are read at the same time, over all streams.',
  fields: {
    default_concurrency: field
      .template({ allow: ['integer'] })
      .doc('The number, or a template that gives it from the configuration.')
      .example(10, "{{ config['num_workers'] or 10 }}"),
    max_concurrency: field.integer().optional().doc('The most that a configuration may ask for.').example(20),
  },
  examples: [
    { type: 'ConcurrencyLevel', default_concurrency: "{{ config['num_workers'] or 10 }}", max_concurrency: 20 },
  ],
  build({ fields }): ConcurrencyLevel {
    const level = fields.default_concurrency.evaluate();
    if (typeof level !== 'number' || !Number.isInteger(level) || level < 1) {
      throw new ConnectorError(
        'config',
        `default_concurrency must give a whole number of at least 1, not ${JSON.stringify(level)}.`,
      );
    }
    return { level: Math.min(level, fields.max_concurrency ?? level) };
  },
});
