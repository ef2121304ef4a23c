import type { DiagnosticCode as TemplateCode } from '@tidemark/interpolation';
import type { Json, JsonObject } from '@tidemark/protocol';
import { type CheckContext, OPAQUE_FIELDS, type Site } from '../check-context.js';
import type { Path } from '../positions.js';
import { nearest } from '../suggestion.js';
import { isObject } from '../tree.js';
import { list } from '../words.js';
import { accesses } from './accesses.js';
import type { ConfigNames } from './config-names.js';
import { OF_EVERY_SLICE, SLICE_NAMES, sliceFields } from './slice-names.js';
import { isTemplate } from './stream-facts.js';

/** One mistake in a template, and where in its text. */
export interface TemplateProblem {
  code: TemplateCode;
  message: string;
  offset: number;
}

/**
 * Finds the mistakes in a template; with `names`, also the names that it reads beside these. `check` of
 * `@tidemark/interpolation` is one.
 */
export type TemplateInspector = (template: string, names?: Iterable<string>) => readonly TemplateProblem[];

/** Names that templates are given, besides those that the fields of the language say. */
const NAMES = [
  'config',
  'parameters',
  'headers',
  'request_url',
  'last_record',
  'last_page_size',
  'next_page_token',
  'record',
  'response',
  'creation_response',
  'polling_response',
  'download_target',
  'stream_interval',
  'stream_partition',
  'stream_slice',
  'stream_template_config',
  'components_values',
  'session_token',
  'property',
  'page_size',
  'raw_schema',
] as const;
/** What is below this field has templates that are evaluated by others than us, with names and filters of their own. */
const FOREIGN = 'advanced_auth';
const ALWAYS: readonly string[] = ['config', 'parameters'];

/** Checks all templates of a component that are not inside another component. */
export class TemplateCheck {
  readonly #context: CheckContext;
  readonly #inspect: TemplateInspector | undefined;
  readonly #config: ConfigNames | undefined;
  readonly #problems = new Map<string, readonly TemplateProblem[]>();
  /** Every name that some field gives to its templates. */
  readonly #names: readonly string[];

  constructor(context: CheckContext, inspect: TemplateInspector | undefined, config: ConfigNames | undefined) {
    this.#context = context;
    this.#inspect = inspect;
    this.#config = config;
    const names = new Set<string>(NAMES);
    for (const word of context.vocabulary.words.values())
      for (const scope of word.scopes?.values() ?? []) for (const name of scope) names.add(name);
    this.#names = [...names];
  }

  /** Checks the component at a site. */
  check(site: Site): void {
    if (site.path.includes(FOREIGN)) return;
    const word = this.#context.vocabulary.words.get(site.type);
    for (const field of Object.keys(site.node)) {
      // A field that the component does not know is never evaluated; it was said to be unknown.
      if (word && !word.open && !word.fields.has(field)) continue;
      if (OPAQUE_FIELDS.has(field) || field === 'type') continue;
      this.#value(site, field, site.node[field], [...site.path, field]);
    }
  }

  #value(site: Site, field: string, value: Json | undefined, path: Path): void {
    if (typeof value === 'string') {
      if (isTemplate(value)) this.#template(site, field, value, path);
    } else if (Array.isArray(value)) {
      value.forEach((item, i) => {
        this.#value(site, field, item, [...path, i]);
      });
    } else if (isObject(value) && !this.#isComponent(value)) {
      for (const key of Object.keys(value)) {
        if (OPAQUE_FIELDS.has(key)) continue;
        if (isTemplate(key)) this.#template(site, field, key, [...path, key]);
        this.#value(site, field, value[key], [...path, key]);
      }
    }
  }

  #isComponent(value: JsonObject): boolean {
    return typeof value.type === 'string' && this.#context.vocabulary.words.has(value.type);
  }

  #template(site: Site, field: string, template: string, path: Path): void {
    const word = this.#context.vocabulary.words.get(site.type);
    const isOpen = word?.open === true;
    const scope = word?.scopes?.get(field);
    if (word?.scopes && !scope && !isOpen) {
      // A text where a component must be was said already.
      if (word.slots?.has(field)) return;
      this.#context.warn(
        path,
        'not-a-template',
        `'${field}' of ${site.type} is no template: it is taken as it is written`,
      );
      return;
    }
    for (const { code, message, offset } of this.#problemsOf(template, this.#names)) {
      if (code === 'unknown-name') {
        if (!isOpen) this.#sayUnknownName(field, nameAt(template, offset), offset, path);
        continue;
      }
      const severity = isOpen || code === 'bad-directive' ? 'warning' : 'error';
      this.#context.say(path, code === 'syntax' ? 'bad-template' : code, `in the template of '${field}': ${message}`, {
        severity,
        offset,
      });
      if (code === 'syntax') return;
    }
    if (scope && !isOpen) this.#scope(site.type, field, scope, template, path);
    // The rules of the spec read the configuration as it was before them.
    if (path[0] !== 'spec') this.#configAccess(template, path);
    this.#parameterAccess(site, template, path);
    this.#sliceAccess(site, template, path);
  }

  #problemsOf(template: string, names: readonly string[]): readonly TemplateProblem[] {
    if (!this.#inspect) return [];
    const key = `${names.join()} ${template}`;
    let problems = this.#problems.get(key);
    if (!problems) {
      problems = this.#inspect(template, names);
      this.#problems.set(key, problems);
    }
    return problems;
  }

  #sayUnknownName(field: string, name: string, offset: number, path: Path): void {
    const suggestion = nearest(name, this.#names);
    const message = `the template of '${field}' reads the name '${name}', which nothing gives it`;
    this.#context.say(path, 'unknown-name', message, { offset, ...(suggestion === undefined ? {} : { suggestion }) });
  }

  /** Names that other fields are given, and this one is not. */
  #scope(type: string, field: string, scope: readonly string[], template: string, path: Path): void {
    const given = [...ALWAYS, ...scope];
    for (const { code, offset } of this.#problemsOf(template, given)) {
      const name = nameAt(template, offset);
      if (code !== 'unknown-name' || !this.#names.includes(name)) continue;
      const message = `the template of '${field}' in ${type} reads '${name}', which is not given to it (given: ${list(given)})`;
      this.#context.warn(path, 'name-out-of-scope', message, { offset });
    }
  }

  #configAccess(template: string, path: Path): void {
    if (!this.#config) return;
    for (const { keys, isOptional } of accesses(template, 'config')) {
      let level: ConfigNames | undefined = this.#config;
      for (const [depth, key] of keys.entries()) {
        if (!level) break;
        if (!level.names.has(key)) {
          if (!isOptional && !key.startsWith('__') && !isMethod(key))
            this.#sayNoConfig(template, path, keys.slice(0, depth), key, level);
          break;
        }
        level = level.names.get(key);
      }
    }
  }

  #sayNoConfig(template: string, path: Path, above: string[], key: string, level: ConfigNames): void {
    const suggestion = nearest(key, level.names.keys());
    const where = above.length === 0 ? 'the configuration' : `'${above.join('.')}' of the configuration`;
    const message = `${where} has no field '${key}' by the spec (has: ${list(level.names.keys())})`;
    this.#context.warn(path, 'unknown-config-field', message, {
      offset: template.indexOf(key),
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }

  #sliceAccess(site: Site, template: string, path: Path): void {
    const found = SLICE_NAMES.flatMap((name) => accesses(template, name).map((access) => ({ name, ...access })));
    const fields = found.length === 0 ? undefined : sliceFields(site);
    if (!fields) return;
    for (const { name, keys, isOptional } of found) {
      const key = keys[0] as string;
      if (isOptional || isMethod(key) || fields.has(key)) continue;
      const known = [...fields].slice(OF_EVERY_SLICE.length);
      const suggestion = nearest(key, known);
      const has =
        known.length === 0 ? 'it has neither a partition_router nor an incremental_sync' : `has: ${list(known)}`;
      const message = `'${name}' of this stream has no field '${key}' (${has})`;
      this.#context.warn(path, 'unknown-slice-field', message, {
        offset: template.indexOf(key),
        ...(suggestion === undefined ? {} : { suggestion }),
      });
    }
  }

  #parameterAccess(site: Site, template: string, path: Path): void {
    const parameters = isObject(site.node.$parameters) ? site.node.$parameters : {};
    for (const { keys, isOptional } of accesses(template, 'parameters')) {
      const key = keys[0] as string;
      if (isOptional || isMethod(key) || Object.hasOwn(parameters, key)) continue;
      const suggestion = nearest(key, Object.keys(parameters));
      const message = `no $parameters above this has '${key}'`;
      this.#context.warn(path, 'unknown-parameter', message, {
        offset: template.indexOf(key),
        ...(suggestion === undefined ? {} : { suggestion }),
      });
    }
  }
}

function isMethod(key: string): boolean {
  return ['get', 'items', 'keys', 'values', 'update', 'copy', 'pop'].includes(key);
}

function nameAt(template: string, offset: number): string {
  return /^\w*/.exec(template.slice(offset, offset + 100))?.[0] ?? '';
}
