import { ConnectorError } from '@tidemark/source';
import type { Expression } from '../../component/index.js';
import { compareMoments, later, type Moment } from './moment.js';
import { MomentFormat } from './moment-format.js';
import type { BoundedMoment } from './slot.js';

interface BoundedMomentOptions {
  datetime: Expression;
  min?: Expression;
  max?: Expression;
  /** Empty: the format that the cursor has. */
  format: string;
}

/** A moment of the manifest with its bounds; a bound that comes out empty is none. */
export function boundedMoment({ datetime, min, max, format }: BoundedMomentOptions): BoundedMoment {
  let compiled: MomentFormat | undefined;
  return {
    moment(field, formatOfCursor) {
      const source = format || formatOfCursor;
      if (compiled?.output !== source) compiled = new MomentFormat(source);
      let moment = read(compiled, datetime, datetime.text(), field);
      const floor = min?.text();
      const ceiling = max?.text();
      if (floor) moment = later(moment, read(compiled, min!, floor, `min_datetime of ${field}`));
      if (ceiling) moment = earlier(moment, read(compiled, max!, ceiling, `max_datetime of ${field}`));
      return moment;
    },
    isEmpty: datetime.source === '',
  };
}

function read(format: MomentFormat, template: Expression, text: string, field: string): Moment {
  const moment = format.read(text);
  if (moment) return moment;
  const given = template.source === text ? `'${text}'` : `'${text}' (from ${template.source})`;
  throw new ConnectorError('config', `The ${field} ${given} is not in the format '${format.output}'.`);
}

const earlier = (a: Moment, b: Moment): Moment => (compareMoments(a, b) > 0 ? b : a);
