import type { DiagnosticCode } from '../manifest/diagnostic-code.js';

/** What the page of an error code says. */
export interface ErrorCodeFacts {
  /** What is wrong, one sentence. */
  meaning: string;
  /** Why it matters, and what to do. */
  mend: string;
  /** What to change in the example manifest to meet the error: pieces of it, and what stands there instead. */
  edits?: readonly (readonly [right: string, wrong: string])[];
}

const FILTER = "condition: '{{ record.open is true }}'";

/** Every code that `tidemark validate` gives. */
export const ERROR_CODES: Record<DiagnosticCode, ErrorCodeFacts> = {
  'bad-datetime-format': {
    meaning: 'A datetime format has a directive that does not exist or cannot be read back.',
    mend: 'Use the directives of strftime, and `%s`, `%ms`, `%s_as_float`, `%_ms`, `%epoch_microseconds` for counts since 1970.',
    edits: [["datetime_format: '%Y-%m-%d'", "datetime_format: '%Y-%Q-%d'"]],
  },
  'bad-directive': {
    meaning: 'A format inside a template has a directive that does not exist.',
    mend: 'The directive would stand in the result as it is written. Use one of strftime.',
    edits: [[FILTER, 'condition: "{{ now_utc().strftime(\'%Q\') == record.day }}"']],
  },
  'bad-duration': {
    meaning: 'A duration is none.',
    mend: 'Write it as ISO 8601 does: `P1D` is a day, `PT1H` an hour, `P1M` a month, `PT1M` a minute.',
    edits: [['step: P30D', 'step: 30 days']],
  },
  'bad-pattern': {
    meaning: 'A regular expression does not compile.',
    mend: 'Patterns are written as Python writes them. Close every bracket; escape a bracket that is meant as a character.',
    edits: [
      [
        'check:\n',
        'api_budget:\n  type: HTTPAPIBudget\n  policies:\n    - type: UnlimitedCallRatePolicy\n      matchers:\n        - type: HttpRequestRegexMatcher\n          url_path_pattern: "/v1/("\ncheck:\n',
      ],
    ],
  },
  'bad-template': {
    meaning: 'A template does not parse.',
    mend: 'Close every `{{`, bracket and quote. A text that is no template must not hold `{{` or `{%`.',
    edits: [[FILTER, "condition: '{{ record.open is true'"]],
  },
  'cursor-not-in-schema': {
    meaning: 'The cursor field is not among the fields of the stream’s schema.',
    mend: 'Without it records carry no position, and every run reads everything again. Correct the name, or add the field to the schema.',
    edits: [['cursor_field: updated_at', 'cursor_field: update_at']],
  },
  'cursor-unsent': {
    meaning: 'The stream has a cursor, and no request says from when to read.',
    mend: 'Add a `start_time_option`, or use `stream_interval.start_time` in a request; `is_client_side_incremental` or `is_data_feed` where the API cannot filter.',
    edits: [
      [
        '      start_time_option:\n        type: RequestOption\n        inject_into: request_parameter\n        field_name: since\n',
        '',
      ],
    ],
  },
  'datetime-mismatch': {
    meaning: 'A datetime does not fit the format that it is read by.',
    mend: 'Write it in the format, or give the `MinMaxDatetime` a `datetime_format` of its own.',
    edits: [["start_datetime: '2024-01-01'", "start_datetime: '01/01/2024'"]],
  },
  'doubtful-datetime-format': {
    meaning: 'A datetime format has directives that rarely mean what was intended.',
    mend: 'Look at the directive that the message names: `%m` is the month and `%M` the minute, `%H` the hour of 24 and `%I` of 12.',
    edits: [["datetime_format: '%Y-%m-%d'", "datetime_format: '%Y-%M-%d'"]],
  },
  'duplicate-key': {
    meaning: 'A mapping has the same key twice.',
    mend: 'YAML keeps the last one, silently. Delete one of them, or merge what they hold.',
    edits: [['    name: projects\n', '    name: project\n    name: projects\n']],
  },
  'duplicate-stream': {
    meaning: 'Two streams have the same name.',
    mend: 'A catalog can hold a name once. Rename one of them.',
    edits: [['    name: tasks\n', '    name: projects\n']],
  },
  'inert-dependency': {
    meaning: '`incremental_dependency` is set for a parent stream that is not incremental.',
    mend: 'The parent is read whole at every run whatever this says. Give the parent an `incremental_sync`, or delete the line.',
    edits: [
      [
        '            partition_field: project\n',
        '            partition_field: project\n            incremental_dependency: true\n',
      ],
    ],
  },
  'key-not-in-schema': {
    meaning: 'A field of the primary key is not among the fields of the stream’s schema.',
    mend: 'Destinations that deduplicate would find no key. Correct the name, or add the field to the schema.',
    edits: [['name: tasks\n    primary_key: [id]', 'name: tasks\n    primary_key: [ids]']],
  },
  'key-not-text': {
    meaning: 'A key is written so that YAML reads it as something else than a text.',
    mend: '`yes`, `no`, `on`, `off` and `null` are no texts in YAML 1.1. Quote the key.',
    edits: [['          name:\n', '          on:\n']],
  },
  'missing-field': {
    meaning: 'A component lacks a field that it cannot do without.',
    mend: 'Add the field. The component’s page says what it holds.',
    edits: [['          field_path: [items]\n    schema_loader', '    schema_loader']],
  },
  'missing-type': {
    meaning: 'A component has no `type`, and its place allows several.',
    mend: 'Add the `type`; the message lists those that fit.',
    edits: [['    pagination_strategy:\n      type: PageIncrement\n', '    pagination_strategy:\n']],
  },
  'name-out-of-scope': {
    meaning: 'A template reads a name that exists elsewhere, and not in this place.',
    mend: 'It would be empty here. The message lists the names that this field is given.',
    edits: [[FILTER, "condition: '{{ response.open }}'"]],
  },
  'not-a-template': {
    meaning: 'A field that is taken as it is written holds what looks like a template.',
    mend: 'The braces would be sent as they stand. Write the value itself.',
    edits: [['    name: tasks\n', `    name: "{{ config['api_key'] }}"\n`]],
  },
  'page-size-missing': {
    meaning: 'A page size is to be sent, and the strategy has none.',
    mend: 'Give the pagination strategy a `page_size`, or delete `page_size_option`.',
    edits: [['      page_size: 100\n', '']],
  },
  'page-size-unsent': {
    meaning: 'The strategy has a page size that no request carries.',
    mend: 'The API uses its own size, and the last page may be taken for a short one. Add a `page_size_option`.',
    edits: [
      [
        '    page_size_option:\n      type: RequestOption\n      inject_into: request_parameter\n      field_name: per_page\n',
        '',
      ],
    ],
  },
  'page-token-unsent': {
    meaning: 'The paginator finds a next page and never asks for it.',
    mend: 'Every request would ask for the first page. Add a `page_token_option`, or use `next_page_token` in the request.',
    edits: [
      [
        '    page_token_option:\n      type: RequestOption\n      inject_into: request_parameter\n      field_name: page\n',
        '',
      ],
    ],
  },
  'parameters-size': {
    meaning: '`$parameters` that hold components make a manifest that is too large.',
    mend: 'Parameters are copied to every component below. Put components into `definitions` and refer to them by `$ref`.',
  },
  'parent-key-unknown': {
    meaning: 'The parent key is not among the fields of the parent stream’s schema.',
    mend: 'No parent record would give a partition. Correct the name, or add the field to the parent’s schema.',
    edits: [['parent_key: id', 'parent_key: uid']],
  },
  'partition-unsent': {
    meaning: 'The stream has partitions, and no request says which is asked for.',
    mend: 'Every partition would read the same. Add a `request_option`, or use `stream_partition` in a request.',
    edits: [["        request_parameters:\n          project: '{{ stream_partition.project }}'\n", '']],
  },
  'reference-cycle': {
    meaning: 'A reference leads back to itself.',
    mend: 'The message shows the way round. Break it at one of the places.',
    edits: [
      ["  - $ref: '#/definitions/projects'\n", "  - $ref: '#/definitions/loop'\n"],
      ['definitions:\n', "definitions:\n  loop:\n    $ref: '#/definitions/loop'\n"],
    ],
  },
  'reference-depth': {
    meaning: 'References make a manifest that is nested too deeply.',
    mend: 'Look for definitions that hold each other.',
  },
  'reference-form': {
    meaning: 'A reference does not begin with `#/`.',
    mend: 'References name a place of the same manifest, from its root: `#/definitions/requester`.',
    edits: [["  - $ref: '#/definitions/tasks'", "  - $ref: 'definitions/tasks'"]],
  },
  'reference-missing': {
    meaning: 'A reference names nothing.',
    mend: 'Correct the path; the message names the nearest one that exists.',
    edits: [["  - $ref: '#/definitions/tasks'", "  - $ref: '#/definitions/task'"]],
  },
  'reference-override': {
    meaning: 'Fields stand beside a reference to something that is no mapping.',
    mend: 'They count for nothing. Delete them, or refer to a mapping.',
    edits: [
      [
        '          name:\n            type: string\n',
        "          name:\n            type:\n              $ref: '#/version'\n              note: text\n",
      ],
    ],
  },
  'reference-size': {
    meaning: 'References make a manifest that is too large.',
    mend: 'Definitions that refer to each other many times multiply. Refer to smaller pieces.',
  },
  'secret-in-clear': {
    meaning: 'A field of the configuration looks like a secret and is not marked as one.',
    mend: 'Its value would be shown in forms and logs. Add `airbyte_secret: true`.',
    edits: [['        type: string\n        airbyte_secret: true\n', '        type: string\n']],
  },
  'step-without-granularity': {
    meaning: 'The cursor has one of `step` and `cursor_granularity` without the other.',
    mend: 'Slices are made of both: `step` is their length, `cursor_granularity` the gap between them. Give both or none.',
    edits: [['      cursor_granularity: P1D\n', '']],
  },
  'unknown-config-field': {
    meaning: 'A template reads a field of the configuration that the spec does not have.',
    mend: 'It would be empty. Correct the name, or add the field to the spec.',
    edits: [["config['api_key']", "config['apikey']"]],
  },
  'unknown-field': {
    meaning: 'A component has a field that the language does not know.',
    mend: 'It counts for nothing. Correct the name; the message lists those that there are.',
    edits: [
      [
        '    primary_key: [id]\n    $parameters:\n      path: tasks',
        '    primary_keys: [id]\n    $parameters:\n      path: tasks',
      ],
    ],
  },
  'unknown-filter': {
    meaning: 'A template uses a filter that does not exist.',
    mend: 'See [the filters](../filters/README.md).',
    edits: [[FILTER, 'condition: "{{ record.open | strng == \'True\' }}"']],
  },
  'unknown-macro': {
    meaning: 'A template calls a function that does not exist.',
    mend: 'See [the macros](../macros/README.md).',
    edits: [[FILTER, "condition: '{{ record.day < today() }}'"]],
  },
  'unknown-name': {
    meaning: 'A template reads a name that nothing gives it.',
    mend: 'It would be empty. Correct the name; the component’s page lists those that each field is given.',
    edits: [[FILTER, "condition: '{{ recrod.open is true }}'"]],
  },
  'unknown-parameter': {
    meaning: 'A template reads a parameter that no `$parameters` above it gives.',
    mend: 'It would be empty. Correct the name, or add it to `$parameters`.',
    edits: [["parameters['path']", "parameters['paht']"]],
  },
  'unknown-slice-field': {
    meaning: 'A template reads a field that no partition of this stream has.',
    mend: 'It would be empty. The message lists the fields that there are.',
    edits: [['stream_partition.project', 'stream_partition.projekt']],
  },
  'unknown-stream': {
    meaning: 'The check names a stream that does not exist.',
    mend: 'Correct the name; the message lists those that there are.',
    edits: [['    - projects\n', '    - project\n']],
  },
  'unknown-test': {
    meaning: 'A template uses a test that does not exist.',
    mend: 'See [the tests](../tests/README.md).',
    edits: [[FILTER, "condition: '{{ record.open is truthy }}'"]],
  },
  'unknown-type': {
    meaning: 'A `type` is no word of the language.',
    mend: 'Correct it; the message names the nearest. See [the words](../components/README.md).',
    edits: [['type: PageIncrement', 'type: PageIncrment']],
  },
  'unsupported-name': {
    meaning: 'A template reads `stream_state`, which no longer exists.',
    mend: 'Use `stream_interval`: its `start_time` and `end_time` bound what is read.',
    edits: [[FILTER, "condition: '{{ record.updated_at > stream_state.updated_at }}'"]],
  },
  'wrong-type': {
    meaning: 'A component stands where another kind of component must be.',
    mend: 'The message lists the types that fit this place.',
    edits: [['type: PageIncrement', 'type: DpathExtractor']],
  },
  'wrong-value': {
    meaning: 'A field holds a value that it cannot hold.',
    mend: 'The message says what is allowed and what was met.',
    edits: [['page_size: 100', 'page_size: [100]']],
  },
  yaml: {
    meaning: 'The file is no YAML, or no manifest.',
    mend: 'The message says where the text stops making sense. Nothing else is checked until it does.',
    edits: [['    name: tasks\n', '    name: "tasks\n']],
  },
};
