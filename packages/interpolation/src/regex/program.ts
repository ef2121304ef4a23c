import { Failure } from '../error.js';
import type { Anchor, CharTest, Regex, RegexNode } from './tree.js';

/** One step of a compiled pattern. Numbers are places in the program, or registers. */
export type Step =
  | { op: 'char'; test: CharTest }
  | { op: 'run'; test: CharTest; min: number; max: number; mode: 'greedy' | 'lazy' | 'possessive' }
  | { op: 'anchor'; holds: Anchor }
  | { op: 'split'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { op: 'save'; register: number }
  | { op: 'start-loop'; count: number; last: number }
  | { op: 'loop'; count: number; last: number; min: number; max: number; greedy: boolean; body: number }
  | { op: 'look'; program: Step[]; behind: number; negative: boolean }
  | { op: 'atomic'; program: Step[] }
  | { op: 'reference'; index: number; ignoreCase: boolean }
  | { op: 'condition'; index: number; no: number }
  | { op: 'match' };

export interface Program {
  steps: Step[];
  /** Registers: two per group, then two per loop. */
  registers: number;
  groups: number;
  names: ReadonlyMap<string, number>;
}

const STEPS_MAX = 20_000;

/** Compiles a pattern's tree to steps. */
export function compileProgram({ node, groups, names }: Regex): Program {
  const state = { registers: (groups + 1) * 2, size: 0 };
  const steps: Step[] = [{ op: 'save', register: 0 }];
  emit(node, steps, state);
  steps.push({ op: 'save', register: 1 }, { op: 'match' });
  return { steps, registers: state.registers, groups, names };
}

interface State {
  registers: number;
  size: number;
}

function emit(node: RegexNode, steps: Step[], state: State): void {
  if (++state.size > STEPS_MAX) throw new Failure('BudgetError', 'the regular expression is too large');
  switch (node.kind) {
    case 'char':
      steps.push({ op: 'char', test: node.test });
      break;
    case 'anchor':
      steps.push({ op: 'anchor', holds: node.holds });
      break;
    case 'sequence':
      for (const part of node.nodes) emit(part, steps, state);
      break;
    case 'alternatives':
      emitAlternatives(node.nodes, steps, state);
      break;
    case 'group':
      steps.push({ op: 'save', register: node.index * 2 });
      emit(node.node, steps, state);
      steps.push({ op: 'save', register: node.index * 2 + 1 });
      break;
    case 'repeat':
      emitRepeat(node, steps, state);
      break;
    case 'look':
      steps.push({ op: 'look', program: part(node.node, state), behind: node.behind ?? -1, negative: node.negative });
      break;
    case 'atomic':
      steps.push({ op: 'atomic', program: part(node.node, state) });
      break;
    case 'reference':
      steps.push({ op: 'reference', index: node.index, ignoreCase: node.ignoreCase });
      break;
    case 'condition':
      emitCondition(node, steps, state);
      break;
  }
}

function part(node: RegexNode, state: State): Step[] {
  const steps: Step[] = [];
  emit(node, steps, state);
  steps.push({ op: 'match' });
  return steps;
}

function emitAlternatives(nodes: readonly RegexNode[], steps: Step[], state: State): void {
  const jumps: { op: 'jump'; to: number }[] = [];
  nodes.forEach((node, index) => {
    if (index === nodes.length - 1) {
      emit(node, steps, state);
      return;
    }
    const split = { op: 'split' as const, first: steps.length + 1, second: 0 };
    steps.push(split);
    emit(node, steps, state);
    const jump = { op: 'jump' as const, to: 0 };
    jumps.push(jump);
    steps.push(jump);
    split.second = steps.length;
  });
  for (const jump of jumps) jump.to = steps.length;
}

function emitRepeat(node: Extract<RegexNode, { kind: 'repeat' }>, steps: Step[], state: State): void {
  const { min, max, mode } = node;
  if (node.node.kind === 'char') {
    steps.push({ op: 'run', test: node.node.test, min, max, mode });
    return;
  }
  if (mode === 'possessive') {
    steps.push({ op: 'atomic', program: part({ ...node, mode: 'greedy' }, state) });
    return;
  }
  const count = state.registers++;
  const last = state.registers++;
  const start = { op: 'start-loop' as const, count, last };
  const jump = { op: 'jump' as const, to: 0 };
  steps.push(start, jump);
  const body = steps.length;
  emit(node.node, steps, state);
  jump.to = steps.length;
  steps.push({ op: 'loop', count, last, min, max, greedy: mode === 'greedy', body });
}

function emitCondition(node: Extract<RegexNode, { kind: 'condition' }>, steps: Step[], state: State): void {
  const condition = { op: 'condition' as const, index: node.index, no: 0 };
  steps.push(condition);
  emit(node.yes, steps, state);
  const jump = { op: 'jump' as const, to: 0 };
  steps.push(jump);
  condition.no = steps.length;
  emit(node.no, steps, state);
  jump.to = steps.length;
}
