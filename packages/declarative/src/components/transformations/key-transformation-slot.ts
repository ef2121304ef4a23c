import { slot } from '../../component/index.js';

/** Gives a field another name. */
export type KeyTransformation = (key: string) => string;
export const keyTransformationSlot = slot<KeyTransformation>('key transformation');
