import { isSpace } from '../methods/text-kind.js';
import type { Call, Expression, FilterNode, For, If, Name, Parameters, Statement } from './ast.js';
import { ExpressionParser } from './expression-parser.js';
import { tokenize } from './lexer.js';
import { TokenStream } from './token-stream.js';

const CONSTANT_NAMES = new Set(['true', 'false', 'none', 'True', 'False', 'None']);

/** Statements nested deeper than this are refused. */
const DEPTH_MAX = 100;

/** Parses a template. Throws a `TemplateError` of kind TemplateSyntaxError. */
export function parse(template: string): Statement[] {
  const parser = new StatementParser(new TokenStream(template, tokenize(template)));
  return parser.statements();
}

class StatementParser extends ExpressionParser {
  private readonly openTags: string[] = [];

  /** Statements up to one of the given end tags, or to the end of the template. */
  statements(ends?: readonly string[]): Statement[] {
    const body: Statement[] = [];
    let output: Statement | undefined;
    while (this.stream.current.kind !== 'eof') {
      const token = this.stream.current;
      const { offset } = token;
      if (token.kind === 'block_begin') {
        output = undefined;
        this.stream.next();
        if (ends && this.stream.isName(...ends)) return body;
        body.push(this.statement(ends));
        this.stream.expect('block_end');
        continue;
      }
      if (output?.kind !== 'output') {
        output = { kind: 'output', parts: [], offset };
        body.push(output);
      }
      this.stream.next();
      if (token.kind === 'data') output.parts.push({ kind: 'data', text: token.text, offset });
      else {
        output.parts.push(this.tuple());
        this.stream.expect('variable_end');
      }
    }
    if (ends)
      this.stream.fail(`Unexpected end of template. Jinja was looking for the following tags: ${ends.join(' or ')}.`);
    return body;
  }

  /** A tag's body: from the end of the tag to one of the end tags, which becomes the current token. */
  private body(...ends: string[]): Statement[] {
    this.stream.skip('operator', ':');
    this.stream.expect('block_end');
    return this.statements(ends);
  }

  private closedBody(end: string): Statement[] {
    const body = this.body(end);
    this.stream.next();
    return body;
  }

  private statement(ends: readonly string[] | undefined): Statement {
    const { current } = this.stream;
    if (current.kind !== 'name') this.stream.fail('tag name expected');
    const parse = Object.hasOwn(this.tags, current.text) ? this.tags[current.text] : undefined;
    if (!parse) {
      const looking = ends ? ` Jinja was looking for the following tags: ${ends.join(' or ')}.` : '';
      this.stream.fail(`Encountered unknown tag '${current.text}'.${looking}`);
    }
    if (this.openTags.push(current.text) > DEPTH_MAX) this.stream.fail('tags are nested too deeply');
    this.stream.next();
    const statement = parse(current.offset);
    this.openTags.pop();
    return statement;
  }

  private readonly tags: Record<string, (offset: number) => Statement> = {
    set: (offset) => this.set(offset),
    for: (offset) => this.for(offset),
    if: (offset) => this.if(offset),
    with: (offset) => this.with(offset),
    macro: (offset) => {
      const { name } = this.nameOf();
      return { kind: 'macro', name, ...this.parameters(), body: this.closedBody('endmacro'), offset };
    },
    call: (offset) => this.callBlock(offset),
    filter: (offset) => ({
      kind: 'filter-block',
      filter: this.filter(undefined, true) as FilterNode,
      body: this.closedBody('endfilter'),
      offset,
    }),
    autoescape: (offset) => ({
      kind: 'autoescape',
      value: this.expression(),
      body: this.closedBody('endautoescape'),
      offset,
    }),
    print: (offset) => this.print(offset),
    block: (offset) => this.block(offset),
    extends: (offset) => ({ kind: 'loader', word: 'extends', template: this.expression(), names: [], offset }),
    include: (offset) => this.include(offset),
    import: (offset) => this.import(offset),
    from: (offset) => this.from(offset),
  };

  /** What a value can be assigned to: a name, several, or an attribute of a namespace. */
  private target(
    nameOnly = false,
    options: { withNamespace?: boolean; end?: (stream: TokenStream) => boolean } = {},
  ): Expression {
    if (nameOnly) {
      const { text: name, offset } = this.stream.expect('name');
      if (CONSTANT_NAMES.has(name)) this.stream.fail(`can't assign to '${name}'`, offset);
      return { kind: 'name', name, use: 'store', offset };
    }
    return this.assignable(this.tuple({ simple: true, ...options }));
  }

  private assignable(target: Expression): Expression {
    if (target.kind === 'name') return { ...target, use: 'store' };
    if (target.kind === 'attribute-target') return target;
    if (target.kind === 'tuple') return { ...target, items: target.items.map((item) => this.assignable(item)) };
    return this.stream.fail(`can't assign to '${target.kind}'`, target.offset);
  }

  private nameOf(): Name {
    return this.target(true) as Name;
  }

  private set(offset: number): Statement {
    const target = this.target(false, { withNamespace: true });
    if (this.stream.skip('operator', '=')) return { kind: 'assign', target, value: this.tuple(), offset };
    const filter = this.filter(undefined);
    return { kind: 'assign-block', target, filter, body: this.closedBody('endset'), offset };
  }

  private for(offset: number): For {
    const target = this.target(false, { end: (stream) => stream.is('name', 'in') });
    this.stream.expect('name', 'in');
    const iterable = this.tuple({ withCondition: false, end: (stream) => stream.is('name', 'recursive') });
    const test = this.stream.skip('name', 'if') ? this.expression() : undefined;
    const recursive = this.stream.skip('name', 'recursive');
    const body = this.body('endfor', 'else');
    const orElse = this.stream.next().text === 'else' ? this.closedBody('endfor') : [];
    return { kind: 'for', target, iterable, test, recursive, body, orElse, offset };
  }

  private if(offset: number): If {
    const branch = (at: number): If => {
      const test = this.tuple({ withCondition: false });
      return { kind: 'if', test, body: this.body('elif', 'else', 'endif'), elifs: [], orElse: [], offset: at };
    };
    const result = branch(offset);
    for (;;) {
      const token = this.stream.next();
      if (token.text === 'elif') result.elifs.push(branch(token.offset));
      else {
        if (token.text === 'else') result.orElse = this.closedBody('endif');
        return result;
      }
    }
  }

  private with(offset: number): Statement {
    const targets: Expression[] = [];
    const values: Expression[] = [];
    while (!this.stream.is('block_end')) {
      if (targets.length) this.stream.expect('operator', ',');
      targets.push(asParameter(this.target()));
      this.stream.expect('operator', '=');
      values.push(this.expression());
    }
    return { kind: 'with', targets, values, body: this.closedBody('endwith'), offset };
  }

  private parameters(): Parameters {
    const params: Name[] = [];
    const defaults: Expression[] = [];
    this.stream.expect('operator', '(');
    while (!this.stream.isOperator(')')) {
      if (params.length) this.stream.expect('operator', ',');
      const name = this.nameOf();
      if (this.stream.skip('operator', '=')) defaults.push(this.expression());
      else if (defaults.length) this.stream.fail('non-default argument follows default argument');
      params.push({ ...name, use: 'param' });
    }
    this.stream.next();
    return { params, defaults };
  }

  private callBlock(offset: number): Statement {
    const parameters = this.stream.isOperator('(') ? this.parameters() : { params: [], defaults: [] };
    const call = this.expression();
    if (call.kind !== 'call') this.stream.fail('expected call', offset);
    return { kind: 'call-block', ...parameters, call: call as Call, body: this.closedBody('endcall'), offset };
  }

  private print(offset: number): Statement {
    const parts: Expression[] = [];
    while (!this.stream.is('block_end')) {
      if (parts.length) this.stream.expect('operator', ',');
      parts.push(this.expression());
    }
    return { kind: 'output', parts, offset };
  }

  private block(offset: number): Statement {
    const name = this.stream.expect('name').text;
    const scoped = this.stream.skip('name', 'scoped');
    const required = this.stream.skip('name', 'required');
    if (this.stream.isOperator('-'))
      this.stream.fail('Block names may not contain hyphens, use an underscore instead.');
    const body = this.closedBody('endblock');
    if (required && !body.every(isBlank)) this.stream.fail('Required blocks can only contain comments or whitespace');
    this.stream.skip('name', name);
    return { kind: 'block', name, scoped, required, body, offset };
  }

  private skipContext(): void {
    const context = this.stream.look();
    if (this.stream.isName('with', 'without') && context.kind === 'name' && context.text === 'context') {
      this.stream.next();
      this.stream.next();
    }
  }

  private include(offset: number): Statement {
    const template = this.expression();
    if (this.stream.is('name', 'ignore') && this.stream.look().text === 'missing') {
      this.stream.next();
      this.stream.next();
    }
    this.skipContext();
    return { kind: 'loader', word: 'include', template, names: [], offset };
  }

  private import(offset: number): Statement {
    const template = this.expression();
    this.stream.expect('name', 'as');
    const { name } = this.nameOf();
    this.skipContext();
    return { kind: 'loader', word: 'import', template, names: [name], offset };
  }

  private from(offset: number): Statement {
    const template = this.expression();
    this.stream.expect('name', 'import');
    const names: string[] = [];
    for (;;) {
      if (names.length) this.stream.expect('operator', ',');
      if (this.stream.isName('with', 'without') && this.stream.look().text === 'context') break;
      const { name } = this.nameOf();
      if (name.startsWith('_')) this.stream.fail('names starting with an underline can not be imported');
      names.push(this.stream.skip('name', 'as') ? this.nameOf().name : name);
      if (!this.stream.isOperator(',')) break;
    }
    this.skipContext();
    return { kind: 'loader', word: 'from', template, names, offset };
  }
}

/** Whether a statement puts out nothing but white space. */
function isBlank(statement: Statement): boolean {
  return statement.kind === 'output' && statement.parts.every((part) => part.kind === 'data' && isSpace(part.text));
}

function asParameter(target: Expression): Expression {
  if (target.kind === 'name') return { ...target, use: 'param' };
  return target.kind === 'tuple' ? { ...target, items: target.items.map(asParameter) } : target;
}
