import { Registry } from './component/registry.js';
import { words } from './components/index.gen.js';
import type { Vocabulary, WordShape } from './manifest/index.js';

/** The language: every word of the component files. */
export const language = new Registry(words);

/** Types of components with `class_name` that published manifests leave without `type`. The reference has the same list. */
const CUSTOM_TYPES: Record<string, string> = {
  'CompositeErrorHandler.backoff_strategies': 'CustomBackoffStrategy',
  'DeclarativeStream.retriever': 'CustomRetriever',
  'DeclarativeStream.transformations': 'CustomTransformation',
  'DefaultErrorHandler.backoff_strategies': 'CustomBackoffStrategy',
  'DefaultPaginator.pagination_strategy': 'CustomPaginationStrategy',
  'HttpRequester.authenticator': 'CustomAuthenticator',
  'HttpRequester.error_handler': 'CustomErrorHandler',
  'RecordSelector.extractor': 'CustomRecordExtractor',
  'SimpleRetriever.partition_router': 'CustomPartitionRouter',
};

/** What the manifest's rooms need to know of a language. */
export function vocabularyOf(registry: Registry): Vocabulary {
  const shapes = new Map<string, WordShape>();
  const defaultTypes = new Map<string, string>();
  const itemTypes = new Map<string, string>();
  for (const word of registry.words) {
    const slots = new Set<string>();
    const scopes = new Map<string, readonly string[]>();
    for (const [name, { facts }] of Object.entries(word.fields)) {
      if (facts.slots.length) slots.add(name);
      if (facts.scope) scopes.set(name, facts.scope);
      if (facts.defaultType) defaultTypes.set(`${word.type}.${name}`, facts.defaultType);
      if (facts.itemType) itemTypes.set(`${word.type}.${name}`, facts.itemType);
    }
    shapes.set(word.type, { fields: new Set(Object.keys(word.fields)), slots, scopes, open: word.open === true });
  }
  return { words: shapes, defaultTypes, itemTypes, customTypes: new Map(Object.entries(CUSTOM_TYPES)) };
}

/** The vocabulary of the language. */
export const vocabulary = vocabularyOf(language);
