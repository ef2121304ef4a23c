/**
 * Underscore names that Python's types have. The sandbox gives them as "unsafe": printed they are empty, anything else
 * with them fails as a breach. Names that a type does not have are merely undefined, so one must know which it has.
 */
const OBJECT =
  'class delattr dir doc eq format ge getattribute getstate gt hash init init_subclass le lt ne new reduce reduce_ex repr setattr sizeof str subclasshook';

const BY_TYPE: Record<string, string> = {
  str: 'add contains getitem getnewargs iter len mod mul rmod rmul',
  int: 'abs add and bool ceil divmod float floor floordiv getnewargs index int invert lshift mod mul neg or pos pow radd rand rdivmod rfloordiv rlshift rmod rmul ror round rpow rrshift rshift rsub rtruediv rxor sub truediv trunc xor',
  float:
    'abs add bool ceil divmod float floor floordiv getformat getnewargs int mod mul neg pos pow radd rdivmod rfloordiv rmod rmul round rpow rsub rtruediv sub truediv trunc',
  list: 'add class_getitem contains delitem getitem iadd imul iter len mul reversed rmul setitem',
  tuple: 'add class_getitem contains getitem getnewargs iter len mul rmul',
  dict: 'class_getitem contains delitem getitem ior iter len or reversed ror setitem',
  NoneType: 'bool',
  datetime: 'add radd rsub sub',
  date: 'add radd rsub sub',
  timedelta: 'abs add bool divmod floordiv mod mul neg pos radd rdivmod rfloordiv rmod rmul rsub rtruediv sub truediv',
  Duration: 'dict getattr module weakref add mul neg radd rmul rsub sub setstate',
  dict_keys: 'and contains iter len or rand reversed ror rsub rxor sub xor',
  dict_items: 'and contains iter len or rand reversed ror rsub rxor sub xor',
  dict_values: 'iter len reversed',
  set: 'and class_getitem contains iand ior isub iter ixor len or rand ror rsub rxor sub xor',
  bytes: 'add bytes contains getitem getnewargs iter len mod mul rmod rmul',
  generator: 'del iter name next qualname',
  builtin_function_or_method: 'call module name qualname self text_signature',
  function: 'annotations builtins call closure code defaults dict get globals kwdefaults module name qualname',
  Undefined:
    'add aiter bool call complex div float floordiv getattr getitem int iter len mod module mul neg pos pow radd rdiv rfloordiv rmod rmul rpow rsub rtruediv slots sub truediv',
  Markup: 'add contains getitem getnewargs iter len mod mul rmod rmul module dict weakref html html_format radd slots',
};
BY_TYPE.bool = BY_TYPE.int ?? '';

const OBJECT_NAMES = new Set(OBJECT.split(' '));
const names = new Map(Object.entries(BY_TYPE).map(([type, list]) => [type, new Set(list.split(' '))]));
const UNDEFINED_OWN = new Set([
  '_fail_with_undefined_error',
  '_undefined_exception',
  '_undefined_hint',
  '_undefined_message',
  '_undefined_name',
  '_undefined_obj',
]);

/** Whether a Python type has this underscore name. */
export function isUnsafeName(type: string, name: string): boolean {
  if (!name.startsWith('_')) return false;
  if (type === 'Undefined' && UNDEFINED_OWN.has(name)) return true;
  if (!name.startsWith('__') || !name.endsWith('__') || name.length < 5) return false;
  const bare = name.slice(2, -2);
  return OBJECT_NAMES.has(bare) || (names.get(type)?.has(bare) ?? false);
}
