import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { BuildContext } from './context.js';

/** What the author's own component is made from. */
export interface CustomArguments {
  /** The component as it stands in the resolved manifest. */
  fields: JsonObject;
  parameters: JsonObject;
  context: BuildContext;
}

/**
 * Makes a component of the author's own code: what `class_name` names is a class or a function that takes `CustomArguments`.
 * Throws ConnectorError (config) when there is no such code or it is not allowed here.
 */
export function makeCustom<T>({ fields, parameters, context }: CustomArguments): T {
  const name = String(fields.class_name ?? '');
  const made = context.customComponent?.(name);
  if (typeof made !== 'function') {
    throw new ConnectorError(
      'config',
      `The ${String(fields.type)} '${name}' is code of its own, which is not there or not allowed here.`,
      {
        stream: context.stream?.name,
      },
    );
  }
  const isClass = /^class\b/.test(Function.prototype.toString.call(made));
  const args: CustomArguments = { fields, parameters, context };
  return (isClass ? Reflect.construct(made, [args]) : (made as (args: CustomArguments) => unknown)(args)) as T;
}
