/** A right manifest that every page of an error code breaks in one place. */
export const EXAMPLE_MANIFEST = `version: 7.0.0
type: DeclarativeSource
check:
  type: CheckStream
  stream_names:
    - projects
definitions:
  requester:
    type: HttpRequester
    url: https://api.example.com/v1/{{ parameters['path'] }}
    authenticator:
      type: BearerAuthenticator
      api_token: "{{ config['api_key'] }}"
  paginator:
    type: DefaultPaginator
    page_token_option:
      type: RequestOption
      inject_into: request_parameter
      field_name: page
    page_size_option:
      type: RequestOption
      inject_into: request_parameter
      field_name: per_page
    pagination_strategy:
      type: PageIncrement
      page_size: 100
  projects:
    type: DeclarativeStream
    name: projects
    primary_key: [id]
    $parameters:
      path: projects
    retriever:
      type: SimpleRetriever
      requester:
        $ref: '#/definitions/requester'
      paginator:
        $ref: '#/definitions/paginator'
      record_selector:
        type: RecordSelector
        extractor:
          type: DpathExtractor
          field_path: [items]
    schema_loader:
      type: InlineSchemaLoader
      schema:
        type: object
        properties:
          id:
            type: integer
          name:
            type: string
  tasks:
    type: DeclarativeStream
    name: tasks
    primary_key: [id]
    $parameters:
      path: tasks
    retriever:
      type: SimpleRetriever
      requester:
        $ref: '#/definitions/requester'
        request_parameters:
          project: '{{ stream_partition.project }}'
      record_selector:
        type: RecordSelector
        extractor:
          type: DpathExtractor
          field_path: [items]
        record_filter:
          type: RecordFilter
          condition: '{{ record.open is true }}'
      partition_router:
        type: SubstreamPartitionRouter
        parent_stream_configs:
          - type: ParentStreamConfig
            stream:
              $ref: '#/definitions/projects'
            parent_key: id
            partition_field: project
    incremental_sync:
      type: DatetimeBasedCursor
      cursor_field: updated_at
      start_datetime: '2024-01-01'
      datetime_format: '%Y-%m-%d'
      cursor_granularity: P1D
      step: P30D
      start_time_option:
        type: RequestOption
        inject_into: request_parameter
        field_name: since
    schema_loader:
      type: InlineSchemaLoader
      schema:
        type: object
        properties:
          id:
            type: integer
          open:
            type: boolean
          updated_at:
            type: string
streams:
  - $ref: '#/definitions/projects'
  - $ref: '#/definitions/tasks'
spec:
  type: Spec
  connection_specification:
    type: object
    properties:
      api_key:
        type: string
        airbyte_secret: true
`;
