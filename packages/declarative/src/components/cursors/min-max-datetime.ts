import { component, field } from '../../component/index.js';
import { boundedMoment } from './bounded-moment.js';
import { type BoundedMoment, boundedMomentSlot } from './slot.js';

/** A moment that is kept within bounds. */
export const minMaxDatetime = component('MinMaxDatetime', {
  slot: boundedMomentSlot,
  doc: 'A moment, moved to the nearer bound when it lies outside of them.',
  fields: {
    datetime: field
      .template({ allow: ['integer', 'number'] })
      .doc('The moment.')
      .example('2021-01-01', "{{ config['start_time'] }}", '{{ now_utc() }}'),
    datetime_format: field
      .string()
      .default('')
      .doc("How all three are written. The cursor's `datetime_format` when it is left out.")
      .example('%Y-%m-%dT%H:%M:%SZ'),
    min_datetime: field.template().optional().doc('The earliest that it can be.').example('2010-01-01'),
    max_datetime: field.template().optional().doc('The latest that it can be.').example('{{ day_delta(-1) }}'),
  },
  examples: [
    {
      type: 'MinMaxDatetime',
      datetime: "{{ config['start_date'] }}",
      datetime_format: '%Y-%m-%d',
      min_datetime: '2020-01-01',
    },
  ],
  build({ fields }): BoundedMoment {
    return boundedMoment({
      datetime: fields.datetime,
      min: fields.min_datetime,
      max: fields.max_datetime,
      format: fields.datetime_format,
    });
  },
});
