import type { Arguments, BinaryOperator, Call, CompareOperator, Expression, FilterNode } from './ast.js';
import { describeToken } from './token.js';
import type { TokenStream } from './token-stream.js';

const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** Expressions deeper than this are refused, before they exhaust the stack. */
const DEPTH_MAX = 200;

/** Ends of a tuple that has no brackets, besides the ends of tags and brackets. */
export type TupleEnd = (stream: TokenStream) => boolean;

/** Parses the expressions of a template, by Jinja's grammar and precedence. */
export class ExpressionParser {
  private depth = 0;

  constructor(protected readonly stream: TokenStream) {}

  expression(withCondition = true): Expression {
    if (++this.depth > DEPTH_MAX) this.stream.fail('the expression is nested too deeply');
    const result = withCondition ? this.condition() : this.or();
    this.depth--;
    return result;
  }

  private condition(): Expression {
    const { offset } = this.stream.current;
    let result = this.or();
    while (this.stream.skip('name', 'if')) {
      const test = this.or();
      const no = this.stream.skip('name', 'else') ? this.expression() : undefined;
      result = { kind: 'condition', test, yes: result, no, offset };
    }
    return result;
  }

  private or(): Expression {
    let left = this.and();
    while (this.stream.skip('name', 'or'))
      left = { kind: 'logical', operator: 'or', left, right: this.and(), offset: left.offset };
    return left;
  }

  private and(): Expression {
    let left = this.not();
    while (this.stream.skip('name', 'and'))
      left = { kind: 'logical', operator: 'and', left, right: this.not(), offset: left.offset };
    return left;
  }

  private not(): Expression {
    const { offset } = this.stream.current;
    let count = 0;
    while (this.stream.skip('name', 'not')) count++;
    let operand = this.compare();
    for (; count > 0; count--) operand = { kind: 'unary', operator: 'not', operand, offset };
    return operand;
  }

  private compare(): Expression {
    const first = this.sum();
    const rest: { operator: CompareOperator; value: Expression }[] = [];
    for (;;) {
      const { current } = this.stream;
      let operator: CompareOperator;
      if (current.kind === 'operator' && COMPARISONS.has(current.text)) operator = current.text as CompareOperator;
      else if (this.stream.is('name', 'in')) operator = 'in';
      else if (
        this.stream.is('name', 'not') &&
        this.stream.look().kind === 'name' &&
        this.stream.look().text === 'in'
      ) {
        operator = 'not in';
        this.stream.next();
      } else break;
      this.stream.next();
      rest.push({ operator, value: this.sum() });
    }
    return rest.length ? { kind: 'compare', first, rest, offset: first.offset } : first;
  }

  private binary(operand: () => Expression, ...operators: BinaryOperator[]): Expression {
    let left = operand();
    while (this.stream.isOperator(...operators)) {
      const operator = this.stream.next().text as BinaryOperator;
      left = { kind: 'binary', operator, left, right: operand(), offset: left.offset };
    }
    return left;
  }

  private sum(): Expression {
    return this.binary(() => this.concat(), '+', '-');
  }

  private concat(): Expression {
    const parts = [this.product()];
    while (this.stream.skip('operator', '~')) parts.push(this.product());
    const [first] = parts;
    return parts.length === 1 ? (first as Expression) : { kind: 'concat', parts, offset: (first as Expression).offset };
  }

  private product(): Expression {
    return this.binary(() => this.power(), '*', '/', '//', '%');
  }

  private power(): Expression {
    return this.binary(() => this.unary(), '**');
  }

  private unary(withFilter = true): Expression {
    const { current } = this.stream;
    let result: Expression;
    if (this.stream.isOperator('-', '+')) {
      this.stream.next();
      if (++this.depth > DEPTH_MAX) this.stream.fail('the expression is nested too deeply');
      result = {
        kind: 'unary',
        operator: current.text as '-' | '+',
        operand: this.unary(false),
        offset: current.offset,
      };
      this.depth--;
    } else result = this.primary();
    result = this.postfix(result);
    return withFilter ? this.filters(result) : result;
  }

  primary(withNamespace = false): Expression {
    const token = this.stream.current;
    const { offset } = token;
    if (token.kind === 'name') return this.nameOrConstant(withNamespace);
    if (token.kind === 'string') {
      let value = '';
      while (this.stream.current.kind === 'string') value += this.stream.next().text;
      return { kind: 'constant', value, offset };
    }
    if (token.kind === 'integer' || token.kind === 'float') {
      this.stream.next();
      return { kind: 'constant', value: token.value, offset };
    }
    if (this.stream.isOperator('(')) {
      this.stream.next();
      const inner = this.tuple({ parentheses: true });
      this.stream.expect('operator', ')');
      return inner;
    }
    if (this.stream.isOperator('[')) return this.list();
    if (this.stream.isOperator('{')) return this.dict();
    return this.stream.fail(`unexpected '${describeToken(token)}'`);
  }

  private nameOrConstant(withNamespace: boolean): Expression {
    const { text: name, offset } = this.stream.next();
    if (name === 'true' || name === 'True') return { kind: 'constant', value: true, offset };
    if (name === 'false' || name === 'False') return { kind: 'constant', value: false, offset };
    if (name === 'none' || name === 'None') return { kind: 'constant', value: null, offset };
    if (withNamespace && this.stream.skip('operator', '.')) {
      return { kind: 'attribute-target', name, attribute: this.stream.expect('name').text, offset };
    }
    return { kind: 'name', name, use: 'load', offset };
  }

  /** One expression, or several with commas between as a tuple. */
  tuple(
    options: {
      parentheses?: boolean;
      withCondition?: boolean;
      simple?: boolean;
      withNamespace?: boolean;
      end?: TupleEnd;
    } = {},
  ): Expression {
    const { parentheses = false, withCondition = true, simple = false, withNamespace = false, end } = options;
    const { offset } = this.stream.current;
    const items: Expression[] = [];
    let isTuple = false;
    for (;;) {
      if (items.length) this.stream.expect('operator', ',');
      const { current } = this.stream;
      if (
        current.kind === 'variable_end' ||
        current.kind === 'block_end' ||
        this.stream.isOperator(')') ||
        end?.(this.stream)
      )
        break;
      items.push(simple ? this.primary(withNamespace) : this.expression(withCondition));
      if (!this.stream.isOperator(',')) break;
      isTuple = true;
    }
    if (!isTuple) {
      if (items[0]) return items[0];
      if (!parentheses) this.stream.fail(`Expected an expression, got '${describeToken(this.stream.current)}'`);
    }
    return { kind: 'tuple', items, offset };
  }

  private list(): Expression {
    const { offset } = this.stream.next();
    const items: Expression[] = [];
    while (!this.stream.isOperator(']')) {
      if (items.length) this.stream.expect('operator', ',');
      if (this.stream.isOperator(']')) break;
      items.push(this.expression());
    }
    this.stream.next();
    return { kind: 'list', items, offset };
  }

  private dict(): Expression {
    const { offset } = this.stream.next();
    const pairs: [Expression, Expression][] = [];
    while (!this.stream.isOperator('}')) {
      if (pairs.length) this.stream.expect('operator', ',');
      if (this.stream.isOperator('}')) break;
      const key = this.expression();
      this.stream.expect('operator', ':');
      pairs.push([key, this.expression()]);
    }
    this.stream.next();
    return { kind: 'dict', pairs, offset };
  }

  private postfix(start: Expression): Expression {
    let result = start;
    for (;;) {
      if (this.stream.isOperator('.')) result = this.dotted(result);
      else if (this.stream.isOperator('[')) result = this.subscript(result);
      else if (this.stream.isOperator('(')) result = this.call(result);
      else return result;
    }
  }

  private filters(start: Expression): Expression {
    let result = start;
    for (;;) {
      if (this.stream.isOperator('|')) result = this.filter(result);
      else if (this.stream.is('name', 'is')) result = this.test(result);
      else if (this.stream.isOperator('(')) result = this.call(result);
      else return result;
    }
  }

  private dotted(target: Expression): Expression {
    this.stream.next();
    const token = this.stream.next();
    const { offset } = token;
    if (token.kind === 'name') return { kind: 'attribute', target, name: token.text, offset };
    if (token.kind !== 'integer') this.stream.fail('expected name or number', offset);
    return { kind: 'item', target, key: { kind: 'constant', value: token.value, offset }, offset };
  }

  private subscript(target: Expression): Expression {
    const { offset } = this.stream.next();
    const items: Expression[] = [];
    while (!this.stream.isOperator(']')) {
      if (items.length) this.stream.expect('operator', ',');
      items.push(this.subscribed());
    }
    this.stream.next();
    const [only] = items;
    return { kind: 'item', target, key: items.length === 1 && only ? only : { kind: 'tuple', items, offset }, offset };
  }

  private subscribed(): Expression {
    const { offset } = this.stream.current;
    const atEnd = () => this.stream.isOperator(']', ',');
    let start: Expression | undefined;
    if (!this.stream.isOperator(':')) {
      start = this.expression();
      if (!this.stream.isOperator(':')) return start;
    }
    this.stream.next();
    const stop = this.stream.isOperator(':') || atEnd() ? undefined : this.expression();
    const step = this.stream.skip('operator', ':') && !atEnd() ? this.expression() : undefined;
    return { kind: 'slice', start, stop, step, offset };
  }

  private call(callee: Expression): Call {
    const { offset } = this.stream.current;
    return { kind: 'call', callee, args: this.arguments(), offset };
  }

  private arguments(): Arguments {
    const { offset } = this.stream.expect('operator', '(');
    const args: Arguments = { positional: [], keywords: [] };
    const ensure = (condition: boolean) =>
      condition || this.stream.fail('invalid syntax for function call expression', offset);
    for (let first = true; !this.stream.isOperator(')'); first = false) {
      if (!first) {
        this.stream.expect('operator', ',');
        if (this.stream.isOperator(')')) break;
      }
      if (this.stream.skip('operator', '*')) {
        ensure(!args.spread && !args.spreadKeywords);
        args.spread = this.expression();
      } else if (this.stream.skip('operator', '**')) {
        ensure(!args.spreadKeywords);
        args.spreadKeywords = this.expression();
      } else if (
        this.stream.current.kind === 'name' &&
        this.stream.look().kind === 'operator' &&
        this.stream.look().text === '='
      ) {
        ensure(!args.spreadKeywords);
        this.keyword(args);
      } else {
        ensure(!args.spread && !args.spreadKeywords && args.keywords.length === 0);
        args.positional.push(this.expression());
      }
    }
    this.stream.expect('operator', ')');
    return args;
  }

  private keyword(args: Arguments): void {
    const { text: name, offset } = this.stream.next();
    if (args.keywords.some((keyword) => keyword.name === name))
      this.stream.fail(`keyword argument repeated: ${name}`, offset);
    this.stream.next();
    args.keywords.push({ name, value: this.expression() });
  }

  /** The filters after `|`; with `inline` the first has no `|` before it. */
  filter(start: Expression): Expression;
  filter(start: Expression | undefined, inline?: boolean): FilterNode | undefined;
  filter(start: Expression | undefined, inline = false): Expression | undefined {
    let result = start;
    let bare = inline;
    while (bare || this.stream.isOperator('|')) {
      if (!bare) this.stream.next();
      const { offset } = this.stream.current;
      const name = this.dottedName();
      const args = this.stream.isOperator('(') ? this.arguments() : { positional: [], keywords: [] };
      result = { kind: 'filter', target: result, name, args, offset };
      bare = false;
    }
    return result;
  }

  private dottedName(): string {
    let name = this.stream.expect('name').text;
    while (this.stream.skip('operator', '.')) name += `.${this.stream.expect('name').text}`;
    return name;
  }

  private test(target: Expression): Expression {
    this.stream.next();
    const negated = this.stream.skip('name', 'not');
    const { offset } = this.stream.current;
    const name = this.dottedName();
    let args: Arguments = { positional: [], keywords: [] };
    const { current } = this.stream;
    if (this.stream.isOperator('(')) args = this.arguments();
    else if (
      (['name', 'string', 'integer', 'float'].includes(current.kind) || this.stream.isOperator('[', '{')) &&
      !this.stream.isName('else', 'or', 'and')
    ) {
      if (this.stream.is('name', 'is')) this.stream.fail('You cannot chain multiple tests with is');
      args.positional.push(this.postfix(this.primary()));
    }
    const test: Expression = { kind: 'test', target, name, args, offset };
    return negated ? { kind: 'unary', operator: 'not', operand: test, offset } : test;
  }
}
