import type { CheckContext, Site } from '../check-context.js';
import { visitComponents } from '../check-context.js';
import { configNames } from './config-names.js';
import { checkCursorSent, checkDurations, checkFormats, checkStep } from './cursors.js';
import { checkPaginator } from './pagination.js';
import { checkPatterns } from './patterns.js';
import { checkSpec } from './spec.js';
import { checkParent, checkPartitionsSent, checkSource, checkStream } from './streams.js';

import { TemplateCheck, type TemplateInspector } from './templates.js';

type ComponentCheck = (context: CheckContext, site: Site) => void;

/** What is asked of a component besides its shape, by its type. */
const BY_TYPE: Readonly<Record<string, readonly ComponentCheck[]>> = {
  DeclarativeStream: [checkStream, checkCursorSent],
  ParentStreamConfig: [checkParent],
  SimpleRetriever: [checkPartitionsSent],
  DatetimeBasedCursor: [checkStep, checkFormats],
  MinMaxDatetime: [checkFormats],
  DefaultPaginator: [checkPaginator],
};

/** Everything that the shape of a manifest does not show: names that lead nowhere, formats that read nothing, and so on. */
export function checkMeaning(context: CheckContext, inspect?: TemplateInspector): void {
  const templates = new TemplateCheck(context, inspect, configNames(context.tree));
  checkSource(context);
  checkSpec(context);
  visitComponents(context, (site) => {
    for (const check of BY_TYPE[site.type] ?? []) check(context, site);
    checkDurations(context, site);
    checkPatterns(context, site);
    templates.check(site);
  });
}
