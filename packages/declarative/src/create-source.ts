import { check } from '@tidemark/interpolation';
import type { ConnectorSpecification, JsonObject } from '@tidemark/protocol';
import { type Connection, type ConnectOptions, ConnectorError, type RunContext, type Source } from '@tidemark/source';
import { Builder } from './component/build.js';
import type { BuildContext, SourceSettings } from './component/context.js';
import { type ManifestRoot, sourceSlot } from './components/source/slot.js';
import type { Spec } from './components/spec/slot.js';
import { checkConfig } from './config-check.js';
import { checkConnection, StreamEntries } from './connection-check.js';
import { ResponseCache } from './http/cache.js';
import { createHttpClient, type Transport } from './http/client.js';
import { secretsOf } from './http/redact.js';
import type { Sleep } from './http/sleep.js';
import { createTransport } from './http/undici-transport.js';
import { language, vocabulary } from './language.js';
import {
  type Diagnostic,
  Positions,
  propagate,
  readManifest,
  resolveManifest,
  throwOnErrors,
  validateManifest,
} from './manifest/index.js';
import { manifestValidator } from './manifest-validator.js';

/** How many units are read at the same time where the manifest says nothing. */
const CONCURRENCY_DEFAULT = 4;

/** What a source is made from. Only `text` is needed. */
export interface SourceOptions {
  /** The manifest, YAML or JSON; or its parsed tree. */
  text: string | JsonObject;
  /** The name that diagnostics show. */
  file?: string;
  /** Reads a file of the connector's own folder (schemas): `connectorFolder(folder)`. */
  readFile?: (path: string) => string | undefined;
  /** Finds the author's class or function behind `class_name`. Without it custom components are an error. */
  customComponent?: (className: string) => unknown;
  /** The way to the network; undici by default. */
  transport?: Transport;
  /** Waits between attempts and polls; a test moves its clock instead. */
  sleep?: Sleep;
  settings?: Partial<SourceSettings>;
}

/** The settings where nobody says otherwise. */
export const DEFAULT_SETTINGS: SourceSettings = {
  responseBytesMax: 512 * 1024 * 1024,
  paginationGuard: true,
  pagesWithoutNewKeyMax: 10,
  waitSecondsMax: 43_200,
};

/** A manifest with its resolved tree. */
export interface LoadedManifest {
  /** References resolved, parameters propagated, default types filled. */
  tree: JsonObject;
  diagnostics: Diagnostic[];
}

/** Reads and validates a manifest. Rejects with ManifestError, all diagnostics in it, when the manifest cannot run. */
export async function loadManifest(text: string | JsonObject, file?: string): Promise<LoadedManifest> {
  const resolved = resolveManifest(readManifest(text, { file }), vocabulary);
  // Of a text that is no YAML there is nothing else to be said.
  if (resolved.diagnostics.some(({ code }) => code === 'yaml')) throwOnErrors(resolved.diagnostics);
  const diagnostics = validateManifest(resolved, vocabulary, {
    validator: manifestValidator(),
    templates: check,
  });
  throwOnErrors(diagnostics);
  return { tree: resolved.tree, diagnostics };
}

/** A source from a manifest. Rejects with ManifestError when the manifest cannot run. No I/O but loading the validator. */
export async function createSource(options: SourceOptions): Promise<{ source: Source; diagnostics: Diagnostic[] }> {
  const { tree, diagnostics } = await loadManifest(options.text, options.file);
  return { source: new DeclarativeSource(tree, options), diagnostics };
}

class DeclarativeSource implements Source {
  private readonly builder = new Builder(language);
  constructor(
    private readonly tree: JsonObject,
    private readonly options: SourceOptions,
  ) {}

  async spec(): Promise<ConnectorSpecification> {
    const context = this.context({}, offline(), undefined as never);
    const root = this.builder.build(this.tree, sourceSlot, context);
    if (!root.spec) throw new ConnectorError('config', 'The manifest has no spec.');
    return root.spec(context).specification;
  }

  async connect(given: JsonObject, run: RunContext, { forCheck = false }: ConnectOptions = {}): Promise<Connection> {
    const config = structuredClone(given);
    const settings = { ...DEFAULT_SETTINGS, ...this.options.settings };
    const bare = this.context(config, run, undefined as never);
    const root = this.builder.build(this.tree, sourceSlot, bare);
    const spec: Spec | undefined = root.spec?.(bare);
    if (spec) {
      for (const secret of secretsOf(config, spec.specification.connectionSpecification)) run.addSecret(secret);
      if (spec.migrate(config)) run.configChanged(structuredClone(config));
      spec.transform(config);
      await checkConfig(config, spec.specification.connectionSpecification, run.log);
      await spec.validate(config);
    }
    const http = createHttpClient({
      transport:
        this.options.transport ??
        createTransport({
          responseBytesMax: settings.responseBytesMax,
          env: process.env,
          alive: run.alive,
          holdsSecret: (text) => run.redact(text) !== text,
        }),
      cache: new ResponseCache(),
      clock: run.clock,
      sleep: this.options.sleep,
      log: run.log,
      alive: run.alive,
      waitSecondsMax: settings.waitSecondsMax,
    });
    const context = this.context(config, run, http);
    http.setBudget(root.budget?.(context));
    return this.open(root, context, run.signal, forCheck);
  }

  private async open(
    root: ManifestRoot,
    context: BuildContext,
    signal: AbortSignal,
    forCheck: boolean,
  ): Promise<Connection> {
    const entries = new StreamEntries(root, context, signal);
    return {
      streams: forCheck ? await entries.staticStreams() : await entries.all(),
      concurrency: root.concurrency?.(context).level ?? CONCURRENCY_DEFAULT,
      exclusiveGroups: root.groups.map((group) => group(context).streamNames),
      check: () => checkConnection(root, entries, context, signal),
      close: () => context.http.close(),
    };
  }

  private context(config: JsonObject, run: RunContext, http: BuildContext['http']): BuildContext {
    return {
      config,
      clock: run.clock,
      log: run.log,
      addSecret: run.addSecret,
      redact: run.redact,
      configChanged: run.configChanged,
      http,
      builder: this.builder,
      manifest: this.tree,
      propagate: (component, how) => propagate(component, {}, vocabulary, new Positions('manifest.yaml'), how),
      readFile: this.options.readFile ?? (() => undefined),
      customComponent: this.options.customComponent,
      shared: new Map(),
      settings: { ...DEFAULT_SETTINGS, ...this.options.settings },
    };
  }
}

/** What a source is given when nothing will be read. */
function offline(): RunContext {
  return {
    clock: Date.now,
    log: () => {},
    addSecret: () => {},
    redact: (text) => text,
    configChanged: () => {},
    signal: new AbortController().signal,
  };
}
