import type { Arguments, Data, Expression, If, Name, Statement } from '../syntax/ast.js';
import type { Symbols } from './symbols.js';

type Visited = Expression | Statement | Data;

/** Notes the names that nodes read and set in a scope. Bodies with a scope of their own are left for their own turn. */
export function analyze(nodes: readonly (Visited | undefined)[], symbols: Symbols): void {
  for (const node of nodes) if (node) visit(node, symbols);
}

function visit(node: Visited, symbols: Symbols): void {
  if (node.kind === 'name') note(node, symbols);
  else if (node.kind === 'if') visitIf(node, symbols);
  else if (node.kind === 'attribute-target') symbols.load(node.name);
  else if (node.kind === 'macro') symbols.store(node.name);
  else analyze(visited(node), symbols);
  if (node.kind === 'loader') for (const name of node.names) symbols.store(name);
}

/** What of a node belongs to the scope that it stands in, in the order in which it is run. */
function visited(node: Visited): readonly (Visited | undefined)[] {
  switch (node.kind) {
    case 'for':
      return [node.iterable];
    case 'call-block':
      return [node.call];
    case 'filter-block':
      return [node.filter];
    case 'with':
      return node.values;
    case 'assign':
      return [node.value, node.target];
    case 'assign-block':
      return [node.target];
    case 'block':
    case 'autoescape':
      return [];
    default:
      return children(node);
  }
}

function note(node: Name, symbols: Symbols): void {
  if (node.use === 'param') symbols.parameter(node.name);
  else if (node.use === 'store') symbols.store(node.name);
  else symbols.load(node.name);
}

function visitIf(node: If, symbols: Symbols): void {
  visit(node.test, symbols);
  const branches = [node.body, node.elifs, node.orElse].map((nodes) => {
    const branch = symbols.branch();
    analyze(nodes, branch);
    return branch;
  });
  symbols.merge(branches);
}

function argumentNodes(args: Arguments): (Expression | undefined)[] {
  return [...args.positional, ...args.keywords.map((keyword) => keyword.value), args.spread, args.spreadKeywords];
}

/** The nodes directly within an expression or statement. */
export function children(node: Visited): (Visited | undefined)[] {
  switch (node.kind) {
    case 'tuple':
    case 'list':
      return node.items;
    case 'dict':
      return node.pairs.flat();
    case 'unary':
      return [node.operand];
    case 'binary':
    case 'logical':
      return [node.left, node.right];
    case 'concat':
    case 'output':
      return node.parts;
    case 'compare':
      return [node.first, ...node.rest.map((part) => part.value)];
    case 'attribute':
      return [node.target];
    case 'item':
      return [node.target, node.key];
    case 'condition':
      return [node.test, node.yes, node.no];
    case 'slice':
      return [node.start, node.stop, node.step];
    case 'call':
      return [node.callee, ...argumentNodes(node.args)];
    case 'filter':
    case 'test':
      return [node.target, ...argumentNodes(node.args)];
    default:
      return bodies(node);
  }
}

function bodies(node: Visited): (Visited | undefined)[] {
  switch (node.kind) {
    case 'if':
      return [node.test, ...node.body, ...node.elifs, ...node.orElse];
    case 'for':
      return [node.target, node.iterable, ...node.body, ...node.orElse, node.test];
    case 'macro':
      return [...node.params, ...node.defaults, ...node.body];
    case 'call-block':
      return [node.call, ...node.params, ...node.defaults, ...node.body];
    case 'with':
      return [...node.targets, ...node.values, ...node.body];
    case 'assign':
      return [node.target, node.value];
    case 'assign-block':
      return [node.target, node.filter, ...node.body];
    case 'filter-block':
      return [...node.body, node.filter];
    case 'autoescape':
      return [node.value, ...node.body];
    case 'block':
      return node.body;
    case 'loader':
      return [node.template];
    default:
      return [];
  }
}

/** Which of the special names (`loop`, `caller`, …) nodes read before they set them. Blocks do not count. */
export function findUndeclared(nodes: readonly Visited[], names: readonly string[]): Set<string> {
  const open = new Set(names);
  const found = new Set<string>();
  const walk = (node: Visited | undefined): void => {
    if (!node || node.kind === 'block' || open.size === found.size) return;
    if (node.kind === 'name' && open.has(node.name)) {
      if (node.use === 'load') found.add(node.name);
      else if (!found.has(node.name)) open.delete(node.name);
    }
    for (const child of children(node)) walk(child);
  };
  for (const node of nodes) walk(node);
  return found;
}

/** All nodes of a kind, however deep. */
export function findAll<Kind extends Visited['kind']>(
  nodes: readonly Visited[],
  kind: Kind,
): Extract<Visited, { kind: Kind }>[] {
  const found: Extract<Visited, { kind: Kind }>[] = [];
  const walk = (node: Visited | undefined): void => {
    if (!node) return;
    if (node.kind === kind) found.push(node as Extract<Visited, { kind: Kind }>);
    for (const child of children(node)) walk(child);
  };
  for (const node of nodes) walk(node);
  return found;
}

/** Kinds of nodes that make something of the context, and filters that may. */
const VARIABLE = new Set(['name', 'call', 'data']);
const CONTEXT_FILTERS = new Set(['map', 'select', 'reject', 'selectattr', 'rejectattr', 'random']);

/** Whether an expression has the same value in any context, so that Jinja computes it when it compiles. */
export function isConstant(node: Visited): boolean {
  if (VARIABLE.has(node.kind) || (node.kind === 'filter' && CONTEXT_FILTERS.has(node.name))) return false;
  return children(node).every((child) => !child || isConstant(child));
}

/** How much running nodes costs: one for each of them, and one for the turn itself. */
export function countNodes(nodes: readonly (Visited | undefined)[]): number {
  return nodes.reduce((count, node) => count + (node ? countNodes(children(node)) : 0), 1);
}
