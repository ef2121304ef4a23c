import { component } from '../../component/index.js';
import { type StreamGroupAction, streamGroupActionSlot } from './slot.js';

export const blockSimultaneousSyncsAction = component('BlockSimultaneousSyncsAction', {
  slot: streamGroupActionSlot,
  doc: 'The streams of the group are read one after the other. A stream and its own parent may be in one group.',
  fields: {},
  examples: [{ type: 'BlockSimultaneousSyncsAction' }],
  build: (): StreamGroupAction => ({ isExclusive: true }),
});
